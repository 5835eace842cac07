import Foundation
import Testing

/// Runs one target: its corpus as it is, then inputs made from it.
struct FuzzRun {
    private let name: String
    private let settings: FuzzSettings
    private let target: any FuzzTarget
    private let corpus: Corpus
    private let mutator: Mutator
    private let peakBefore = Watch.peak
    private var progress: FuzzProgress
    private(set) var failures = 0

    /// How many failures are looked for before a target is left.
    private static let most = 3

    init(_ target: any FuzzTarget, name: String, corpus: Corpus, _ settings: FuzzSettings) {
        self.name = name
        self.settings = settings
        self.target = target
        self.corpus = corpus
        mutator = Mutator(target, name: name, corpus: corpus.entries.map(\.bytes))
        progress = FuzzProgress(name, count: settings.count, isShown: settings.isLong)
    }

    /// Runs it to the end, or to the third failure.
    mutating func run() async {
        #expect(FuzzThread.isCurrent, "it runs on a thread with more stack than there is elsewhere")
        if let only = settings.only { return await runOnly(only) }
        for (file, bytes) in corpus.entries { await run(bytes, "Corpus/\(name)/\(file)") }
        for index in 0..<progress.count {
            if failures >= FuzzRun.most { return }
            await run(mutator.input(seed: settings.seed, index: index), "\(name):\(settings.seed):\(index)")
        }
        progress.end()
    }

    /// Runs one input and leaves it in a file: also when it ends the process.
    private mutating func runOnly(_ index: Int) async {
        let bytes = mutator.input(seed: settings.seed, index: index)
        let path = FileManager.default.temporaryDirectory.appending(
            path: "cairn-fuzz-\(name)-\(settings.seed)-\(index)")
        try? Data(bytes).write(to: path)
        print("the input, \(bytes.count) bytes, is in \(path.path): \(FuzzRun.shown(bytes))")
        await run(bytes, "\(name):\(settings.seed):\(index)")
    }

    private mutating func run(_ bytes: [UInt8], _ label: String) async {
        Watch.begin(label, seconds: seconds)
        let start = ContinuousClock.now
        var problem = await problem(with: bytes)
        progress.advance(by: .now - start, label)
        if settings.isLong, problem == nil, Watch.peak - peakBefore > Watch.growth {
            problem = "the process has grown by \((Watch.peak - peakBefore) >> 20) MiB"
            failures = FuzzRun.most
        }
        if let problem { await report(problem, bytes, label) }
        Watch.end()
    }

    /// How long an input may take: much longer while other tests run beside it.
    private var seconds: UInt32 { settings.isLong ? Watch.seconds : 12 * Watch.seconds }

    private func problem(with bytes: [UInt8]) async -> String? {
        do {
            try await target.check(bytes)
            return nil
        } catch let failure as FuzzFailure {
            return failure.description
        } catch {
            return "an error nobody expected, of \(type(of: error)): \(error)"
        }
    }

    private mutating func report(_ problem: String, _ bytes: [UInt8], _ label: String) async {
        failures += 1
        let small = await smallest(bytes, problem, label)
        let again = label.contains("/") ? "" : "\nagain: CAIRN_FUZZ_INPUT=\(label) swift test --filter FuzzTests"
        Issue.record("\(label): \(problem.prefix(2000))\(again)\ninput, shrunk: \(FuzzRun.shown(small))")
    }

    /// A smaller input with the same problem: parts of it are left out as long as that stays.
    private func smallest(_ bytes: [UInt8], _ problem: String, _ label: String) async -> [UInt8] {
        var smallest = bytes
        var part = max(1, bytes.count / 2)
        var tries = 3000
        while part > 0 {
            var place = 0
            var isSmaller = false
            while place < smallest.count, tries > 0 {
                tries -= 1
                var next = smallest
                next.removeSubrange(place..<min(next.count, place + part))
                Watch.begin(label, seconds: seconds)
                if await self.problem(with: next)?.prefix(24) == problem.prefix(24) {
                    smallest = next
                    isSmaller = true
                } else {
                    place += part
                }
            }
            if !isSmaller || tries == 0 { part /= 2 }
        }
        return smallest
    }

    /// Bytes as text to read and to type: what is not plain ASCII as `\xNN`.
    static func shown(_ bytes: [UInt8]) -> String {
        let text = bytes.prefix(2000).map { byte in
            switch byte {
            case 0x0A: "\\n"
            case 0x5C: "\\\\"
            case 0x20...0x7E: String(UnicodeScalar(byte))
            default: "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        }
        return text.joined() + (bytes.count > 2000 ? "… (\(bytes.count) bytes)" : "")
    }
}

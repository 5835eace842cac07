import Foundation
import Testing

/// Runs one target: its corpus as it is, then inputs made from it.
struct FuzzRun {
    private let name: FuzzTargets
    private let settings: FuzzSettings
    private let target: any FuzzTarget
    private let corpus: Corpus
    private let mutator: Mutator
    private var failures = 0
    private let peakBefore = Watch.peak
    private var progress: FuzzProgress

    /// How many failures are looked for before a target is left.
    private static let most = 3

    init(_ name: FuzzTargets, _ settings: FuzzSettings) async throws {
        self.name = name
        self.settings = settings
        target = try await name.make()
        corpus = try Corpus(of: name)
        mutator = Mutator(target, name: name.rawValue, corpus: corpus.entries.map(\.bytes))
        let count = settings.isLong ? settings.count : settings.count / name.cost
        progress = FuzzProgress(name.rawValue, count: count, isShown: settings.isLong)
    }

    /// Runs it to the end, or to the third failure.
    mutating func run() async {
        #expect(FuzzThread.isCurrent, "it runs on a thread with more stack than there is elsewhere")
        if let only = settings.only { return await runOnly(only) }
        for (file, bytes) in corpus.entries { await run(bytes, "Corpus/\(name.rawValue)/\(file)") }
        for index in 0..<progress.count {
            if failures >= FuzzRun.most { return }
            await run(mutator.input(seed: settings.seed, index: index), "\(name.rawValue):\(settings.seed):\(index)")
        }
        progress.end()
    }

    /// Runs one input and leaves it in a file: also when it ends the process.
    private mutating func runOnly(_ index: Int) async {
        let bytes = mutator.input(seed: settings.seed, index: index)
        let path = FileManager.default.temporaryDirectory.appending(
            path: "cairn-fuzz-\(name.rawValue)-\(settings.seed)-\(index)")
        try? Data(bytes).write(to: path)
        print("the input, \(bytes.count) bytes, is in \(path.path): \(FuzzRun.shown(bytes))")
        await run(bytes, "\(name.rawValue):\(settings.seed):\(index)")
    }

    private mutating func run(_ bytes: [UInt8], _ label: String) async {
        Watch.begin(label, isAlone: settings.isLong)
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
                Watch.begin(label, isAlone: settings.isLong)
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

/// How far a run is, how fast it goes and what took it longest.
struct FuzzProgress {
    let count: Int
    private let name: String
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var done = 0
    private var slowest = (duration: Duration.zero, label: "")

    init(_ name: String, count: Int, isShown: Bool) {
        self.name = name
        self.count = count
        self.isShown = isShown
    }

    mutating func advance(by duration: Duration, _ label: String) {
        done += 1
        if duration > slowest.duration { slowest = (duration, label) }
        guard isShown, done % 64 == 0, .now - shown > .seconds(10) else { return }
        shown = .now
        let left = Duration.seconds(Double(max(0, count - done)) / rate)
        say("\(done) of \(count), \(Int(rate)) a second, \(left.formatted(.time(pattern: .hourMinuteSecond))) left")
    }

    func end() {
        guard isShown else { return }
        let milliseconds = Int(slowest.duration / .milliseconds(1))
        say("\(done) inputs, \(Int(rate)) a second; the slowest took \(milliseconds) ms: \(slowest.label)")
    }

    private var rate: Double { max(1, Double(done) / ((ContinuousClock.now - start) / .seconds(1))) }

    private func say(_ text: String) {
        FileHandle.standardError.write(Data("fuzzing \(name): \(text)\n".utf8))
    }
}

import CairnCore
import Foundation
import Simulation
import Testing

/// That fuzzing sees what it looks for: each kind of failure is planted.
@Suite("What runs and watches fuzzing")
struct HarnessTests {
    /// Fails for inputs that have a byte of each of two kinds.
    private struct Planted: FuzzTarget {
        let words = ["!"]

        func check(_ input: [UInt8]) async throws {
            try hold(!(input.contains(UInt8(ascii: "!")) && input.contains(UInt8(ascii: "?"))), "there are ! and ?")
        }
    }

    private static let corpus = Corpus([("a", Array("what is this?".utf8)), ("b", Array("a b c".utf8))])

    @Test("An input is the same for the same seed and index, another for others, and never larger than the limit")
    func inputs() async throws {
        for name in FuzzTargets.allCases {
            let corpus = try Corpus(of: name)
            #expect(!corpus.entries.isEmpty)
            let mutator = Mutator(try await name.make(), name: name.rawValue, corpus: corpus.entries.map(\.bytes))
            let inputs = (0..<60).map { mutator.input(seed: 5, index: $0) }
            #expect(inputs == (0..<60).map { mutator.input(seed: 5, index: $0) }, "\(name)")
            #expect(inputs != (0..<60).map { mutator.input(seed: 6, index: $0) }, "\(name)")
            #expect(Set(inputs).count > 40, "\(name)")
            #expect(inputs.allSatisfy { $0.count <= Mutator.maximumBytes }, "\(name)")
        }
    }

    @Test("What does not hold is found, shrunk, and reported with what runs it again")
    func failure() async throws {
        let settings = try FuzzSettings([:])
        let issues = Issues()
        await withKnownIssue {
            await withTaskExecutorPreference(FuzzThread.shared) {
                var run = FuzzRun(Planted(), name: "planted", corpus: Self.corpus, settings)
                await run.run()
                #expect(run.failures == 3)
            }
        } matching: { issue in
            issues.append(issue.comments.map(\.rawValue).joined())
            return true
        }
        #expect(issues.texts.count == 3)
        for text in issues.texts {
            #expect(text.contains("there are ! and ?"))
            #expect(text.contains("CAIRN_FUZZ_INPUT=planted:1:"))
            #expect(text.hasSuffix("shrunk: !?") || text.hasSuffix("shrunk: ?!"))
        }
    }

    /// The texts of issues, from whatever thread they come.
    private final class Issues: Sendable {
        private let found = Lock<[String]>([])
        var texts: [String] { found.withLock { $0 } }
        func append(_ text: String) { found.withLock { $0.append(text) } }
    }

    @Test("The environment says how much is run, and what makes no sense in it is refused")
    func settings() throws {
        let settings = try FuzzSettings([
            "CAIRN_FUZZ": "5", "CAIRN_FUZZ_SEED": "7", "CAIRN_FUZZ_TARGETS": "key,sqlite_file",
        ])
        #expect(
            settings.count == 5 && settings.seed == 7 && settings.isLong && settings.targets == [.key, .sqliteFile])
        let only = try FuzzSettings(["CAIRN_FUZZ_INPUT": "url:3:99"])
        #expect(only.targets == [.url] && only.seed == 3 && only.only == 99)
        for variable in ["CAIRN_FUZZ", "CAIRN_FUZZ_SEED", "CAIRN_FUZZ_TARGETS", "CAIRN_FUZZ_INPUT"] {
            #expect(throws: FuzzFailure.self) { try FuzzSettings([variable: "url:x"]) }
        }
    }

    // MARK: What ends the process

    /// What a process wrote to its error output.
    private static func errors(of result: ExitTest.Result?) throws -> String {
        String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    }

    @Test("A trap names its input")
    func trap() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Watch.install()
            Watch.begin("planted:1:7", seconds: 60)
            _ = [0, 1, 2][Planted().words.count + 2]
        }
        #expect(try Self.errors(of: result).contains("fuzzing: trap at planted:1:7\n"))
    }

    @Test("What does not end is ended, and named")
    func hang() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Watch.install()
            Watch.begin("planted:1:8", seconds: 1)
            while true { pause() }
        }
        #expect(try Self.errors(of: result).contains("fuzzing: it takes too long: planted:1:8\n"))
    }

    @Test("What nests without end is named: the handler has a stack of its own")
    func stack() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Watch.install()
            await withTaskExecutorPreference(FuzzThread.shared) {
                Watch.begin("planted:1:9", seconds: 60)
                print(HarnessTests.depth(below: .max))
            }
        }
        #expect(try Self.errors(of: result).contains("planted:1:9\n"))
    }

    private static func depth(below limit: Int) -> Int { limit == 0 ? 0 : 1 + max(depth(below: limit - 1), limit % 2) }

    @Test("What takes all memory is named")
    func memory() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Watch.install()
            Watch.limitMemory()
            Watch.begin("planted:1:10", seconds: 60)
            var bytes: [[UInt8]] = []
            while true { bytes.append([UInt8](repeating: 1, count: 64 << 20)) }
        }
        #expect(try Self.errors(of: result).contains("planted:1:10\n"))
    }
}

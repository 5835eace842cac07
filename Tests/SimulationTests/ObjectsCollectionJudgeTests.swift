import CairnCore
import Testing

@testable import Simulation

@Suite("The judge of what is removed")
struct ObjectsCollectionJudgeTests {
    private static let hour = 3_600_000_000

    /// A manifest as far as the judge looks at it.
    private static func manifest(
        _ version: Int, covers: Int = 0, collected: Int = 0, files: [String] = []
    ) -> [UInt8] {
        let runs = files.map { "{\"file\":\"\($0)\"}" }.joined(separator: ",")
        return Array(
            """
            {"version":\(version),"covers":\(covers),"collected":\(collected),"pending":[],\
            "tables":[{"name":"lists","indexes":[{"name":"","runs":[\(runs)]}]}]}
            """.utf8)
    }

    private static func name(_ version: Int) -> String {
        "_checkpoints/main/m0\(9_999_999_999_999_999_999 - UInt64(version)).json"
    }
    private static func index(_ id: String) -> String { "_index/main/\(id).idx" }

    /// Something is written, or removed, after so many hours.
    private static func change(
        _ hours: Int, _ key: String, _ bytes: [UInt8]?, _ process: String = "p"
    ) -> SimulatedBucket.Change {
        SimulatedBucket.Change(
            time: hours * hour, process: process, key: key, bytes: bytes, before: bytes == nil ? [] : nil)
    }

    private func violations(_ changes: [SimulatedBucket.Change]) throws -> [String] {
        var judge = Judge(try SimulationSchema(), changes, [])
        judge.checkCollection()
        return judge.violations.filter { $0.rule == "I8" }.map(\.message)
    }

    @Test("A manifest may go a day after its successor came, and not a day after it came itself")
    func manifests() throws {
        let made = [
            Self.change(0, Self.name(1), Self.manifest(1)), Self.change(30, Self.name(2), Self.manifest(2)),
        ]
        #expect(try violations(made + [Self.change(54, Self.name(1), nil)]) == [])
        let early = try violations(made + [Self.change(53, Self.name(1), nil)])
        #expect(early.count == 1 && early.first?.contains("successor") == true, "\(early)")
        let newest = try violations(made + [Self.change(99, Self.name(2), nil)])
        #expect(newest.count == 1 && newest.first?.contains("newest") == true, "\(newest)")
    }

    @Test("An index file may go when no manifest names it, a day after it came")
    func indexFiles() throws {
        let made = [
            Self.change(0, Self.index("a"), [1]), Self.change(0, Self.index("b"), [1]),
            Self.change(1, Self.name(1), Self.manifest(1, files: ["a"])),
        ]
        #expect(try violations(made + [Self.change(24, Self.index("b"), nil)]) == [])
        #expect(try violations(made + [Self.change(23, Self.index("b"), nil)]).count == 1)
        #expect(try violations(made + [Self.change(24, Self.index("a"), nil)]).count == 1)
    }

    @Test("A manifest names no index file that is not there")
    func lateManifest() throws {
        let found = try violations([
            Self.change(0, Self.index("a"), [1]), Self.change(30, Self.index("a"), nil),
            Self.change(31, Self.name(1), Self.manifest(1, files: ["a"])),
        ])
        #expect(found.count == 1 && found.first?.contains("not there") == true, "\(found)")
    }

    @Test("A commit record may go when it is a week old, covered, and said to go for an hour")
    func records() throws {
        let record = "_log/main/\(Judge.padded(1)).json"
        func found(covers: Int, collected: Int, said: Int, removed: Int) throws -> Int {
            try violations([
                Self.change(0, record, [1]),
                Self.change(said, Self.name(1), Self.manifest(1, covers: covers, collected: collected)),
                Self.change(removed, record, nil),
            ]).count
        }
        #expect(try found(covers: 1, collected: 1, said: 169, removed: 170) == 0)
        #expect(try found(covers: 1, collected: 1, said: 170, removed: 170) == 1)
        #expect(try found(covers: 1, collected: 0, said: 1, removed: 170) == 1)
        #expect(try found(covers: 0, collected: 1, said: 1, removed: 170) == 1)
        #expect(try found(covers: 1, collected: 1, said: 1, removed: 100) == 1)
    }

    @Test("What processes remove and announce is counted, and what the collector of the simulation does is not")
    func counted() throws {
        func count(_ process: String) throws -> [String: Int] {
            let made = [
                Self.change(0, Self.name(1), Self.manifest(1)),
                Self.change(1, "_log/main/\(Judge.padded(1)).json", [1]), Self.change(1, Self.index("a"), [1]),
                Self.change(1, "_parts/main/c/0.json", [1]),
            ]
            let after = [
                Self.change(2, Self.name(2), Self.manifest(2, covers: 1, collected: 1), process),
                // It takes over what the one before said.
                Self.change(3, Self.name(3), Self.manifest(3, covers: 1, collected: 1), process),
                Self.change(200, "_log/main/\(Judge.padded(1)).json", nil, process),
                Self.change(200, Self.index("a"), nil, process),
                Self.change(200, "_parts/main/c/0.json", nil, process),
                Self.change(200, Self.name(1), nil, process), Self.change(200, Self.name(2), nil, process),
            ]
            var judge = Judge(try SimulationSchema(), made + after, [])
            judge.checkCollection()
            return judge.collected
        }
        #expect(
            try count("p") == [
                "driver_collected_manifest": 2, "driver_collected_index_file": 1, "driver_collected_log_record": 1,
                "driver_collected_part": 1, "driver_collected_published": 1,
            ])
        #expect(try count(Collector.name) == [:])
        #expect(try Set(count("p").keys).isSubset(of: ObjectSimulation.events))
    }

    @Test("Nothing else goes")
    func others() throws {
        #expect(try violations([Self.change(0, "_store.json", [1]), Self.change(999, "_store.json", nil)]).count == 1)
    }
}

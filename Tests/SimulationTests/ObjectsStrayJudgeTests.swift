import CairnCore
import Testing

@testable import Simulation

@Suite("The judge of what came late from a store that was removed")
struct ObjectsStrayJudgeTests {
    private static func record(_ store: String, _ number: Int, _ previous: String? = nil) -> [UInt8] {
        let previous = previous ?? String(repeating: "0", count: 64)
        return Array(
            """
            {"format":1,"needs":[],"store":"\(store)","group":"main","seq":\(number),"prev":"\(previous)",\
            "commit":"\(store)-\(number)","schema":"sha256:0","at":"2026-11-20T15:00:00Z","kind":"empty","transactions":[]}
            """.utf8)
    }

    private static func manifest(_ store: String, _ version: Int, covers: Int = 0) -> [UInt8] {
        Array(
            """
            {"format":1,"needs":[],"store":"\(store)","version":\(version),"covers":\(covers),"collected":0,\
            "pending":[],"tables":[]}
            """.utf8)
    }

    private static func log(_ number: Int) -> String { "_log/main/\(Judge.padded(number)).json" }

    private static func name(_ version: Int) -> String {
        "_checkpoints/main/m0\(9_999_999_999_999_999_999 - UInt64(version)).json"
    }

    private static let store = change("_store.json", Array("{\"store\":\"ours\"}".utf8))

    private static func change(
        _ key: String, _ bytes: [UInt8]?, over before: [UInt8]? = nil
    ) -> SimulatedBucket.Change {
        SimulatedBucket.Change(time: 1_000_000, process: "p", key: key, bytes: bytes, before: before)
    }

    private func judge(_ changes: [SimulatedBucket.Change]) throws -> (judge: Judge, violations: [String]) {
        var judge = Judge(try SimulationSchema(), changes, [])
        judge.checkManifests()
        judge.checkCollection()
        return (judge, judge.violations.map(\.description))
    }

    @Test("A record of another store is no part of the log, and one of the store may take its place")
    func record() throws {
        let stray = Self.record("theirs", 1)
        let (judge, violations) = try judge([
            Self.store, Self.change(Self.log(1), stray), Self.change(Self.log(7), Self.record("theirs", 7)),
            Self.change(Self.log(1), Self.record("ours", 1), over: stray),
        ])
        #expect(violations == [])
        #expect(judge.replay.newest == 1 && judge.replay.commits.first?.store == "ours" && judge.strays == 2)
    }

    @Test("A stray counts as one also when it comes before the store is made")
    func early() throws {
        let (judge, violations) = try judge([Self.change(Self.log(1), Self.record("theirs", 1)), Self.store])
        #expect(violations == [])
        #expect(judge.replay.newest == 0 && judge.strays == 1)
    }

    @Test("A stray over a record of the store, and a second record of the store, are written over")
    func overwritten() throws {
        let own = Self.record("ours", 1)
        for other in [Self.record("theirs", 1), Self.record("ours", 1, String(repeating: "1", count: 64))] {
            let (_, violations) = try judge([
                Self.store, Self.change(Self.log(1), own), Self.change(Self.log(1), other, over: own),
            ])
            #expect(violations.count == 1 && violations.first?.hasPrefix("I2") == true, "\(violations)")
        }
    }

    @Test("A manifest of another store is none, and one of the store may take its place")
    func manifest() throws {
        let stray = Self.manifest("theirs", 2, covers: 9)
        let (judge, violations) = try judge([
            Self.store, Self.change(Self.name(1), Self.manifest("ours", 1)), Self.change(Self.name(2), stray),
            Self.change(Self.name(9), Self.manifest("theirs", 9, covers: 90)),
            Self.change(Self.name(2), Self.manifest("ours", 2), over: stray),
        ])
        #expect(violations == [])
        #expect(judge.strays == 2)
    }

    @Test("The newest manifest of the store must not go because a stray has a higher version")
    func removal() throws {
        let own = Self.manifest("ours", 1)
        let (_, violations) = try judge([
            Self.store, Self.change(Self.name(1), own), Self.change(Self.name(9), Self.manifest("theirs", 9)),
            Self.change(Self.name(1), nil, over: own),
        ])
        #expect(violations.count == 1 && violations.first?.contains("newest") == true, "\(violations)")
    }
}

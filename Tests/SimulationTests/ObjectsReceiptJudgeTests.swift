import CairnCore
import Testing

@testable import Simulation

/// A batch under an idempotency key, written once, and a day later, when the key has expired, once more.
@Suite("The judge of batches that are sent again")
struct ObjectsReceiptJudgeTests {
    private static let hour = 3_600_000_000
    private let tables: SimulationSchema
    private var changes: [SimulatedBucket.Change] = []

    init() throws {
        tables = try SimulationSchema()
        let first = Self.record(1, after: nil, transaction: "aa", Self.image(1), before: nil)
        let next = Self.record(2, after: first, transaction: "bb", Self.image(2), before: Self.image(1))
        changes = [Self.change(1, first, at: 1), Self.change(2, next, at: 30)]
    }

    private static func image(_ revision: Int) -> String {
        let time = "2026-11-20T1\(revision):00:00.000000Z"
        return """
            {"fields":{"id":0,"items":[1],"stamp":1},"revision":\(revision),"commit":\(revision),\
            "created_at":"\(time)","updated_at":"\(time)"}
            """
    }

    private static func record(
        _ number: Int, after previous: [UInt8]?, transaction: String, _ image: String, before: String?
    ) -> [UInt8] {
        let hash = previous.map { Hex.encode(SHA256.digest($0)) } ?? String(repeating: "0", count: 64)
        let old = before.map { ",\"before\":\($0)" } ?? ""
        return Array(
            """
            {"seq":\(number),"prev":"\(hash)","commit":"c\(number)","kind":"commit","store":"s",\
            "at":"2026-11-20T15:06:01.870549Z","transactions":[{"id":"\(transaction)","idempotency_key":"op-1",\
            "ops":[{"table":"lists","id":"0","kind":"update","after":\(image)\(old)}]}]}
            """.utf8)
    }

    private static func change(_ number: Int, _ bytes: [UInt8], at hours: Int) -> SimulatedBucket.Change {
        SimulatedBucket.Change(
            time: hours * hour, process: "p", key: "_log/main/\(Judge.padded(number)).json", bytes: bytes, before: nil)
    }

    /// A deed that sent the batch and was told of a transaction.
    private func deed(
        _ id: Int, from begin: Int, to end: Int, told transaction: String, revision: Int
    ) throws -> Deed {
        var deed = Deed(id: id, process: "p", kind: "batch", begin: begin * Self.hour)
        deed.end = end * Self.hour
        deed.isWriting = true
        deed.repeats = id == 1 ? nil : 1
        deed.operations = [.upsert(tables.lists, tables.list(0, [1], stamp: 1))]
        let time = try #require(Timestamp("2026-11-20T1\(revision):00:00.000000Z"))
        deed.outcome = .done(
            Receipt(
                token: OutcomeToken(rawValue: "object:s:1:\(transaction):0"), time: time,
                results: [RecordMetadata(revision: revision, createdAt: time, updatedAt: time)]))
        return deed
    }

    private func violations(_ deeds: [Deed]) -> [Violation] {
        var judge = Judge(tables, changes, deeds)
        return judge.judge().filter { ["receipt", "I1", "I2"].contains($0.rule) }
    }

    @Test("Each may be told of either, if what it is told is true of that one")
    func either() throws {
        let found = violations([
            try deed(1, from: 0, to: 1, told: "aa", revision: 1),
            try deed(2, from: 29, to: 31, told: "aa", revision: 1),
            try deed(3, from: 29, to: 31, told: "bb", revision: 2),
        ])
        #expect(found == [])
    }

    @Test("A receipt that says of one what is true of the other is found")
    func mixed() throws {
        let found = violations([try deed(2, from: 29, to: 31, told: "bb", revision: 1)])
        #expect(found.map(\.rule) == ["receipt"], "\(found)")
    }

    @Test("A receipt of what is still to come is found")
    func early() throws {
        let found = violations([try deed(2, from: 2, to: 3, told: "bb", revision: 2)])
        #expect(found.map(\.rule) == ["I1"], "\(found)")
    }
}

import CairnCore
import CairnSchema
import Foundation
import SQLiteStorage
import Simulation
import Testing
import Workers

@Suite("Killed migrations of every kind")
struct MigrationKindsTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kills = environment["CAIRN_KILLS"].flatMap { Int($0) } ?? 10
    private static let seed = environment["CAIRN_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    private static let count = 1000

    /// A column is renamed, one takes another type, one goes, one comes.
    private static let old = """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int", "a": "string", "n": "string", "gone": "string?" },
          "key": "id", "indexes": { "by_a": ["a"] } } } }
        """
    private static let new = """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int", "b": { "type": "string", "renamed_from": "a" },
          "n": "int", "c": "bool?" }, "key": "id", "indexes": { "by_b": ["b"] } } } }
        """

    @Test("Conversions, the use by two schemas, its end, and taking back: the same command ends what was killed")
    func kill() async throws {
        let folder = try TemporaryFolder()
        var random = SeededRandom(seed: Self.seed)
        var path = folder.path("0.db")
        try await make(path)
        for kill in 0..<Self.kills {
            let (held, history) = try await look(path, "before kill \(kill), CAIRN_KILL_SEED=\(Self.seed)")
            let kind: String
            if held.window != nil {
                kind = random.pick(["complete", "abort"], else: "abort")
            } else if let last = history.last, try held.id == Schema(parsing: Self.new).id {
                if last.from.window != nil {
                    // What went cannot come back.
                    path = folder.path("\(kill + 1).db")
                    try await make(path)
                    kind = "start"
                } else {
                    kind = "rollback:\(last.number)"
                }
            } else {
                kind = random.pick(["apply", "start"], else: "start")
            }
            let comment: Comment = "\(kind), kill \(kill), CAIRN_KILL_SEED=\(Self.seed)"
            let worker = try start(path, kind)
            let end = ContinuousClock.now + .microseconds(random.below(150_000))
            // The moment is to be any, also between two ticks of a timer.
            while ContinuousClock.now < end {}
            worker.kill9()
            let said = worker.rest()
            let again = try start(path, kind)
            let ending = again.rest()
            #expect(again.wait() == 0 && (ending == ["done"] || ending == ["found"]), "\(ending), \(comment)")
            #expect(said.isEmpty || ending == ["found"], "\(ending), \(comment)")
            let (now, _) = try await look(path, comment)
            switch kind {
            case "start": #expect(now.window != nil, comment)
            case "apply", "complete": #expect(try now.id == Schema(parsing: Self.new).id, comment)
            default: #expect(try now.id == Schema(parsing: Self.old).id, comment)
            }
        }
    }

    private func start(_ path: String, _ kind: String) throws -> Worker {
        let worker = try Worker("StoreWorker", ["change", path, Self.new, kind])
        try #require(worker.line() == "start")
        return worker
    }

    private func make(_ path: String) async throws {
        let store = try await Store.open(path: path, Self.old)
        let table = store.schema.tables[0]
        _ = try await store.session.write((0..<Self.count).map { .insert(table, row($0, isNew: false)) })
        try await store.close()
    }

    /// The values of a row, before or after.
    private func row(_ id: Int, isNew: Bool) -> [Value] {
        isNew
            ? [.int(id), .string("a\(id)"), .int(id)]
            : [.int(id), .string("a\(id)"), .string("\(id)"), .string("g\(id)")]
    }

    /// Looks whether a file has every record, as one of the schemas has it.
    private func look(_ path: String, _ comment: Comment) async throws -> (held: Schema, history: [PastMigration]) {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let held = try #require(try await storage.schema())
        let history = try await storage.migrations()
        let (old, new) = (try Schema(parsing: Self.old), try Schema(parsing: Self.new))
        let isNew = held.id == new.id
        let store = try await Store.open(storage, schema: isNew ? new : old)
        let names = isNew ? ["id", "b", "n"] : ["id", "a", "n", "gone"]
        let values = try await store.records("rows").all().map { record in names.map { record[$0] } }
        #expect(values == (0..<Self.count).map { row($0, isNew: isNew) }, comment)
        try await store.close()
        try expectIntact(path, comment)
        return (held, history)
    }
}

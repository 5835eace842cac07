import CairnCore
import CairnSchema
import Foundation
import ObjectStorage
import ObjectStores
import Simulation
import Testing
import Workers

@Suite("Killed migrations of every kind, tables in a folder", .serialized)
struct FolderMigrationKindsTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// How many processes are killed; `Tests/run --crash` asks for more than the ordinary run does.
    private static let kills = environment["CAIRN_KILLS"].flatMap { Int($0) } ?? 10
    /// Repeats the moments of a run, as far as a clock can.
    private static let seed = environment["CAIRN_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)

    @Test("Beside a writer of the old schema, the same command ends what was killed, and no acknowledged row is lost")
    func kill() async throws {
        var stores = try await ChangedFolder(seed: Self.seed)
        for kill in 0..<Self.kills {
            try await stores.round("kill \(kill), CAIRN_KILL_SEED=\(Self.seed)")
        }
    }
}

/// A store that goes from an old schema to a new one and back, in every way, by processes of which the first is killed.
private struct ChangedFolder {
    /// Where the store stands.
    private enum Place {
        case old
        case both
        case new(migration: Int)
        /// What went cannot come back.
        case completed
    }

    /// How long a silent process counts as alive.
    private static let patience = Duration.milliseconds(300)
    private static let rows = 200

    /// A column is renamed, one takes another type, one goes, one comes.
    private static let old = """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int", "a": "string", "n": "string", "gone": "string?" },
          "key": "id", "indexes": { "by_a": ["a"] } } } }
        """
    private static let new = """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int", "b": { "type": "string", "renamed_from": "a" },
          "n": "int", "c": "bool?" }, "key": "id", "indexes": { "by_b": ["b"] } } } }
        """

    private var random: SeededRandom
    private let folder: TemporaryFolder
    private let old: Schema
    private let new: Schema
    private var count = 0
    private var place = Place.old
    /// The next row of the writer.
    private var next = Self.rows
    /// The rows that were acknowledged.
    private var written = Set(0..<Self.rows)
    /// Those that were begun, of which some may be there.
    private var begun = Set(0..<Self.rows)
    /// How long a migration takes that nobody disturbs.
    private var span = Duration.zero

    init(seed: UInt64) async throws {
        random = SeededRandom(seed: seed)
        folder = try TemporaryFolder()
        old = try Schema(parsing: Self.old)
        new = try Schema(parsing: Self.new)
        let store = try await Store.open(ObjectStorage.open(folder.objects("made")), schema: old)
        let table = try store.records("rows").table
        _ = try await store.session.write((0..<Self.rows).map { .insert(table, OldWriter.row($0)) })
        try await store.close()
        try begin()
        let worker = try start("apply")
        let beginning = ContinuousClock.now
        try #require(worker.line() == "done")
        span = ContinuousClock.now - beginning
        try begin()
    }

    /// Goes on with a copy of the store of the old schema.
    private mutating func begin() throws {
        count += 1
        try FileManager.default.copyItem(atPath: folder.path("made"), toPath: folder.path(name))
        (place, next) = (.old, Self.rows)
        (written, begun) = (Set(0..<Self.rows), Set(0..<Self.rows))
    }

    private var name: String { "store\(count)" }

    private func start(_ kind: String) throws -> Worker {
        let milliseconds = Int(Self.patience / .milliseconds(1))
        let worker = try Worker(
            "TableWorker", ["migrate", folder.path(name), Self.new, "\(milliseconds)", kind])
        try #require(worker.line() == "start")
        return worker
    }

    /// Changes the store in one of the ways there are: a process is killed at it, and another one does it.
    mutating func round(_ text: String) async throws {
        let kind: String
        switch place {
        case .old: kind = random.pick(["apply", "eager", "start", "start"], else: "apply")
        case .both: kind = random.pick(["complete", "abort"], else: "abort")
        case .new(let migration): kind = "rollback:\(migration)"
        case .completed: return try begin()
        }
        let comment: Comment = "\(kind), \(text)"
        let writer = OldWriter(try folder.objects(name), old, from: next)
        let writing = Task { try await writer.run() }
        let worker = try start(kind)
        let end = ContinuousClock.now + span * (Double(random.below(1_000_000)) / 1_000_000 * 1.5)
        // The moment is to be any, also between two ticks of a timer.
        while ContinuousClock.now < end {}
        worker.kill9()
        let said = worker.rest()
        #expect(said.allSatisfy { $0 == "done" }, "\(said), \(comment)")
        let again = try start(kind)
        let ending = again.rest()
        #expect(again.wait() == 0 && (ending == ["done"] || ending == ["found"]), "\(ending), \(comment)")
        #expect(said.isEmpty || ending == ["found"], "an acknowledged migration is lost, \(comment)")
        writer.stop()
        let rows = try await writing.value
        written.formUnion(rows.acknowledged)
        begun.formUnion(rows.begun)
        next += rows.begun.count
        try await look(kind, comment)
    }

    /// Looks at what the two processes and the writer have left.
    private mutating func look(_ kind: String, _ comment: Comment) async throws {
        let storage = try await ObjectStorage.open(folder.objects(name))
        let held = try #require(try await storage.schema(), comment)
        let history = try await storage.migrations()
        switch kind {
        case "start":
            #expect(held.window?.old.id == old.id && held.window?.new.id == new.id, comment)
            place = .both
        case "complete":
            #expect(held.id == new.id, comment)
            place = .completed
        case "apply", "eager":
            #expect(held.id == new.id, comment)
            place = .new(migration: try #require(history.last, comment).number)
        default:
            #expect(held.id == old.id, comment)
            place = .old
        }
        let isNew = held.id == new.id
        let store = try await Store.open(storage, schema: isNew ? new : old)
        #expect(try await storage.maintenanceWindow() == nil, comment)
        var found: Set<Int> = []
        for record in try await store.records("rows").all() {
            guard case .int(let id) = record["id"] else { continue }
            found.insert(id)
            let row = OldWriter.row(id)
            #expect(record[isNew ? "b" : "a"] == row[1], comment)
            #expect(record["n"] == (isNew ? .int(id) : row[2]), comment)
            if !isNew { #expect(record["gone"] == row[3], comment) }
        }
        #expect(written.isSubset(of: found), "\(written.subtracting(found)) are lost, \(comment)")
        #expect(found.isSubset(of: begun), comment)
        // By an index, which migrations make of the same records.
        let table = try store.records("rows").table
        let query = Query(table, where: try Condition(parsing: "\(isNew ? "b" : "a") = 'a7'", table: table))
        #expect(try await store.records("rows").all(query).map { $0["id"] } == [.int(7)], comment)
        let examination = try await storage.examine()
        #expect(examination.isSound, "\(examination.findings), \(comment)")
        try await store.close()
    }
}

/// A program of the old schema that writes as long as it may.
private final class OldWriter: Sendable {
    /// What became of its rows.
    struct Rows: Sendable {
        var acknowledged: Set<Int> = []
        var begun: Set<Int> = []
    }

    private let objects: FolderObjectStore
    private let schema: Schema
    private let first: Int
    private let isStopped = Lock(false)

    init(_ objects: FolderObjectStore, _ schema: Schema, from first: Int) {
        self.objects = objects
        self.schema = schema
        self.first = first
    }

    /// A row of the old schema.
    static func row(_ id: Int) -> [Value] { [.int(id), .string("a\(id)"), .string("\(id)"), .string("g\(id)")] }

    func stop() { isStopped.withLock { $0 = true } }

    /// Writes until it is stopped, or the store has another schema: one that it cannot open.
    func run() async throws -> Rows {
        var rows = Rows()
        var id = first
        while !isStopped.withLock({ $0 }) {
            let storage = try await ObjectStorage.open(objects)
            let store: Store
            do {
                store = try await Store.open(storage, schema: schema)
            } catch let error as StorageError where error.code == .schemaMismatch {
                try? await storage.close()
                return rows
            }
            do {
                let table = try store.records("rows").table
                while !isStopped.withLock({ $0 }) {
                    rows.begun.insert(id)
                    do {
                        _ = try await store.session.write([.insert(table, Self.row(id))])
                        rows.acknowledged.insert(id)
                        id += 1
                    } catch let error as StorageError where [.maintenance, .busy].contains(error.code) {
                        // A migration is at work: nothing was written.
                        await Task.yield()
                    }
                }
            } catch let error as StorageError where error.code == .schemaMismatch {
                // It was migrated, perhaps so that this program goes on.
                id += 1
            }
            try? await store.close()
        }
        return rows
    }
}

import CairnCore
import CairnSchema
import Foundation
import ObjectStorage
import Simulation
import Testing
import Workers

@Suite("Killed migrations, tables in a folder", .serialized)
struct FolderMigrationCrashTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// How many processes are killed; `Tests/run --crash` asks for more than the ordinary run does.
    private static let kills = environment["CAIRN_KILLS"].flatMap { Int($0) } ?? 10
    /// Repeats the moments of a run, as far as a clock can.
    private static let seed = environment["CAIRN_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)

    @Test("A store has the old schema or the new one with every record, and the next migration goes on")
    func kill() async throws {
        let stores = try await MigratedFolders(seed: Self.seed)
        // What a killed process has left is what the next one begins with, until one of them has decided.
        var name: String?
        var isClosed = false
        for kill in 0..<Self.kills {
            let comment: Comment = "kill \(kill), CAIRN_KILL_SEED=\(Self.seed)"
            let store = try name ?? stores.add()
            let worker = try stores.start(store, patience: MigratedFolders.shortPatience)
            // Some are killed while they wait for the one before to be dead.
            if isClosed, !stores.random.chance(25) { try await Task.sleep(for: MigratedFolders.shortPatience) }
            stores.kill(worker)
            let said = worker.rest()
            #expect(said.allSatisfy { $0 == "done" }, "\(said), \(comment)")
            let found = try await stores.look(store, comment)
            #expect(found.isNew || said.isEmpty, "an acknowledged migration is lost, \(comment)")
            if found.isNew { try await stores.goOn(store, comment) }
            (name, isClosed) = found.isNew ? (nil, false) : (store, found.isClosed)
        }
        guard let name else { return }
        let last = try stores.start(name, patience: MigratedFolders.shortPatience)
        #expect(last.rest() == ["done"], "CAIRN_KILL_SEED=\(Self.seed)")
        try await stores.goOn(name, "after all kills, CAIRN_KILL_SEED=\(Self.seed)")
    }

    @Test("Of two processes that migrate at once one is killed: the other one brings it to its end")
    func together() async throws {
        let stores = try await MigratedFolders(seed: Self.seed &+ 1)
        for round in 0..<max(2, Self.kills / 5) {
            let comment: Comment = "round \(round), CAIRN_KILL_SEED=\(Self.seed)"
            let store = try stores.add()
            let workers = try (0..<2).map { _ in try stores.start(store, patience: MigratedFolders.longPatience) }
            let place = stores.random.below(2)
            stores.kill(workers[place])
            let killed = workers[place].rest()
            let survivor = workers[1 - place].rest()
            #expect(workers[1 - place].wait() == 0, "\(survivor), \(comment)")
            // One that was killed behind its decision has done it, and had no time to say so.
            #expect(survivor == ["done"] || survivor == ["found"], "\(survivor), \(comment)")
            #expect(killed != ["done"] || survivor == ["found"], "both have done it, \(comment)")
            try await stores.goOn(store, comment)
        }
    }
}

/// Copies of a store of an old schema that other processes bring to a new one, and what must be in them.
private final class MigratedFolders {
    /// How long a silent process counts as alive: for one that was killed.
    static let shortPatience = Duration.milliseconds(300)
    /// The same where both live, so that a slow machine is not taken for a dead one.
    static let longPatience = Duration.seconds(1)

    private static let rows = 300
    private static let links = 40
    private static let notes = 30

    /// A table and a column are renamed and the column gets a wider type; a column goes, one comes; an index goes, one changes, one
    /// comes; a table that is referred to changes its name, and another goes.
    private static let old = """
        { "database": "d", "tables": {
          "rows": { "columns": { "id": "int", "amount": "int", "text": "string", "gone": "string" }, "key": "id",
            "indexes": { "by_amount": ["amount"], "by_text": ["text"] } },
          "links": { "columns": { "id": "int", "row": { "references": "rows" } }, "key": "id" },
          "notes": { "columns": { "id": "int", "note": "string" }, "key": "id" } } }
        """
    private static let new = """
        { "database": "d", "tables": {
          "items": { "renamed_from": "rows", "columns": { "id": "int", "value": { "type": "double", "renamed_from": "amount" },
            "text": "string", "more": { "type": "int", "default": 7 } }, "key": "id",
            "indexes": { "by_value": ["value desc"], "by_text": { "on": ["text"], "include": ["more"] } } },
          "links": { "columns": { "id": "int", "row": { "references": "items" } }, "key": "id" } } }
        """

    var random: SeededRandom
    private let folder: TemporaryFolder
    private let old: Schema
    private let new: Schema
    private var count = 0
    /// How long a migration takes that nobody disturbs.
    private var span = Duration.zero

    /// Makes a store, and migrates a copy of it to see how long that takes.
    init(seed: UInt64) async throws {
        random = SeededRandom(seed: seed)
        folder = try TemporaryFolder()
        old = try Schema(parsing: Self.old)
        new = try Schema(parsing: Self.new)
        let store = try await Store.open(ObjectStorage.open(folder.objects("made")), schema: old)
        let tables = try ["rows", "links", "notes"].map { try store.records($0).table }
        _ = try await store.session.write(
            (0..<Self.rows).map {
                .insert(tables[0], [.int($0), .int($0 % 20), .string("text \($0)"), .string("g\($0)")])
            }
                + (0..<Self.links).map { .insert(tables[1], [.int($0), .int($0 * 7)]) }
                + (0..<Self.notes).map { .insert(tables[2], [.int($0), .string("note \($0)")]) })
        try await store.close()
        let first = try add()
        let worker = try start(first, patience: Self.longPatience)
        let start = ContinuousClock.now
        try #require(worker.line() == "done")
        span = ContinuousClock.now - start
        try await goOn(first, "nobody was killed")
    }

    /// A copy of the store of the old schema.
    func add() throws -> String {
        count += 1
        try FileManager.default.copyItem(atPath: folder.path("made"), toPath: folder.path("store\(count)"))
        return "store\(count)"
    }

    // MARK: Processes

    /// A process that begins to migrate a store.
    func start(_ name: String, patience: Duration) throws -> Worker {
        let milliseconds = Int(patience / .milliseconds(1))
        let worker = try Worker("TableWorker", ["migrate", folder.path(name), Self.new, "\(milliseconds)"])
        try #require(worker.line() == "start")
        return worker
    }

    /// Kills a process at a random moment of what it needs, or shortly after.
    func kill(_ worker: Worker) {
        let end = ContinuousClock.now + span * (Double(random.below(1_000_000)) / 1_000_000 * 1.1)
        // The moment is to be any, also between two ticks of a timer.
        while ContinuousClock.now < end {}
        worker.kill9()
    }

    // MARK: Looking

    /// What a store was found to be.
    struct Found {
        let isNew: Bool
        /// Whether a migration has closed it for writing.
        let isClosed: Bool
    }

    /// Looks at a store as a program that only reads, so that the next process meets what the killed one has left.
    func look(_ name: String, _ comment: Comment) async throws -> Found {
        var options = ObjectStorageOptions()
        options.mode = .readOnly
        let storage = try await ObjectStorage.open(folder.objects(name), options)
        let held = try #require(try await storage.schema(), comment)
        let isNew = held.id == new.id
        #expect(isNew || held.id == old.id, comment)
        let store = try await Store.open(storage, schema: isNew ? new : old)
        try await expectRecords(in: store, isNew, comment)
        let isClosed = try await storage.maintenanceWindow() != nil
        try await store.close()
        return Found(isNew: isNew, isClosed: isClosed)
    }

    private func expectRecords(in store: Store, _ isNew: Bool, _ comment: Comment) async throws {
        let rows = try store.records(isNew ? "items" : "rows")
        let names = isNew ? ["id", "value", "text", "more"] : ["id", "amount", "text", "gone"]
        let values = try await rows.all().map { record in names.map { record[$0] } }
        #expect(values == (0..<Self.rows).map { row($0, isNew) }, comment)
        // By an index, which the migration made from the same records.
        let indexed = Query(rows.table, where: try Condition(parsing: "\(names[1]) = 3", table: rows.table))
        #expect(
            try await rows.all(indexed).map { $0["id"] } == stride(from: 3, to: Self.rows, by: 20).map { .int($0) },
            comment)
        let links = try await store.records("links").all().map { $0["row"] }
        #expect(links == (0..<Self.links).map { .int($0 * 7) }, comment)
        if !isNew { #expect(try await store.records("notes").count() == Self.notes, comment) }
    }

    /// The values of a row, before or after.
    private func row(_ id: Int, _ isNew: Bool) -> [Value] {
        isNew
            ? [.int(id), .double(Double(id % 20)), .string("text \(id)"), .int(7)]
            : [.int(id), .int(id % 20), .string("text \(id)"), .string("g\(id)")]
    }

    // MARK: Going on

    /// Opens a store that was migrated, once, and works with it: what was dropped is kept, files and indexes are as they should be.
    func goOn(_ name: String, _ comment: Comment) async throws {
        let storage = try await ObjectStorage.open(folder.objects(name))
        try await expectDropped(in: storage, comment)
        let store = try await Store.open(storage, schema: new)
        try await expectRecords(in: store, true, comment)
        let items = try store.records("items")
        var first = try await items.get(Key(.int(0)))
        try first.set("value", .double(0.5))
        try await items.update(first)
        try await items.delete(Key(.int(Self.rows - 1)))
        #expect(try await items.count() == Self.rows - 1, comment)
        let examination = try await storage.examine()
        #expect(examination.isSound, "\(examination.findings), \(comment)")
        try await store.close()
    }

    private func expectDropped(in storage: ObjectStorage, _ comment: Comment) async throws {
        let history = try await storage.migrations()
        #expect(history.map(\.to) == [new], comment)
        let migration = try #require(history.first, comment)
        for (name, expected) in [
            ("rows", (0..<Self.rows).map { [Value.string("g\($0)")] }),
            ("notes", (0..<Self.notes).map { [.int($0), .string("note \($0)")] }),
        ] {
            var kept: [Key: [Value]] = [:]
            try await storage.dropped(by: migration, of: try #require(migration.from.table(named: name))) { records in
                for record in records { kept[record.key] = record.values }
            }
            let pairs = expected.enumerated().map { (Key(.int($0.offset)), $0.element) }
            #expect(kept == Dictionary(uniqueKeysWithValues: pairs), "\(name), \(comment)")
        }
    }
}

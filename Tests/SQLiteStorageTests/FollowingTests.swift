import CairnCore
import Foundation
import Testing

@testable import SQLiteStorage

/// The changes that a file keeps, for all who have it open and for those who come later.
@Suite("Following the changes of a file")
struct FollowingTests {
    private let folder: TemporaryFolder
    private let path: String
    private let schema = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int", "kind": { "enum": ["a", "b"], "default": "a" } },
        "key": "id", "changes": true } } }
        """
    private let wider = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int", "kind": { "enum": ["a", "b"], "default": "a" },
        "more": "string?" }, "key": "id", "changes": true } } }
        """
    private let unkept = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int", "kind": { "enum": ["a", "b"], "default": "a" } },
        "key": "id" } } }
        """

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("followed.db")
    }

    private func open(
        _ path: String? = nil, clock: @escaping @Sendable () -> Timestamp = { .now },
        keeping most: Int = 100_000, for lifetime: Duration = .seconds(7 * 24 * 3600)
    ) async throws -> Store {
        var options = SQLiteOptions(.file(path ?? self.path), synchronous: .normal, timeout: .seconds(60))
        options.watchInterval = .milliseconds(5)
        options.keptChanges = most
        options.changeLifetime = lifetime
        return try await Store.open(SQLiteStorage.open(options, clock: clock), schema: Schema(parsing: schema))
    }

    private func put(_ id: Int, _ store: Store) async throws {
        _ = try await store.session.write([.upsert(store.schema.tables[0], [.int(id), .int(0), .string("a")])])
    }

    private func write(_ ids: ClosedRange<Int>, _ store: Store) async throws {
        _ = try await store.session.write(
            ids.map { .insert(store.schema.tables[0], [.int($0), .int(0), .string("a")]) })
    }

    private func keys(_ count: Int, since position: ChangePosition, _ store: Store) async throws -> [Key?] {
        var changes = try store.records("rows").changes(since: position).makeAsyncIterator()
        var keys: [Key?] = []
        for _ in 0..<count { keys.append(try await changes.next()?.after?.key) }
        return keys
    }

    private func expired(_ position: ChangePosition, _ store: Store) async throws {
        try await expectError(.snapshotExpired) { _ = try await keys(1, since: position, store) }
    }

    @Test("Commits of another connection are followed, in one order with one's own", .timeLimit(.minutes(2)))
    func others() async throws {
        let (mine, other) = (try await open(), try await open())
        let start = try await mine.changePosition()
        var changes = try mine.records("rows").changes(since: start).makeAsyncIterator()
        for id in 1...6 {
            try await put(id, id.isMultiple(of: 2) ? mine : other)
            #expect(try await changes.next()?.after?.key == Key(.int(id)))
        }
        #expect(try await keys(6, since: start, other) == (1...6).map { Key(.int($0)) })
        try await other.close()
        try await mine.close()
    }

    @Test("Batches that share a commit are commits of their own, each as it found the file")
    func shared() async throws {
        let store = try await open()
        try await put(1, store)
        let start = try await store.changePosition()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    let values: [Value] = [.int(1), .int(0), .string("a")]
                    _ = try await store.session.write([.upsert(store.schema.tables[0], values)])
                }
            }
            try await group.waitForAll()
        }
        var revisions: [Int] = []
        for try await commit in store.changes(since: start) {
            let change = try #require(commit.changes.first)
            #expect(commit.changes.count == 1 && change.before?.revision == (change.after?.revision ?? 0) - 1)
            revisions.append(change.after?.revision ?? 0)
            if revisions.count == 40 { break }
        }
        #expect(revisions == Array(2...41))
        try await store.close()
    }

    @Test("A position expires when too many changes came behind it, and not before")
    func trimmed() async throws {
        let store = try await open(keeping: 3)
        var positions = [try await store.changePosition()]
        for id in 1...5 {
            try await put(id, store)
            positions.append(try await store.changePosition())
        }
        for position in positions[..<2] { try await expired(position, store) }
        for (number, position) in positions.enumerated().dropFirst(2) where number < 5 {
            #expect(try await keys(5 - number, since: position, store) == (number + 1...5).map { Key(.int($0)) })
        }
        try await store.close()
    }

    @Test("Changes of long ago go with a later commit, or with housekeeping")
    func aged() async throws {
        let days = Lock(0)
        let store = try await open(clock: {
            Timestamp.epoch.adding(microseconds: Int64(days.withLock { $0 }) * 86_400_000_000) ?? .epoch
        })
        let first = try await store.changePosition()
        for id in 1...2 { try await put(id, store) }
        let second = try await store.changePosition()
        #expect(try await keys(2, since: first, store).count == 2)
        days.withLock { $0 = 8 }
        try await store.maintain()
        try await expired(first, store)
        // Who had everything up to then has lost nothing, however long ago that was.
        for id in 3...4 { try await put(id, store) }
        #expect(try await keys(2, since: second, store) == [Key(.int(3)), Key(.int(4))])
        days.withLock { $0 = 16 }
        for id in 5...6 { try await put(id, store) }
        try await expired(second, store)
        try await store.close()
    }

    @Test("A lifetime longer than there is time keeps them for ever")
    func endless() async throws {
        let clock = Lock(Timestamp.now)
        let store = try await open(clock: { clock.withLock { $0 } }, for: .seconds(Int64.max))
        let begin = try await store.changePosition()
        try await write(1...3, store)
        clock.withLock { $0 = $0.adding(microseconds: 400 * 24 * 3_600_000_000) ?? $0 }
        try await write(4...4, store)
        try await store.maintain()
        #expect(try await keys(4, since: begin, store) == (1...4).map { Key(.int($0)) })
        try await store.close()
    }

    @Test("A copy that has gone another way, and a backup that was put back, notice positions that are not theirs")
    func copies() async throws {
        let store = try await open()
        try await put(1, store)
        let shared = try await store.changePosition()
        try await store.close()
        let copy = folder.path("copy.db")
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let (original, other) = (try await open(), try await open(copy))
        try await write(2...3, original)
        let position = try await original.changePosition()
        var changes = try original.records("rows").changes(since: shared).makeAsyncIterator()
        let inside = try #require(try await changes.next()).position
        // Not so far yet, then as far by another way, inside a commit too.
        try await expired(position, other)
        try await write(8...9, other)
        for position in [position, inside] { try await expired(position, other) }
        // What both have in common is a position of both.
        #expect(try await keys(2, since: shared, other) == [Key(.int(8)), Key(.int(9))])
        #expect(try await keys(2, since: shared, original) == [Key(.int(2)), Key(.int(3))])
        #expect(try await keys(1, since: inside, original) == [Key(.int(3))])
        try await original.close()
        try await other.close()
    }

    @Test("A migration ends what was kept in the old form, and the option can be taken away and given again")
    func migrated() async throws {
        let store = try await open()
        let first = try await store.changePosition()
        try await put(1, store)
        let last = try await store.changePosition()
        try await store.close()
        for next in [wider, unkept, schema] {
            let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
            let held = try #require(try await storage.schema())
            try await storage.apply(
                .migrate(Migration(from: held, to: Schema(parsing: next), allowsDestructive: true)))
            try await storage.close()
            #expect(try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path))).findings.isEmpty)
        }
        let again = try await open()
        try await expired(first, again)
        try await expired(last, again)
        let now = try await again.changePosition()
        try await put(2, again)
        #expect(try await keys(1, since: now, again) == [Key(.int(2))])
        try await again.close()
    }

    @Test("A commit larger than what is kept is told whole to who has everything before it")
    func large() async throws {
        let store = try await open(keeping: 3)
        for id in 1...5 { try await put(id, store) }
        let position = try await store.changePosition()
        try await write(11...30, store)
        #expect(try await keys(20, since: position, store) == (11...30).map { Key(.int($0)) })
        try await store.close()
    }

    @Test("Trimming keeps up with commits that are larger than what goes at once")
    func keptUp() async throws {
        let store = try await open(keeping: 1)
        for block in 0..<3 { try await write(block * 6_000 + 1...(block + 1) * 6_000, store) }
        try await store.close()
        // The newest commit, and the row before it.
        #expect(try RawDatabase(path).column("SELECT count(*) FROM _cairn_changes") == ["6001"])
    }

    @Test("Commits that share a transaction of the file expire nobody who had everything before them")
    func group() async throws {
        var options = SQLiteOptions(.file(path))
        options.keptChanges = 3
        let storage = try await SQLiteStorage.open(options)
        let store = try await Store.open(storage, schema: Schema(parsing: schema))
        for id in 1...5 { try await put(id, store) }
        let position = try await store.changePosition()
        let (schema, commits) = try storage.attached()
        let batches = (6...15).map { Batch([.upsert(schema.tables[0], [.int($0), .int(0), .string("a")])]) }
        try await storage.beginWriting()
        let group = CommitGroup(
            schema: schema, commits: commits, keeper: storage.shared.withLock { $0.keeper }, time: .now,
            hub: storage.hub)
        for result in group.run(batches, on: storage.writer) { _ = try result.get() }
        #expect(try await keys(10, since: position, store) == (6...15).map { Key(.int($0)) })
        try await store.close()
    }

    @Test("Housekeeping leaves the newest commit, however old it is")
    func newest() async throws {
        let days = Lock(0)
        let store = try await open(clock: {
            Timestamp.epoch.adding(microseconds: Int64(days.withLock { $0 }) * 86_400_000_000) ?? .epoch
        })
        try await put(1, store)
        let position = try await store.changePosition()
        try await write(2...3, store)
        days.withLock { $0 = 30 }
        for _ in 1...2 { try await store.maintain() }
        #expect(try await keys(2, since: position, store) == [Key(.int(2)), Key(.int(3))])
        try await store.close()
    }

    @Test("What is read at once is bounded by bytes, too, and goes on behind it")
    func bytes() async throws {
        let schema = try Schema(
            parsing: """
                { "database": "large", "tables": { "rows": { "columns": { "id": "int", "value": "bytes" }, "key": "id", "changes": true } } }
                """)
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let store = try await Store.open(storage, schema: schema)
        var position = try await store.changePosition()
        let value = Value.bytes(Array(repeating: 7, count: 2 << 20))
        for id in 1...5 { _ = try await store.session.write([.insert(schema.tables[0], [.int(id), value])]) }
        var pages: [Int] = []
        var isComplete = false
        while !isComplete {
            let page = try await storage.keptChanges(since: position, .latest, limit: 1000)
            pages.append(page.commits.count)
            (position, isComplete) = (page.end, page.isComplete)
        }
        #expect(pages.count > 1 && pages.reduce(0, +) == 5, "\(pages)")
        try await store.close()
    }

    @Test("Rows that tell of no record are read past, however many somebody wrote", .timeLimit(.minutes(2)))
    func empty() async throws {
        let store = try await open()
        let start = try await store.changePosition()
        try RawDatabase(path).execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
            INSERT INTO _cairn_changes ("tag", "at", "table") SELECT i, 0, '' FROM n
            """)
        try await put(1, store)
        #expect(try await keys(1, since: start, store) == [Key(.int(1))])
        try await store.close()
    }

    @Test("A change that cannot be read is an error that names it, behind those before it")
    func damaged() async throws {
        let store = try await open()
        let start = try await store.changePosition()
        for id in 1...2 { try await put(id, store) }
        let raw = try RawDatabase(path)
        try raw.execute("UPDATE \"rows\" SET \"kind\" = 'z' WHERE \"id\" = 2")
        try await put(2, store)
        #expect(try await keys(2, since: start, store) == [Key(.int(1)), Key(.int(2))])
        let error = try await expectError(.damaged) { _ = try await keys(3, since: start, store) }
        #expect(error.message.contains("row 4") && error.message.contains("'kind'"), "\(error)")
        try await store.close()
    }

    @Test("Where somebody emptied what is kept, a batch that is sent again has its answer; a new one is refused whole")
    func emptied() async throws {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let store = try await Store.open(storage, schema: Schema(parsing: schema))
        func batch(_ id: Int, _ key: String) -> Batch {
            var batch = Batch([.insert(store.schema.tables[0], [.int(id), .int(0), .string("a")])])
            batch.idempotencyKey = key
            return batch
        }
        let first = try await storage.commit(batch(1, "first"))
        try RawDatabase(path).execute("DELETE FROM _cairn_changes")
        #expect(try await storage.commit(batch(1, "first")) == first)
        let error = try await expectError(.damaged) { _ = try await storage.commit(batch(2, "second")) }
        #expect(error.message.contains("'_cairn_changes'"), "\(error)")
        #expect(try await store.records("rows").count() == 1)
        try await store.close()
    }

    @Test("A file whose tables keep no changes has no table for them")
    func absent() async throws {
        let store = try await Store.open(path: path, unkept)
        try await store.close()
        #expect(
            try RawDatabase(path).column("SELECT count(*) FROM sqlite_schema WHERE name = '_cairn_changes'") == ["0"])
    }

    @Test("A file whose changes are gone keeps them from its baseline on, and one that need not forgets them")
    func baseline() async throws {
        func baseline(_ schema: String) async throws -> BaselineReport {
            try await SQLiteStorage.baseline(SQLiteOptions(.file(path)), Schema(parsing: schema))
        }
        var store = try await open()
        let old = try await store.changePosition()
        try await store.close()
        try RawDatabase(path).execute("DROP TABLE _cairn_changes")
        let kept = try await baseline(schema)
        #expect(kept.outcome == .marked, "\(kept.findings)")
        #expect(try await baseline(schema).outcome == .unchanged)
        store = try await open()
        try await expired(old, store)
        let new = try await store.changePosition()
        try await put(1, store)
        #expect(try await keys(1, since: new, store) == [Key(.int(1))])
        try await store.close()
        let forgotten = try await baseline(unkept)
        #expect(forgotten.outcome == .marked, "\(forgotten.findings)")
        #expect(try RawDatabase(path).column("SELECT name FROM sqlite_schema WHERE name = '_cairn_changes'").isEmpty)
    }
}

import CairnCore
import Foundation
import SQLiteStorage
import Testing

/// What a handle learns of commits of others.
@Suite("Watching a file")
struct WatchingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open(_ mode: SQLiteOptions.Mode = .create) async throws -> Store {
        var options = SQLiteOptions(
            .file(folder.path("watched.db")), mode: mode, synchronous: .normal, timeout: .seconds(60))
        options.watchInterval = .milliseconds(5)
        return try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
    }

    private func rows(_ store: Store) throws -> ResultSequence<[Record]> {
        try store.records("rows").observe(Query(store.schema.tables[0]))
    }

    @Test("Commits of another connection are observed, also by a handle that only reads, and one in a transaction")
    func observed() async throws {
        let other = try await open()
        let (writing, reading) = (try await open(), try await open(.readOnly))
        for mine in [writing, reading] {
            var results = try rows(mine).makeAsyncIterator()
            let count = try #require(try await results.next()?.count)
            try await other.put(count + 1)
            #expect(try await results.next()?.count == count + 1)
            try await other.transaction { tx in
                for id in 1...2 {
                    _ = try await tx.write([.insert(other.schema.tables[0], [.int(count + 1 + id), .int(0)])])
                }
            }
            #expect(try await results.next()?.count == count + 3)
        }
        for store in [other, writing, reading] { try await store.close() }
    }

    @Test("Changes are those of this handle: what another connection commits is not among them")
    func ownChanges() async throws {
        let (other, mine) = (try await open(), try await open())
        var commits = mine.changes().makeAsyncIterator()
        try await other.put(1)
        try await mine.put(2)
        try await other.put(3)
        try await mine.put(4)
        for id in [2, 4] { #expect(try await commits.next()?.changes.first?.after?.key == Key(.int(id))) }
        try await other.close()
        try await mine.close()
    }

    @Test("Changes that share a commit are told one batch after the other, as each found the file")
    func shared() async throws {
        let store = try await open()
        try await store.put(1)
        let commits = store.changes()
        // All at once, so that they wait for one another and commit together.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    _ = try await store.session.write([.upsert(store.schema.tables[0], [.int(1), .int(0)])])
                }
            }
            try await group.waitForAll()
        }
        var revisions: [Int] = []
        for try await commit in commits {
            let change = try #require(commit.changes.first)
            #expect(change.before?.revision == (change.after?.revision ?? 0) - 1)
            revisions.append(change.after?.revision ?? 0)
            if revisions.count == 40 { break }
        }
        #expect(revisions == Array(2...41))
        try await store.close()
    }
}

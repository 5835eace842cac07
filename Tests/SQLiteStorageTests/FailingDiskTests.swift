import CFaultyDisk
import CairnCore
import Foundation
import Testing

@testable import SQLiteStorage

/// One after the other: the disk that fails is the same for all.
@Suite("A disk that fails", .serialized)
struct FailingDiskTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try #require(faulty_disk_register() == 0)
        faulty_disk_fail_syncs_after(-1)
        faulty_disk_fail_writes_after(-1, FAULTY_DISK_IO)
        faulty_disk_fail_changes_after(-1, 0, FAULTY_DISK_IO, 0)
        faulty_disk_watch_changes(nil)
        faulty_disk_lock_out(0)
    }

    private func open(_ name: String) async throws -> (SQLiteStorage, Store) {
        var options = SQLiteOptions(.file(folder.path(name)), synchronous: .full)
        options.vfs = "faulty"
        let storage = try await SQLiteStorage.open(options)
        return (storage, try await Store.open(storage, schema: Schema(parsing: workerSchema)))
    }

    @Test("A write that fails fails the commit, and leaves nothing behind")
    func failingWrite() async throws {
        let (_, store) = try await open("write.db")
        try await store.put(1)
        let before = faulty_disk_failures()
        faulty_disk_fail_writes_after(0, FAULTY_DISK_IO)
        let error = await #expect(throws: StorageError.self) { try await store.put(2) }
        #expect(error?.code == .io || error?.code == .outcomeUnknown, "\(String(describing: error))")
        #expect(faulty_disk_failures() > before)
        faulty_disk_fail_writes_after(-1, FAULTY_DISK_IO)
        #expect(try await store.count == 1)
        try await store.put(2)
        #expect(try await store.count == 2)
        try await store.close()
    }

    @Test("A full disk is an error that says so, and what was committed is there")
    func fullDisk() async throws {
        let (_, store) = try await open("full.db")
        try await store.put(1)
        for count in 0..<4 {
            faulty_disk_fail_writes_after(Int32(count), FAULTY_DISK_FULL)
            try await expectError(.full) {
                _ = try await store.session.write(
                    (10..<3000).map { .insert(store.schema.tables[0], [.int($0), .int($0)]) })
            }
            faulty_disk_fail_writes_after(-1, FAULTY_DISK_IO)
            #expect(try await store.count == 1)
        }
        try await store.put(2)
        try await store.close()
    }

    @Test("A database that may not grow any more is full too")
    func pageLimit() async throws {
        let (storage, store) = try await open("pages.db")
        try await store.put(1)
        try storage.writer.withLock { _ = try $0.with("PRAGMA max_page_count = 20") { try $0.step() } }
        try await expectError(.full) {
            _ = try await store.session.write(
                (10..<20_000).map { .insert(store.schema.tables[0], [.int($0), .int($0)]) })
        }
        #expect(try await store.count == 1)
        try await store.close()
    }

    @Test("A commit whose sync failed once is settled: it is there or it is not, and the store knows")
    func settled() async throws {
        let (_, store) = try await open("settled.db")
        try await store.put(1)
        faulty_disk_fail_syncs_after(0)
        // The commit fails; with the disk well again, the next write of the store's own row settles it.
        let failing = Task { try await store.put(2) }
        faulty_disk_fail_syncs_after(0)
        let result = await failing.result
        faulty_disk_fail_syncs_after(-1)
        if case .failure(let error as StorageError) = result, let token = error.details.token {
            let outcome = try await store.outcome(of: token)
            #expect(try await store.count == (outcome == .committed ? 2 : 1))
        } else {
            #expect(try await store.count == 1)
        }
        try await store.put(3)
        try await store.close()
    }

    @Test("A commit nobody can settle ends those who read changes, and observers look again")
    func unknownChanges() async throws {
        let (_, store) = try await open("unknown-changes.db")
        try await store.put(1)
        var commits = store.changes().makeAsyncIterator()
        var rows = store.observe { try await $0.count(Query(store.schema.tables[0])) }.makeAsyncIterator()
        #expect(try await rows.next() == 1)
        faulty_disk_fail_syncs_after(0)
        try await expectError(.outcomeUnknown) { try await store.put(2) }
        faulty_disk_fail_syncs_after(-1)
        try await expectError(.changesMissed) { _ = try await commits.next() }
        let count = try await store.count
        try await store.put(3)
        var last = 1
        while last < count + 1 { last = try #require(try await rows.next()) }
        #expect(last == count + 1)
        try await store.close()
    }

    @Test("A commit nobody can settle is unknown, with a token that answers later")
    func unknown() async throws {
        let (_, store) = try await open("unknown.db")
        try await store.put(1)
        faulty_disk_fail_syncs_after(0)
        let error = try await expectError(.outcomeUnknown) { try await store.put(2) }
        faulty_disk_fail_syncs_after(-1)
        let token = try #require(error.details.token)
        let outcome = try await store.outcome(of: token)
        let isThere = try await store.records("rows").find(Key(.int(2))) != nil
        #expect((outcome == .committed) == isThere)
        // The next commits do not change the answer.
        for id in 3..<6 { try await store.put(id) }
        #expect(try await store.outcome(of: token) == outcome)
        try await store.close()
        let (_, again) = try await open("unknown.db")
        #expect(try await again.outcome(of: token) == outcome)
        let isThereAgain = try await again.records("rows").find(Key(.int(2))) != nil
        #expect(isThereAgain == isThere)
        try await again.close()
    }

    @Test("A transaction whose commit fails is over, and the next one works")
    func transaction() async throws {
        let (_, store) = try await open("transaction.db")
        let table = store.schema.tables[0]
        faulty_disk_fail_syncs_after(0)
        await #expect(throws: StorageError.self) {
            try await store.transaction { _ = try await $0.write([.insert(table, [.int(1), .int(1)])]) }
        }
        faulty_disk_fail_syncs_after(-1)
        try await store.transaction { _ = try await $0.write([.upsert(table, [.int(2), .int(2)])]) }
        #expect(try await store.records("rows").find(Key(.int(2))) != nil)
        try await store.close()
    }

    @Test("A commit that found no room stays undone, though the log has an old page that would complete it")
    func oldPage() async throws {
        let (storage, store) = try await open("old.db")
        try storage.writer.withLock { try $0.execute("PRAGMA wal_autocheckpoint = 1") }
        // The same value every time: each commit ends with the same page of the index, at the same place of the log.
        let operation = WriteOperation.upsert(store.schema.tables[0], [.int(1), .int(1)])
        for _ in 0..<3 { _ = try await store.session.write([operation]) }
        var refused = 0
        for change in 0..<8 {
            let revision = try await store.records("rows").get(Key(.int(1))).revision
            faulty_disk_fail_changes_after(Int32(change), 1, FAULTY_DISK_FULL_EVERYWHERE, 0)
            let result = await Task { _ = try await store.session.write([operation]) }.result
            faulty_disk_fail_changes_after(-1, 0, FAULTY_DISK_IO, 0)
            guard case .failure(let error as StorageError) = result, error.code == .full else { continue }
            refused += 1
            // What a process leaves that is killed now.
            let copy = folder.path("copy.db")
            try copyDatabase(folder.path("old.db"), to: copy)
            let killed = try await Store.open(path: copy)
            #expect(try await killed.records("rows").get(Key(.int(1))).revision == revision, "write \(change)")
            try await killed.close()
        }
        #expect(refused > 5)
        try await store.close()
    }

    @Test("A reader that finds the file locked for a moment waits, from the first look it takes")
    func lockedOut() async throws {
        let (_, store) = try await open("locked.db")
        faulty_disk_lock_out(3)
        #expect(try await store.count == 0)
        try await store.close()
    }
}

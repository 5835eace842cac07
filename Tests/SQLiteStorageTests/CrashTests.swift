import CFaultyDisk
import CairnCore
import Foundation
import Testing

@testable import SQLiteStorage

@Suite("Killed processes")
struct CrashTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("What a writer acknowledged before it was killed is there, and nothing half-written", arguments: 0..<10)
    func inserts(_ round: Int) async throws {
        let path = folder.path("insert.db")
        try await Store.open(path: path).close()
        let worker = try Worker(["insert", path, "0", "100000"])
        // Killed after a different number of acknowledged rows each time, in the middle of the next.
        var acknowledged: [Int] = []
        for _ in 0..<(1 + round * 7) { acknowledged.append(try #require(try worker.line().flatMap { Int($0) })) }
        worker.kill9()
        acknowledged += try worker.rest().compactMap { Int($0) }
        let store = try await Store.open(path: path)
        let rows = try await store.records("rows").all()
        let ids = rows.compactMap { row in if case .int(let id)? = row["id"] { id } else { nil } }
        #expect(Set(acknowledged).isSubset(of: ids), "acknowledged rows are missing")
        #expect(ids == Array(0..<ids.count), "rows are out of order or missing between")
        #expect(ids.count <= acknowledged.count + 1, "more rows than the one under way")
        #expect(rows.allSatisfy { $0["id"] == $0["value"] })
        #expect(try RawDatabase(path).column("PRAGMA integrity_check") == ["ok"])
        try await store.put(1_000_000)
        try await store.close()
    }

    @Test("Transactions of a killed writer are whole: a sum they keep is kept", arguments: 0..<5)
    func transactions(_ round: Int) async throws {
        let path = folder.path("move.db")
        let store = try await Store.open(path: path)
        for id in 0..<4 { try await store.put(id, 100) }
        let worker = try Worker(["move", path, "100000"])
        for _ in 0..<(3 + round * 11) { _ = try worker.line() }
        worker.kill9()
        var sum = 0
        for record in try await store.records("rows").all() {
            if case .int(let value)? = record["value"] { sum += value }
        }
        #expect(sum == 400)
        try await store.close()
    }

    @Test("A killed process that held the writer's place frees it")
    func holder() async throws {
        let path = folder.path("hold.db")
        let store = try await Store.open(path: path)
        let worker = try Worker(["hold", path])
        #expect(try worker.line() == "holding")
        try await expectError(.busy) { try await store.put(1) }
        worker.kill9()
        try await store.put(1)
        #expect(try await store.count == 1)
        try await store.close()
    }

    @Test("Two processes and this one write one file at once, and nothing is lost")
    func twoProcesses() async throws {
        let path = folder.path("two.db")
        let options = SQLiteOptions(.file(path), timeout: .seconds(60))
        let store = try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
        let workers = try [1000, 2000].map { try Worker(["insert", path, "\($0)", "200"]) }
        for id in 0..<200 { try await store.put(id) }
        for worker in workers {
            #expect(try worker.rest().count == 200)
            #expect(worker.wait() == 0)
        }
        #expect(try await store.count == 600)
        try await store.close()
    }

    @Test("A transaction of another process is waited for, and then both are there")
    func waiting() async throws {
        let path = folder.path("wait.db")
        let options = SQLiteOptions(.file(path), timeout: .seconds(60))
        let store = try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
        let worker = try Worker(["hold", path])
        #expect(try worker.line() == "holding")
        let writing = Task { try await store.put(1) }
        await Task.yield()
        try worker.closeInput()
        try await writing.value
        #expect(try worker.line() == "released")
        #expect(try await store.count == 2)
        try await store.close()
    }
}

/// One after the other: the disk that fails is the same for all.
@Suite("A disk that fails", .serialized)
struct FailingDiskTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try #require(faulty_disk_register() == 0)
        faulty_disk_fail_syncs_after(-1)
        faulty_disk_fail_writes_after(-1, FAULTY_DISK_IO)
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
}

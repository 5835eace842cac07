import CairnCore
import Foundation
import SQLiteStorage
import Testing
import Workers
import WriterProgram

@Suite("Several processes on one file")
struct SeveralProcessesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open(_ name: String, _ schema: String = workerSchema) async throws -> Store {
        let options = SQLiteOptions(.file(folder.path(name)), timeout: .seconds(60))
        return try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: schema))
    }

    @Test("Two processes and this one write one file at once, and nothing is lost")
    func writers() async throws {
        let store = try await open("two.db")
        let workers = try [1000, 2000].map {
            try Worker("StoreWorker", ["insert", folder.path("two.db"), "\($0)", "200"])
        }
        for id in 0..<200 { try await store.put(id) }
        for worker in workers {
            #expect(worker.rest().count == 200)
            #expect(worker.wait() == 0)
        }
        #expect(try await store.count == 600)
        try await store.close()
    }

    @Test("A transaction of another process is waited for, and then both are there")
    func waiting() async throws {
        let store = try await open("wait.db")
        let worker = try Worker("StoreWorker", ["hold", folder.path("wait.db")])
        #expect(worker.line() == "holding")
        let writing = Task { try await store.put(1) }
        await Task.yield()
        try worker.closeInput()
        try await writing.value
        #expect(worker.line() == "released")
        #expect(try await store.count == 2)
        try await store.close()
    }

    @Test("Many tasks of two processes and of this one write and read, and every reader sees whole commits only")
    func readers() async throws {
        let (seed, steps) = (UInt64.random(in: 0...UInt64.max), 40)
        let path = folder.path("busy.db")
        // All open at once, and one of them makes the tables.
        let workers = try ["1:0,2:0,3:0,4:0", "5:0,6:0,7:0,8:0"].map {
            try Worker("StoreWorker", ["program", path, "normal", "\(seed)", $0, "\(steps)", "3"])
        }
        let store = try await open("busy.db", WriterProgram.schema)
        let writing = Lock(4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 9...12 {
                group.addTask {
                    defer { writing.withLock { $0 -= 1 } }
                    let program = WriterProgram(writer: writer, seed: seed)
                    for step in 0..<steps { try await program.step(step, on: store) }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    while writing.withLock({ $0 }) > 0 { try await Watcher(store).look() }
                }
            }
            try await group.waitForAll()
        }
        for worker in workers {
            let lines = worker.rest()
            #expect(lines.count == 1 + 4 * steps, "\(lines.last ?? "") seed \(seed)")
            #expect(worker.wait() == 0)
        }
        let replay = try await Replay(seed: seed, writers: 1...12)
        for writer in 1...12 { try await replay.find(writer, in: store, acknowledged: steps, isAlive: false) }
        try await Watcher(store).look()
        try await store.close()
        try expectIntact(path, "seed \(seed)")
    }
}

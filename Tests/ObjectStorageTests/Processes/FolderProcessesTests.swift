import CairnCore
import CairnSchema
import ObjectStorage
import Testing
import Workers
import WriterProgram

@Suite("Several processes, tables in one folder")
struct FolderProcessesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("Many tasks of three processes write and read, and every reader sees whole commits only")
    func threeProcesses() async throws {
        let (seed, steps) = (UInt64.random(in: 0...UInt64.max), 25)
        // All open at once, and one of them makes the tables.
        let workers = try ["1:0,2:0", "3:0,4:0", "5:0,6:0"].map {
            try Worker("TableWorker", ["program", folder.path("shared"), "\(seed)", $0, "\(steps)", "1"])
        }
        for worker in workers {
            let lines = worker.rest()
            #expect(lines.count == 1 + 2 * steps, "\(lines.last ?? "") seed \(seed)")
            #expect(worker.wait() == 0)
        }
        let objects = try folder.objects("shared")
        let schema = try Schema(parsing: WriterProgram.schema)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema)
        let replay = try await Replay(seed: seed, writers: 1...6)
        for writer in 1...6 { try await replay.find(writer, in: store, acknowledged: steps, isAlive: false) }
        try await Watcher(store).look()
        try await settle(storage, objects, schema) {
            _ = try await store.session.write([.upsert(schema.owners, [.int(-1), .string("nobody")])])
        }
        try await store.close()
    }
}

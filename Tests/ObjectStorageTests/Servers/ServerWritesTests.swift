import CairnCore
import CairnSchema
import Foundation
import Histories
import Loopback
import ObjectStores
import S3Client
import Simulation
import Testing
import Workers

@testable import ObjectStorage

/// Many acknowledged writes of processes that are killed and come back, through a network that has its bad days.
@Suite("Acknowledged writes on S3 servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct ServerWritesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let environment = ProcessInfo.processInfo.environment
    /// How many writes must be acknowledged; `Tests/run --histories` asks for a hundred thousand.
    private static let count =
        environment["CAIRN_HISTORY_WRITES"].flatMap { Int($0) } ?? (TestServer.isSmallRun ? 1_000 : 4_000)
    private static let processes = 8
    /// Tasks of each process that write at once: they share commits.
    private static let tasks = 16
    private static let seed =
        environment["CAIRN_HISTORY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)

    @Test(
        "None of many acknowledged writes is lost, whoever is killed, and every process goes on",
        arguments: TestServer.all)
    func acknowledged(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let schema = try Schema(parsing: WrittenRows.schema)
            let objects = try S3ObjectStore(bucket, prefix: "writes")
            let store = try await Store.open(ObjectStorage.open(objects), schema: schema)
            let proxy = try FaultyProxy(to: server.port, seed: Self.seed, percent: 1)
            defer { proxy.stop() }
            let files = try await write(server, bucket, proxy.port)
            var acknowledged: Set<String> = []
            for file in files {
                let ids = try Self.ids(in: file)
                #expect(acknowledged.isDisjoint(with: ids))
                acknowledged.formUnion(ids)
            }
            #expect(acknowledged.count >= Self.count)
            let (lost, others) = try await WrittenRows.check(acknowledged, in: store)
            #expect(lost == [], "seed \(Self.seed)")
            print(
                "\(server.name): \(acknowledged.count) acknowledged by \(files.count) processes, \(lost.count) lost, \(others) more are there"
            )
            try await store.close()
        }
    }

    /// What a process noted; what it had not ended to write does not count.
    private static func ids(in file: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: file) else { return [] }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Lets processes write until enough is acknowledged; kills one now and then, and starts another in its place.
    /// - Returns: The files of all.
    private func write(_ server: TestServer, _ bucket: S3Bucket, _ port: Int) async throws -> [String] {
        var random = SeededRandom(seed: Self.seed)
        var files: [String] = []
        func start() throws -> (worker: Worker, file: String) {
            let file = folder.path("\(files.count)")
            let worker = try Worker(
                "TableWorker",
                [
                    "writes", server.address, "\(port)", bucket.name, "writes", "\(files.count)", "\(Self.tasks)", file,
                ])
            try worker.tell("begin")
            files.append(file)
            return (worker, file)
        }
        var running = try (0..<Self.processes).map { _ in try start() }
        var written = 0
        // Twenty are killed, each when a part of the writes is done.
        for part in 1...20 {
            let victim = random.below(Self.processes)
            #expect(running[victim].worker.line() == "ready")
            while written < Self.count * part / 20 {
                try await Task.sleep(for: .milliseconds(20))
                written = files.reduce(0) { $0 + Self.size(of: $1) }
            }
            usleep(useconds_t(random.below(100_000)))
            running[victim].worker.kill9()
            running[victim] = try start()
        }
        try await goOn(running)
        for (worker, _) in running {
            try worker.closeInput()
            #expect(worker.rest() == ["done"])
            #expect(worker.wait() == 0)
        }
        return files
    }

    /// Waits until every process has written more than it has now: however fast the others are, it gets its turn.
    private func goOn(_ running: [(worker: Worker, file: String)]) async throws {
        for (worker, _) in running { #expect(worker.line() == "ready") }
        let before = running.map { Self.size(of: $0.file) }
        for (index, (worker, file)) in running.enumerated() {
            while Self.size(of: file) <= before[index] {
                try #require(worker.isRunning, "process \(index) ended by itself; seed \(Self.seed)")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// How many writes a file has, roughly, without reading it.
    private static func size(of file: String) -> Int {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file) else { return 0 }
        return ((attributes[.size] as? NSNumber)?.intValue ?? 0) / 12
    }
}

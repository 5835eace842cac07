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

/// Many processes on one bucket of a real server, and whether what they saw can have happened one after the other.
@Suite("Histories on S3 servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct ServerHistoryTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// What each client commits at least; `Tests/run --histories` asks for more.
    private static let count =
        ProcessInfo.processInfo.environment["CAIRN_HISTORY_COUNT"].flatMap { Int($0) }
        ?? (TestServer.isSmallRun ? 8 : 50)
    /// How many processes are killed.
    private static let kills = max(8, count / 3)
    /// Repeats what the clients do, though not when.
    private static let seed =
        ProcessInfo.processInfo.environment["CAIRN_HISTORY_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0...UInt64.max)

    @Test(
        "Clients of eight processes see one order of all transactions while processes are killed, and nothing is lost",
        arguments: TestServer.all)
    func killed(server: TestServer) async throws {
        try await server.withBucket { bucket in
            try await History(bucket, server, folder, seed: Self.seed, count: Self.count).check {
                try $0.kill(Self.kills)
            }
        }
    }

    @Test(
        "So they do through a network that drops, delays, repeats and cuts requests and answers, and none gets stuck",
        arguments: TestServer.all)
    func faulty(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let proxy = try FaultyProxy(
                to: server.port, seed: Self.seed, percent: 15, faults: FaultyProxy.Fault.allCases)
            defer { proxy.stop() }
            let history = History(bucket, server, folder, seed: Self.seed, count: Self.count, port: proxy.port)
            try await history.check { try $0.kill(Self.kills / 4) }
            for fault in FaultyProxy.Fault.allCases {
                #expect(proxy.fired[fault, default: 0] > 0, "\(fault) never happened; seed \(Self.seed)")
            }
        }
    }
}

/// Processes whose clients work on one store in a bucket, and what they did and saw.
final class History {
    static let processes = 8
    static let clientsOfProcess = 2

    private let bucket: S3Bucket
    private let server: TestServer
    private let folder: TemporaryFolder
    private let seed: UInt64
    private let count: Int
    private let port: Int
    private var random: SeededRandom
    private var workers: [Worker] = []

    /// - Parameters:
    ///   - count: What each client commits at least.
    ///   - port: Where the processes reach the server; nil: at its own port.
    init(
        _ bucket: S3Bucket, _ server: TestServer, _ folder: TemporaryFolder, seed: UInt64, count: Int, port: Int? = nil
    ) {
        self.bucket = bucket
        self.server = server
        self.folder = folder
        self.seed = seed
        self.count = count
        self.port = port ?? server.port
        random = SeededRandom(seed: seed)
    }

    /// Runs the processes, and looks whether all that they did and saw can have happened one after the other.
    /// - Parameter disturb: Done while they work.
    func check(_ disturb: (History) async throws -> Void) async throws {
        let objects = try S3ObjectStore(bucket, prefix: "history")
        let schema = try Schema(parsing: HistoryClient.schema)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema)
        try await HistoryClient.prepare(store)
        workers = try (0..<Self.processes).map(start)
        try await disturb(self)
        for (process, worker) in workers.enumerated() {
            try worker.closeInput()
            #expect(worker.rest() == ["ready", "done"], "process \(process); seed \(seed)")
            #expect(worker.wait() == 0)
        }
        let files = try (0..<Self.processes).map { try HistoryFile(contentsOf: folder.path("\($0)")) }
        let lists = try await HistoryClient.lists(of: store.session)
        let accounts = try await HistoryClient.accounts(of: store.session)
        let anomalies = HistoryCheck.anomalies(
            in: files.flatMap(\.transactions), lists: lists, accounts: accounts,
            sum: HistoryClient.accounts * HistoryClient.balance)
        #expect(anomalies == [], "CAIRN_HISTORY_SEED=\(seed)")
        for client in 1...Self.processes * Self.clientsOfProcess {
            let committed = files[(client - 1) / Self.clientsOfProcess].committed(by: client)
            #expect(committed >= count, "client \(client); seed \(seed)")
        }
        let byBalance = try await HistoryClient.accounts(of: store.session, byBalance: true)
        #expect(byBalance.mapValues(\.balance) == accounts.mapValues(\.balance), "the index differs; seed \(seed)")
        try await settle(storage, objects, schema) {
            _ = try await store.session.write([.upsert(schema.tables[1], [.int(-1), .array([]), .int(0)])])
        }
        try await store.close()
    }

    /// Starts a process, which goes on where a killed one was.
    private func start(_ process: Int) throws -> Worker {
        let first = process * Self.clientsOfProcess + 1
        let worker = try Worker(
            "TableWorker",
            [
                "history", server.address, "\(port)", bucket.name, "history", "\(seed)", "\(first)",
                "\(first + Self.clientsOfProcess - 1)", "\(count)", folder.path("\(process)"),
            ])
        try worker.tell("begin")
        return worker
    }

    /// Kills processes at random moments, and starts them again.
    func kill(_ kills: Int) throws {
        for _ in 0..<kills {
            let process = random.below(Self.processes)
            // Some are killed while they open the store, and some while they work.
            if random.chance(80) { #expect(workers[process].line() == "ready", "process \(process); seed \(seed)") }
            // The moment is to be any: nobody waits for something that happens in it.
            usleep(useconds_t(random.below(300_000)))
            workers[process].kill9()
            workers[process] = try start(process)
        }
    }

    /// Waits until so many more transactions are committed: what the clients do next is up to them.
    func waitForCommits(_ count: Int) async throws {
        let wanted = try commits() + count
        while try commits() < wanted { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// How many transactions the clients were told to be committed.
    private func commits() throws -> Int {
        try (0..<Self.processes).reduce(0) { sum, process in
            try sum + HistoryFile(contentsOf: folder.path("\(process)")).transactions.count { $0.outcome == .committed }
        }
    }
}

import CairnCore
import CairnSchema
import Foundation
import Histories
import Loopback
import ObjectStores
import S3Client
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

    private static let processes = TestServer.isSmallRun ? 3 : 8
    private static let clientsOfProcess = 2
    /// What each client commits.
    private static let count = TestServer.isSmallRun ? 25 : 50
    /// Repeats what the clients do, though not when.
    private static let seed =
        ProcessInfo.processInfo.environment["CAIRN_HISTORY_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0...UInt64.max)

    @Test(
        "Clients of several processes see one order of all transactions, and nothing is lost", arguments: TestServer.all
    )
    func direct(server: TestServer) async throws {
        try await server.withBucket { bucket in try await check(bucket, server, port: server.port) }
    }

    @Test(
        "So they do through a network that drops, delays, repeats and cuts requests and answers, and none gets stuck",
        arguments: TestServer.all)
    func faulty(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let proxy = try FaultyProxy(
                to: server.port, seed: Self.seed, percent: 15, faults: FaultyProxy.Fault.allCases)
            defer { proxy.stop() }
            try await check(bucket, server, port: proxy.port)
            for fault in FaultyProxy.Fault.allCases {
                #expect(proxy.fired[fault, default: 0] > 0, "\(fault) never happened; seed \(Self.seed)")
            }
        }
    }

    private func check(_ bucket: S3Bucket, _ server: TestServer, port: Int) async throws {
        let objects = try S3ObjectStore(bucket, prefix: "history")
        let schema = try Schema(parsing: HistoryClient.schema)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema)
        try await HistoryClient.prepare(store)
        let history = try work(bucket, server, port)
        let lists = try await HistoryClient.lists(of: store.session)
        let accounts = try await HistoryClient.accounts(of: store.session)
        let anomalies = HistoryCheck.anomalies(
            in: history, lists: lists, accounts: accounts, sum: HistoryClient.accounts * HistoryClient.balance)
        #expect(anomalies == [], "CAIRN_HISTORY_SEED=\(Self.seed)")
        for client in 0..<Self.processes * Self.clientsOfProcess {
            let committed = history.count { $0.client == client + 1 && $0.outcome == .committed }
            #expect(committed == Self.count, "client \(client + 1); seed \(Self.seed)")
        }
        let byBalance = try await HistoryClient.accounts(of: store.session, byBalance: true)
        #expect(byBalance.mapValues(\.balance) == accounts.mapValues(\.balance), "the index differs; seed \(Self.seed)")
        try await settle(storage, objects, schema) {
            _ = try await store.session.write([.upsert(schema.tables[1], [.int(-1), .array([]), .int(0)])])
        }
        try await store.close()
    }

    /// Runs the processes to their ends, and gathers what their clients did and saw.
    private func work(_ bucket: S3Bucket, _ server: TestServer, _ port: Int) throws -> [HistoryTransaction] {
        let workers = try (0..<Self.processes).map { process in
            let first = process * Self.clientsOfProcess + 1
            return try Worker(
                "TableWorker",
                [
                    "history", server.address, "\(port)", bucket.name, "history", "\(Self.seed)", "\(first)",
                    "\(first + Self.clientsOfProcess - 1)", "\(Self.count)", folder.path("\(process)"),
                ])
        }
        for worker in workers { try #require(worker.line() == "ready", "seed \(Self.seed)") }
        for worker in workers { try worker.closeInput() }
        for worker in workers {
            #expect(worker.rest() == ["done"], "seed \(Self.seed)")
            #expect(worker.wait() == 0)
        }
        return try (0..<Self.processes).flatMap { process in
            let text = try String(contentsOfFile: folder.path("\(process)"), encoding: .utf8)
            return try text.split(separator: "\n").map { try HistoryTransaction(line: String($0)) }
        }
    }
}

import Foundation
import Testing

/// A cluster that loses a storage daemon while clients work on it.
@Suite(
    "Histories on a cluster that loses a daemon", .serialized, .timeLimit(.minutes(20)),
    .enabled(if: Cluster.started != nil))
struct ServerClusterTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let seed =
        ProcessInfo.processInfo.environment["CAIRN_HISTORY_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0...UInt64.max)

    @Test(
        "Clients go on while a daemon is gone and when it is back, they see one order of all transactions, and nothing is lost"
    )
    func lostDaemon() async throws {
        let cluster = try #require(Cluster.started)
        // Back in any case: other tests use the cluster, too.
        defer { try? cluster.run("start-daemon", 1) }
        let few = TestServer.isSmallRun ? 40 : 400
        try await cluster.server.withBucket { bucket in
            let history = History(bucket, cluster.server, folder, seed: Self.seed, count: 4)
            try await history.check { history in
                try await history.waitForCommits(few)
                try cluster.run("stop-daemon", 1)
                try await history.waitForCommits(few)
                try cluster.run("start-daemon", 1)
                try await history.waitForCommits(few)
            }
        }
    }
}

/// The cluster that `Tests/run --all` started, and its folder.
private struct Cluster {
    let server: TestServer
    private let folder: String

    static let started: Cluster? = {
        guard let server = TestServer.all.first(where: { $0.name == "ceph" }),
            let folder = ProcessInfo.processInfo.environment["CAIRN_TEST_S3_CEPH_FOLDER"], !folder.isEmpty
        else { return nil }
        return Cluster(server: server, folder: folder)
    }()

    /// Calls its script.
    func run(_ command: String, _ daemon: Int) throws {
        // This file is three folders deep in the tests.
        let tests = "/" + "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        let process = Process()
        process.executableURL = URL(filePath: "\(tests)/Integration/servers/s3-ceph")
        process.arguments = [command, folder, "\(daemon)"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command) \(daemon)")
    }
}

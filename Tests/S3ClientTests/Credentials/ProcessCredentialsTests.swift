import Foundation
import Testing

@testable import S3Client

@Suite("Credentials that a program prints")
struct ProcessCredentialsTests {
    private func source(_ command: String) -> ProcessCredentials {
        var environment = ProcessInfo.processInfo.environment
        environment["CAIRN_TEST_KEY"] = "from-environment"
        return ProcessCredentials(
            surroundings: StandIn(environment: environment).surroundings, command: command, name: "profile 'p'")
    }

    private func failure(_ body: () async throws -> Any) async -> String {
        do {
            return "no failure: \(try await body())"
        } catch {
            return "\(error)"
        }
    }

    @Test("A program prints its credentials; it has the environment, and nothing to read")
    func prints() async throws {
        let document = #"{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "s", "SessionToken": "t"}"#
        #expect(try await source("printf '\(document)' \"$CAIRN_TEST_KEY\"").loaded() == "from-environment/s/t")
        #expect(try await source("cat; printf '\(document)' x; sleep 0").loaded() == "x/s/t")
        let lasting = #"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s"}"#
        #expect(try await source("echo '\(lasting)'").loaded() == "a/s")
    }

    @Test(
        "What a program does wrong is told, and what it printed is not",
        arguments: [
            ("printf hidden; exit 3", "ended with status 3"), ("kill -9 $$", "ended with status 137"),
            ("exit 0", "it is no JSON"), ("echo hidden", "it is no JSON"),
            ("echo '[\"hidden\"]'", "it is no JSON object"),
            ("echo '{\"Version\": 2, \"AccessKeyId\": \"hidden\"}'", "'Version' is not 1"),
            ("echo '{\"Version\": 1, \"AccessKeyId\": \"hidden\"}'", "'SecretAccessKey' is missing"),
            ("head -c 100000 /dev/zero | tr '\\0' h", "printed more than 65536 bytes"),
            ("/nonexistent/program 2>/dev/null", "ended with status 127"),
        ])
    func fails(_ command: String, _ reason: String) async {
        let message = await failure { try await source(command).load() }
        #expect(message.hasPrefix("s3.credentials: "))
        #expect(message.contains(reason), "\(message)")
        #expect(!message.contains("hidden"))
    }

    @Test("A program blocks no signals, whatever the thread does that starts it")
    func signals() async throws {
        let output = try await ChildProcess.output(
            of: "grep SigBlk /proc/self/status", environment: ProcessInfo.processInfo.environment,
            timeout: .seconds(60), limit: 100)
        #expect(text(output) == "SigBlk:\t0000000000000000\n")
    }

    /// Whether a process is there.
    private func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 }

    /// Keeps a command from holding what this program writes its complaints to: were the tests to crash, whoever reads those would
    /// wait for the command.
    private static let quietly = "exec 2>/dev/null;"

    /// A file of its own, in which a command writes the id of its process.
    private func withFile(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appending(path: "process"))
    }

    @Test("A program that takes too long is killed, with all that it started")
    func timeout() async throws {
        try await withFile { file in
            let path = file.path(percentEncoded: false)
            let message = await failure {
                try await ChildProcess.output(
                    of: "\(Self.quietly) sleep 1000 & echo $! > '\(path)'; wait",
                    environment: ProcessInfo.processInfo.environment, timeout: .seconds(1), limit: 100)
            }
            #expect(message.contains("took longer than"))
            let text = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            let process = try #require(Int32(text))
            // Killed; whoever takes in orphans may not have noticed yet.
            while isAlive(process), !isZombie(process) { await Task.yield() }
        }
    }

    private func isZombie(_ process: Int32) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return status.contains(") Z ")
    }

    @Test("A cancelled task does not wait for the program")
    func cancellation() async throws {
        try await withFile { file in
            let path = file.path(percentEncoded: false)
            let task = Task {
                try await ChildProcess.output(
                    of: "\(Self.quietly) echo $$ > '\(path)'; sleep 1000",
                    environment: ProcessInfo.processInfo.environment, timeout: .seconds(900), limit: 100)
            }
            while (try? String(contentsOf: file, encoding: .utf8))?.hasSuffix("\n") != true { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let text = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(!isAlive(try #require(Int32(text))), "it was waited for")
        }
    }
}

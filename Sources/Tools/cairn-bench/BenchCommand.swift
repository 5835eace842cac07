import Foundation

/// `cairn-bench [sqlite] [memory] [json] [start] [compile] [s3client] [--rows N] [--rounds N] [--only TEXT] [--json] [--check]`,
/// `cairn-bench objects`, `cairn-bench soak`, and what the suites start: `s3-worker`, `objects-writer`.
@main
struct BenchCommand {
    private var suites: [String] = []
    private var rows = 100_000
    private var rounds = 5
    private var only: String?
    private var isJSON = false
    private var isCheck = false
    private var servers = S3ClientSuite.serverNames

    private static let usage = """
        cairn-bench measures Cairn and what it is compared with, in one run.

          cairn-bench [sqlite] [memory] [json] [start] [compile] [s3client] [--rows N] [--rounds N] [--only TEXT] [--json] [--check]

          sqlite, memory, json   against C, a dictionary, Foundation's coders
          start                  opening a store, the start of the command
          compile                generating and compiling the code of a schema; takes minutes, so only when it is named

          s3client               the S3 client against pycurl, obstore and boto3, on nginx and on Ceph, which it installs and starts;
                                 takes many minutes, so only when it is named

          --rows N     rows of the table (100000); s3client makes a tenth as many small requests
          --servers A,B  the servers of s3client (nginx-dav,s3-ceph)
          --rounds N   rounds that count, medians are taken (5)
          --only TEXT  only comparisons whose name has this text
          --json       an array for programs instead of a table
          --check      exit 1 when something is over its limit

        cairn-bench objects --help: tables on an object store, and the commits of several processes.
        cairn-bench soak --help: a mixed load for many minutes, to see that nothing grows.

        Example: cairn-bench sqlite --rows 10000 --rounds 3
        """

    private init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "sqlite", "memory", "json", "start", "compile", "s3client": suites.append(argument)
            case "--json": isJSON = true
            case "--check": isCheck = true
            case "--rows": rows = try BenchCommand.number(rest.popFirst(), argument)
            case "--only": only = rest.popFirst()
            case "--servers":
                servers = rest.popFirst()?.split(separator: ",").map(String.init) ?? []
                guard !servers.isEmpty, servers.allSatisfy(S3ClientSuite.serverNames.contains) else {
                    throw UsageError(
                        message: "--servers needs some of \(S3ClientSuite.serverNames.joined(separator: ","))")
                }
            case "--rounds": rounds = try BenchCommand.number(rest.popFirst(), argument)
            default: throw UsageError(message: "'\(argument)' is not known")
            }
        }
        if suites.isEmpty { suites = ["sqlite", "memory", "json", "start"] }
    }

    static func number(_ text: String?, _ option: String) throws -> Int {
        guard let text, let number = Int(text), number > 0 else {
            throw UsageError(message: "\(option) needs a number from 1")
        }
        return number
    }

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let usage =
            switch arguments.first {
            case "soak": SoakCommand.usage
            case "objects": ObjectsCommand.usage
            default: usage
            }
        if arguments.contains("--help") || arguments.contains("-h") { return print(usage) }
        do {
            let rest = arguments.dropFirst()
            let isFine: Bool
            switch arguments.first {
            case "s3-worker": return try await S3Worker(rest).run()
            case "objects-writer": return try await WriterProcess(rest).run()
            case "soak": isFine = try await inTemporaryFolder(SoakCommand(rest).run)
            case "objects": isFine = try await inTemporaryFolder(ObjectsCommand(rest).run)
            default: isFine = try await inTemporaryFolder(BenchCommand(arguments).run)
            }
            exit(isFine ? 0 : 1)
        } catch let error as UsageError {
            FileHandle.standardError.write(Data("cairn-bench: \(error.message)\n\(usage)\n".utf8))
            exit(2)
        } catch {
            FileHandle.standardError.write(Data("cairn-bench: \(error)\n".utf8))
            exit(2)
        }
    }

    /// Lends a folder that is removed at the end.
    private static func inTemporaryFolder(_ body: (URL) async throws -> Bool) async throws -> Bool {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }

    /// - Returns: Whether everything asked for is within its limit.
    private func run(in folder: URL) async throws -> Bool {
        let data = Rows(count: rows)
        var measurements: [Measurement] = []
        if suites.contains("sqlite") {
            measurements += try await SQLiteSuite(rows: data, rounds: rounds, only: only, folder: folder).run()
            measurements += try await SQLiteChangesSuite(rows: data, rounds: rounds, only: only, folder: folder).run()
        }
        if suites.contains("memory") {
            measurements += try await MemorySuite(rows: data, rounds: rounds, only: only).run()
        }
        if suites.contains("json") {
            measurements += try await JSONSuite(rows: data, rounds: rounds, only: only).run()
        }
        if suites.contains("start") {
            measurements += try await StartSuite(rows: data, rounds: rounds, folder: folder).run()
        }
        if suites.contains("compile") {
            measurements += try await CompileSuite(folder: folder).run()
        }
        if suites.contains("s3client") {
            // At the usual size: 10,000 requests, and 256 MiB.
            let suite = S3ClientSuite(
                rounds: rounds, only: only, folder: folder, count: max(64, rows / 10),
                fileSize: max(1, rows / 6250) * S3Job.partSize, servers: servers)
            measurements += try await suite.run()
        }
        return Report(measurements: measurements).show(isJSON: isJSON, isCheck: isCheck)
    }
}

/// A command line that cannot be understood.
struct UsageError: Error {
    let message: String
}

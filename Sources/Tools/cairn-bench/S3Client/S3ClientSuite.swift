import Foundation
import S3Client

/// Cairn's S3 client against pycurl, obstore and boto3: processor and clock, per 10,000 small requests and for a large file.
///
/// Each run is a process of its own, Cairn's too, and the clients take turns. The servers are those of `Tests/Integration/servers`:
/// nginx, which is so fast that the client is what is measured, and Ceph.
struct S3ClientSuite {
    let rounds: Int
    let only: String?
    let folder: URL
    /// Small requests of a run.
    let count: Int
    /// Bytes of the large file.
    let fileSize: Int
    /// The servers to ask.
    let servers: [String]

    private static let clients = ["pycurl", "obstore", "boto3"]
    private static let concurrencies = [1, 16, 64]

    static let serverNames = ["nginx-dav", "s3-ceph"]

    func run() async throws -> [Measurement] {
        let python = try Program.run([script("python-clients")]).split(separator: "\n").last.map(String.init) ?? ""
        var measurements: [Measurement] = []
        for server in servers {
            let place = folder.appending(path: server).path(percentEncoded: false)
            defer { _ = try? Program.run([script(server), "stop", place]) }
            let started = Self.fields(try Program.run([script(server), "start", place]))
            let run = Run(
                server: server, endpoint: started["endpoint"] ?? "", access: started["access_key"] ?? "",
                secret: started["secret_key"] ?? "", python: python, folder: folder.path(percentEncoded: false))
            if run.store == .s3 { try await run.makeBucket() }
            measurements += try measure(run)
        }
        return measurements
    }

    private func measure(_ run: Run) throws -> [Measurement] {
        var measurements: [Measurement] = []
        for concurrency in S3ClientSuite.concurrencies {
            for operation in S3Job.Operation.allCases {
                let job = S3Job(
                    store: run.store, operation: operation, count: count, concurrency: concurrency, size: 1024)
                measurements += try measure(
                    job, run, "\(operation.rawValue.uppercased()) 1 KiB, \(concurrency) at a time")
            }
        }
        for operation in S3Job.Operation.allCases {
            let job = S3Job(
                store: run.store, operation: operation, isFile: true, count: 1, concurrency: 8, size: fileSize)
            measurements += try measure(job, run, "\(fileSize >> 20) MiB \(operation == .put ? "up" : "down")")
        }
        return measurements
    }

    private func measure(_ job: S3Job, _ run: Run, _ name: String) throws -> [Measurement] {
        let name = "\(name), \(run.server)"
        guard only.map(name.contains) ?? true else { return [] }
        let clients = job.isFile ? ["pycurl", "obstore"] : S3ClientSuite.clients
        var costs: [String: [Cost]] = [:]
        var memory = 0
        for round in 0...rounds {
            for client in ["cairn"] + clients {
                FileHandle.standardError.write(Data("s3client: \(name), round \(round) of \(rounds), \(client)\n".utf8))
                // boto3 takes ten times as long as all others together: a tenth of the requests shows as much.
                var part = job
                if client == "boto3" { part.count = max(job.concurrency, job.count / 10) }
                let outcome = try run.outcome(of: part, client)
                if client == "cairn" { memory = max(memory, outcome.peakMemory) }
                let share = Double(job.count) / Double(part.count)
                if round > 0 {
                    costs[client, default: []].append(Cost(wall: outcome.wall * share, cpu: outcome.cpu * share))
                }
            }
        }
        let scale = job.isFile ? 1 : 10_000 / Double(job.count)
        let unit = job.isFile ? "s" : "s per 10000"
        let cairn = Cost.median(costs["cairn"] ?? [], scale: scale)
        var measurements = clients.map { client in
            Measurement(
                suite: "s3client", name: "\(name), against \(client)", unit: unit,
                limit: limit(job, run, against: client), cairn: cairn,
                baseline: Cost.median(costs[client] ?? [], scale: scale), judged: job.isFile ? \.wall : \.cpu)
        }
        if job.isFile {
            let peak = Double(memory) / Double(1 << 20)
            // Parts under way and the one being read, and what the process has anyway.
            let allowed = Double((job.concurrency + 1) * S3Job.partSize >> 20 + 64)
            measurements.append(
                Measurement(
                    suite: "s3client", name: "\(name), memory", unit: "MiB", limit: allowed,
                    cairn: Cost(wall: peak, cpu: 0)))
        }
        return measurements
    }

    /// The goals: nginx shows the client, so they hold there; of a large file the rate counts, wherever.
    private func limit(_ job: S3Job, _ run: Run, against client: String) -> Double? {
        switch (client, job.operation) {
        case ("obstore", _) where job.isFile: 1
        case _ where job.isFile || run.store == .s3 || job.concurrency != 64: nil
        case ("pycurl", .put): 1
        case ("pycurl", .get): 2
        case ("obstore", .get): 0.25
        default: nil
        }
    }

    private func script(_ name: String) -> String {
        // This file is five folders deep in the package.
        let root = "/" + "\(#filePath)".split(separator: "/").dropLast(5).joined(separator: "/")
        return "\(root)/Tests/Integration/servers/\(name)"
    }

    /// Lines like `endpoint=http://127.0.0.1:23456`.
    private static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }
}

/// How workers reach a server.
private struct Run {
    let server: String
    let endpoint: String
    let access: String
    let secret: String
    let python: String
    let folder: String

    private static let bucket = "cairn-bench"

    var store: S3Job.Store { server == "nginx-dav" ? .dav : .s3 }

    func makeBucket() async throws {
        let credentials = Credentials(accessKey: access, secretKey: secret)
        let client = try S3Client(
            S3ClientOptions(
                endpoint: try S3Endpoint(endpoint), region: "us-east-1", credentials: .explicit(credentials)))
        if try await !client.bucketExists(Run.bucket) { try await client.createBucket(Run.bucket) }
        await client.close()
    }

    func outcome(of job: S3Job, _ client: String) throws -> S3Outcome {
        var command = ["AWS_ACCESS_KEY_ID=\(access)", "AWS_SECRET_ACCESS_KEY=\(secret)"]
        if client == "cairn" {
            command += [CommandLine.arguments[0], "s3-worker"]
        } else {
            let baseline = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
            command += [python, "/\(baseline)/Baselines/baseline.py", "--client", client]
        }
        command += ["--endpoint", endpoint, "--bucket", Run.bucket, "--folder", folder] + job.arguments
        let output = try Program.run(command)
        guard let line = output.split(separator: "\n").last else {
            throw ResultMismatch(description: "\(client) printed nothing")
        }
        return try JSONDecoder().decode(S3Outcome.self, from: Data(line.utf8))
    }
}

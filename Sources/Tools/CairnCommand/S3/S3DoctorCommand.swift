import CairnSchema
import S3Client

/// `cairn s3 doctor`: finds out what a provider really does.
struct S3DoctorCommand: Command {
    let signature = Signature(
        name: "s3 doctor", purpose: "finds out what an S3 provider really does",
        operands: [Operand(name: "ADDRESS", help: "the bucket, or where in it to write: s3://bucket[/prefix]")],
        options: [Option(name: "quick", help: "only what decides how Cairn uses the server")] + S3Place.options,
        notes: [
            "Writes some hundred small objects, all under .cairn-doctor-… of its own, and removes them at the end, also when it fails.",
            S3Place.note,
            "Exits with 1 when something is missing that Cairn needs.",
        ],
        examples: [
            "cairn s3 doctor s3://photos", "cairn s3 doctor 's3://photos?endpoint=http://127.0.0.1:9000' --json",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = try S3Address(arguments.operand("ADDRESS"))
        let quick = arguments.has("quick")
        return try await S3Place.with(bucketOf: address, arguments) { bucket in
            if !arguments.isJSON {
                console.report(
                    "Writing \(quick ? "a few" : "some hundred") small objects to \(address) at \(bucket.client.endpoint), and removing them."
                )
            }
            let report = try await bucket.probe(address.key, quick: quick)
            let view = DoctorView(report)
            console.print(arguments.isJSON ? view.json : view.text(console))
            return report.missing.isEmpty ? .done : .found
        }
    }
}

/// A report as it is shown.
private struct DoctorView {
    private let report: S3ProbeReport

    init(_ report: S3ProbeReport) {
        self.report = report
    }

    func text(_ console: Console) -> String {
        report.checks.map { "\($0.name.rawValue) \($0.outcome.rawValue) \($0.detail)" }.joined(separator: "\n")
            + "\n\(report)"
    }

    var json: String { "" }
}

import CairnSchema
import S3Client

/// `cairn s3 doctor`: finds out what a provider really does.
struct S3DoctorCommand: Command {
    let signature = Signature(
        name: "s3 doctor", purpose: "finds out what an S3 provider really does",
        operands: [Operand(name: "ADDRESS", help: "the bucket, or where in it to write: s3://bucket[/prefix]")],
        options: [Option(name: "quick", help: "only what decides how Cairn uses the server, in some 25 requests")]
            + S3Place.options,
        notes: [
            "Writes some hundred small objects, all under .cairn-doctor-… of its own, and removes them at the end, also when it fails.",
            S3Place.note,
            "Exits with 1 when something is missing that safe concurrent writers need.",
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
                    Printable.line(
                        "cairn: writes \(quick ? "about ten" : "some hundred") small objects under \(address) at \(bucket.client.endpoint), in a folder .cairn-doctor-… of its own, and removes them"
                    ))
            }
            let progress = console.progress
            let report: S3ProbeReport
            do {
                report = try await bucket.probe(address.key, quick: quick) { check in
                    progress.show("\(check.name.title): \(check.outcome.rawValue)")
                }
            } catch {
                progress.end()
                throw error
            }
            progress.end()
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
        let rows = report.checks.map { check in
            [
                check.name.title, check.name.isNeeded ? "needed" : "", check.outcome.rawValue,
                Printable.line(check.detail),
            ]
        }
        let table = zip(report.checks, TextTable.lines([["CHECK", "", "SEEN", "HOW"]] + rows).dropFirst()).map {
            check, line in
            let isBad = check.name.isNeeded && check.outcome != .yes
            return isBad ? console.paint(line, .error) : check.outcome == .yes ? line : console.paint(line, .warning)
        }
        let heading = TextTable.lines([["CHECK", "", "SEEN", "HOW"]] + rows)[0]
        return ([console.paint(heading, .name)] + table + [""] + verdict).joined(separator: "\n")
    }

    private var verdict: [String] {
        let missing = report.missing.map(\.name.title)
        let first =
            missing.isEmpty
            ? "All that safe concurrent writers need is here."
            : "Safe concurrent writers need what is missing here: \(missing.joined(separator: ", "))."
        return [first] + report.remarks
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in report.write(&writer) }
        }
    }
}

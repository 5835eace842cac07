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
                    progress.show("\(DoctorView.title(check.name)): \(check.outcome.rawValue)")
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

    static func title(_ name: S3ProbeCheck.Name) -> String {
        String(name.rawValue.map { $0 == "_" ? " " : $0 })
    }

    func text(_ console: Console) -> String {
        let rows = report.checks.map { check in
            [
                DoctorView.title(check.name), check.name.isNeeded ? "needed" : "", check.outcome.rawValue,
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
        var lines: [String] = []
        let missing = report.missing.map { DoctorView.title($0.name) }
        lines.append(
            missing.isEmpty
                ? "All that safe concurrent writers need is here."
                : "Safe concurrent writers need what is missing here: \(missing.joined(separator: ", ")).")
        if report.dialect.wantsUnquotedIfMatch == true {
            lines.append("If-Match is compared with the ETag without its quotes; the client sends it so.")
        }
        if report[.signature]?.outcome == .no {
            lines.append("This server takes any signature: whoever reaches it can write.")
        }
        lines.append(
            "\(report.requests) requests to \(report.server.map { "'\(Printable.line($0))'" } ?? "a server that does not say what it is")."
        )
        if !report.leftovers.isEmpty {
            lines.append("Not removed: \(Printable.line(report.leftovers.joined(separator: " ")))")
        }
        return lines
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.members("checks", report.checks) { check, writer in
                    writer.member("name", .string(check.name.rawValue))
                    writer.member("needed", .bool(check.name.isNeeded))
                    writer.member("outcome", .string(check.outcome.rawValue))
                    writer.member("detail", .string(check.detail))
                }
                writer.member("missing", .array(report.missing.map { .string($0.name.rawValue) }))
                writer.name("dialect")
                writer.object { writer in
                    for (name, value) in dialect { writer.member(name, value.map(JSONValue.bool) ?? .null) }
                }
                writer.member("server", report.server.map(JSONValue.string) ?? .null)
                writer.member("clock_offset_seconds", report.clockOffset.map(JSONValue.int) ?? .null)
                writer.member("put_microseconds", report.putTime.map(DoctorView.microseconds) ?? .null)
                writer.member("get_microseconds", report.getTime.map(DoctorView.microseconds) ?? .null)
                writer.member("prefix", .string(report.prefix))
                writer.member("requests", .int(report.requests))
                writer.member("leftovers", .array(report.leftovers.map(JSONValue.string)))
            }
        }
    }

    private static func microseconds(_ duration: Duration) -> JSONValue { .int(Int(duration / .microseconds(1))) }

    /// What follows for a client; nil where it could not be asked.
    private var dialect: [(String, Bool?)] {
        let dialect = report.dialect
        let all: [(String, Bool?, S3ProbeCheck.Name)] = [
            ("create", dialect.canCreate, .create), ("compare_and_swap", dialect.canCompareAndSwap, .swap),
            ("unquoted_if_match", dialect.wantsUnquotedIfMatch, .swap),
            ("conditional_delete", dialect.canDeleteConditionally, .conditionalDelete),
            ("conditional_copy", dialect.canCopyConditionally, .conditionalCopy),
            ("copy_source", dialect.checksCopySource, .copySource),
            ("conditional_complete", dialect.canCompleteConditionally, .conditionalComplete),
            ("enforces_dates", dialect.enforcesDates, .fence),
            ("checks_signatures", dialect.checksSignatures, .signature), ("md5_etags", dialect.hasMD5ETags, .md5ETags),
            ("lists_in_order", dialect.listsInOrder, .listOrder),
        ]
        return all.map { name, value, check in (name, report[check]?.outcome == .unknown ? nil : value) }
    }
}

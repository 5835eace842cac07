import Cairn
import CairnCore
import CairnMigrator
import CairnSchema

/// `cairn migrate baseline`: marks a database as a store of a schema, when its tables are what the schema makes.
struct MigrateBaselineCommand: Command {
    let signature = Signature(
        name: "migrate baseline", purpose: "marks a SQLite file as a store of a schema that its tables follow already",
        operands: [Operand(name: "STORE", help: "the address of the file, such as sqlite:atlas.db")],
        options: [
            Option(
                name: "to", value: "FILE", isRequired: true, help: "the schema that the tables follow: a schema file",
                kind: .file),
            Option(name: "dry-run", help: "look whether they do, and write nothing"),
        ],
        notes: [
            "For tables that were made or changed by hand, and for a file that has lost the tables with which Cairn keeps what it is ('_cairn_store' and others).",
            "Tables, columns, types, keys, references, indexes, triggers and views must be what the schema makes, and every record must keep its rules and be written as Cairn writes it: all is compared, and every difference is told with what to do. Only then Cairn's own tables are written; the tables of the schema never are.",
            "Where the file says another schema, what was changed by hand becomes a migration of its history. 'renamed_from' says what was renamed.",
            "A file of which a migration is being taken back is refused: 'cairn migrate rollback' goes on, or forward again.",
            "A database of any other form is for 'cairn adopt', which copies its rows into a new store. A folder or a bucket that has lost what it is is for 'cairn rebuild'.",
            "Exits with 0 when the file has the schema now, or had it before; 1 when something differs, and nothing was written; 2 when that could not be looked at.",
        ],
        examples: [
            "cairn migrate baseline sqlite:atlas.db --to Schemas/atlas.jsonc --dry-run",
            "cairn migrate baseline sqlite:atlas.db --to Schemas/atlas.jsonc --json",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        let schema = try AdoptCommand.schema(arguments.value("to") ?? "")
        let report = try await Stores.baseline(
            at: StoreURL(address), schema, isRehearsal: arguments.has("dry-run"), leaving: Rollback.checkLeaving)
        let view = BaselineView(report, schema, address)
        console.print(arguments.isJSON ? view.json : view.text(console))
        return report.findings.isEmpty ? .done : .found
    }
}

/// What was found of a file, as it is shown.
private struct BaselineView {
    private let report: BaselineReport
    private let schema: Schema
    private let address: String

    init(_ report: BaselineReport, _ schema: Schema, _ address: String) {
        self.report = report
        self.schema = schema
        self.address = address
    }

    func text(_ console: Console) -> String {
        var lines: [String] = []
        for finding in report.findings {
            lines.append("\(console.paint("differs:", .error)) \(Printable.line(finding.object))")
            lines.append("  \(Printable.line(finding.message))")
            lines.append("  \(Printable.line(remedy(finding)))")
        }
        if !lines.isEmpty { lines.append("") }
        return (lines + [verdict]).joined(separator: "\n")
    }

    private var verdict: String {
        let checked = "\(report.records) records were checked."
        return switch report.outcome {
        case .differs:
            "\(report.findings.count) found: it is not what the schema \(schema.id.short) makes. Nothing was written."
        case .fits: "It is what the schema \(schema.id.short) makes, and \(checked) Nothing was written."
        case .marked: "Done: the schema is \(schema.id.short) now. \(checked)"
        case .unchanged: "Nothing to do: it has the schema \(schema.id.short) already. \(checked)"
        }
    }

    private func remedy(_ finding: DriftFinding) -> String { ExistingStore.remedy(finding.remedy, for: address) }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(address))
                writer.member("held", report.held.map { .string($0.id.description) } ?? .null)
                writer.member("schema", .string(schema.id.description))
                writer.member("outcome", .string(report.outcome.rawValue))
                writer.member("records", .int(report.records))
                writer.members("findings", report.findings) { finding, writer in
                    writer.member("object", .string(finding.object))
                    writer.member("message", .string(finding.message))
                    writer.member("remedy", .string(remedy(finding)))
                }
            }
        }
    }
}

import Cairn
import CairnCore
import CairnMigrator
import CairnSchema

/// `cairn migrate drift`: says whether a store is as its schema says, and has the schema of a file.
struct MigrateDriftCommand: Command {
    let signature = Signature(
        name: "migrate drift", purpose: "says whether a store is still what its schema makes",
        operands: [ExistingStore.operand],
        options: [
            Option(name: "to", value: "FILE", help: "also whether it has the schema of this file", kind: .file)
        ],
        notes: [
            "A SQLite file is compared with what the schema in it makes: tables, columns, types, keys, references, indexes, triggers and views; every difference is told. What Cairn keeps beside them, as in tables that begin with _cairn_kept_, is none.",
            "Of a folder or a bucket it is looked at what says the schema ('_schema.json', '_schemas/', '_migrations/'), and whether a migration is under way.",
            "Classes: marker_missing and marker_corrupt, when the store does not say which schema it follows; changed_by_hand; partly_applied, as while a rollback is under way; being_applied, when a migration has closed the store for writing; with '--to' also behind, when a migration leads to that schema, and no_path when none does. Each is told with what to do.",
            "Nothing of the store is written (SQLite may leave an empty -wal and a -shm beside a file), and no record is looked at: 'cairn doctor' does that.",
            ExistingStore.note,
            "Exits with 0 when all is as it should be, 1 when something is not, and 2 when that could not be looked at.",
        ],
        examples: [
            "cairn migrate drift sqlite:atlas.db",
            "cairn migrate drift s3://photos/atlas --to Schemas/atlas.jsonc --json",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        let file = arguments.value("to")
        let wanted = try file.map { try AdoptCommand.schema($0) }
        let survey = try await Stores.surveySchema(at: StoreURL(address))
        let drift = Drift(survey, to: wanted, file: ShellText.quoted(file ?? ""))
        let view = DriftView(drift, address)
        console.print(arguments.isJSON ? view.json : view.text(console))
        return drift.findings.isEmpty ? .done : .found
    }
}

/// What was found of a store, as it is shown.
private struct DriftView {
    private let drift: Drift
    private let address: String

    init(_ drift: Drift, _ address: String) {
        self.drift = drift
        self.address = address
    }

    func text(_ console: Console) -> String {
        var lines = DriftFindings.lines(drift.findings, address, console)
        if !lines.isEmpty { lines.append("") }
        lines.append(verdict)
        if drift.survey.held != nil {
            lines.append("Records were not looked at: cairn doctor \(ShellText.quoted(address)) does that.")
        }
        return lines.joined(separator: "\n")
    }

    private var verdict: String {
        guard let held = drift.survey.held else {
            return "\(drift.findings.count) found: the store does not say which schema it follows."
        }
        if !drift.findings.isEmpty {
            return "\(drift.findings.count) found. The store has the schema \(held.id.short)."
        }
        if let window = held.window {
            return
                "The store is as its schema \(held.id.short) says: programs of \(window.old.id.short) and of \(window.new.id.short) use it at once."
        }
        return "The store is as its schema \(held.id.short) says"
            + (drift.wanted == nil ? "." : ", which is that of the file.")
    }

    var json: String {
        func id(_ schema: Schema?) -> JSONValue { schema.map { .string($0.id.description) } ?? .null }
        return JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(address))
                writer.member("driver", .string(drift.survey.driver))
                writer.member("holds", id(drift.survey.held))
                writer.member("wanted", id(drift.wanted))
                writer.member("window", MigrateStatusCommand.json(drift.survey.held?.window))
                writer.member("drift", .bool(!drift.findings.isEmpty))
                writer.members("findings", drift.findings) { finding, writer in
                    for (name, value) in DriftFindings.members(finding, address) { writer.member(name, value) }
                }
            }
        }
    }
}

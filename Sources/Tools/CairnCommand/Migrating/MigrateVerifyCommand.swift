import CairnCore
import CairnMigrator
import CairnSchema

/// `cairn migrate verify`: tries a migration on made-up records, without a store.
struct MigrateVerifyCommand: Command {
    let signature = Signature(
        name: "migrate verify", purpose: "tries a change of a schema on made-up records, up, down and up again",
        options: [
            Option(name: "from", value: "FILE", help: "what there is: a schema file", kind: .file),
            Option(name: "to", value: "FILE", help: "what there shall be: a schema file", kind: .file),
            Option(name: "plan", value: "FILE", help: "a plan, instead of both", kind: .file),
            Option(name: "seed", value: "NUMBER", help: "make the records that this seed made before"),
            Option(name: "rows", value: "COUNT", help: "records of each table, 20 otherwise, 1000 at most"),
        ],
        notes: [
            "It needs no server and leaves nothing behind: memory stores are filled with records that keep all rules of the old schema (types, bounds, patterns, enums, keys, unique indexes, references), changed, changed back where that is possible, and changed again. Schema ids, numbers of records and all values are compared, and a new store must take all records.",
            "Records that fit both schemas must go through. Where records may stand in the way, others are tried as they come: they go through, or the change stops with the record named and nothing changed.",
            "Exits with 1 when something is not as it must be, or the change would not be made at all. That part of it cannot be taken back is said, and is no failure.",
        ],
        examples: [
            "cairn migrate verify --from old.jsonc --to Schemas/atlas.jsonc",
            "cairn migrate verify --plan change.plan --seed 42 --rows 200",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let plan = try plan(arguments)
        let view = MigrationView(plan, allowsDestructive: true)
        guard view.isPossible else {
            console.print(arguments.isJSON ? view.json : view.text(console))
            return .found
        }
        let seed = try MigrationArguments.number(arguments, "seed", in: 0...Int.max) ?? Int.random(in: 0...999_999)
        let rows = try MigrationArguments.number(arguments, "rows", in: 1...1000) ?? 20
        guard rows * plan.diff.old.tables.count <= Limits.batchOperations else {
            throw CommandError(
                .usage, "that would be more than \(Limits.batchOperations) records", remedy: "use less '--rows'")
        }
        let report = try await MigrationVerification.run(plan, seed: UInt64(seed), rows: rows)
        console.print(arguments.isJSON ? json(report) : text(report, console))
        return report.isVerified ? .done : .found
    }

    private func plan(_ arguments: ParsedArguments) throws -> MigrationPlan {
        if let path = arguments.value("plan") {
            guard !arguments.has("from"), !arguments.has("to") else {
                throw CommandError(
                    .usage, "'--plan' says both schemas already", remedy: "leave '--from' and '--to' out")
            }
            return try MigrationArguments.plan(path).plan
        }
        guard let from = arguments.value("from"), let to = arguments.value("to") else {
            throw CommandError(
                .usage, "two schemas are needed", remedy: "give '--from FILE' and '--to FILE', or '--plan FILE'")
        }
        return MigrationPlan(from: try AdoptCommand.schema(from), to: try AdoptCommand.schema(to))
    }

    private func text(_ report: MigrationVerification, _ console: Console) -> String {
        let tables = report.tables.map { "\($0.name) \($0.records)" }.joined(separator: ", ")
        var lines = ["records made with seed \(report.seed): \(tables)"]
        lines += report.notes.map { "\(console.paint("note:", .warning)) \(Printable.line($0))" }
        lines += report.steps.map { step in
            "\(MigrateVerifyCommand.name(step.name)): \(Printable.line(step.outcome)) (\(MigrateVerifyCommand.text(step.milliseconds)) ms)"
        }
        lines += report.notReversible.map { "not reversible: \(Printable.line($0))" }
        lines += report.failures.map { "\(console.paint("error:", .error)) \(Printable.line($0))" }
        lines.append(
            report.isVerified
                ? "Verified: \(report.plan.steps.count) operations."
                : "Not as it must be. '--seed \(report.seed)' makes the same records again.")
        return lines.joined(separator: "\n")
    }

    private static func name(_ step: MigrationVerification.Step.Name) -> String {
        switch step {
        case .up: "up"
        case .down: "down"
        case .again: "up again"
        case .anyRecords: "records as they come"
        }
    }

    private static func text(_ milliseconds: Double) -> String { "\((milliseconds * 10).rounded() / 10)" }

    private func json(_ report: MigrationVerification) -> String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("verified", .bool(report.isVerified))
                writer.member("from", .string(report.plan.diff.old.id.description))
                writer.member("to", .string(report.plan.diff.new.id.description))
                writer.member("seed", .int(Int(clamping: report.seed)))
                writer.members("tables", report.tables) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("records", .int(table.records))
                }
                writer.members("steps", report.steps) { step, writer in
                    writer.member("name", .string(step.name.rawValue))
                    writer.member("outcome", .string(step.outcome))
                    writer.member("milliseconds", .double(step.milliseconds))
                }
                writer.member("not_reversible", .array(report.notReversible.map(JSONValue.string)))
                writer.member("notes", .array(report.notes.map(JSONValue.string)))
                writer.member("failures", .array(report.failures.map(JSONValue.string)))
            }
        }
    }
}

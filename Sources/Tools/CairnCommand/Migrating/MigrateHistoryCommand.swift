import CairnCore
import CairnMigrator
import CairnSchema

/// `cairn migrate history`: lists the migrations of a store.
struct MigrateHistoryCommand: Command {
    let signature = Signature(
        name: "migrate history", purpose: "lists the migrations that were made of a store",
        operands: [ExistingStore.operand],
        notes: [
            ExistingStore.note,
            "The store remembers them itself. Each is shown with its number, which 'cairn migrate rollback' takes, and with the tables of which what was dropped is still kept. One that has closed the store for writing, or is being taken back, is told below.",
        ],
        examples: ["cairn migrate history sqlite:atlas.db"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        let (history, held, underWay) = try await MigrationArguments.with(address, writes: false) {
            (try await $0.migrations(), $1, try await MigrationArguments.underWay($0, $1))
        }
        if arguments.isJSON {
            console.print(json(history, held, DriftFindings.json(underWay, address)))
        } else {
            let lines = [text(history, held)] + DriftFindings.lines(underWay, address, console)
            console.print(lines.joined(separator: "\n"))
        }
        return .done
    }

    private func text(_ history: [PastMigration], _ held: Schema) -> String {
        var lines: [String] = []
        for migration in history {
            lines.append(
                "\(migration.number)  \(migration.time)  \(migration.from.id.short) became \(migration.to.id.short)")
            lines += migration.steps.map { "   \(Printable.line($0))" }
            if !migration.kept.isEmpty {
                lines.append("   kept of what it dropped: \(migration.kept.joined(separator: ", "))")
            }
        }
        if history.isEmpty { lines.append("It has had no migration.") }
        lines.append("The schema is \(held.id.short) now.")
        return lines.joined(separator: "\n")
    }

    private func json(_ history: [PastMigration], _ held: Schema, _ underWay: JSONValue) -> String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("holds", .string(held.id.description))
                writer.member("under_way", underWay)
                writer.members("migrations", history) { migration, writer in
                    writer.member("number", .int(migration.number))
                    writer.member("at", .string(migration.time.description))
                    writer.member("from", .string(migration.from.id.description))
                    writer.member("to", .string(migration.to.id.description))
                    writer.member("steps", .array(migration.steps.map(JSONValue.string)))
                    writer.member("kept", .array(migration.kept.map(JSONValue.string)))
                }
            }
        }
    }
}

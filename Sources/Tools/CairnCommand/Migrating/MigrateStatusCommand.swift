import CairnMigrator
import CairnSchema

/// `cairn migrate status`: says whether a store has the schema of a file.
struct MigrateStatusCommand: Command {
    let signature = Signature(
        name: "migrate status", purpose: "says whether a store has the schema of a file",
        operands: [ExistingStore.operand],
        options: [
            Option(name: "to", value: "FILE", isRequired: true, help: "what there shall be: a schema file", kind: .file)
        ],
        notes: [
            ExistingStore.note,
            "While programs of two schemas use the store ('cairn migrate start') it has both.",
            "A migration that has closed the store for writing, or is being taken back, is told with the command that goes on with it.",
            "Exits with 0 when it has, 1 when it has another or a migration is under way.",
        ],
        examples: ["cairn migrate status sqlite:atlas.db --to Schemas/atlas.jsonc"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        let to = try AdoptCommand.schema(arguments.value("to") ?? "")
        let (held, underWay) = try await MigrationArguments.with(address, writes: false) { storage, held in
            (held, try await MigrationArguments.underWay(storage, held))
        }
        let plan = MigrationPlan(from: held, to: to)
        let isOpen = held.window.map { to.id == $0.old.id || to.id == $0.new.id } ?? false
        let isThere = underWay.isEmpty && (plan.verdict == .nothing || isOpen)
        if arguments.isJSON {
            console.print(
                JSONText.object([
                    ("store", .string(address)), ("holds", .string(held.id.description)),
                    ("wanted", .string(to.id.description)),
                    ("verdict", .string(isOpen ? "window" : plan.verdict.rawValue)),
                    ("operations", .int(plan.steps.count)), ("window", MigrateStatusCommand.json(held.window)),
                    ("under_way", DriftFindings.json(underWay, address)),
                ]))
            return isThere ? .done : .found
        }
        for line in DriftFindings.lines(underWay, address, console) { console.print(line) }
        if Rollback.isUnderWay(held) {
            console.print(
                "The store has the schema \(held.id.short), which is between two; the file has \(to.id.short).")
        } else if let window = held.window {
            console.print(
                "Programs of the schemas \(window.old.id.short) and \(window.new.id.short) use the store at once: the file has \(isOpen ? "one of them" : "another, \(to.id.short)"). 'cairn migrate complete' ends that with the second, 'cairn migrate abort' with the first."
            )
        } else if plan.verdict == .nothing {
            console.print("The store has the schema \(held.id.short) of the file.")
        } else {
            console.print(
                "The store has the schema \(held.id.short), the file \(to.id.short): \(plan.steps.count) operations, \(plan.verdict.rawValue). cairn migrate plan --from \(ShellText.quoted(address)) --to \(ShellText.quoted(arguments.value("to") ?? "")) shows them."
            )
        }
        return isThere ? .done : .found
    }

    /// The two schemas whose programs use a store at once; null where there are not two.
    static func json(_ window: SchemaWindow?) -> JSONValue {
        guard let window else { return .null }
        return .object(
            JSONObject([
                .init(name: "old", value: .string(window.old.id.description)),
                .init(name: "new", value: .string(window.new.id.description)),
            ]))
    }
}

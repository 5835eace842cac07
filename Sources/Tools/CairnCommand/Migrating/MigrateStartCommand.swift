import CairnCore
import CairnSchema

/// `cairn migrate start`: lets programs of two schemas use a store at once.
struct MigrateStartCommand: Command {
    let signature = Signature(
        name: "migrate start", purpose: "lets programs of two schemas use a store at once",
        operands: [WindowArguments.store],
        options: [
            Option(name: "to", value: "FILE", isRequired: true, help: "the new schema: a schema file", kind: .file),
            WindowArguments.dryRun,
        ],
        notes: [
            "The store gets everything of both schemas: a column that takes another type or is made from others stands beside the old one, what is dropped stays, and nothing is lost. Programs of either schema open it, each with its own code; what one writes reaches the other through what the new schema declares ('renamed_from', 'convert', another type).",
            "Programs that have the store open fail with storage.schema_mismatch once, and go on when they open it again.",
            "All of it is done, or nothing. A column whose values would not reach the other program is named, and nothing is done.",
            "A folder or a bucket is closed for writing meanwhile, as by 'cairn migrate apply'; no record file is written anew.",
            "What follows: start the new programs, stop the old ones, and 'cairn migrate complete'; or 'cairn migrate abort'.",
            "Exits with 0 also when it was done before.",
        ],
        examples: [
            "cairn migrate start sqlite:atlas.db --to Schemas/atlas.jsonc --dry-run",
            "cairn migrate start s3://photos/atlas --to Schemas/atlas.jsonc",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let file = arguments.value("to") ?? ""
        let to = try AdoptCommand.schema(file)
        return try await WindowArguments.run(arguments, console, .start) { held in
            if held.window?.new.id == to.id { return nil }
            let asks = held.window == nil && !arguments.isJSON
            return try Migration.start(
                from: held, to: asks ? RenameQuestions.settle(held, to, file, console) : to,
                isRehearsal: arguments.has("dry-run"))
        }
    }
}

import CairnCore
import CairnSchema

/// `cairn migrate abort`: ends that programs of two schemas use a store; it has the old one then.
struct MigrateAbortCommand: Command {
    let signature = Signature(
        name: "migrate abort", purpose: "ends what 'migrate start' began, with the old schema",
        operands: [WindowArguments.store],
        options: [WindowArguments.to, MigrationArguments.allowDestructive, WindowArguments.dryRun],
        notes: [
            "Stop the programs of the new schema first: they fail with storage.schema_mismatch from then on. Programs of the old one fail with it once, and go on when they open the store again.",
            "What new programs wrote stays as far as the old schema has it. What only the new schema has goes, and is kept for 30 days; that needs '--allow-destructive'.",
            "Exits with 1 when the change would not be made.",
        ],
        examples: [
            "cairn migrate abort sqlite:atlas.db --allow-destructive --dry-run",
            "cairn migrate abort s3://photos/atlas --allow-destructive",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        try await WindowArguments.run(arguments, console, .abort) { held in
            try WindowArguments.check(held, arguments)
            return try Migration.abort(held, allowsDestructive: true, isRehearsal: arguments.has("dry-run"))
        }
    }
}

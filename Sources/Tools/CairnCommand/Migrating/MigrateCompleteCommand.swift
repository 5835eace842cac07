import CairnCore
import CairnSchema

/// `cairn migrate complete`: ends that programs of two schemas use a store; it has the new one then.
struct MigrateCompleteCommand: Command {
    let signature = Signature(
        name: "migrate complete", purpose: "ends what 'migrate start' began, with the new schema",
        operands: [WindowArguments.store],
        options: [WindowArguments.to, MigrationArguments.allowDestructive, WindowArguments.dryRun],
        notes: [
            "Do it when no program of the old schema runs any more: they fail with storage.schema_mismatch from then on. Programs of the new one fail with it once, and go on when they open the store again.",
            "What only the old schema had goes, and is kept for 30 days; that needs '--allow-destructive'.",
            "Exits with 1 when the change would not be made.",
        ],
        examples: [
            "cairn migrate complete sqlite:atlas.db --allow-destructive --dry-run",
            "cairn migrate complete s3://photos/atlas --to Schemas/atlas.jsonc --allow-destructive",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        try await WindowArguments.run(arguments, console, .complete) { held in
            try WindowArguments.check(held, arguments)
            if try WindowArguments.isDone(held, arguments) { return nil }
            return try Migration.complete(held, allowsDestructive: true, isRehearsal: arguments.has("dry-run"))
        }
    }
}

import CairnCore
import CairnMigrator
import CairnSchema

/// `cairn migrate backfill`: writes the records anew that have the form of before.
struct MigrateBackfillCommand: Command {
    let signature = Signature(
        name: "migrate backfill", purpose: "writes the records anew that 'migrate start' left as they were",
        operands: [WindowArguments.store], options: [WindowArguments.to],
        notes: [
            "It need not be: programs of either schema read whole records as it is. Where 'migrate start' wrote none, in a folder or a bucket, what is new is made whenever a record is read; afterwards it need not be, and programs that read the files find it.",
            "Some hundred records are written in a commit, beside whoever writes: it shows how far it is, the rate and the time left. Each gets a newer revision, and the time of its change is that of the rewriting. Where it ends early, the same command goes on.",
            "In a SQLite file all records have the new form as it is, and there is nothing to do.",
        ],
        examples: [
            "cairn migrate backfill s3://photos/atlas --to Schemas/atlas.jsonc",
            "cairn migrate backfill file:atlas/ --json",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        return try await MigrationArguments.with(address, writes: true) { storage, held in
            guard held.window != nil else {
                throw StorageError(
                    .migrationUnsupported,
                    "the store has the schema \(held.id.short), and programs of one schema use it: there is nothing to fill",
                    remedy: "'cairn migrate start' comes first; 'cairn migrate apply --eager' is for other migrations")
            }
            try WindowArguments.check(held, arguments)
            let report =
                try await MigrateApplyCommand.isLazy(address)
                ? MigrateApplyCommand.rewrite(MigrateApplyCommand.rewritable(storage), console) : EagerRewrite.Report()
            if arguments.isJSON {
                console.print(
                    JSONText.object([
                        ("store", .string(address)), ("records_read", .int(report.read)),
                        ("records_rewritten", .int(report.written)),
                    ]))
            } else {
                console.print(
                    "\(report.written) records were written in the new form, of \(report.read) that were looked at. All records have it."
                )
            }
            return .done
        }
    }
}

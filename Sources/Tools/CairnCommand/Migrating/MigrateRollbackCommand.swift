import Cairn
import CairnCore
import CairnMigrator
import CairnSchema

/// `cairn migrate rollback`: takes migrations of a store back.
struct MigrateRollbackCommand: Command {
    let signature = Signature(
        name: "migrate rollback", purpose: "takes migrations of a store back, and puts back what they dropped",
        operands: [Operand(name: "STORE", help: "the address of the store, such as sqlite:atlas.db")],
        options: [
            Option(
                name: "before", value: "NUMBER", isRequired: true,
                help: "make the store what it was before this migration; 'cairn migrate history' has the numbers"),
            Option(
                name: "allow-destructive",
                help: "tables and columns that came since may go, with what was written to them"),
            Option(
                name: "accept-loss",
                help: "what was dropped may stay away where it is not kept any more or does not fit any more"),
            Option(name: "dry-run", help: "do nothing: look what can be told without records, and try the first step"),
        ],
        notes: [
            "The last migration is taken back first. One that dropped nothing is taken back like any other change, all or nothing. One that dropped something is taken back in three steps: the schema goes to one between the two, which no program has; what was dropped is put back, record by record; then the schema becomes that of before. If the process dies, the same command goes on where it was; '--before' with the number of the first step, the last in the history, goes forward again. Of several migrations each is looked at when its turn comes: those before it are taken back then.",
            "If the schema came back in another way, as by 'cairn migrate apply' with the old file, what was dropped is not put back: that is said, and it exits with 1.",
            "What was dropped is kept for 30 days. Records that come back in a table that was dropped are new ones, of revision 1; those that get a column back have a newer revision. Records that were deleted since stay so.",
            "Taking back is a migration too, and 'cairn migrate history' lists it. Data that goes with what came since is kept for 30 days.",
            "Exits with 1 when it would not be made, or a record stands in the way.",
        ],
        examples: [
            "cairn migrate rollback sqlite:atlas.db --before 3 --dry-run",
            "cairn migrate rollback s3://photos/atlas --before 3 --allow-destructive",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        guard let number = try MigrationArguments.number(arguments, "before", in: 1...Int.max) else { return .failed }
        let allowsDestructive = arguments.has("allow-destructive")
        let isRehearsal = arguments.has("dry-run")
        let rollback = try await MigrationArguments.with(address, writes: true) { storage, held in
            try await MigrationArguments.checkUnderWay(storage, .rollback(before: number))
            return try Rollback(
                before: number, in: try await storage.migrations(), held: held,
                acceptsLoss: arguments.has("accept-loss"))
        }
        var view = RollbackView(rollback, number: number, allowsDestructive: allowsDestructive)
        guard view.isPossible, !rollback.undoings.isEmpty else {
            console.print(arguments.isJSON ? view.json : view.text(console))
            return view.isPossible && rollback.left.isEmpty ? .done : .found
        }
        let url = try StoreURL(address)
        let restored = try await MigrationArguments.changing(arguments, console) {
            try await rollback.run(
                allowsDestructive: allowsDestructive, isRehearsal: isRehearsal,
                open: { try await Stores.storage(forWorkingOn: url) },
                progress: { [progress = console.progress] in progress.show(MigrationView.text($0)) })
        }
        guard let restored else { return .found }
        view.restored = restored
        view.outcome = isRehearsal ? .rehearsed : .applied
        console.print(arguments.isJSON ? view.json : view.text(console))
        return rollback.left.isEmpty ? .done : .found
    }
}

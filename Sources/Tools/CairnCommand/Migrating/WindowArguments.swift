import Cairn
import CairnCore
import CairnMigrator
import CairnSchema

/// What the commands have in common that let programs of two schemas use a store at once.
enum WindowArguments {
    static let store = Operand(name: "STORE", help: "the address of the store, such as sqlite:atlas.db")

    /// An option that asks that the schema is the new one of the two, so that nobody ends what somebody else began.
    static let to = Option(
        name: "to", value: "FILE", help: "only if this is the new one of the two schemas: a schema file", kind: .file)

    static let dryRun = Option(
        name: "dry-run", help: "do all of it and take it back: what stands in the way is found")

    /// The two schemas of a store that programs of two use.
    /// - Throws: `migration.unsupported` when `--to` names a schema that is not the new one.
    static func check(_ held: Schema, _ arguments: ParsedArguments) throws {
        guard let path = arguments.value("to"), let window = held.window else { return }
        let wanted = try AdoptCommand.schema(path)
        guard wanted.id != window.new.id else { return }
        throw StorageError(
            .migrationUnsupported,
            "the store is used by programs of the schemas \(window.old.id.short) and \(window.new.id.short), and the file has \(wanted.id.short)",
            remedy: "give the file of the schema that the store was opened for, or leave '--to' out")
    }

    /// Whether a store has the schema of `--to`, and nothing else is to be done.
    static func isDone(_ held: Schema, _ arguments: ParsedArguments) throws -> Bool {
        guard held.window == nil, let path = arguments.value("to") else { return false }
        return try AdoptCommand.schema(path).id == held.id
    }

    /// Changes the schema of a store as `plan` says, or shows what would be done.
    /// - Parameters:
    ///   - command: The command that does it.
    ///   - plan: What is to be done, data that goes not minded; nil for nothing.
    static func run(
        _ arguments: ParsedArguments, _ console: Console,
        _ command: MigrationCommand, plan: (_ held: Schema) throws -> Migration?
    ) async throws -> ExitCode {
        let allowsDestructive = arguments.has("allow-destructive")
        return try await MigrationArguments.with(arguments.operand("STORE"), writes: true) { storage, held in
            try await MigrationArguments.checkUnderWay(storage, command)
            if Rollback.isUnderWay(held) {
                try Rollback.checkLeaving(held, try await storage.migrations())
            }
            guard var migration = try plan(held) else {
                let view = MigrationView(MigrationPlan(from: held, to: held), allowsDestructive: false)
                console.print(arguments.isJSON ? view.json : view.text(console))
                return .done
            }
            var view = MigrationView(
                MigrationPlan(from: held, to: migration.to), allowsDestructive: allowsDestructive)
            guard view.isPossible else {
                console.print(arguments.isJSON ? view.json : view.text(console))
                return .found
            }
            migration.progress = { [progress = console.progress] in progress.show(MigrationView.text($0)) }
            let done: Void? = try await MigrationArguments.changing(arguments, console) {
                try await storage.apply(.migrate(migration))
            }
            guard done != nil else { return .found }
            view.outcome = migration.isRehearsal ? .rehearsed : .applied
            console.print(arguments.isJSON ? view.json : view.text(console))
            return .done
        }
    }
}

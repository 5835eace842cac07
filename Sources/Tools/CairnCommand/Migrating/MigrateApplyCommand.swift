import Cairn
import CairnCore
import CairnMigrator
import CairnSchema
import ObjectStorage

/// `cairn migrate apply`: changes the schema of a store.
struct MigrateApplyCommand: Command {
    let signature = Signature(
        name: "migrate apply", purpose: "changes the schema of a store, with its records",
        operands: [
            Operand(name: "STORE", help: "the address of the store, such as sqlite:atlas.db")
        ],
        options: [
            Option(name: "to", value: "FILE", help: "what there shall be: a schema file", kind: .file),
            Option(
                name: "plan", value: "FILE", help: "do what 'cairn migrate plan' wrote there, and nothing else",
                kind: .file),
            MigrationArguments.allowDestructive,
            Option(name: "dry-run", help: "do all of it and take it back: what stands in the way is found"),
            Option(name: "eager", help: "write all records of a folder or a bucket in the new form, once it is done"),
        ],
        notes: [
            "All of it is done, or nothing: a record that stands in the way is named and nothing is changed, and a run that is killed leaves the store as it was. Programs that have the store open see the old schema until the end, and fail with storage.schema_mismatch after it.",
            "Where one that is gone could have been renamed to one that is new, a person at a terminal is asked; elsewhere, and with '--json', nothing is done before the schema file says it ('renamed_from').",
            "What is dropped is kept for 30 days: in tables of a SQLite file that begin with _cairn_kept_, under _trash/ in a folder or a bucket.",
            "A table of a SQLite file with columns that somebody added by hand is refused, and they are named: 'cairn migrate baseline' takes them in.",
            "A folder or a bucket is closed for writing meanwhile, and read as before. Record files are not written anew: they take the new form when their records change. If the process dies, run it again: it goes on when nothing was heard of the other one for half a minute.",
            "With '--eager' the records are written anew when the store is open again, some hundred in a commit, beside whoever writes: it shows how far it is, the rate and the time left. Each gets a newer revision, and the time of its change is that of the rewriting. Where it ends early, the same command goes on. In a SQLite file all records have the new form as it is.",
            "With '--plan' the store must hold the schema that the plan begins with; when it holds the one it ends with, there is nothing to do. A file that was changed is refused.",
            "Exits with 1 when the change would not be made: 'cairn migrate plan' says why, or a record that stands in the way is named.",
        ],
        examples: [
            "cairn migrate apply sqlite:atlas.db --to Schemas/atlas.jsonc",
            "cairn migrate apply sqlite:atlas.db --to Schemas/atlas.jsonc --allow-destructive --dry-run",
            "cairn migrate apply sqlite:atlas.db --plan change.plan",
            "cairn migrate apply s3://photos/atlas --to Schemas/atlas.jsonc --eager",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let filed = try arguments.value("plan").map(MigrationArguments.plan)
        let wanted = try target(filed, arguments)
        let allowsDestructive = arguments.has("allow-destructive")
        guard !arguments.has("eager") || !arguments.has("dry-run") else {
            throw CommandError(
                .usage, "'--eager' writes records, and '--dry-run' takes all back", remedy: "give one of them")
        }
        let isEager = try arguments.has("eager") && MigrateApplyCommand.isLazy(arguments.operand("STORE"))
        return try await MigrationArguments.with(arguments.operand("STORE"), writes: true) { storage, held in
            try await MigrationArguments.checkUnderWay(storage, .apply)
            try await MigrationArguments.checkLeaving(held, wanted, storage)
            // Asked before anything is changed.
            let rewritten = isEager ? try MigrateApplyCommand.rewritable(storage) : nil
            try filed?.checkStart(held, at: storage.capabilities.location)
            let asks = filed == nil && !arguments.isJSON
            let to =
                asks ? RenameQuestions.settle(held, wanted, arguments.value("to") ?? "", console) : wanted
            // What it holds already is not asked how it would become so: an old name that was given to another column could be either.
            let plan = MigrationPlan(from: held, to: held.id == to.id ? held : to)
            var view = MigrationView(plan, allowsDestructive: allowsDestructive)
            guard view.isPossible, plan.verdict != .nothing else {
                if let rewritten, view.isPossible {
                    view.rewritten = try await MigrateApplyCommand.rewrite(rewritten, console)
                }
                console.print(arguments.isJSON ? view.json : view.text(console))
                return view.isPossible ? .done : .found
            }
            var migration = try Migration(
                from: held, to: to, allowsDestructive: allowsDestructive, isRehearsal: arguments.has("dry-run"))
            migration.progress = { [progress = console.progress] in progress.show(MigrationView.text($0)) }
            let done: Void? = try await MigrationArguments.changing(arguments, console) {
                try await storage.apply(.migrate(migration))
            }
            guard done != nil else { return .found }
            view.outcome = migration.isRehearsal ? .rehearsed : .applied
            if let rewritten { view.rewritten = try await MigrateApplyCommand.rewrite(rewritten, console) }
            console.print(arguments.isJSON ? view.json : view.text(console))
            return .done
        }
    }

    /// Writes the records that have an earlier form.
    static func rewrite(_ storage: ObjectStorage, _ console: Console) async throws -> EagerRewrite.Report {
        let history = try await storage.migrations()
        let store = try await Store.open(rewriting: storage)
        defer { console.progress.end() }
        let rewrite = EagerRewrite(store, history) { migration, table, keys in
            try await storage.precede(migration, table, keys)
        } progress: { [progress = console.progress] in
            progress.show(MigrationView.text($0))
        }
        return try await rewrite.run()
    }

    /// The store whose records are to be written anew: it says which of them have an earlier form.
    /// - Throws: ``CommandError`` for one that does not, of which none would be written.
    static func rewritable(_ storage: any Storage) throws -> ObjectStorage {
        guard let objects = storage as? ObjectStorage else {
            throw CommandError(
                .usage, "\(storage.capabilities.location) does not say which records have an earlier form",
                remedy: "leave '--eager' out: records take the new form when they change")
        }
        return objects
    }

    /// Whether records of a store keep their form until they change.
    static func isLazy(_ address: String) throws -> Bool { [.file, .s3].contains(try StoreURL(address).scheme) }

    /// The schema to end with.
    private func target(_ filed: PlanFile?, _ arguments: ParsedArguments) throws -> Schema {
        switch (filed, arguments.value("to")) {
        case (let file?, nil): return file.plan.diff.new
        case (nil, let path?): return try AdoptCommand.schema(path)
        default:
            throw CommandError(
                .usage, "one of '--to' and '--plan' is needed, and not both",
                remedy: "give '--to FILE' with a schema file, or '--plan FILE' with a plan")
        }
    }
}

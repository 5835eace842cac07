import CairnCore
import CairnMigrator
import CairnSchema
import ObjectStorage

/// Changes the schema of a store in a folder.
struct MigrateCommand {
    /// What is done, as the commands of the same names do it.
    private enum Kind {
        case apply
        case eager
        case start
        case complete
        case abort
        case rollback(before: Int)

        init?(_ text: String) {
            switch text {
            case "apply": self = .apply
            case "eager": self = .eager
            case "start": self = .start
            case "complete": self = .complete
            case "abort": self = .abort
            default:
                let parts = text.split(separator: ":")
                guard parts.count == 2, parts[0] == "rollback", let number = Int(parts[1]) else { return nil }
                self = .rollback(before: number)
            }
        }
    }

    private let path: String
    private let schema: Schema
    /// How long another process that does it is silent before it counts as dead.
    private let patience: Duration
    private let kind: Kind

    init?(_ arguments: ArraySlice<String>) throws {
        let arguments = Array(arguments)
        guard 3...4 ~= arguments.count, let patience = Int(arguments[2]),
            let kind = Kind(arguments.count == 4 ? arguments[3] : "apply")
        else { return nil }
        path = arguments[0]
        schema = try Schema(parsing: arguments[1])
        self.patience = .milliseconds(patience)
        self.kind = kind
    }

    private func storage() async throws -> ObjectStorage {
        var options = ObjectStorageOptions()
        options.mode = .existing
        options.migrationPatience = patience
        return try await ObjectStorage.open(folder(path), options)
    }

    /// - Returns: Whether this process did it: not, when another one had done it.
    func run() async throws -> Bool {
        let storage = try await storage()
        guard let held = try await storage.schema() else { return false }
        switch kind {
        case .rollback(let number):
            let rollback = try Rollback(before: number, in: try await storage.migrations(), held: held)
            try await storage.close()
            if rollback.undoings.isEmpty { return false }
            _ = try await rollback.run(allowsDestructive: true, open: { try await self.storage() })
            return true
        case .apply, .eager, .start, .complete, .abort:
            let isDone = try await change(storage, held)
            if case .eager = kind { try await rewrite(storage) }
            try await storage.close()
            return isDone
        }
    }

    private func change(_ storage: ObjectStorage, _ held: Schema) async throws -> Bool {
        guard let migration = try migration(held) else { return false }
        do {
            try await storage.apply(.migrate(migration))
        } catch let error as StorageError where error.code == .schemaMismatch {
            guard try await storage.schema()?.id == migration.to.id else { throw error }
            return false
        }
        return true
    }

    /// What is to be done; nil when it is done.
    private func migration(_ held: Schema) throws -> Migration? {
        switch kind {
        case .start: held.window?.new.id == schema.id ? nil : try Migration.start(from: held, to: schema)
        case .complete: held.window == nil ? nil : try Migration.complete(held, allowsDestructive: true)
        case .abort: held.window == nil ? nil : try Migration.abort(held, allowsDestructive: true)
        case .apply, .eager, .rollback:
            held.id == schema.id ? nil : try Migration(from: held, to: schema, allowsDestructive: true)
        }
    }

    private func rewrite(_ storage: ObjectStorage) async throws {
        let history = try await storage.migrations()
        let store = try await Store.open(rewriting: storage)
        let rewrite = EagerRewrite(store, history) { try await storage.precede($0, $1, $2) }
        _ = try await rewrite.run()
    }
}

import CairnCore
import CairnSchema
import ObjectStorage

/// Changes the schema of a store in a folder.
struct MigrateCommand {
    private let path: String
    private let schema: Schema
    /// How long another process that does it is silent before it counts as dead.
    private let patience: Duration

    init?(_ arguments: ArraySlice<String>) throws {
        let arguments = Array(arguments)
        guard arguments.count == 3, let patience = Int(arguments[2]) else { return nil }
        path = arguments[0]
        schema = try Schema(parsing: arguments[1])
        self.patience = .milliseconds(patience)
    }

    /// - Returns: Whether this process did it: not, when another one had done it.
    func run() async throws -> Bool {
        var options = ObjectStorageOptions()
        options.mode = .existing
        options.migrationPatience = patience
        let storage = try await ObjectStorage.open(folder(path), options)
        guard let held = try await storage.schema(), held.id != schema.id else { return false }
        do {
            try await storage.apply(.migrate(Migration(from: held, to: schema, allowsDestructive: true)))
        } catch let error as StorageError where error.code == .schemaMismatch {
            guard try await storage.schema()?.id == schema.id else { throw error }
            return false
        }
        try await storage.close()
        return true
    }
}

import CairnCore
import CairnSchema
import ObjectStores

extension ObjectStorage {
    /// Changes the schema of the store: closes it for writing, makes what the new schema needs beside what is there, and puts one
    /// commit record that decides.
    ///
    /// Of several processes that migrate at once, one is at work. The others look now and then; they find it done, or go on
    /// when nothing was heard of it for a while: what it was at is theirs then, and it stops.
    /// - Throws: `storage.schema_mismatch` when the store does not hold the schema the migration begins with, or no longer; what stands
    ///   in its way, naming the record; `storage.maintenance` when the store is closed for other work.
    func migrate(_ migration: Migration) async throws {
        try checkWritable()
        try checkTags(migration.to)
        try SchemaMigration.check(migration)
        var mismatches = 0
        while true {
            try Deadline.check()
            let held = try await heldForMigration()
            try migration.checkStart(held.schema, at: access.capabilities.location)
            do {
                let engine = try await engine(held, migration.from)
                try await SchemaMigration(engine, migration, patience: options.migrationPatience).run()
            } catch is SchemaMigration.Overtaken {
                continue
            } catch let error as StorageError where error.code == .schemaMismatch {
                // Another one was quicker: what the store holds now says it better.
                mismatches += 1
                if mismatches > ObjectStorage.mismatches { throw error }
                continue
            }
            if !migration.isRehearsal { _ = try await heldForMigration() }
            return
        }
    }

    /// How often the log may say that the schema is another, and the manifest that it is not.
    private static let mismatches = 5

    /// What is at the place now.
    private func heldForMigration() async throws -> StoreCreation.Held {
        switch stage.withLock({ $0 }) {
        case .closed: throw StorageError.closed("store")
        case .attached:
            throw StorageError(
                .unsupported,
                "this store at \(access.capabilities.location) is open with its old schema, and cannot change under the program",
                remedy: "close it, and migrate before it is opened")
        case .empty, .found: break
        }
        let creation = StoreCreation(access: access, surroundings: surroundings, mayWrite: true)
        guard case .store(let held) = try await creation.find() else {
            throw StorageError(
                .schemaMismatch, "\(access.capabilities.location) holds no tables yet",
                remedy: "open it with the new schema, which makes them")
        }
        stage.withLock { stage in
            if case .attached = stage { return }
            if case .closed = stage { return }
            stage = .found(held)
        }
        return held
    }
}

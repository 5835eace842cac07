import CairnCore

extension MemoryStorage {
    /// Changes the schema of a store that no program has open: a new state is made beside the old one and takes its place.
    ///
    /// What is dropped is gone from the store; the file it was loaded from has it until the store is saved over it.
    func migrate(_ migration: Migration) async throws {
        try await exclusively {
            let (held, isAttached) = try shared.withLock { shared in
                try shared.checkOpen()
                return (shared.schema, shared.isAttached)
            }
            try migration.checkStart(held, at: capabilities.location)
            guard !isAttached else {
                throw StorageError(
                    .unsupported, "this memory store is open with its old schema, and cannot change under the program",
                    remedy: "save it to a file, load that into a new store, and migrate it before it is opened")
            }
            let state = try state().migrated(by: migration, at: clock())
            if migration.isRehearsal { return }
            try shared.withLock { shared in
                try shared.checkOpen()
                // A program may have opened it meanwhile, and relies on what it found.
                guard !shared.isAttached else { throw StorageError.lostRace(nil) }
                shared.schema = migration.to
                shared.state = state
            }
        }
    }
}

extension MemoryState {
    /// The state in the new schema.
    /// - Throws: What stands in the way, naming the record.
    fileprivate func migrated(by migration: Migration, at time: Timestamp) throws -> MemoryState {
        // The plan may have been made from the same schema in another order.
        let isAlike = tables.elementsEqual(migration.from.tables) { $0.table.isAlike($1) }
        let tables = isAlike ? self.tables : rearranged(for: migration.from).tables
        var new = self
        new.tables = migration.to.tables.map(MemoryTable.init)
        for pair in migration.pairs {
            let records = RecordMigration(pair, in: migration, at: time)
            let place = pair.new.position
            new.tables[place] = try new.tables[place].migrated(from: tables[pair.old.position], by: records) {
                tables[$0.table.position].found($0, $1)
            }
            guard new.tables[place].records.count == tables[pair.old.position].records.count else {
                throw StorageError.damaged(pair.new, "records were lost in the migration, which was given up")
            }
        }
        try new.checkAllReferences(migration.isSecret)
        return new
    }
}

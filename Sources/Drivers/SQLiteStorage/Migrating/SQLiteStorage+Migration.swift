import CairnCore

extension SQLiteStorage {
    /// Changes the schema of the file in one transaction.
    ///
    /// Foreign keys are off meanwhile, as SQLite's documentation demands where tables are made anew: with them on, dropping a
    /// table would delete what refers to it. Everything is checked before the commit instead.
    func migrate(_ migration: Migration) async throws {
        try checkWritable()
        _ = try await gate.wait(nil)
        defer { gate.release() }
        guard shared.withLock({ $0.schema }) == nil else {
            throw StorageError(
                .unsupported, "this SQLite store is open with its old schema, and cannot change under the program",
                remedy: "close it, and migrate before it is opened")
        }
        // Outside of the transaction: inside, SQLite ignores it.
        try writer.withLock { try $0.execute("PRAGMA foreign_keys = OFF") }
        defer { restoreForeignKeys() }
        do {
            try await transact { access in
                try SQLiteMigration(migration, access, place: file.place, at: clock()).run { try storedSchema(access) }
                if migration.isRehearsal { throw RehearsalEnd() }
            }
        } catch is RehearsalEnd {}
    }

    /// Everything went well, and is to be taken back.
    private struct RehearsalEnd: Error {}

    private func restoreForeignKeys() {
        do {
            try writer.withLock { access in
                try access.execute("PRAGMA legacy_alter_table = OFF")
                try access.execute("PRAGMA foreign_keys = ON")
            }
        } catch {
            // A connection that does not check references must not write.
            writer.close()
        }
    }
}

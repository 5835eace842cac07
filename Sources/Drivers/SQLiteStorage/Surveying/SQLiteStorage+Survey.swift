package import CairnCore

extension SQLiteStorage {
    /// Looks whether a file is what the schema in it makes: its tables, columns, indexes and whatever else it has, all of one moment.
    /// Nothing is written, and no record is read.
    /// - Parameter options: Where the file is. It is opened for reading, whatever they say.
    /// - Throws: `storage.not_a_store` when there is no file, or nothing of Cairn's in it; `storage.upgrade_required`;
    ///   `storage.busy`; `storage.io`; `storage.damaged` for a file that SQLite itself cannot read.
    package static func surveySchema(_ options: SQLiteOptions) async throws -> SchemaSurvey {
        var options = options
        options.mode = .readOnly
        let file = try DatabaseFile(options)
        try file.checkExistence()
        var waiting = BusyWaiting(timeout: options.timeout)
        return try await waiting.retry(at: file.place) {
            let connection = try file.openWriter()
            defer { connection.close() }
            return try connection.withLockRaw { access in
                try access.execute("BEGIN")
                defer { try? access.execute("COMMIT") }
                return try FileSurvey(access, place: file.place).run()
            }
        }
    }
}

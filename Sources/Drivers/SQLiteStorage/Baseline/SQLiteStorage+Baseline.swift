package import CairnCore

extension SQLiteStorage {
    /// Marks a file as a store of a schema, if its tables and records are what the schema makes. Only Cairn's own tables are written.
    ///
    /// Every record is read.
    /// - Parameters:
    ///   - options: Where the file is. It is never made.
    ///   - isRehearsal: Whether all of it is to be taken back.
    ///   - leaving: What looks at the schema the file says, when it is another one, before anything is compared.
    /// - Returns: What was found, and done if nothing was.
    /// - Throws: `storage.not_a_store` when there is no file, or no table in it; `storage.read_only`; `storage.upgrade_required` for a file
    ///   of a newer Cairn; `migration.ambiguous` when the file says another schema, and what became of a name is not clear;
    ///   `storage.busy`; `storage.io`; `storage.damaged` for a file that SQLite itself cannot read.
    package static func baseline(
        _ options: SQLiteOptions, _ schema: Schema, isRehearsal: Bool = false,
        leaving: @escaping BaselineLeaving = { _, _ in }
    ) async throws -> BaselineReport {
        var options = options
        if options.mode == .create { options.mode = .existing }
        let file = try DatabaseFile(options)
        try file.checkExistence()
        guard !file.isReadOnly else {
            throw StorageError(
                .readOnly, "\(file.place) was opened for reading", remedy: "open it without mode=read_only")
        }
        var waiting = BusyWaiting(timeout: options.timeout)
        return try await waiting.retry(at: file.place) {
            let connection = try file.openWriter()
            // It takes back what is not committed.
            defer { connection.close() }
            return try connection.withLockRaw { access in
                try access.execute("BEGIN IMMEDIATE")
                let baseline = Baseline(access, schema, place: file.place, at: .now, leaving: leaving)
                var report = try baseline.run()
                if !report.findings.isEmpty || report.outcome == .unchanged { return report }
                if isRehearsal {
                    report.outcome = .fits
                } else {
                    try access.execute("COMMIT")
                }
                return report
            }
        }
    }
}

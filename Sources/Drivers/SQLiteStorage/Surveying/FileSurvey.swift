import CSQLite
import CairnCore

/// Looks at a file: what it says of itself, and whether it is that.
///
/// The rows of `_cairn_store` say which schema the file follows. What that schema makes is not worked out here: it is made, in a
/// database in memory, by the statements that make a store, and the two are compared (``ShapeComparison``). So nothing that
/// Cairn makes can be forgotten in the comparison.
struct FileSurvey {
    private let access: SQLiteConnection.Access
    private let place: String

    /// The table that says which schema a file follows.
    static let marker = "_cairn_store"
    private static let log = "_cairn_migrations"

    init(_ access: SQLiteConnection.Access, place: String) {
        self.access = access
        self.place = place
    }

    /// - Throws: `storage.not_a_store`, `storage.upgrade_required`; failures of SQLite.
    func run() throws -> SchemaSurvey {
        var survey = SchemaSurvey(driver: SQLiteStorage.driver, location: place)
        let shape = try DatabaseShape(access)
        if let finding = try missingMarker(shape) {
            survey.findings = [finding]
            return survey
        }
        do {
            survey.held = try StoredSchema(access, place: place).read(nil)?.schema
        } catch let error as StorageError where error.code == .damaged {
            survey.findings = [corrupt(error.message)]
        }
        if try value("store_id") == nil {
            survey.findings.append(corrupt("the row 'store_id' is missing"))
        }
        guard let held = survey.held else { return survey }
        survey.findings += ShapeComparison(try FileSurvey.made(held), shape, held).findings
        do {
            survey.history = try MigrationLog(access).migrations(held, place: place)
        } catch let error as StorageError where error.code == .damaged {
            survey.findings.append(DriftFinding(.changedByHand, FileSurvey.object(FileSurvey.log), error))
        } catch let failure as SQLiteFailure where failure.primaryCode == SQLITE_ERROR {
            survey.findings.append(
                DriftFinding(
                    .changedByHand, FileSurvey.object(FileSurvey.log),
                    "the migrations cannot be read from it: \(failure.message)",
                    remedy: "restore the file from a backup"))
        }
        return survey
    }

    private static func object(_ table: String) -> String { "table '\(table)'" }

    // MARK: The marker

    /// What is said of a file that does not say which schema it follows; nil for one that does.
    /// - Throws: `storage.not_a_store` for a file that has nothing of Cairn's.
    private func missingMarker(_ shape: DatabaseShape) throws -> DriftFinding? {
        guard !shape.tables.isEmpty else {
            throw StorageError(
                .notAStore, "\(place) holds no tables yet",
                remedy: "open it once with the program that has the schema; that creates them")
        }
        let object = FileSurvey.object(FileSurvey.marker)
        guard let table = shape.tables[FileSurvey.marker] else {
            guard shape.hasTablesOfCairn else {
                // It says what to do with a file of another program.
                _ = try StoredSchema(access, place: place).read(nil)
                return nil
            }
            return DriftFinding(
                .markerMissing, object,
                "there is no such table, and there are others of Cairn's, or tables as it makes them",
                remedy: FileSurvey.restoring)
        }
        guard table.columns["name"] != nil, table.columns["value"] != nil else {
            return corrupt("its columns are not those that Cairn makes")
        }
        guard try value("schema") == nil, try value("schema_id") == nil else { return nil }
        return DriftFinding(
            .markerMissing, object, "it has no row that says which schema the tables follow",
            remedy: FileSurvey.restoring)
    }

    private func value(_ name: String) throws -> String? { try StoredSchema(access, place: place).value(name) }

    private func corrupt(_ message: String) -> DriftFinding {
        DriftFinding(
            .markerCorrupt, FileSurvey.object(FileSurvey.marker), message, remedy: FileSurvey.restoring)
    }

    private static let restoring =
        "restore the file from a backup; of a backup with the same schema this table is enough: sqlite3 FILE 'DROP TABLE IF EXISTS \(marker)'; sqlite3 BACKUP '.dump \(marker)' | sqlite3 FILE; without one, 'cairn migrate baseline --to SCHEMA' writes it for tables that are what a schema file makes"

    // MARK: What should be

    /// What a schema makes.
    static func made(_ schema: Schema) throws -> DatabaseShape {
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY
        let connection = try SQLiteConnection(path: ":memory:", place: "the schema", flags: flags, vfs: nil)
        defer { connection.close() }
        return try connection.withLockRaw { access in
            let statements = SQLiteSchema.creation(schema, storeID: "", at: .epoch)
            for statement in statements { try access.run(statement.sql, statement.values) }
            return try DatabaseShape(access)
        }
    }
}

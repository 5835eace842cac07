import CSQLite
import CairnCore

/// What a file knows of its migrations: the table `_cairn_migrations`, a row for each, and the tables that keep what they dropped.
struct MigrationLog {
    private let access: SQLiteConnection.Access

    init(_ access: SQLiteConnection.Access) {
        self.access = access
    }

    /// The table that keeps what migration `number` dropped of a table.
    static func name(ofKept table: String, _ number: Int) -> String { "_cairn_kept_\(number)_\(table)" }

    /// How long dropped data is kept.
    static let lifetime = Duration.seconds(30 * 24 * 60 * 60)

    /// The number of the next migration.
    func next() throws -> Int {
        try access.run(
            """
            CREATE TABLE IF NOT EXISTS "_cairn_migrations" ("number" INTEGER NOT NULL PRIMARY KEY, "at" INTEGER NOT NULL,
            "from_id" TEXT NOT NULL, "to_id" TEXT NOT NULL, "from_schema" TEXT NOT NULL, "steps" TEXT NOT NULL,
            "kept" TEXT NOT NULL) STRICT
            """)
        return try access.with("SELECT coalesce(max(\"number\"), 0) + 1 FROM \"_cairn_migrations\"") { statement in
            try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 1
        }
    }

    /// Writes a migration down.
    func add(_ number: Int, _ migration: Migration, kept: [String], at time: Timestamp) throws {
        func list(_ texts: [String]) -> Value { .string(JSONValue.array(texts.map(JSONValue.string)).description) }
        try access.run(
            "INSERT INTO \"_cairn_migrations\" VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .int(number), .timestamp(time), .string(migration.from.id.description),
                .string(migration.to.id.description), .string(migration.from.canonicalText), list(migration.steps),
                list(kept),
            ])
    }

    /// Drops what was kept long enough.
    func removeExpired(at now: Timestamp) throws {
        let has = try access.with("SELECT 1 FROM \"sqlite_schema\" WHERE \"name\" = '_cairn_migrations'") {
            try $0.step()
        }
        guard has else { return }
        let oldest = Int(now.microseconds - MigrationLog.lifetime.components.seconds * 1_000_000)
        let sql = "SELECT \"kept\" FROM \"_cairn_migrations\" WHERE \"at\" < ? AND \"kept\" <> '[]'"
        var names: [String] = []
        try access.with(sql, [.int(oldest)]) { statement in
            while try statement.step() {
                guard let text = sqlite3_column_text(statement.handle, 0),
                    case .array(let kept)? = try? JSONValue(parsing: String(cString: text))
                else { continue }
                names += kept.compactMap { if case .string(let name) = $0 { name } else { nil } }
            }
        }
        // Only what migrations make: the file may have been edited.
        for name in names where name.hasPrefix("_cairn_kept_") {
            try access.run("DROP TABLE IF EXISTS \(TableSQL.quoted(name))")
        }
        try access.run("UPDATE \"_cairn_migrations\" SET \"kept\" = '[]' WHERE \"at\" < ?", [.int(oldest)])
    }
}

import CSQLite
import CairnCore

/// What a file knows of its migrations: the table `_cairn_migrations`, a row for each, and the tables that keep what they dropped.
struct MigrationLog {
    private let access: SQLiteConnection.Access

    init(_ access: SQLiteConnection.Access) {
        self.access = access
    }

    /// The table that keeps what migration `number` dropped of a table, by the name the table had before.
    static func name(ofKept table: String, _ number: Int) -> String { "\(keptPrefix)\(number)_\(table)" }

    private static let keptPrefix = "_cairn_kept_"

    /// How long dropped data is kept.
    static let lifetime = Duration.seconds(30 * 24 * 60 * 60)

    /// The number of the next migration: one that no migration has, and no table that keeps what one dropped. Such tables outlive the list
    /// of migrations when somebody drops that.
    func next() throws -> Int {
        try access.run(
            """
            CREATE TABLE IF NOT EXISTS "_cairn_migrations" ("number" INTEGER NOT NULL PRIMARY KEY, "at" INTEGER NOT NULL,
            "from_id" TEXT NOT NULL, "to_id" TEXT NOT NULL, "from_schema" TEXT NOT NULL, "steps" TEXT NOT NULL,
            "kept" TEXT NOT NULL, "names" TEXT NOT NULL) STRICT
            """)
        // Files of before names were written down have the table without them.
        if try access.with(MigrationLog.all, [], { sqlite3_column_count($0.handle) }) < 8 {
            try access.run("ALTER TABLE \"_cairn_migrations\" ADD COLUMN \"names\" TEXT NOT NULL DEFAULT '{}'")
        }
        let listed = try access.with("SELECT max(\"number\") FROM \"_cairn_migrations\"") { statement in
            try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 0
        }
        let kept = try access.texts(
            "SELECT \"name\" FROM \"sqlite_schema\" WHERE \"type\" = 'table' AND \"name\" GLOB '\(MigrationLog.keptPrefix)*'"
        )
        // What has no such number is no table of a migration.
        let numbers = kept.compactMap { name in
            Int32(name[0].dropFirst(MigrationLog.keptPrefix.utf8.count).prefix { $0 != "_" }).map { Int($0) }
        }
        let last = max(listed, numbers.max() ?? 0)
        guard last < Int.max else {
            throw MigrationLog.damaged(last, "the file", "has the highest number there is")
        }
        return last + 1
    }

    /// Writes a migration down.
    func add(_ number: Int, _ diff: SchemaDiff, kept: [String], at time: Timestamp) throws {
        func list(_ texts: [String]) -> Value { .string(JSONValue.array(texts.map(JSONValue.string)).description) }
        try access.run(
            "INSERT INTO \"_cairn_migrations\" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .int(number), .timestamp(time), .string(diff.old.id.description), .string(diff.new.id.description),
                .string(diff.old.canonicalText), list(diff.operations.map(\.description)), list(kept),
                .string(FormerNames(diff.pairs).text),
            ])
    }

    /// Whether the file has a table.
    private func has(_ table: String) throws -> Bool {
        try access.with("SELECT 1 FROM \"sqlite_schema\" WHERE \"type\" = 'table' AND \"name\" = ?", [.string(table)]) {
            try $0.step()
        }
    }

    // MARK: Reading

    private static let all = "SELECT * FROM \"_cairn_migrations\" ORDER BY \"number\""

    /// The migrations of the file, oldest first.
    /// - Parameter held: The schema of the file.
    func migrations(_ held: Schema, place: String) throws -> [PastMigration] {
        guard try has("_cairn_migrations") else { return [] }
        let rows = try access.with(MigrationLog.all) { statement in
            let hasNames = sqlite3_column_count(statement.handle) > 7
            var rows:
                [(number: Int, time: Timestamp, from: Schema, to: String, kept: Set<String>, names: FormerNames)] =
                    []
            while try statement.step() {
                let number = Int(sqlite3_column_int64(statement.handle, 0))
                guard let time = Timestamp(microseconds: sqlite3_column_int64(statement.handle, 1)),
                    let from = try? Schema(stored: text(statement, 4), file: "migration \(number) of \(place)"),
                    let names = FormerNames(text: hasNames ? text(statement, 7) : "{}")
                else {
                    throw MigrationLog.damaged(number, place, "cannot be read")
                }
                let kept = Set(MigrationLog.names(text(statement, 6)))
                rows.append((number, time, from, text(statement, 3), kept, names))
            }
            return rows
        }
        return try rows.indices.map { index in
            let row = rows[index]
            let to = index + 1 < rows.count ? rows[index + 1].from : held
            guard to.id.description == row.to else {
                throw MigrationLog.damaged(row.number, place, "does not end where the next one begins")
            }
            // A table that the migration did not write down is of another one that had its number.
            let kept = try row.from.tables.map(\.name).filter { table in
                let name = MigrationLog.name(ofKept: table, row.number)
                return try row.kept.contains(name) && has(name)
            }
            return PastMigration(
                number: row.number, time: row.time, from: row.from, to: to, names: row.names, kept: kept,
                isKeptAlways: true)
        }
    }

    /// What migration `number` dropped of a table, behind a place in what is kept of it.
    /// - Parameter columns: The columns that were dropped.
    /// - Returns: Records, and the place of the last one; none at the end.
    func dropped(
        by number: Int, of table: Table, _ columns: [Int], behind last: Int
    ) throws -> (records: [DroppedRecord], last: Int) {
        let name = MigrationLog.name(ofKept: table.name, number)
        guard try has(name) else { return ([], last) }
        let found = try access.with("SELECT * FROM \(TableSQL.quoted(name)) LIMIT 0") { statement in
            (0..<sqlite3_column_count(statement.handle)).map { column in
                sqlite3_column_name(statement.handle, column).map { String(cString: $0) } ?? ""
            }
        }
        guard let rowID = MigrationLog.rowID(beside: found) else {
            throw MigrationLog.damaged(number, name, "kept rows that have no number")
        }
        let rows = "FROM \(TableSQL.quoted(name)) WHERE \(rowID) > ? ORDER BY \(rowID) LIMIT 500"
        let sql: String
        if columns.count == table.columns.count {
            let list = table.columns.map { TableSQL.quoted($0.name) }.joined(separator: ", ")
            sql = "SELECT \(list), \(rowID), \"_created_at\" \(rows)"
        } else {
            // The key is first, under the names it had afterwards; the columns follow, the revision, and the time.
            let kept = table.key + MigrationLog.order(columns, of: table)
            let names = kept.indices.map { "c\($0)" }
            guard found.count == names.count + 2 else {
                throw MigrationLog.damaged(number, name, "kept other columns than it dropped")
            }
            let list = table.columns.indices.map { column in kept.firstIndex(of: column).map { names[$0] } ?? "NULL" }
            sql = """
                WITH kept(\((["n"] + names + ["r", "t"]).joined(separator: ", "))) AS (SELECT \(rowID), * \(rows))
                SELECT \(list.joined(separator: ", ")), n, t FROM kept ORDER BY n
                """
        }
        return try access.with(sql, [.int(last)]) { statement in
            let row = SQLiteRow(table: table, statement: statement.handle)
            var records: [DroppedRecord] = []
            var last = last
            while try statement.step() {
                let place = Int32(table.columns.count)
                last = Int(sqlite3_column_int64(statement.handle, place))
                records.append(
                    DroppedRecord(
                        key: try row.key(),
                        createdAt: Timestamp(microseconds: sqlite3_column_int64(statement.handle, place + 1)),
                        values: try columns.map(row.value)))
            }
            return (records, last)
        }
    }

    /// A name of the number that SQLite gives each row, which no column hides.
    private static func rowID(beside columns: [String]) -> String? {
        let taken = Set(columns.map { $0.lowercased() })
        return ["rowid", "_rowid_", "oid"].first { !taken.contains($0) }
    }

    /// The order in which columns of a table are kept: that of their names, byte by byte.
    static func order(_ columns: [Int], of table: Table) -> [Int] {
        columns.sorted { table.columns[$0].name.utf8.lexicographicallyPrecedes(table.columns[$1].name.utf8) }
    }

    private static func damaged(_ number: Int, _ place: String, _ what: String) -> StorageError {
        StorageError(
            .damaged, "migration \(number) in \(place) \(what)",
            remedy:
                "restore the file from a backup; or remove the rows up to \(number) from the table '_cairn_migrations', after which these migrations cannot be taken back"
        )
    }

    /// The tables in a text of ``add(_:_:kept:at:)``; none in what is no such text.
    private static func names(_ text: String) -> [String] {
        guard case .array(let kept)? = try? JSONValue(parsing: text) else { return [] }
        return kept.compactMap { if case .string(let name) = $0 { name } else { nil } }
    }

    private func text(_ statement: SQLiteStatement, _ column: Int32) -> String {
        sqlite3_column_text(statement.handle, column).map { String(cString: $0) } ?? ""
    }

    // MARK: Housekeeping

    /// Drops what was kept long enough.
    func removeExpired(at now: Timestamp) throws {
        guard try has("_cairn_migrations") else { return }
        let oldest = Int(now.microseconds - MigrationLog.lifetime.components.seconds * 1_000_000)
        let sql = "SELECT \"kept\" FROM \"_cairn_migrations\" WHERE \"at\" < ? AND \"kept\" <> '[]'"
        var names: [String] = []
        try access.with(sql, [.int(oldest)]) { statement in
            while try statement.step() {
                names += MigrationLog.names(text(statement, 0))
            }
        }
        // Only what migrations make: the file may have been edited.
        for name in names where name.hasPrefix(MigrationLog.keptPrefix) {
            try access.run("DROP TABLE IF EXISTS \(TableSQL.quoted(name))")
        }
        try access.run("UPDATE \"_cairn_migrations\" SET \"kept\" = '[]' WHERE \"at\" < ?", [.int(oldest)])
    }
}

/// As JSON: `{"columns": {"table": {"new": "old"}}, "made": {"table": {"new": {"from": "old"}}}, "tables": {"new": "old"}}`.
extension FormerNames {
    fileprivate var text: String {
        func object(_ names: [String: String]) -> JSONValue {
            .object(JSONObject(names.map { .init(name: $0.key, value: .string($0.value)) }))
        }
        let columns = columns.map { JSONObject.Member(name: $0.key, value: object($0.value)) }
        let made = conversions.map { table, columns in
            let columns = columns.map { JSONObject.Member(name: $0.key, value: $0.value.value) }
            return JSONObject.Member(name: table, value: .object(JSONObject(columns)))
        }
        return JSONValue.object(
            JSONObject([
                .init(name: "columns", value: .object(JSONObject(columns))),
                .init(name: "made", value: .object(JSONObject(made))),
                .init(name: "tables", value: object(tables)),
            ])
        ).description
    }

    /// Where nothing is said nobody knows; nil for what is no such text.
    fileprivate init?(text: String) {
        func names(_ value: JSONValue?) -> [String: String]? {
            guard let value else { return [:] }
            guard case .object(let object) = value else { return nil }
            var names: [String: String] = [:]
            for member in object.members {
                guard case .string(let old) = member.value else { return nil }
                names[member.name] = old
            }
            return names
        }
        guard let json = try? JSONValue(parsing: text), let tables = names(json["tables"]) else { return nil }
        self.init()
        self.tables = tables
        isComplete = json["tables"] != nil
        if case .object(let columns)? = json["columns"] {
            for member in columns.members {
                guard let names = names(member.value) else { return nil }
                self.columns[member.name] = names
            }
        }
        if case .object(let tables)? = json["made"] {
            for table in tables.members {
                guard case .object(let columns) = table.value else { return nil }
                for column in columns.members {
                    guard let conversion = try? Conversion(column.value) else { return nil }
                    conversions[table.name, default: [:]][column.name] = conversion
                }
            }
        }
    }
}

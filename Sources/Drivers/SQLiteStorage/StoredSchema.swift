import CSQLite
import CairnCore

/// What a file says about itself.
struct StoredSchema {
    /// A schema, and the text in the file that it was made from.
    struct Held {
        let text: String
        let schema: Schema
    }

    private let access: SQLiteConnection.Access
    private let place: String

    init(_ access: SQLiteConnection.Access, place: String) {
        self.access = access
        self.place = place
    }

    /// The schema of the store; nil for a database without tables.
    /// - Parameter known: What was read before. It is not made again as long as the file has the same text.
    /// - Throws: `storage.not_a_store`, `storage.upgrade_required`, `storage.damaged`.
    func read(_ known: Held?) throws -> Held? {
        let tables = try names()
        if tables.isEmpty { return nil }
        guard tables.contains("_cairn_store") else {
            if let own = try nameOfOwn() {
                throw StorageError(
                    .notAStore,
                    "\(place) has tables as Cairn makes them ('\(own)'), and the table '_cairn_store', which says what they are, is gone",
                    remedy:
                        "restore it from a backup; or, if its tables are what a schema file makes, 'cairn migrate baseline --to SCHEMA' marks it again; nothing was changed"
                )
            }
            throw StorageError(
                .notAStore,
                "\(place) is a SQLite database that Cairn did not make (it has the table '\(tables.min() ?? "")')",
                remedy: "use another file, or copy its rows into a new store with 'cairn adopt'; nothing was changed")
        }
        try checkFormat()
        guard let text = try value("schema"), let id = try value("schema_id") else {
            throw damaged("its schema is missing")
        }
        if let known, known.text.utf8.elementsEqual(text.utf8), known.schema.id.description == id { return known }
        let schema: Schema
        do {
            schema = try Schema(stored: text, file: "schema of \(place)")
        } catch {
            throw damaged("its schema cannot be read: \(error)")
        }
        guard schema.id.description == id else { throw damaged("its schema does not have the id it is said to have") }
        return Held(text: text, schema: schema)
    }

    /// A value the file has about itself.
    func value(_ name: String) throws -> String? {
        try access.with("SELECT \"value\" FROM \"_cairn_store\" WHERE \"name\" = ?", [.string(name)]) { statement in
            guard try statement.step(), let text = sqlite3_column_text(statement.handle, 0) else { return nil }
            return String(cString: text)
        }
    }

    private func names() throws -> Set<String> {
        try access.with(
            "SELECT \"name\" FROM \"sqlite_schema\" WHERE \"type\" = 'table' AND \"name\" NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ) {
            statement in
            var names: Set<String> = []
            while try statement.step() {
                if let text = sqlite3_column_text(statement.handle, 0) { names.insert(String(cString: text)) }
            }
            return names
        }
    }

    /// A table that Cairn made, or that looks like it; nil where there is none.
    private func nameOfOwn() throws -> String? {
        let names = TableSQL.systemNames.map { "'\($0)'" }.joined(separator: ", ")
        return try access.texts(
            """
            SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND (name GLOB '_cairn_*' OR
            (SELECT count(*) FROM pragma_table_info(t.name) WHERE name IN (\(names))) = \(TableSQL.systemNames.count))
            ORDER BY name GLOB '_cairn_*', name LIMIT 1
            """
        ).first?.first
    }

    private func checkFormat() throws {
        let format = try value("format").flatMap { Int($0) } ?? 0
        let needs = try value("needs") ?? ""
        guard format <= SQLiteSchema.format, needs.isEmpty else {
            throw StorageError(
                .upgradeRequired,
                "\(place) was written by a newer Cairn (format \(format)\(needs.isEmpty ? "" : ", it needs \(needs)")); this one knows format \(SQLiteSchema.format)",
                remedy: "use a newer version of Cairn; nothing was changed")
        }
        guard format == SQLiteSchema.format else { throw damaged("it says it has format \(format)") }
    }

    private func damaged(_ reason: String) -> StorageError {
        StorageError(.damaged, "\(place) is damaged: \(reason)", remedy: "restore it from a backup")
    }
}

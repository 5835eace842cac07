import CairnCore

/// What a SQLite database has, by what SQLite says of it: not its rows, and not the tables SQLite keeps for itself.
///
/// The order of columns is left out: a column that a migration adds comes last, whatever the schema says. So are their defaults, without
/// which SQLite adds no column that forbids null: Cairn writes every column of a record, and only other programs get them.
struct DatabaseShape {
    /// A column of a table.
    struct Column: Hashable {
        let type: String
        let isNotNull: Bool
        /// The place in the primary key, from 1; 0 for a column that is none of it.
        let keyPlace: Int
        /// Whether SQLite computes it from others.
        let isGenerated: Bool
    }

    /// A foreign key.
    struct Reference: Hashable {
        let columns: [String]
        let table: String
        let targets: [String]
        /// What happens to a row when the one it refers to is deleted or gets another key.
        let actions: [String]
    }

    struct Table {
        var columns: [String: Column] = [:]
        var references: Set<Reference> = []
        let isStrict: Bool
        let isWithoutRowID: Bool
        /// The columns of each `UNIQUE` constraint.
        var uniqueConstraints: Set<[String]> = []
        /// How often the statement that made the table says each of ``clauses``.
        let clauses: [String: Int]

        /// Whether it has what Cairn keeps of each record.
        var isOfCairn: Bool { TableSQL.systemNames.allSatisfy { columns[$0] != nil } }
    }

    /// An index that a statement of its own made.
    struct Index {
        let table: String
        let isUnique: Bool
        /// The columns in order, with what is not usual in their order; an expression has no name.
        let parts: [String]
        /// Whether it has only some rows.
        let isPartial: Bool
        /// The statement that made it.
        let sql: String
    }

    /// Something that is neither table nor index.
    struct Other {
        /// `view`, `trigger` or `virtual table`.
        let kind: String
        let name: String
        /// The table a trigger is on; empty for others.
        let table: String
    }

    private(set) var tables: [String: Table] = [:]
    private(set) var indexes: [String: Index] = [:]
    /// By kind and name.
    private(set) var others: [Other] = []

    /// Whether one of its tables is Cairn's, or as Cairn makes them.
    var hasTablesOfCairn: Bool { tables.contains { $0.key.hasPrefix("_cairn_") || $0.value.isOfCairn } }

    /// The words of a `CREATE TABLE` that SQLite tells nobody of in another way, and that change what a table does.
    static let clauses = ["CHECK", "COLLATE", "CONFLICT", "AUTOINCREMENT", "DEFERRED"]

    /// - Throws: failures of SQLite.
    init(_ access: SQLiteConnection.Access) throws {
        let listed = try access.texts(
            "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
        for row in listed where !row[0].hasPrefix("sqlite_") {
            switch row[1] {
            case "table": tables[row[0]] = try DatabaseShape.table(row, access)
            case "view": others.append(Other(kind: "view", name: row[0], table: ""))
            case "virtual": others.append(Other(kind: "virtual table", name: row[0], table: ""))
            // A virtual table keeps its data in tables of its own.
            default: break
            }
        }
        for name in tables.keys { try readIndexes(of: name, access) }
        others += try access.texts(
            "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
        ).map { Other(kind: "trigger", name: $0[0], table: $0[1]) }
    }

    /// Has a table as another database has it.
    mutating func take(_ table: String, from other: DatabaseShape) {
        tables[table] = other.tables[table]
    }

    private static func table(_ row: [String], _ access: SQLiteConnection.Access) throws -> Table {
        let sql = try access.texts("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [.string(row[0])])
        var table = Table(
            isStrict: row[3] == "1", isWithoutRowID: row[2] == "1", clauses: clauses(in: sql.first?[0] ?? ""))
        let columns = try access.texts(
            "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?)", [.string(row[0])])
        for column in columns {
            table.columns[column[0]] = Column(
                type: column[1].uppercased(), isNotNull: column[2] == "1", keyPlace: Int(column[3]) ?? 0,
                isGenerated: column[4] != "0")
        }
        let parts = try access.texts(
            "SELECT id, \"table\", \"from\", \"to\", on_delete, on_update FROM pragma_foreign_key_list(?) ORDER BY id, seq",
            [.string(row[0])])
        for id in Set(parts.map { $0[0] }) {
            let own = parts.filter { $0[0] == id }
            table.references.insert(
                Reference(
                    columns: own.map { $0[2] }, table: own[0][1], targets: own.map { $0[3] },
                    actions: ["DELETE \(own[0][4])", "UPDATE \(own[0][5])"]))
        }
        return table
    }

    private mutating func readIndexes(of table: String, _ access: SQLiteConnection.Access) throws {
        let listed = try access.texts(
            "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?)", [.string(table)])
        // The index of a primary key is told by the key.
        for row in listed where row[2] != "pk" {
            let parts = try access.texts(
                "SELECT name, \"desc\", coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno", [.string(row[0])]
            )
            if row[2] == "u" {
                tables[table]?.uniqueConstraints.insert(parts.map { $0[0] })
                continue
            }
            let sql = try access.texts(
                "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?", [.string(row[0])])
            indexes[row[0]] = Index(
                table: table, isUnique: row[1] == "1",
                parts: parts.map { part in
                    let order = part[2].uppercased() == "BINARY" ? "" : " COLLATE \(part[2])"
                    return (part[0].isEmpty ? "(an expression)" : part[0]) + order + (part[1] == "1" ? " DESC" : "")
                }, isPartial: row[3] == "1", sql: sql.first?[0] ?? "")
        }
    }

    // MARK: Clauses

    /// How often an SQL text says each of ``clauses`` outside of names, literals and comments.
    private static func clauses(in sql: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for word in words(in: Array(sql.utf8)) where clauses.contains(word) { counts[word, default: 0] += 1 }
        return counts
    }

    /// The words of an SQL text in upper case (https://sqlite.org/lang_keywords.html says how names are quoted).
    private static func words(in sql: [UInt8]) -> [String] {
        var words: [String] = []
        var rest = sql[...]
        while let first = rest.first {
            switch first {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): rest = skipping(rest, to: [first])
            case UInt8(ascii: "["): rest = skipping(rest, to: [UInt8(ascii: "]")])
            case UInt8(ascii: "-") where rest.starts(with: "--".utf8): rest = skipping(rest, to: [0x0A])
            case UInt8(ascii: "/") where rest.starts(with: "/*".utf8):
                rest = skipping(rest.dropFirst(), to: Array("*/".utf8))
            case let byte where isOfWord(byte):
                let word = rest.prefix(while: isOfWord)
                words.append(String(decoding: word, as: UTF8.self).uppercased())
                rest = rest.dropFirst(word.count)
            default: rest = rest.dropFirst()
            }
        }
        return words
    }

    /// What follows the next `end` behind the first byte; nothing when there is none. A quote that is doubled ends a name and begins one.
    private static func skipping(_ text: ArraySlice<UInt8>, to end: [UInt8]) -> ArraySlice<UInt8> {
        var rest = text.dropFirst()
        while !rest.isEmpty, !rest.starts(with: end) { rest = rest.dropFirst() }
        return rest.dropFirst(end.count)
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        default: false
        }
    }
}

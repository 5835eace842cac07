import CairnCore

/// A table of a database that Cairn did not make, as SQLite describes it.
package struct ForeignTable: Sendable {
    /// One column.
    package struct Column: Sendable {
        package let name: String
        /// The declared type as it stands there; empty without one.
        package let type: String
        package let isNotNull: Bool
        /// The SQL of the default; nil without one.
        package let defaultSQL: String?
        /// Whether SQLite computes it from others.
        package let isGenerated: Bool
    }

    /// One index, also that of a `UNIQUE` constraint.
    package struct Index: Sendable {
        package let name: String
        package let isUnique: Bool
        /// Whether it has only some rows.
        package let isPartial: Bool
        /// The columns, and whether they are sorted backwards; nil for an expression.
        package let parts: [(column: String, isDescending: Bool)?]
        /// Orders other than that of bytes.
        package let collations: [String]
    }

    /// A foreign key.
    package struct Reference: Sendable {
        package let table: String
        package let columns: [String]
        package let targets: [String]
        package let onDelete: String
        package let onUpdate: String
    }

    package let name: String
    package let columns: [Column]
    /// The names of the columns of the primary key, in their order; empty without one.
    package let key: [String]
    /// What SQL calls the number that each row has; nil in a table without such numbers, or whose columns hide them.
    package let rowNumber: String?
    /// Whether numbers are given out that were never used before.
    package let countsByItself: Bool
    package let indexes: [Index]
    package let references: [Reference]
    /// The statement that made it.
    package let sql: String
}

/// Something of a database that is no table with rows of its own.
package struct ForeignThing: Sendable {
    /// `view`, `trigger`, `virtual table`.
    package let kind: String
    package let name: String
}

extension ForeignDatabase {
    /// The tables, and what there is beside them.
    package func contents() throws -> (tables: [ForeignTable], others: [ForeignThing]) {
        var tables: [ForeignTable] = []
        var others: [ForeignThing] = []
        let listed = try list("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' ORDER BY name") {
            row in
            (row.values[0].text ?? "", row.values[1].text ?? "", row.values[2].int == 1)
        }
        for (name, type, isWithoutRowID) in listed where !name.hasPrefix("sqlite_") {
            switch type {
            case "table": tables.append(try table(name, isWithoutRowID))
            case "virtual": others.append(ForeignThing(kind: "virtual table", name: name))
            case "view": others.append(ForeignThing(kind: "view", name: name))
            default: break
            }
        }
        others += try list("SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name") {
            ForeignThing(kind: "trigger", name: $0.values[0].text ?? "")
        }
        return (tables, others)
    }

    private func table(_ name: String, _ isWithoutRowID: Bool) throws -> ForeignTable {
        let columns = try list(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid",
            [.string(name)]
        ) { row in
            (
                column: ForeignTable.Column(
                    name: row.values[0].text ?? "", type: row.values[1].text ?? "", isNotNull: row.values[2].int == 1,
                    defaultSQL: row.values[3].text, isGenerated: (row.values[5].int ?? 0) > 1),
                place: row.values[4].int ?? 0
            )
        }
        let sql =
            try list("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [.string(name)]) {
                $0.values[0].text ?? ""
            }.first ?? ""
        let taken = Set(columns.map { $0.column.name.lowercased() })
        let number = isWithoutRowID ? nil : ["rowid", "_rowid_", "oid"].first { !taken.contains($0) }
        return ForeignTable(
            name: name, columns: columns.map(\.column),
            key: columns.filter { $0.place > 0 }.sorted { $0.place < $1.place }.map(\.column.name), rowNumber: number,
            countsByItself: sql.uppercased().contains("AUTOINCREMENT"), indexes: try indexes(of: name),
            references: try references(of: name), sql: sql)
    }

    private func indexes(of table: String) throws -> [ForeignTable.Index] {
        let listed = try list(
            "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?) ORDER BY seq DESC", [.string(table)]
        ) { row in
            (row.values[0].text ?? "", row.values[1].int == 1, row.values[2].text ?? "", row.values[3].int == 1)
        }
        return try listed.compactMap { name, isUnique, origin, isPartial in
            if origin == "pk" { return nil }
            let parts = try list(
                "SELECT name, \"desc\", coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno", [.string(name)]
            ) { row in
                (row.values[0].text, row.values[1].int == 1, row.values[2].text ?? "BINARY")
            }
            return ForeignTable.Index(
                name: name, isUnique: isUnique, isPartial: isPartial,
                parts: parts.map { part in part.0.map { ($0, part.1) } },
                collations: parts.map(\.2).filter { $0.uppercased() != "BINARY" })
        }
    }

    private func references(of table: String) throws -> [ForeignTable.Reference] {
        let listed = try list(
            "SELECT id, \"table\", \"from\", \"to\", on_delete, on_update FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq",
            [.string(table)]
        ) { row in
            (
                row.values[0].int ?? 0, row.values[1].text ?? "", row.values[2].text ?? "", row.values[3].text,
                row.values[4].text ?? "", row.values[5].text ?? ""
            )
        }
        var ids: [Int] = []
        for (id, _, _, _, _, _) in listed where !ids.contains(id) { ids.append(id) }
        return try ids.map { id in
            let parts = listed.filter { $0.0 == id }
            // Without names, the key of the other table is meant.
            var targets = parts.compactMap(\.3)
            if targets.isEmpty {
                targets = try list(
                    "SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk", [.string(parts[0].1)]
                ) { $0.values[0].text ?? "" }
            }
            return ForeignTable.Reference(
                table: parts[0].1, columns: parts.map(\.2), targets: targets, onDelete: parts[0].4, onUpdate: parts[0].5
            )
        }
    }
}

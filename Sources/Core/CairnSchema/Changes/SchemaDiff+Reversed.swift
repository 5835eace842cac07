extension SchemaDiff {
    /// What makes the old schema of the new one again, renames turned round.
    ///
    /// It takes the schema back and not the data: a column that was dropped comes back without what it had. What of it is not possible
    /// is part of it, as of any other: operations that are refused, and renames to a name that is taken by now, which are ambiguous.
    package var reversed: SchemaDiff {
        var formers: [String: TablePair] = [:]
        for pair in pairs { formers[pair.old.name] = pair }
        let tables = old.tables.map { table -> Table in
            guard let pair = formers[table.name] else { return table.with(renamedFrom: nil, columns: [:]) }
            var columns: [Int: String] = [:]
            for (column, source) in zip(pair.new.columns, pair.sources) {
                if let source, table.columns[source].name != column.name { columns[source] = column.name }
            }
            return table.with(renamedFrom: pair.new.name == table.name ? nil : pair.new.name, columns: columns)
        }
        return SchemaDiff(from: new, to: Schema(database: old.database, tables: tables).with(old.notes))
    }
}

extension Table {
    /// The same table with other old names.
    fileprivate func with(renamedFrom: String?, columns names: [Int: String]) -> Table {
        let columns = columns.map { column in
            Column(
                name: column.name, position: column.position, type: column.type, valueType: column.valueType,
                isNullable: column.isNullable, defaultValue: column.defaultValue, rules: column.rules,
                onDelete: column.onDelete, isSensitive: column.isSensitive, deprecation: column.deprecation,
                doc: column.doc, renamedFrom: names[column.position])
        }
        return Table(
            name: name, position: position, columns: columns, key: key, indexes: indexes, references: references,
            referrers: referrers, options: options, entity: entity, doc: doc, renamedFrom: renamedFrom)
    }
}

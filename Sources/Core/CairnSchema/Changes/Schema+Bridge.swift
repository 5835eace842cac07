extension Schema {
    /// What a store has while it is on its way to this schema and values of some columns are still missing: these columns may be null
    /// (of JSON: have a number); and a table beside them, which holds nothing, makes it a schema of its own.
    ///
    /// So a store says itself how far it is, and no program takes it for whole.
    /// - Parameters:
    ///   - columns: The positions of columns, by the names of their tables.
    ///   - returning: All columns whose values are not what they will be: an index whose condition looks at one is not unique yet.
    ///   - mark: The name of the table beside them, which the schema must not have.
    package func bridge(
        missing columns: [String: Set<Int>], returning: [String: Set<Int>], mark: String
    ) -> Schema {
        var tables = tables.map { table in
            let missing = columns[table.name, default: []]
            let returning = returning[table.name, default: []]
            return table.with(
                table.columns.map { missing.contains($0.position) ? $0.open : $0 },
                table.indexes.map { index in
                    index.condition?.columns.isDisjoint(with: returning) ?? true ? index : index.ordinary
                }, renamedFrom: table.renamedFrom)
        }
        // A column that no other table has: or it could be taken for one that was renamed.
        let id = Column(
            name: mark, position: 0, type: .int, valueType: .int, isNullable: false, defaultValue: nil,
            rules: ColumnRules(), onDelete: nil, isSensitive: false, deprecation: nil, doc: nil, renamedFrom: nil)
        tables.append(
            Table(
                name: mark, position: tables.count, columns: [id], key: [0], indexes: [], references: [],
                referrers: [], options: TableOptions(), entity: mark, doc: nil, renamedFrom: nil))
        return Schema(database: database, tables: tables)
    }
}

extension Index {
    /// The same index, which need not be unique.
    fileprivate var ordinary: Index {
        Index(
            name: name, position: position, parts: parts, isUnique: false, included: included, filter: filter,
            condition: condition, origin: origin)
    }
}

extension Column {
    /// The same column, which may be null, unless it has JSON: of that, null is a value like any other, and a column that may be null
    /// would not tell it from none.
    fileprivate var open: Column {
        let isJSON = valueType == .json && !isNullable
        return Column(
            name: name, position: position, type: type, valueType: valueType, isNullable: !isJSON,
            defaultValue: isJSON ? .literal(.json(.int(0))) : nil, rules: rules, onDelete: onDelete,
            isSensitive: isSensitive, deprecation: deprecation, doc: doc, renamedFrom: renamedFrom)
    }
}

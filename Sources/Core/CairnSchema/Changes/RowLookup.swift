/// A look-up in a table of the old schema: what the record has, in one column, that has a value in another.
package struct RowLookup: Sendable, Hashable {
    /// The table, in the old schema.
    package let table: Table
    /// The column that is compared. No two records have the same value in it.
    package let unique: Column
    /// The column that is given.
    package let result: Column
    /// The unique index over the column; nil where it is the key.
    package let index: Index?

    /// - Throws: A mistake for what the old schema does not have, and for a column in which two records may have the same.
    init(
        _ result: String, in table: String, where unique: String, is source: Column, _ schema: Schema
    ) throws(Conversion.Mistake) {
        guard let found = schema.table(named: table) else {
            throw Conversion.Mistake("a record of table '\(table)', which the schema before does not have")
        }
        guard let column = found.column(named: unique), let given = found.column(named: result) else {
            let missing = found.column(named: unique) == nil ? unique : result
            throw Conversion.Mistake("'\(missing)' of '\(table)', which that does not have")
        }
        let isKey = found.key == [column.position]
        let index = found.indexes.first { index in
            index.isUnique && index.condition == nil && index.parts.map(\.column) == [column.position]
        }
        guard isKey || index != nil else {
            throw Conversion.Mistake(
                "a record of '\(table)' by its '\(unique)', which is neither its key nor unique in the schema before: several records could have the value"
            )
        }
        guard column.valueType == source.valueType else {
            throw Conversion.Mistake(
                "a record of '\(table)' whose '\(unique)', of type \(column.valueType), is '\(source.name)', of type \(source.valueType)"
            )
        }
        self.table = found
        self.unique = column
        self.result = given
        self.index = isKey ? nil : index
    }

    /// By names: a table has each of them once.
    private var names: [String] { [table.name, unique.name, result.name] }

    package static func == (left: RowLookup, right: RowLookup) -> Bool { left.names == right.names }

    package func hash(into hasher: inout Hasher) { hasher.combine(names) }
}

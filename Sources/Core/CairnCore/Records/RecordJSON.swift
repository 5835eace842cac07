import CairnSchema

/// Records as JSON objects, by the names of their columns: what files and commands show.
package enum RecordJSON {
    /// Writes the columns of a record, in the order of its table, as the members of an object.
    package static func writeFields(_ record: Record, to writer: inout JSONWriter) {
        writer.object { writer in
            for (column, value) in zip(record.table.columns, record.values) {
                writer.name(column.name)
                writer.write(ValueJSON.value(value))
            }
        }
    }

    /// Reads the columns of a record of a table.
    /// - Throws: `storage.invalid` naming the column that is missing, unknown, or of another type.
    package static func readFields(_ node: JSONNode, of table: Table) throws -> [Value] {
        guard case .object(let members) = node.content else {
            throw StorageError(.invalid, "a record of table '\(table.name)' is an object, found \(node.kind)")
        }
        var values: [String: Value] = [:]
        for member in members {
            guard let column = table.column(named: member.name) else {
                throw StorageError(
                    .invalid, "table '\(table.name)' has no column '\(member.name)'",
                    remedy: NearestName.hint(member.name, among: table.columns.map(\.name)))
            }
            guard values[member.name] == nil else {
                throw StorageError.invalid(table, column, "it is given twice")
            }
            values[member.name] = try read(member.value, column, table)
        }
        return try Record(table, values).values
    }

    private static func read(_ node: JSONNode, _ column: Column, _ table: Table) throws -> Value {
        if case .null = node.content, column.isNullable || column.valueType != .json { return .null }
        do {
            return try ValueJSON.read(node, as: column.valueType)
        } catch {
            throw StorageError.invalid(table, column, error.message)
        }
    }
}

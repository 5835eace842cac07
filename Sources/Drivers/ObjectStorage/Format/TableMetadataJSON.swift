import CairnCore
package import CairnSchema

/// `tables/<table>/_metadata.json`, for people and other tools: what DDAO writes of a table, in its names of types. Cairn never
/// reads it.
package enum TableMetadataJSON {
    /// The bytes of the file of a table.
    package static func encode(_ table: Table, created: Timestamp) -> [UInt8] {
        var writer = JSONWriter(indent: 2, capacity: 1024)
        writer.object { writer in
            writer.name("created_at")
            writer.timestamp(created)
            writer.name("fields")
            writer.object { writer in
                for column in table.columns.sorted(by: { Utf8.isLess($0.name, $1.name) }) {
                    writer.name(column.name)
                    write(column, of: table, to: &writer)
                }
            }
            writer.name("table_name")
            writer.string(table.name)
        }
        return writer.bytes + [0x0A]
    }

    private static func write(_ column: Column, of table: Table, to writer: inout JSONWriter) {
        let indexes = table.indexes.filter { $0.parts.first?.column == column.position }
        writer.object { writer in
            writer.name("Name")
            writer.string(column.name)
            writer.name("DataType")
            writer.plain(dataType(column.valueType))
            writer.name("Nullable")
            writer.bool(column.isNullable)
            writer.name("Default")
            if case .literal(let value)? = column.defaultValue, !value.isNull {
                writer.string(KeyText.plainText(value))
            } else {
                writer.null()
            }
            writer.name("Comment")
            writer.string(column.doc ?? "")
            writer.name("Unique")
            writer.bool(indexes.contains { $0.isLookup && $0.parts.count == 1 })
            writer.name("Index")
            writer.bool(!indexes.isEmpty)
            writer.name("AutoIncrement")
            writer.bool(false)
            writer.name("PrimaryKey")
            writer.bool(table.isKey(column.position))
        }
    }

    /// The type by which DDAO would read the JSON of a value.
    private static func dataType(_ type: ValueType) -> String {
        switch type {
        case .string, .decimal: "text"
        case .int: "integer"
        case .double: "real"
        case .bool: "boolean"
        case .uuid: "uuid"
        case .bytes: "blob"
        case .timestamp: "datetime"
        case .date: "date"
        case .json, .array: "json"
        }
    }
}

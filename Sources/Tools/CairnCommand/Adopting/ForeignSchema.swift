import CairnSchema

/// What another program says of its tables: `_schema.json` as DDAO writes it, in the names of its language.
struct ForeignSchema {
    /// One column.
    struct Column {
        let name: String
        /// What it calls the type: `text`, `integer` and so on.
        let type: String
        let isNullable: Bool
        let isUnique: Bool
        let isIndexed: Bool
        let isAutomatic: Bool
        let defaultValue: String?
        let comment: String
    }

    /// One table.
    struct Table {
        let name: String
        /// In the order it gives them.
        let columns: [Column]
        let key: String
        let comment: String
    }

    var database = ""
    var tables: [Table] = []

    /// No schema: everything follows from the values.
    init() {}

    /// Reads the file; nil for anything that is not such a schema.
    init?(_ bytes: [UInt8]) {
        guard case .object(let schema)? = try? JSONValue(parsing: bytes), case .object(let tables)? = schema["Tables"]
        else { return nil }
        database = ForeignSchema.text(schema["DatabaseName"])
        self.tables = tables.members.compactMap { member in
            guard case .object(let table) = member.value else { return nil }
            return ForeignSchema.table(member.name, table)
        }
    }

    private static func table(_ name: String, _ table: JSONObject) -> Table {
        var fields: [String: Column] = [:]
        if case .object(let declared)? = table["Fields"] {
            for member in declared.members {
                if case .object(let column) = member.value { fields[member.name] = self.column(member.name, column) }
            }
        }
        var order: [String] = []
        if case .array(let names)? = table["FieldOrder"] { order = names.map(text) }
        // A name may stand there twice, or not at all.
        var met: Set<String> = []
        let names = (order + fields.keys.sorted()).filter { fields[$0] != nil && met.insert($0).inserted }
        return Table(
            name: name, columns: names.compactMap { fields[$0] }, key: text(table["PrimaryKey"]),
            comment: text(table["Comment"]))
    }

    private static func column(_ name: String, _ column: JSONObject) -> Column {
        let value: String? =
            switch column["Default"] {
            case .string(let text)?: text
            case nil, .null?: nil
            case let other?: other.description
            }
        return Column(
            name: name, type: text(column["DataType"]).lowercased(), isNullable: column["Nullable"] == .bool(true),
            isUnique: column["Unique"] == .bool(true), isIndexed: column["Index"] == .bool(true),
            isAutomatic: column["AutoIncrement"] == .bool(true), defaultValue: value, comment: text(column["Comment"]))
    }

    private static func text(_ value: JSONValue?) -> String {
        if case .string(let text)? = value { text } else { "" }
    }

    /// The type of Cairn's that a type of the program's stands for; nil for an unknown one.
    static func type(_ name: String) -> ValueType? {
        switch name {
        case "text", "varchar", "char", "clob", "xml", "time": .string
        case "integer", "int": .int
        case "real", "float": .double
        case "boolean": .bool
        case "datetime", "timestamp": .timestamp
        case "date": .date
        case "uuid": .uuid
        case "blob": .bytes
        case "json": .json
        default: nil
        }
    }
}

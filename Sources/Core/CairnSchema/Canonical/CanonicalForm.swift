/// The canonical form of a schema: one text for all files that declare the same tables.
///
/// Shorthands are written out (`"string?"` becomes `{"nullable":true,"type":"string"}`), members are sorted, and a member
/// that says what holds anyway is left out, so that an option a later version adds does not change the id of a schema
/// that does not use it. What only Swift or a person sees (`doc`, `deprecated`, `entity`, `renamed_from`) is left out too, and so are
/// projections and named queries: they say what the program asks, and nothing of what is stored.
enum CanonicalForm {
    static func value(database: String, tables: [Table], window: SchemaWindow?) -> JSONValue {
        var members = [
            JSONObject.Member(name: "database", value: .string(database)),
            JSONObject.Member(
                name: "tables",
                value: object(tables.map { table in (table.name, object(self.table(table))) })),
        ]
        if let window { members.append(JSONObject.Member(name: "window", value: window.value)) }
        return .object(JSONObject(members))
    }

    /// The schema as a schema file in the order of its declaration, a line for each column and index: what generated code
    /// carries, because the canonical form has lost the order.
    static func declaration(_ schema: Schema) -> String {
        func lines(_ members: [(String, JSONValue)], _ indent: String) -> String {
            let texts = members.map { "\(indent)  \(JSONValue.string($0.0)): \($0.1)" }
            return "{\n\(texts.joined(separator: ",\n"))\n\(indent)}"
        }
        let tables = schema.tables.map { table in
            let members = self.table(table).map { name, value -> String in
                // Who opens a store and adds to it must not take a column that is made from others for one that is only new.
                let columns = table.columns.map { column in
                    (
                        column.name,
                        object(
                            self.column(column, of: table) + (column.conversion.map { [("convert", $0.value)] } ?? []))
                    )
                }
                let indexes = table.indexes.filter { $0.origin == .declared }.map {
                    ($0.name, object(index($0, of: table)))
                }
                let text =
                    name == "columns"
                    ? lines(columns, "      ") : name == "indexes" ? lines(indexes, "      ") : "\(value)"
                return "      \"\(name)\": \(text)"
            }
            return "    \"\(table.name)\": {\n\(members.joined(separator: ",\n"))\n    }"
        }
        return "{\n  \"database\": \"\(schema.database)\",\n  \"tables\": {\n\(tables.joined(separator: ",\n"))\n  }\n}"
    }

    /// The form people read in a store: indented, with a line break at the end.
    static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter(indent: 2)
        writer.write(value)
        return writer.text + "\n"
    }

    /// A column as a schema file declares it, in one line.
    static func text(of column: Column, in table: Table) -> String {
        object(self.column(column, of: table)).description
    }

    /// An index as a schema file declares it, in one line.
    static func text(of index: Index, in table: Table) -> String { object(self.index(index, of: table)).description }

    /// An index as a schema file declares it, of columns that are called otherwise.
    static func value(of index: Index, in table: Table, naming name: (String) -> String) -> JSONValue {
        object(self.index(index, of: table, naming: name))
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(JSONObject(members.map { JSONObject.Member(name: $0.0, value: $0.1) }))
    }

    private static func names(_ positions: [Int], of table: Table) -> JSONValue {
        .array(positions.map { .string(table.columns[$0].name) })
    }

    private static func index(_ index: Index, of table: Table) -> [(String, JSONValue)] {
        self.index(index, of: table) { $0 }
    }

    private static func table(_ table: Table) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("columns", object(table.columns.map { ($0.name, object(column($0, of: table))) })),
            ("key", names(table.key, of: table)),
        ]
        let declared = table.indexes.filter { $0.origin == .declared }
        if !declared.isEmpty {
            members.append(("indexes", object(declared.map { ($0.name, object(index($0, of: table))) })))
        }
        return members + options(table.options)
    }

    static func options(_ options: TableOptions) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        if options.audit { members.append(("audit", true)) }
        if options.history { members.append(("history", true)) }
        if options.softDelete { members.append(("soft_delete", true)) }
        if options.changes { members.append(("changes", true)) }
        if !options.tags.isEmpty { members.append(("tags", .array(options.tags.map(JSONValue.string)))) }
        if let convert = options.convert { members.append(("convert", convert)) }
        if let group = options.group { members.append(("group", .string(group))) }
        return members
    }

    private static func column(_ column: Column, of table: Table) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        switch column.type {
        case .enumeration(let values):
            members.append(("enum", .array(values.sorted(by: Utf8.isLess).map(JSONValue.string))))
        case .reference(let table): members.append(("references", .string(table)))
        default: members.append(("type", .string(column.type.name ?? "")))
        }
        if column.isNullable { members.append(("nullable", true)) }
        let isUnique = table.indexes.contains {
            $0.origin == .uniqueColumn && $0.parts.first?.column == column.position
        }
        if isUnique { members.append(("unique", true)) }
        if let action = column.onDelete, action != .restrict { members.append(("on_delete", .string(action.rawValue))) }
        if column.isSensitive { members.append(("sensitive", true)) }
        if let value = defaultValue(of: column, in: table) { members.append(("default", value)) }
        let rules = column.rules
        if let minimum = rules.minimum { members.append(("min", ValueJSON.value(minimum))) }
        if let maximum = rules.maximum { members.append(("max", ValueJSON.value(maximum))) }
        if let minimum = rules.minimumLength { members.append(("min_length", .int(minimum))) }
        if let maximum = rules.maximumLength { members.append(("max_length", .int(maximum))) }
        if let pattern = rules.pattern { members.append(("pattern", .string(pattern))) }
        return members
    }

    static func defaultValue(of column: Column, in table: Table) -> JSONValue? {
        switch column.defaultValue {
        case nil, .literal(.null): nil
        case .literal(let value): ValueJSON.value(value)
        case .now: "now"
        // A key of type uuid makes its own values whether the file says so or not.
        case .uuid: table.isKey(column.position) ? nil : "uuid"
        }
    }

    private static func index(
        _ index: Index, of table: Table, naming name: (String) -> String
    ) -> [(String, JSONValue)] {
        let parts = index.parts.map { part in
            JSONValue.string(name(table.columns[part.column].name) + (part.isDescending ? " desc" : ""))
        }
        var members: [(String, JSONValue)] = [("on", .array(parts))]
        if index.isUnique { members.append(("unique", true)) }
        if !index.included.isEmpty {
            // Which columns are included matters, their order does not.
            let included = index.included.map { name(table.columns[$0].name) }.sorted(by: Utf8.isLess)
            members.append(("include", .array(included.map(JSONValue.string))))
        }
        if let condition = index.condition {
            members.append(("where", .string(condition.text { name(table.columns[$0].name) })))
        }
        return members
    }
}

import CairnSchema

/// A schema file for the tables of another program, to be read by a person: what follows from its own schema and from the values.
struct SchemaProposal {
    /// The text of the file.
    private(set) var text = ""
    /// What the file does not say, and should be known.
    private(set) var notes: [String] = []

    /// One column as it will stand in the file.
    private struct Column {
        var name: String
        var type: ValueType
        var isNullable = false
        var isUnique = false
        var isIndexed = false
        var defaultValue: JSONValue?
        var doc = ""
        var remark = ""
    }

    init(_ schema: ForeignSchema, _ observations: [String: TableObservation], of address: String) {
        var lines = [
            "// Proposed by cairn adopt for \(address). Read it, change what you know better, and then:",
            "//   cairn adopt \(ShellText.quoted(address)) --schema FILE --write", "{",
            "  \"database\": \(SchemaProposal.quoted(Naming.snakeCase(schema.database) ?? "adopted")),",
            "  \"tables\": {",
        ]
        let names =
            schema.tables.map(\.name)
            + observations.keys.filter { name in
                !schema.tables.contains { Utf8.equal($0.name, name) }
            }.sorted()
        for name in names {
            guard Naming.isSnakeCase(name) else {
                notes.append(
                    "table '\(name)' cannot be adopted where it is: names of tables are lower snake case; copy it with a program"
                )
                continue
            }
            let declared = schema.tables.first { Utf8.equal($0.name, name) }
            lines += table(name, declared, observations[name] ?? TableObservation())
        }
        lines += ["  },", "}"]
        text = lines.joined(separator: "\n") + "\n"
    }

    // MARK: Tables

    private mutating func table(
        _ name: String, _ declared: ForeignSchema.Table?, _ observation: TableObservation
    ) -> [String] {
        var columns: [Column] = []
        for column in declared?.columns ?? [] { columns += [self.column(column, name, observation)].compactMap { $0 } }
        for (field, observed) in observation.fields
        where !(declared?.columns.contains { Utf8.equal($0.name, field) } ?? false) {
            columns += [undeclared(field, observed, name, observation)].compactMap { $0 }
        }
        let key = key(declared, &columns, name, observation)
        var lines = ["    \(SchemaProposal.quoted(name)): {  // \(observation.records) records"]
        if let comment = declared?.comment, !comment.isEmpty {
            lines.append("      \"doc\": \(SchemaProposal.quoted(comment)),")
        }
        lines.append("      \"columns\": {")
        lines += columns.map { "        \(SchemaProposal.line($0))" }
        lines += ["      },", "      \"key\": \(SchemaProposal.quoted(key)),"]
        let indexed = columns.filter { $0.isIndexed && !$0.isUnique && $0.name != key }
        if !indexed.isEmpty {
            let indexes = indexed.map { "\"by_\($0.name)\": [\(SchemaProposal.quoted($0.name))]" }
            lines.append("      \"indexes\": { \(indexes.joined(separator: ", ")) },")
        }
        return lines + ["    },"]
    }

    /// The column that has the ids: the declared one if it has them in every record, else one that is added.
    private mutating func key(
        _ declared: ForeignSchema.Table?, _ columns: inout [Column], _ table: String, _ observation: TableObservation
    ) -> String {
        let wanted = [declared?.key ?? "", "id"].filter { !$0.isEmpty }
        for name in wanted {
            guard let place = columns.firstIndex(where: { Utf8.equal($0.name, name) }),
                observation.isID(name) || observation.records == 0,
                [.string, .int, .uuid].contains(columns[place].type)
            else { continue }
            columns[place].isNullable = false
            columns[place].isUnique = false
            columns[place].defaultValue = nil
            return name
        }
        let names = ["id", "record_id", "object_id"].filter { name in !columns.contains { Utf8.equal($0.name, name) } }
        let name = names.first ?? "cairn_id"
        var column = Column(name: name, type: .string)
        column.remark = "the id of the record, which is none of its fields"
        columns.insert(column, at: 0)
        if let key = wanted.first, observation.field(key) != nil {
            notes.append(
                "table '\(table)': '\(key)' is not the id of every record, so the key is a column '\(name)' of its own")
        }
        return name
    }

    // MARK: Columns

    private mutating func column(
        _ declared: ForeignSchema.Column, _ table: String, _ observation: TableObservation
    ) -> Column? {
        guard let name = self.name(declared.name, table) else { return nil }
        let observed = observation.field(declared.name)
        let wanted = ForeignSchema.type(declared.type)
        var column = Column(name: name, type: wanted ?? observed?.type ?? .string)
        if wanted == nil {
            notes.append("table '\(table)': column '\(declared.name)' has the unknown type '\(declared.type)'")
        }
        if let wanted, let observed, observed.count > 0, !observed.fits(wanted) {
            column.type = observed.type
            column.remark = "declared \(declared.type), and has other values"
            notes.append(
                "table '\(table)': column '\(declared.name)' is declared \(declared.type), and its values are of type \(observed.type)"
            )
        }
        column.isNullable = declared.isNullable || observation.isSparse(declared.name)
        if column.isNullable, !declared.isNullable {
            column.remark += (column.remark.isEmpty ? "" : "; ") + "declared not null, and missing in some records"
        }
        column.isIndexed = declared.isIndexed
        column.isUnique = declared.isUnique && observed?.isDistinct ?? true
        if declared.isUnique, !column.isUnique {
            notes.append(
                "table '\(table)': column '\(declared.name)' is declared unique, and two records have the same value")
        }
        if column.isUnique || column.isIndexed, [.json, .array(.string)].contains(column.type) {
            (column.isUnique, column.isIndexed) = (false, false)
            notes.append("table '\(table)': column '\(declared.name)' is JSON, which no index sorts")
        }
        if declared.isAutomatic {
            notes.append(
                "table '\(table)': column '\(declared.name)' counts by itself, which a column of Cairn's does not")
        }
        column.doc = declared.comment
        column.defaultValue = defaultValue(declared, column, table)
        return column
    }

    private mutating func undeclared(
        _ field: String, _ observed: FieldObservation, _ table: String, _ observation: TableObservation
    ) -> Column? {
        guard let name = self.name(field, table) else { return nil }
        var column = Column(name: name, type: observed.type, isNullable: observation.isSparse(field))
        column.remark = "not declared"
        return column
    }

    private mutating func name(_ field: String, _ table: String) -> String? {
        if Naming.isSnakeCase(field) { return field }
        guard let name = Naming.snakeCase(field) else {
            notes.append(
                "table '\(table)': the field '\(field)' cannot be a column, and records that have it cannot be adopted")
            return nil
        }
        notes.append("table '\(table)': '\(field)' becomes '\(name)', under which the other program does not find it")
        return name
    }

    private mutating func defaultValue(
        _ declared: ForeignSchema.Column, _ column: Column, _ table: String
    ) -> JSONValue? {
        guard let text = declared.defaultValue else { return nil }
        switch column.type {
        case .string: return .string(text)
        case .int, .double, .bool:
            if let value = try? JSONValue(parsing: text), ValueJSON.parse(text, as: column.type) != nil { return value }
        default: break
        }
        notes.append("table '\(table)': the default '\(text)' of column '\(declared.name)' is not carried over")
        return nil
    }

    // MARK: Text

    private static func line(_ column: Column) -> String {
        let type = quoted("\(column.type)\(column.isNullable ? "?" : "")")
        var options: [String] = []
        if column.isUnique { options.append("\"unique\": true") }
        if let value = column.defaultValue { options.append("\"default\": \(value.description)") }
        if !column.doc.isEmpty { options.append("\"doc\": \(quoted(column.doc))") }
        let content = options.isEmpty ? type : "{ \"type\": \(type), \(options.joined(separator: ", ")) }"
        return
            "\(quoted(column.name)): \(content),\(column.remark.isEmpty ? "" : "  // \(Printable.line(column.remark))")"
    }

    private static func quoted(_ text: String) -> String { JSONValue.string(text).description }
}

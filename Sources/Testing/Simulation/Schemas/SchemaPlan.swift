package import CairnSchema

/// A schema as the generator makes it and the shrinker takes it apart: plain values, by positions.
package struct SchemaPlan: Sendable, Hashable {
    package var tables: [TablePlan]

    /// The schema file.
    package var text: String {
        let tableTexts = tables.map { "    \($0.text(tables))" }.joined(separator: ",\n")
        return "{\n  \"database\": \"simulation\",\n  \"tables\": {\n\(tableTexts)\n  }\n}"
    }

    /// The schema of the file.
    /// - Throws: ``SchemaError`` for a plan that makes no schema.
    package func schema() throws -> Schema { try Schema(parsing: text) }
}

/// One table.
package struct TablePlan: Sendable, Hashable {
    package var name: String
    package var columns: [ColumnPlan]
    /// Positions of the columns of the key.
    package var key: [Int]
    package var indexes: [IndexPlan] = []
    /// Whether its changes are kept for those who follow them.
    package var keepsChanges = false

    fileprivate func text(_ tables: [TablePlan]) -> String {
        let names = key.map { "\"\(columns[$0].name)\"" }.joined(separator: ", ")
        let columnTexts = columns.map { "        \($0.text(tables))" }.joined(separator: ",\n")
        var text = "\"\(name)\": {\n      \"columns\": {\n\(columnTexts)\n      },\n      \"key\": [\(names)]"
        if !indexes.isEmpty {
            let indexTexts = indexes.map { "        \($0.text(columns))" }.joined(separator: ",\n")
            text += ",\n      \"indexes\": {\n\(indexTexts)\n      }"
        }
        if keepsChanges { text += ",\n      \"changes\": true" }
        return text + "\n    }"
    }
}

/// One column.
package struct ColumnPlan: Sendable, Hashable {
    /// Its type.
    package enum Kind: Sendable, Hashable {
        /// By its name in a schema file: `int`, `[string]`.
        case named(String)
        case enumeration([String])
        /// To the table at a position.
        case reference(Int)
    }

    package var name: String
    package var kind: Kind
    package var isNullable = false
    package var isUnique = false
    /// More members of the column, name and JSON: bounds, default.
    package var options: [Option] = []

    package struct Option: Sendable, Hashable {
        package var name: String
        package var json: String
    }

    fileprivate func text(_ tables: [TablePlan]) -> String {
        var members: [String] = []
        switch kind {
        case .named(let type): members.append("\"type\": \"\(type)\"")
        case .enumeration(let values):
            members.append("\"enum\": [\(values.map { "\"\($0)\"" }.joined(separator: ", "))]")
        case .reference(let table): members.append("\"references\": \"\(tables[table].name)\"")
        }
        if isNullable { members.append("\"nullable\": true") }
        if isUnique { members.append("\"unique\": true") }
        members += options.map { "\"\($0.name)\": \($0.json)" }
        return "\"\(name)\": { \(members.joined(separator: ", ")) }"
    }
}

/// One index.
package struct IndexPlan: Sendable, Hashable {
    package var name: String
    package var parts: [Part]
    package var isUnique = false
    package var included: [Int] = []
    package var filter: Filter?

    /// Which records it has: those of which something is true of a column.
    package struct Filter: Sendable, Hashable {
        package var column: Int
        /// What stands behind the name of the column, in the quotes of JSON.
        package var test: String
    }

    package struct Part: Sendable, Hashable {
        package var column: Int
        package var isDescending: Bool
    }

    fileprivate func text(_ columns: [ColumnPlan]) -> String {
        let on = parts.map { "\"\(columns[$0.column].name)\($0.isDescending ? " desc" : "")\"" }.joined(separator: ", ")
        var members = ["\"on\": [\(on)]"]
        if isUnique { members.append("\"unique\": true") }
        if !included.isEmpty {
            members.append("\"include\": [\(included.map { "\"\(columns[$0].name)\"" }.joined(separator: ", "))]")
        }
        if let filter { members.append("\"where\": \"\(columns[filter.column].name) \(filter.test)\"") }
        return "\"\(name)\": { \(members.joined(separator: ", ")) }"
    }
}

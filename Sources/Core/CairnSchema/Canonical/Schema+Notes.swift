extension Schema {
    /// The canonical form with what migrations ask of a schema file beside what is stored: old names, what new columns are made from,
    /// names of entities, and what is allowed. Itself a schema file, of the same id.
    package var annotatedValue: JSONValue {
        guard case .object(var schema) = canonicalValue else { return canonicalValue }
        schema["allow"] = allowed(table: nil, column: nil)
        schema["tables"] = schema["tables"].map { annotated($0, tables.map { ($0.name, annotations(of: $0)) }) }
        return .object(schema)
    }

    /// An object with more members in some of its members.
    private func annotated(_ value: JSONValue, _ additions: [(String, (JSONValue) -> JSONValue)]) -> JSONValue {
        guard case .object(var object) = value else { return value }
        for (name, add) in additions { object[name] = object[name].map(add) }
        return .object(object)
    }

    private func annotations(of table: Table) -> (JSONValue) -> JSONValue {
        { value in
            guard case .object(var object) = value else { return value }
            if table.entity != Naming.entityName(ofTable: table.name) { object["entity"] = .string(table.entity) }
            object["renamed_from"] = table.renamedFrom.map(JSONValue.string)
            object["allow"] = allowed(table: table.name, column: nil)
            let columns = table.columns.map { ($0.name, annotations(of: $0, in: table)) }
            object["columns"] = object["columns"].map { annotated($0, columns) }
            return .object(object)
        }
    }

    private func annotations(of column: Column, in table: Table) -> (JSONValue) -> JSONValue {
        { value in
            guard case .object(var object) = value else { return value }
            object["renamed_from"] = column.renamedFrom.map(JSONValue.string)
            object["convert"] = column.conversion?.value
            object["allow"] = allowed(table: table.name, column: column.name)
            return .object(object)
        }
    }

    private func allowed(table: String?, column: String?) -> JSONValue? {
        let here = allowances.filter { $0.table == table && $0.column == column }
        guard !here.isEmpty else { return nil }
        return .object(JSONObject(here.map { .init(name: $0.code.rawValue, value: .string($0.reason)) }))
    }
}

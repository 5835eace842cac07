/// What a schema says that a store has while programs of two schemas use it at once: which two these are.
///
/// The problem: the programs must agree, at any moment and on every driver, on what the store holds and on what becomes of a value that
/// only one of them knows. The idea: the store has an *expanded* schema, with everything of both, and says so in the schema itself. So a
/// window is opened and closed by migrations like any other, each driver stores it as it stores any schema, it is part of the schema's id,
/// and a program that knows nothing of windows takes the store for one of another schema, which it is.
///
/// Names: the tables and columns that the new schema has are called in the expanded one as they are there. What only the old schema has
/// keeps its name, or gets another where the new one has that (``ExpandedSchema``).
package final class SchemaWindow: Sendable {
    /// The schema that the store had. `renamed_from` of its tables and columns is what they are called in the expanded one.
    package let old: Schema
    /// The schema that it will have. `renamed_from` and `convert` are in terms of the old one.
    package let new: Schema

    /// - Parameters:
    ///   - old: Says what all tables and columns are called in the expanded schema, where that is another name.
    ///   - new: Says what they were called before, and what is made from what.
    init(old: Schema, new: Schema) {
        self.old = old
        self.new = new
    }

    /// As a schema says it.
    var value: JSONValue {
        .object(
            JSONObject([
                .init(name: "old", value: old.annotatedValue), .init(name: "new", value: new.annotatedValue),
            ]))
    }

    /// Whether both are windows between the same schemas.
    func isSame(_ other: SchemaWindow?) -> Bool { other.map { $0.value == value } ?? false }

    // MARK: Reading

    /// Reads what a stored schema says.
    /// - Parameter read: Reads one of the two.
    static func read(
        _ node: JSONNode, _ diagnostics: inout DiagnosticCollector,
        _ read: (JSONNode, inout DiagnosticCollector) -> Schema?
    ) -> SchemaWindow? {
        guard var members = MemberReader(node, "'window'", &diagnostics) else { return nil }
        let nodes = (members.take("old"), members.take("new"))
        members.finish(&diagnostics)
        guard let oldNode = nodes.0, let newNode = nodes.1 else {
            diagnostics.error("schema.missing", at: node.offset, "'window' has an 'old' and a 'new' schema")
            return nil
        }
        guard let old = read(oldNode, &diagnostics), let new = read(newNode, &diagnostics) else { return nil }
        guard old.window == nil, new.window == nil else {
            diagnostics.error("schema.window", at: node.offset, "a window is between two schemas that are none")
            return nil
        }
        return SchemaWindow(old: old.with(old.declaredNames), new: new.with(new.declaredNames))
    }
}

extension Schema {
    /// What it declares of old names and of what is made from what.
    var declaredNames: FormerNames {
        var names = FormerNames()
        for table in tables {
            if let old = table.renamedFrom { names.add(old, table.name) }
            for column in table.columns {
                if let old = column.renamedFrom { names.add(old, column.name, in: table.name) }
                names.conversions[table.name, default: [:]][column.name] = column.conversion
            }
        }
        return names
    }

    /// The same tables without docs, names of entities, allowances and old names, in the order of the canonical form.
    func stripped() throws(SchemaError) -> Schema { try Schema(stored: canonicalText, file: "schema") }
}

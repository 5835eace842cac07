import CairnCore
import CairnSchema

/// The schema a store has while a migration is taken back: that of before, as far as it holds without the data that is still to come.
///
/// Columns that came back may be null, unique indexes that touch one are not unique yet, and columns that are to refer to a table again
/// do not yet. A table that holds nothing makes it a schema of its own: so a store says itself how far it is, and no program takes it
/// for whole. It is made as text, like any that a store holds.
struct BridgeSchema {
    /// The names of columns that may be null, by their tables.
    var open: [String: Set<String>] = [:]
    /// The names of all columns that came back.
    var returning: [String: Set<String>] = [:]
    /// Columns as they are declared instead.
    var plain: [String: [String: JSONValue]] = [:]
    /// The name of the table that marks it.
    let mark: String

    /// What the name of a mark begins with.
    static let prefix = MigrationCommand.rollbackMark

    /// - Returns: The schema, with the old names of `target`; nil when it would be none.
    func schema(to target: Schema, names: FormerNames) -> Schema? {
        guard case .object(var root) = target.canonicalValue, target.table(named: mark) == nil else { return nil }
        // No program uses it, so not those of two schemas either.
        root["window"] = nil
        root.change("tables") { tables in
            for table in target.tables {
                tables.change(table.name) { declaration in
                    change(&declaration, of: table)
                }
            }
            // A column that no other table has: or it could be taken for one that was renamed.
            tables[mark] = ["columns": .object(JSONObject([.init(name: mark, value: "int")])), "key": [.string(mark)]]
        }
        return try? Schema(stored: JSONValue.object(root).description, file: mark).with(names)
    }

    private func change(_ declaration: inout JSONObject, of table: Table) {
        let returning = returning[table.name, default: []]
        declaration.change("columns") { columns in
            for (name, column) in plain[table.name, default: [:]] { columns[name] = column }
            for column in table.columns {
                columns.change(column.name) { members in
                    if returning.contains(column.name) { members["unique"] = nil }
                    guard open[table.name, default: []].contains(column.name) else { return }
                    // Of JSON null is a value like any other: a column that may be null would not tell it from none.
                    if column.valueType == .json, !column.isNullable {
                        if column.defaultValue == nil { members["default"] = 0 }
                    } else {
                        members["nullable"] = true
                        members["default"] = nil
                    }
                }
            }
        }
        declaration.change("indexes") { indexes in
            for index in table.indexes {
                let columns = index.parts.map(\.column) + (index.condition?.columns ?? [])
                guard columns.contains(where: { returning.contains(table.columns[$0].name) }) else { continue }
                indexes.change(index.name) { $0["unique"] = nil }
            }
        }
    }
}

extension JSONObject {
    /// Changes a member that is an object, if there is one.
    fileprivate mutating func change(_ name: String, _ body: (inout JSONObject) -> Void) {
        guard case .object(var object)? = self[name] else { return }
        body(&object)
        self[name] = .object(object)
    }
}

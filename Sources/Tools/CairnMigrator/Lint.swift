import CairnCore
package import CairnSchema

/// The rules for changes of a schema: pure, they look at the operations and at no data.
package enum Lint {
    /// What is to be said of an operation.
    /// - Parameter new: The schema the migration ends with.
    package static func findings(_ operation: SchemaOperation, in new: Schema) -> [Finding] {
        var findings: [Finding] = []
        if let rule = rule(operation) {
            findings.append(
                Finding(
                    code: rule.code, level: rule.level, message: rule.message,
                    recipe: MigrationAdvice.recipe(operation)))
        }
        if let finding = prefix(operation, in: new) { findings.append(finding) }
        return findings
    }

    private static func rule(
        _ operation: SchemaOperation
    ) -> (code: String, level: Finding.Level, message: String)? {
        let name = operation.name ?? ""
        let table = operation.table ?? ""
        return switch operation.kind {
        case .dropTable: ("DS102", .error, "the table '\(table)' goes with all its records")
        case .dropColumn: ("DS103", .error, "what '\(table)' has in '\(name)' goes")
        case .changeType: ("DS104", .error, "not every value of the old type is one of the new")
        case .removeValues: ("DS104", .error, "records may have a value that is removed; then nothing is done")
        case .addUniqueIndex where operation.before == nil:
            ("MF101", .error, "records may have the same values; then nothing is done, and two of them are named")
        case .addUniqueIndex:
            ("MF102", .error, "the index becomes another; records may have the same values, and then nothing is done")
        case .addRequiredColumn:
            ("MF103", .error, "records that are there have no value for it; only an empty table takes it")
        case .makeRequired: ("MF104", .error, "records may have null; then nothing is done, and one of them is named")
        case .tightenRules:
            ("MF105", .warning, "records may break the rule; then nothing is done, and one of them is named")
        case .widenType: ("MF105", .warning, "the new type may not hold a number exactly; then nothing is done")
        case .renameTable: ("BC101", .warning, "programs of the old schema do not know the new name")
        case .renameColumn: ("BC102", .warning, "programs of the old schema do not know the new name")
        case .changeDefault:
            ("BC103", .warning, "records that are there keep their value; only new ones get the other default")
        case .dropReference: ("CD101", .warning, "records may refer to nothing from then on")
        case .changeAction:
            (
                "CD103", .warning,
                "deleting a record that is referred to does something else from then on, whoever deletes it"
            )
        case .addReference:
            ("CD102", .error, "records may refer to nothing; then nothing is done, and one of them is named")
        case .addIndex: ("OP102", .note, "the whole table is read to build it")
        case .changeKey: ("KY101", .error, "every record would move")
        case .changeOption: ("UN101", .error, "this version does not make the change")
        case .createTable, .addColumn, .makeNullable, .addValues, .relaxRules, .changeSecrecy, .dropIndex,
            .dropUniqueIndex:
            nil
        }
    }

    /// An index that another one serves as well.
    private static func prefix(_ operation: SchemaOperation, in new: Schema) -> Finding? {
        guard operation.kind == .addIndex, let table = operation.table.flatMap(new.table(named:)),
            let index = operation.name.flatMap(table.index(named:)), index.included.isEmpty
        else { return nil }
        let longer = table.indexes.first { other in
            other.name != index.name && other.parts.count > index.parts.count && other.parts.starts(with: index.parts)
        }
        return longer.map { longer in
            Finding(
                code: "IX101", level: .warning,
                message: "index '\(longer.name)' begins with the same columns and serves the same queries",
                recipe: "leave '\(index.name)' out: every write costs an entry in it")
        }
    }
}

import CairnCore
package import CairnSchema

/// The rules for changes of a schema: pure, they look at the operations and at no data.
package enum Lint {
    /// What is to be said of an operation.
    /// - Parameter new: The schema the migration ends with, which says what is allowed.
    package static func findings(_ operation: SchemaOperation, in new: Schema) -> [Finding] {
        var findings: [Finding] = []
        if let (rule, message) = rule(operation) {
            findings.append(Finding(rule, message, recipe: MigrationAdvice.recipe(operation)))
        }
        if let finding = prefix(operation, in: new) { findings.append(finding) }
        findings += unserved(operation, in: new)
        return findings.map { placed($0, operation, in: new) }
    }

    private static func rule(_ operation: SchemaOperation) -> (rule: FindingCode, message: String)? {
        let name = operation.name ?? ""
        let table = operation.table ?? ""
        return switch operation.kind {
        case .dropTable: (.dropTable, "the table '\(table)' goes with all its records")
        case .dropColumn: (.dropColumn, "what '\(table)' has in '\(name)' goes")
        case .changeType: (.narrow, "not every value of the old type is one of the new")
        case .convertType where operation.losesNotation:
            (
                .narrow,
                "a value may be none of the new type; then nothing is done, and one of them is named; notation is not kept, also not for a rollback: 3.50 is 3.5 then, and capital letters of a UUID are small"
            )
        case .convertType:
            (.narrow, "a value may be none of the new type; then nothing is done, and one of them is named")
        case .addConvertedColumn:
            (
                .tightenRules,
                "a record may have nothing it can be made from; then nothing is done, and the record is named"
            )
        case .removeValues: (.narrow, "records may have a value that is removed; then nothing is done")
        case .addUniqueIndex where operation.before == nil:
            (.addUniqueIndex, "records may have the same values; then nothing is done, and two of them are named")
        case .addUniqueIndex:
            (
                .makeIndexUnique,
                "the index becomes another; records may have the same values, and then nothing is done"
            )
        case .addRequiredColumn:
            (.addRequiredColumn, "records that are there have no value for it; only an empty table takes it")
        case .makeRequired: (.makeRequired, "records may have null; then nothing is done, and one of them is named")
        case .tightenRules:
            (.tightenRules, "records may break the rule; then nothing is done, and one of them is named")
        case .widenType where operation.after == "\(ValueType.double)":
            (.tightenRules, "the new type may not hold a number exactly; then nothing is done")
        case .renameTable: (.renameTable, "programs of the old schema do not know the new name")
        case .renameColumn: (.renameColumn, "programs of the old schema do not know the new name")
        case .changeDefault:
            (.changeDefault, "records that are there keep their value; only new ones get the other default")
        case .dropReference: (.dropReference, "records may refer to nothing from then on")
        case .changeAction:
            (
                .changeAction,
                "deleting a record that is referred to does something else from then on, whoever deletes it"
            )
        case .addReference:
            (.addReference, "records may refer to nothing; then nothing is done, and one of them is named")
        case .addIndex: (.buildIndex, "the whole table is read to build it")
        case .changeKey: (.changeKey, "every record would move")
        case .changeOption: (.unsupported, "this version does not make the change")
        case .openWindow, .closeWindow, .createTable, .addColumn, .makeNullable, .widenType, .addValues, .relaxRules,
            .changeSecrecy,
            .dropIndex, .dropUniqueIndex, .keepChanges, .forgetChanges:
            nil
        }
    }

    /// An index that another one serves as well.
    private static func prefix(_ operation: SchemaOperation, in new: Schema) -> Finding? {
        guard operation.kind == .addIndex, let index = operation.index(in: new),
            let table = operation.table.flatMap(new.table(named:)), index.included.isEmpty
        else { return nil }
        let longer = table.indexes.first { other in
            other.name != index.name && other.parts.count > index.parts.count && other.parts.starts(with: index.parts)
                && (other.condition == nil || other.condition == index.condition)
        }
        return longer.map { longer in
            Finding(
                .redundantIndex, "index '\(longer.name)' begins with the same columns and serves the same queries",
                recipe: "leave '\(index.name)' out: every write costs an entry in it")
        }
    }

    /// The queries of the schema that no index serves once this one is gone, or another.
    private static func unserved(_ operation: SchemaOperation, in new: Schema) -> [Finding] {
        guard operation.takesIndex, let table = operation.table else { return [] }
        return new.queries.compactMap(\.missingIndex).filter { $0.table == table }.map { _, warning in
            Finding(.unservedQuery, warning.message, recipe: warning.remedy)
        }
    }

    /// The finding with what it is about, and what the file says to it.
    private static func placed(_ finding: Finding, _ operation: SchemaOperation, in new: Schema) -> Finding {
        var finding = finding
        finding.place = operation.declaration(in: new)
        let column: String? = if case .column(let name, _)? = finding.place { name } else { nil }
        finding.allowance = new.allowance(finding.rule, table: operation.table, column: column)
        return finding
    }

    // MARK: Names

    /// The Swift names that a migration would bring and no generated code could have. Files that were read have none; a schema that
    /// was merged of two may.
    /// - Returns: By the place in `operations` of what brings it; nil for what no single one brings.
    static func names(_ operations: [SchemaOperation], from old: Schema, to new: Schema) -> [Int?: [Finding]] {
        let conflicts = new.nameConflicts
        if conflicts.isEmpty { return [:] }
        let known = Set(old.nameConflicts.map(\.message))
        var findings: [Int?: [Finding]] = [:]
        for conflict in conflicts where !known.contains(conflict.message) {
            let place = operations.firstIndex { operation in
                operation.table == conflict.table
                    && (operation.brings(conflict.column) || operation.kind == .createTable)
            }
            var finding = Finding(.name, conflict.message, recipe: conflict.remedy)
            finding.place = conflict.table.map { table in
                conflict.column.map { .column($0, of: table) } ?? .table(table)
            }
            finding.allowance = new.allowance(.name, table: conflict.table, column: conflict.column)
            findings[place, default: []].append(finding)
        }
        return findings
    }
}

extension SchemaOperation {
    /// Whether there is no index afterwards that was there before.
    fileprivate var takesIndex: Bool {
        switch kind {
        case .dropIndex, .dropUniqueIndex: true
        case .addIndex, .addUniqueIndex: before != nil
        default: false
        }
    }

    /// The index it makes, in the new schema.
    func index(in new: Schema) -> Index? {
        guard kind == .addIndex || kind == .addUniqueIndex else { return nil }
        return table.flatMap(new.table(named:)).flatMap { table in name.flatMap(table.index(named:)) }
    }

    /// What the new schema declares of what it is about. For the index that a column implies that is the column.
    func declaration(in new: Schema) -> Declaration? {
        guard let table = table.flatMap(new.table(named:)) else { return nil }
        guard let name else { return .table(table.name) }
        if let index = index(in: new) {
            guard index.origin != .declared, let part = index.parts.first else {
                return .index(index.name, of: table.name)
            }
            return .column(table.columns[part.column].name, of: table.name)
        }
        switch kind {
        case .dropColumn, .dropIndex, .dropUniqueIndex, .changeOption: return .table(table.name)
        default: return table.column(named: name) == nil ? .table(table.name) : .column(name, of: table.name)
        }
    }

    /// Whether it brings the Swift name of a column, or of a table when nil.
    fileprivate func brings(_ column: String?) -> Bool {
        guard let column else { return kind == .renameTable }
        return name == column
            && [.addColumn, .addRequiredColumn, .addConvertedColumn, .renameColumn, .addValues].contains(kind)
    }
}

/// One difference between two schemas: what would be done to make the new one of the old.
///
/// A value, not a script: drivers are given both schemas and which column became which (``TablePair``), and build the new state
/// from the old. Operations say what that means to a person, and what must be asked before it is done.
package struct SchemaOperation: Sendable, Hashable {
    /// What is done.
    package let kind: Kind
    /// The table, by its new name where it has one; nil for what concerns the whole database.
    package let table: String?
    /// The column or index, by its new name where it has one.
    package let name: String?
    /// What the old schema says, as it stands in a schema file.
    package let before: String?
    /// What the new schema says.
    package let after: String?

    package init(
        _ kind: Kind, table: String? = nil, name: String? = nil, before: String? = nil, after: String? = nil
    ) {
        self.kind = kind
        self.table = table
        self.name = name
        self.before = before
        self.after = after
    }

    /// The kinds of operations, in the order a plan lists them. The texts are stable: programs read them.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case openWindow = "open_window"
        case closeWindow = "close_window"
        case renameTable = "rename_table"
        case createTable = "create_table"
        case renameColumn = "rename_column"
        case addColumn = "add_column"
        case addRequiredColumn = "add_required_column"
        case addConvertedColumn = "add_converted_column"
        case makeNullable = "make_nullable"
        case makeRequired = "make_required"
        case widenType = "widen_type"
        case convertType = "convert_type"
        case changeType = "change_type"
        case addValues = "add_values"
        case removeValues = "remove_values"
        case relaxRules = "relax_rules"
        case tightenRules = "tighten_rules"
        case changeDefault = "change_default"
        case changeSecrecy = "change_secrecy"
        case changeKey = "change_key"
        case dropReference = "drop_reference"
        case addReference = "add_reference"
        case changeAction = "change_on_delete"
        case dropIndex = "drop_index"
        case dropUniqueIndex = "drop_unique_index"
        case addIndex = "add_index"
        case addUniqueIndex = "add_unique_index"
        case keepChanges = "keep_changes"
        case forgetChanges = "forget_changes"
        case changeOption = "change_option"
        case dropColumn = "drop_column"
        case dropTable = "drop_table"

        /// What it does to what is there.
        package var effect: Effect {
            switch self {
            case .createTable, .addColumn, .makeNullable, .addValues, .relaxRules, .changeDefault, .changeSecrecy,
                .dropIndex, .addIndex, .keepChanges:
                .additive
            case .openWindow, .closeWindow, .renameTable, .renameColumn, .dropReference, .changeAction,
                .dropUniqueIndex, .forgetChanges:
                .chosen
            case .addRequiredColumn, .addConvertedColumn, .makeRequired, .widenType, .convertType, .removeValues,
                .tightenRules, .addReference,
                .addUniqueIndex:
                .verified
            case .dropColumn, .dropTable: .destructive
            case .changeType, .changeKey, .changeOption: .refused
            }
        }
    }

    /// What an operation does to what is there, from the harmless to the impossible.
    package enum Effect: Int, Sendable, Hashable, Comparable {
        /// Nothing is lost, and no record can stand in the way.
        case additive
        /// Nothing is lost, but a name or a guarantee goes that programs rely on: somebody must want it.
        case chosen
        /// Nothing is lost; a record may stand in the way, and then nothing is done.
        case verified
        /// Data goes.
        case destructive
        /// Not done by this version.
        case refused

        package static func < (left: Effect, right: Effect) -> Bool { left.rawValue < right.rawValue }
    }
}

extension SchemaOperation: CustomStringConvertible {
    /// The operation in words: `add column 'state' to 'cities': {"type":"string","nullable":true}`.
    package var description: String {
        let table = table ?? ""
        let name = name ?? ""
        let change = before.map { "\($0) becomes " }.map { $0 + (after ?? "not declared") } ?? after ?? ""
        let column = "column '\(name)' of '\(table)'"
        return switch kind {
        case .openWindow: "let programs of \(before ?? "") and of \(after ?? "") use the store at once"
        case .closeWindow: "let programs of \(before ?? "") and of \(after ?? "") use the store at once no more"
        case .renameTable: "rename table '\(before ?? "")' to '\(table)'"
        case .createTable: "create table '\(table)'"
        case .renameColumn: "rename column '\(before ?? "")' of '\(table)' to '\(name)'"
        case .addColumn: "add column '\(name)' to '\(table)': \(change)"
        case .addRequiredColumn: "add column '\(name)' to '\(table)', required and without a default: \(change)"
        case .addConvertedColumn: "add column '\(name)' to '\(table)', made by \(before ?? ""): \(after ?? "")"
        case .makeNullable: "let \(column) be null"
        case .makeRequired: "forbid null in \(column)"
        case .widenType: "widen the type of \(column): \(change)"
        case .convertType: "convert the values of \(column): \(change)"
        case .changeType: "change the type of \(column): \(change)"
        case .addValues: "add values to the enum of \(column): \(after ?? "")"
        case .removeValues: "remove values from the enum of \(column): \(before ?? "")"
        case .relaxRules: "relax the rules of \(column): \(change)"
        case .tightenRules: "tighten the rules of \(column): \(change)"
        case .changeDefault: "change the default of \(column): \(change)"
        case .changeSecrecy: "change whether \(column) is kept out of logs: \(change)"
        case .changeKey: "change the primary key of '\(table)': \(change)"
        case .dropReference: "\(column) refers to '\(before ?? "")' no more"
        case .addReference: "\(column) refers to '\(after ?? "")'"
        case .changeAction: "change 'on_delete' of \(column): \(change)"
        case .dropIndex: "drop index '\(name)' of '\(table)': \(before ?? "")"
        case .dropUniqueIndex: "drop unique index '\(name)' of '\(table)': \(before ?? "")"
        case .addIndex: "add index '\(name)' to '\(table)': \(change)"
        case .addUniqueIndex: "add unique index '\(name)' to '\(table)': \(change)"
        case .keepChanges: "keep the changes of '\(table)' for others to follow"
        case .forgetChanges: "keep the changes of '\(table)' no more"
        case .changeOption: "change '\(name)' of \(self.table.map { "'\($0)'" } ?? "the database"): \(change)"
        case .dropColumn: "drop column '\(name)' of '\(table)'"
        case .dropTable: "drop table '\(table)'"
        }
    }
}

/// The codes of what can be said about a change of a schema. They stay: programs look at them, and schema files name those that
/// are allowed.
package enum FindingCode: String, Sendable, Hashable, CaseIterable {
    case dropTable = "DS102"
    case dropColumn = "DS103"
    case narrow = "DS104"
    case addUniqueIndex = "MF101"
    case makeIndexUnique = "MF102"
    case addRequiredColumn = "MF103"
    case makeRequired = "MF104"
    case tightenRules = "MF105"
    case renameTable = "BC101"
    case renameColumn = "BC102"
    case changeDefault = "BC103"
    case dropReference = "CD101"
    case addReference = "CD102"
    case changeAction = "CD103"
    case exceedBudget = "OP101"
    case buildIndex = "OP102"
    case changeKey = "KY101"
    case name = "NM101"
    case unservedQuery = "IX101"
    case redundantIndex = "IX102"
    case unsupported = "UN101"

    /// What the code is about, in a few words.
    package var title: String {
        switch self {
        case .dropTable: "a table is dropped"
        case .dropColumn: "a column is dropped"
        case .narrow: "a type becomes another, or values of an enum are removed"
        case .addUniqueIndex: "a unique index over records that are there"
        case .makeIndexUnique: "an index becomes unique"
        case .addRequiredColumn: "a required column without a default"
        case .makeRequired: "null is forbidden"
        case .tightenRules: "a rule that records may break"
        case .renameTable: "a table is renamed"
        case .renameColumn: "a column is renamed"
        case .changeDefault: "a default changes"
        case .dropReference: "a reference is dropped"
        case .addReference: "a reference over records that are there"
        case .changeAction: "another 'on_delete'"
        case .exceedBudget: "the change costs more than the budget"
        case .buildIndex: "an index that reads the whole table"
        case .changeKey: "a primary key changes"
        case .name: "a Swift name that is reserved or taken"
        case .unservedQuery: "a query of the schema loses the index that served it"
        case .redundantIndex: "an index that another one serves as well"
        case .unsupported: "a change that this version does not make"
        }
    }

    /// The innermost place of a schema file at which it can be allowed: what is gone, or is about the whole, has no place further in.
    package var scope: Scope {
        switch self {
        case .dropTable, .exceedBudget: .schema
        case .dropColumn, .renameTable, .changeKey, .unservedQuery, .redundantIndex, .makeIndexUnique: .table
        default: .column
        }
    }

    /// What an `allow` belongs to, from the outermost to the innermost.
    package enum Scope: Int, Sendable, Comparable {
        case schema
        case table
        case column

        package static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
    }
}

/// What a schema file allows, with the reason: a finding that somebody has thought of.
///
/// It is about changes and not about data: stores do not hold it, and it is no part of the schema's id.
package struct Allowance: Sendable, Hashable {
    package let code: FindingCode
    /// Why; never empty.
    package let reason: String
    /// The table it stands in; nil when it is about the whole schema.
    package let table: String?
    /// The column it stands in; nil when it is about the whole table.
    package let column: String?
    /// Where it stands.
    package let location: Diagnostic.Location
}

extension Schema {
    /// What the file says to a finding; the innermost place that says something counts.
    /// - Parameters:
    ///   - table: The table that the finding is about, by its name in this schema.
    ///   - column: The column.
    package func allowance(_ code: FindingCode, table: String?, column: String?) -> Allowance? {
        let fitting = allowances.filter { allowance in
            allowance.code == code && (allowance.table == nil || allowance.table == table)
                && (allowance.column == nil || allowance.column == column)
        }
        func depth(_ allowance: Allowance) -> Int { allowance.column != nil ? 2 : allowance.table != nil ? 1 : 0 }
        return fitting.max { depth($0) < depth($1) }
    }
}

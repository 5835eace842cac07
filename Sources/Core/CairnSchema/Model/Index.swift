/// An ordered index of a table.
public struct Index: Sendable, Hashable {
    /// Why the index exists.
    public enum Origin: Sendable, Hashable {
        /// The schema file names it.
        case declared
        /// A column is `unique`; the index is called `unique_<column>`.
        case uniqueColumn
        /// A column is a reference that no other index begins with; the index is called `reference_<column>`.
        case reference
    }

    /// The name, unique in its table.
    public let name: String
    /// The place among the indexes of the table, from 0.
    public let position: Int
    /// The columns, first the most significant. The columns of the primary key follow, ascending, so entries are distinct.
    public let parts: [IndexPart]
    /// Whether no two records have the same values. Records with a null among the values don't count.
    public let isUnique: Bool
    /// Positions of the columns kept beside the entries, so that a query that needs no others reads no record.
    public let included: [Int]
    /// The condition that records must meet to be in the index, as the schema file says it; nil: all are.
    public let filter: String?
    /// What ``filter`` says.
    package let condition: IndexCondition?
    /// Why the index exists.
    public let origin: Origin

    /// Whether its values name at most one record of the table, so that there is a `find(by…)` for it.
    package var isLookup: Bool { isUnique && filter == nil }
}

/// One column of an index.
public struct IndexPart: Sendable, Hashable {
    /// The position of the column in its table.
    public let column: Int
    /// Whether entries run from the largest value to the smallest.
    public let isDescending: Bool

    /// A column, ascending unless said otherwise.
    public init(column: Int, isDescending: Bool = false) {
        self.column = column
        self.isDescending = isDescending
    }
}

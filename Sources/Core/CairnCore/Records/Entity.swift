public import CairnSchema

/// A record type that the generator made from a table.
///
/// Its values are the declared columns and, read-only, `revision`, `createdAt` and `updatedAt`. Those three are in its
/// `Codable` form as `_revision`, `_created_at`, `_updated_at`, and not part of `==` and `hash`.
public protocol Entity: RowReadable, ComparedByColumns, Codable, Identifiable where ID: EntityIdentifier {
    /// The columns, by name, for queries.
    associatedtype Columns: Sendable
    /// The place of its table in the schema.
    static var tablePosition: Int { get }
    /// The database it belongs to.
    static var database: any Database.Type { get }
    /// The columns.
    static var columns: Columns { get }
    /// Reads a row of the table.
    init(row: RowReader) throws
    /// Writes the declared columns, in the order of the schema.
    func write(to row: inout RowWriter)
    /// 1 after the insert, one more after each update; 0 for a record that was never stored.
    var revision: Int { get }
    /// When the record was inserted; 1970 for one that was never stored.
    var createdAt: Timestamp { get }
    /// When this revision was written; 1970 for a record that was never stored.
    var updatedAt: Timestamp { get }
    /// The same record, as the store now has it.
    func stored(as metadata: RecordMetadata) -> Self
}

extension Entity {
    /// The id of the schema it was generated from.
    public static var schemaID: String { database.schemaID }

    /// The values of the declared columns.
    @inlinable
    func values(count: Int) -> [Value] {
        var row = RowWriter(count: count)
        write(to: &row)
        return row.values
    }
}

/// A generated type whose values are equal when they are stored as equal.
///
/// Its `==` stands here and not in generated code. Operators are looked up in a whole module: with one in each generated type,
/// every file that compares anything would be compiled again when any of these types has changed.
public protocol ComparedByColumns: Hashable {
    /// Whether all columns of both are equal.
    static func areEqual(_ left: Self, _ right: Self) -> Bool
}

extension ComparedByColumns {
    @inlinable public static func == (left: Self, right: Self) -> Bool { areEqual(left, right) }
}

/// What generated code compares columns with: they are equal when they are stored as equal.
public enum ColumnEquality {
    /// By what the type says.
    @inlinable
    public static func equal<Column: Equatable>(_ left: Column, _ right: Column) -> Bool { left == right }

    /// By bytes.
    @inlinable public static func equal(_ left: String, _ right: String) -> Bool { Utf8.equal(left, right) }

    /// By bytes; nil equals nil.
    @inlinable
    public static func equal(_ left: String?, _ right: String?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): Utf8.equal(left, right)
        default: false
        }
    }

    /// Element by element, by bytes.
    @inlinable
    public static func equal(_ left: [String], _ right: [String]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { Utf8.equal($0, $1) }
    }

    /// Element by element, by bytes; nil equals nil.
    @inlinable
    public static func equal(_ left: [String]?, _ right: [String]?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): equal(left, right)
        default: false
        }
    }
}

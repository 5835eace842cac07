import CairnSchema

/// What is made of a row of a table: a record, or some of its columns.
public protocol RowReadable: Sendable {
    /// Reads a row of the table.
    init(row: RowReader) throws
}

/// Some columns of a record as a type of their own: `City.Summary`, generated from `"projections"` of a schema file.
///
/// A query reads these columns and no others: `atlas.cities.where { … }.select(City.Summary.self)`. It is a value like any other, with
/// `==` and `hash` over its columns, or over the key where it has the whole of it; such a one is `Identifiable`, too. In its `Codable`
/// form are the columns by their names; what is missing there gets its default.
public protocol Projection<_Record>: RowReadable, ComparedByColumns, Codable {
    /// The record it is a part of. No table makes a name that begins with `_`.
    associatedtype _Record: Entity
    /// The places of its columns in the table.
    static var columnPositions: [Int] { get }
    /// What it has of a record.
    init(_ record: _Record)
    /// Writes its columns, in their order.
    func write(to row: inout RowWriter)
}

extension Projection {
    /// The values of its columns, in their order.
    func values() -> [Value] {
        var row = RowWriter(count: Self.columnPositions.count)
        write(to: &row)
        return row.values
    }
}

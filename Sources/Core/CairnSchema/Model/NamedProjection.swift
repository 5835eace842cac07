/// Some columns of a table as a Swift type of their own. It belongs to the program and not to the data: stores do not hold it, and it
/// is no part of the schema's id.
package struct NamedProjection: Sendable {
    /// The Swift name, nested in that of the record.
    package let name: String
    /// The position of the table.
    package let table: Int
    /// The positions of the columns, in the order of the file; at least one.
    package let columns: [Int]
    /// What the schema file says about it.
    package let doc: String?
}

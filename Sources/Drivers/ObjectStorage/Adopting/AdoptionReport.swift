/// What an adoption found, and did.
package struct AdoptionReport: Sendable {
    /// One table.
    package struct Table: Sendable {
        package let name: String
        /// Records that can be adopted, or were.
        package var records = 0
        /// Records that are in the store already.
        package var already = 0
    }

    /// A record that cannot be adopted as it is.
    package struct Problem: Sendable, Hashable {
        /// The object.
        package let object: String
        package let table: String
        /// What is wrong, in words.
        package let message: String
    }

    /// Whether the store was made. If not, nothing was changed.
    package var isDone = false
    /// The tables, in the order of the schema.
    package var tables: [Table] = []
    /// All records that cannot be adopted.
    package var problems: [Problem] = []
    /// What else there is to know.
    package var notes: [String] = []
}

/// How far an adoption is.
package struct AdoptionProgress: Sendable {
    /// Whether it writes; else it only looks.
    package let isWriting: Bool
    package let table: String
    package let done: Int
}

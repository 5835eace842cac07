/// A table of the new schema and the one of the old schema that it was.
package struct TablePair: Sendable {
    /// The table in the old schema.
    package let old: Table
    /// The table in the new schema.
    package let new: Table
    /// For each column of the new table the position of the old column it was; nil where it is new.
    package let sources: [Int?]
    /// The positions of old columns that became nothing.
    package let dropped: [Int]

    package init(old: Table, new: Table, sources: [Int?], dropped: [Int]) {
        self.old = old
        self.new = new
        self.sources = sources
        self.dropped = dropped
    }

    /// The position in the new table of what was an old column; nil when it was dropped.
    func position(ofOld column: Int) -> Int? { sources.firstIndex(of: column) }
}

/// An add and a drop that could as well be a rename, or a rename that could as well be none.
///
/// What was meant decides whether data lives, so it must be said: nothing is done before.
package struct SchemaAmbiguity: Sendable, Hashable {
    /// The table of the columns; nil when tables are meant.
    package let table: String?
    /// The old name.
    package let old: String
    /// The new name.
    package let new: String
    /// Whether the new name says it was the old one, which cannot be.
    package let isDeclared: Bool

    private var what: String { table == nil ? "table" : "column" }
    private var place: String { table.map { " of '\($0)'" } ?? "" }

    /// What is not known.
    package var message: String {
        if isDeclared {
            return
                "\(what) '\(new)'\(place) says it was '\(old)' before, but the old schema has both, or another says so too"
        }
        return
            "\(what) '\(old)'\(place) is gone and '\(new)' is new: was it renamed, or is one dropped and the other added?"
    }

    /// What to write for the one and for the other.
    package var fixes: [String] {
        if isDeclared {
            return [
                "if '\(new)' is what it was and the rename is done, remove \"renamed_from\": \"\(old)\" from it",
                "if '\(old)' is to become '\(new)', do it in two migrations: first drop or rename the old '\(new)', then rename",
            ]
        }
        return [
            "if it was renamed, write \"renamed_from\": \"\(old)\" in the declaration of '\(new)'",
            "if it was not, do it in two migrations: first a schema without either that drops '\(old)', then one that adds '\(new)'",
        ]
    }
}

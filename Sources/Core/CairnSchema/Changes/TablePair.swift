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
    /// What new columns are made from, by their positions; those that are not here get their default.
    package let conversions: [Int: ColumnConversion]

    package init(
        old: Table, new: Table, sources: [Int?], dropped: [Int], conversions: [Int: ColumnConversion] = [:]
    ) {
        self.old = old
        self.new = new
        self.sources = sources
        self.dropped = dropped
        self.conversions = conversions
    }

    /// Whether a column of the new table is new and null in every record there is.
    package func isNullWhenAdded(_ column: Int) -> Bool {
        sources[column] == nil && conversions[column] == nil && new.columns[column].isNullWhenAdded
    }

    /// The columns whose values are looked up in other tables, by their positions.
    package var lookups: [Int: RowLookup] { conversions.compactMapValues(\.lookup) }

    /// The position in the new table of what was an old column; nil when it was dropped.
    func position(ofOld column: Int) -> Int? { sources.firstIndex(of: column) }
}

/// An add and a drop that could as well be a rename, a rename that could as well be none, a conversion of what is not there, or one
/// that would take the place of what is.
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
    /// What is wrong with what the new column is to be made from; nil where names are not clear.
    package var mistake: Conversion.Mistake?
    /// Whether the column says that it is new and made from others, and the old schema has one of its name that is another.
    package var isInPlace = false

    package init(
        table: String?, old: String, new: String, isDeclared: Bool, mistake: Conversion.Mistake? = nil
    ) {
        self.table = table
        self.old = old
        self.new = new
        self.isDeclared = isDeclared
        self.mistake = mistake
    }

    /// Whether it is open which of two is meant: nothing that is declared stands against either.
    package var isOpen: Bool { mistake == nil && !isInPlace && !isDeclared }

    private var what: String { table == nil ? "table" : "column" }
    private var place: String { table.map { " of '\($0)'" } ?? "" }

    /// What is not known.
    package var message: String {
        if let mistake { return "column '\(new)'\(place) is to be made from \(mistake.message)" }
        if isInPlace {
            return
                "column '\(new)'\(place) says that it is new and what it is made from, but the old schema has a column of that name and another type"
        }
        if isDeclared {
            return
                "\(what) '\(new)'\(place) says it was '\(old)' before, but the old schema has both, or another says so too"
        }
        return
            "\(what) '\(old)'\(place) is gone and '\(new)' is new: was it renamed, or is one dropped and the other added?"
    }

    /// Why it is not decided where a program opens a store and changes it: its schema may be one that says nothing of old names.
    package var messageOnOpening: String {
        guard isOpen else { return message }
        return
            "\(what) '\(old)'\(place) is gone and '\(new)' is new, and both a rename and a drop are more than adding; the program does not know what the schema file says of it with \"renamed_from\", and 'cairn migrate apply STORE --to SCHEMA-FILE' does"
    }

    /// What to write for the one and for the other.
    package var fixes: [String] {
        if mistake != nil {
            return [
                "if the store is some versions behind, bring it to the version with these columns first",
                "if not, write the names that the columns have in the schema of the store",
            ]
        }
        if isInPlace {
            return [
                "if the new values are to be made from those that are there, give the old column another name in the same migration: \"\(new)_old\": {\"type\": …, \"renamed_from\": \"\(new)\"}, and remove \"renamed_from\" from '\(new)'; the old one can be dropped in the next",
                "if it was made before, or its values are to be the same ones in the new type, remove \"convert\" and \"renamed_from\" from it",
            ]
        }
        if isDeclared {
            return [
                "if '\(new)' is what it was and the rename is done, remove \"renamed_from\": \"\(old)\" from it",
                "if '\(old)' is to become '\(new)', do it in two migrations: first drop or rename the old '\(new)', then rename",
            ]
        }
        return [
            "if it was renamed, write \"renamed_from\": \"\(old)\" in the declaration of '\(new)'",
            "if it was not, write \"renamed_from\": \"\(new)\" there, its own name: '\(old)' is dropped, and '\(new)' is new",
        ]
    }
}

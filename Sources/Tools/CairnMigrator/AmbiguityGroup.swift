package import CairnSchema

/// What is asked at once before a migration is made: which of several that are gone is which of several that are new. A table of which many
/// columns go and come would otherwise be asked about pair by pair.
package struct AmbiguityGroup: Sendable {
    /// The table of the columns; nil when tables are meant.
    private let table: String?
    /// The names that are gone.
    private var old: [String]
    /// The names that are new.
    private var new: [String]
    /// What it is made of.
    private let first: SchemaAmbiguity

    private init(_ ambiguity: SchemaAmbiguity) {
        table = ambiguity.table
        old = [ambiguity.old]
        new = [ambiguity.new]
        first = ambiguity
    }

    /// The groups of what must be said, in the order of the first of each.
    package static func groups(_ ambiguities: [SchemaAmbiguity]) -> [AmbiguityGroup] {
        var groups: [AmbiguityGroup] = []
        for ambiguity in ambiguities {
            let place = groups.firstIndex { group in
                group.first.isOpen && ambiguity.isOpen && group.table == ambiguity.table
                    && group.new == [ambiguity.new]
            }
            if let place {
                groups[place].old.append(ambiguity.old)
            } else {
                groups.append(AmbiguityGroup(ambiguity))
            }
        }
        var merged: [AmbiguityGroup] = []
        for group in groups {
            let place = merged.firstIndex { other in
                other.first.isOpen && group.first.isOpen && other.table == group.table && other.old == group.old
            }
            if let place { merged[place].new += group.new } else { merged.append(group) }
        }
        return merged
    }

    private var isOne: Bool { old.count == 1 && new.count == 1 }

    /// What is not known.
    package var message: String {
        if isOne { return first.message }
        let place = table.map { " of '\($0)'" } ?? ""
        let what = table == nil ? "table" : "column"
        func list(_ names: [String]) -> String {
            "\(what)\(names.count == 1 ? "" : "s") \(names.map { "'\($0)'" }.joined(separator: ", "))\(place) \(names.count == 1 ? "is" : "are")"
        }
        return
            "\(list(old)) gone and \(list(new)) new: was one renamed to another, or are the ones dropped and the others added?"
    }

    /// What to write for the one and for the other.
    package var fixes: [String] {
        if isOne { return first.fixes }
        return [
            "for each that was renamed, write \"renamed_from\" with its old name in the declaration of the new one",
            "for each that was not, write \"renamed_from\" with its own name there, such as \"renamed_from\": \"\(new[0])\": it is new; what nothing was renamed from is dropped",
        ]
    }
}

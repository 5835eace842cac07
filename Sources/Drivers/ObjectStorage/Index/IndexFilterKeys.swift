package import CairnCore
package import CairnSchema

/// What the filter of a run is asked for: which beginning of an entry.
package enum IndexFilterKeys: Sendable {
    /// All of it: of the primary index.
    case whole
    /// So many parts, none of them null: the values of a unique index.
    case parts(Int, KeyLayout)

    /// Of an index; nil when nobody asks whether it has something. `index` nil: the primary one.
    package init?(_ index: Index?, of table: Table) {
        guard let index else {
            self = .whole
            return
        }
        guard index.isUnique else { return nil }
        self = .parts(index.parts.count, KeyLayout(index, of: table))
    }

    /// How many bytes of an entry are asked for; nil when the entry never is.
    func length(of entry: UnsafeRawBufferPointer) -> Int? {
        switch self {
        case .whole: entry.count
        case .parts(let count, let layout): layout.length(ofParts: count, in: Array(entry))
        }
    }
}

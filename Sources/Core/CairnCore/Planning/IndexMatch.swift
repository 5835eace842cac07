import CairnSchema

/// How the conditions of a query match the columns of one index.
///
/// Column by column, in the order of the index, a condition gives one value or a list of them; the first column that has neither may
/// have a range or a prefix, and ends it. A list becomes one range for each of its values, and what the columns behind it give is
/// given to each of these. Their number is bounded: of the first list every value counts, as many as a query may have, and a
/// further list is left to the filter where the product would be more than ``IndexScan/mostEstimatedRanges``.
///
/// The ranges stay in the order of the index and never overlap. What an index is said to have in order is judged by the columns
/// before the first list alone.
struct IndexMatch {
    private let layout: KeyLayout
    /// The ranges of entries to read.
    private(set) var ranges = [IndexRange()]
    /// The conditions the ranges serve.
    private(set) var used: Set<Int> = []
    /// The share of the table the ranges are guessed to hold.
    private(set) var share = 1.0
    /// Whether some condition leaves only a part of the entries to read. That a value is not null is none, being true of most.
    private(set) var isNarrowed = false
    /// How many of the first columns have one given value.
    private var equalCount = 0
    /// How many of the first columns have a given value or one of a list.
    private var givenCount = 0
    /// How many values the listed columns may have together; nil where none is listed.
    private var listCount: Int?
    /// Whether the ranges are those of all conditions that are used: some values may not be known yet.
    private(set) var hasRangesOfAll = true
    /// Whether one of the given values is null.
    private var hasNull = false

    init(_ layout: KeyLayout) {
        self.layout = layout
    }

    /// Turns conditions into bounds, as far as they fit the columns in order.
    mutating func take(_ conjuncts: [Conjunct]) {
        while givenCount < layout.parts.count, takeEqual(conjuncts) || takeList(conjuncts) {}
        if givenCount < layout.parts.count, !takePrefix(conjuncts) { takeRange(conjuncts) }
    }

    /// The conditions on the next column.
    private func conditions(_ conjuncts: [Conjunct]) -> [(index: Int, form: Conjunct.Form)] {
        let column = layout.parts[givenCount].column
        return conjuncts.indices.lazy.filter { conjuncts[$0].column == column && !used.contains($0) }
            .map { ($0, conjuncts[$0].form) }
    }

    private mutating func use(_ index: Int, share: Double) {
        used.insert(index)
        self.share *= share
        isNarrowed = true
    }

    /// Changes all ranges alike. Where a list before them is not known yet they stay what they are: the plan is only looked at.
    private mutating func narrow(_ change: (inout IndexRange) -> Void) {
        guard hasRangesOfAll else { return }
        for place in ranges.indices { change(&ranges[place]) }
    }

    private mutating func takeEqual(_ conjuncts: [Conjunct]) -> Bool {
        for (index, form) in conditions(conjuncts) {
            let given: Value
            switch form {
            case .equal(let value): given = value
            case .isNull where layout.parts[givenCount].isNullable:
                given = .null
                hasNull = true
            default: continue
            }
            narrow { $0.equal.append(given) }
            use(index, share: 0.01)
            givenCount += 1
            if listCount == nil { equalCount += 1 }
            return true
        }
        return false
    }

    private mutating func takeList(_ conjuncts: [Conjunct]) -> Bool {
        for (index, form) in conditions(conjuncts) {
            let count: Int
            switch form {
            case .isIn(let values):
                let values = Set(values)
                count = values.count
                guard hasRoom(for: count) else { continue }
                if hasRangesOfAll { spread(over: values) }
            case .isInSome(let some):
                count = some
                guard hasRoom(for: count) else { continue }
                hasRangesOfAll = false
            default: continue
            }
            use(index, share: min(1, 0.01 * Double(count)))
            listCount = (listCount ?? 1) * count
            givenCount += 1
            return true
        }
        return false
    }

    private func hasRoom(for count: Int) -> Bool {
        listCount.map { $0 * count <= IndexScan.mostEstimatedRanges } ?? true
    }

    /// Makes of each range one for each value, in the order of the index.
    private mutating func spread(over values: Set<Value>) {
        let isDescending = layout.parts[givenCount].isDescending
        let sorted = values.sorted { left, right in
            let order = Value.compare(left, right) ?? 0
            return isDescending ? order > 0 : order < 0
        }
        ranges = ranges.flatMap { base in
            sorted.map { value in
                var range = base
                range.equal.append(value)
                return range
            }
        }
    }

    /// Takes the longest of the prefixes; those that it begins with itself are served too.
    private mutating func takePrefix(_ conjuncts: [Conjunct]) -> Bool {
        let prefixes = conditions(conjuncts).compactMap { index, form in
            if case .prefix(let text) = form { (index: index, text: text) } else { nil }
        }
        guard let longest = prefixes.max(by: { $0.text.utf8.count < $1.text.utf8.count }) else { return false }
        narrow { $0.prefix = longest.text }
        use(longest.index, share: 0.05)
        for (index, text) in prefixes where longest.text.utf8.starts(with: text.utf8) { used.insert(index) }
        return true
    }

    /// Takes the tightest bounds; the others follow from them.
    private mutating func takeRange(_ conjuncts: [Conjunct]) {
        var lower: IndexRange.Bound?
        var upper: IndexRange.Bound?
        var excludesNull = false
        for (index, form) in conditions(conjuncts) {
            switch form {
            case .lower(let bound):
                guard let tighter = bound.tighter(than: lower, isLower: true) else { continue }
                lower = tighter
            case .upper(let bound):
                guard let tighter = bound.tighter(than: upper, isLower: false) else { continue }
                upper = tighter
            case .isNotNull: excludesNull = true
            default: continue
            }
            used.insert(index)
        }
        narrow { range in (range.lower, range.upper, range.excludesNull) = (lower, upper, excludesNull) }
        if lower != nil || upper != nil {
            share *= lower != nil && upper != nil ? 0.1 : 0.3
            isNarrowed = true
        }
    }

    /// How many rows can match at most, where lists of values have at most one row for each combination; nil elsewhere.
    func rowsOfList(_ index: Index?) -> Int? {
        guard let listCount, !hasNull else { return nil }
        guard let index else { return givenCount == layout.parts.count ? listCount : nil }
        return index.isUnique && givenCount >= index.parts.count ? listCount : nil
    }

    /// Whether at most one row can match: a unique index, or the primary key (nil), is given whole, without null.
    func isSingle(_ index: Index?) -> Bool {
        guard ranges.count == 1, ranges[0].lower == nil, ranges[0].upper == nil, ranges[0].prefix == nil,
            !ranges[0].excludesNull
        else { return false }
        guard let index else { return equalCount == layout.parts.count }
        return index.isUnique && !hasNull && equalCount >= index.parts.count
    }

    enum Direction { case forwards, backwards }

    /// Whether the entries come in an order, and which way to read them then.
    func direction(serving order: [OrderTerm]) -> Direction? {
        let fixed = Set(layout.parts.prefix(equalCount).map(\.column))
        let terms = order.filter { !fixed.contains($0.column) }
        let parts = layout.parts.dropFirst(equalCount)
        guard terms.count <= parts.count else { return nil }
        var direction: Direction?
        for (term, part) in zip(terms, parts) {
            guard term.column == part.column else { return nil }
            let needed: Direction = term.isDescending == part.isDescending ? .forwards : .backwards
            guard direction ?? needed == needed else { return nil }
            direction = needed
        }
        return direction ?? .forwards
    }

    /// Whether the entries come in an order but for those that are equal in it, and which way to read them then. Not where all are.
    func direction(servingButForTies order: [OrderTerm]) -> Direction? {
        let fixed = Set(layout.parts.prefix(equalCount).map(\.column))
        guard order.contains(where: { !fixed.contains($0.column) }) else { return nil }
        return direction(serving: order)
    }

    /// How many of the first columns of an entry have given values or are in an order that is served.
    func partCount(of order: [OrderTerm]) -> Int {
        let fixed = Set(layout.parts.prefix(equalCount).map(\.column))
        return equalCount + order.count { !fixed.contains($0.column) }
    }

    /// Whether the rows have, in the columns with one given value, the values of a position. The position of another condition's
    /// row need not: all rows may lie before it, or behind it.
    func isAt(_ position: Query.Position, of order: [OrderTerm]) -> Bool {
        zip(layout.parts, ranges[0].equal.prefix(equalCount)).allSatisfy { part, value in
            order.firstIndex { $0.column == part.column }.map { position.values[$0] == value } ?? true
        }
    }

    /// What the entry at a position of an order begins with. The order must be served; if it is total, no other entry begins so.
    func entry(at position: Query.Position, of order: [OrderTerm]) -> [Value] {
        var values = Array(ranges[0].equal.prefix(equalCount))
        for part in layout.parts.dropFirst(equalCount) {
            guard let place = order.firstIndex(where: { $0.column == part.column }) else { break }
            values.append(position.values[place])
        }
        return values
    }
}

extension IndexRange.Bound {
    /// Of two bounds of one end the one that leaves fewer values, this one where there is no other; nil where they have no common
    /// order. Of equal ones that is the one that leaves the value itself out.
    fileprivate func tighter(than other: Self?, isLower: Bool) -> Self? {
        guard let other else { return self }
        guard let order = Value.compare(value, other.value) else { return nil }
        if order == 0 { return isIncluded ? other : self }
        return (order > 0) == isLower ? self : other
    }
}

import CairnSchema

/// How the conditions of a query match the columns of one index.
struct IndexMatch {
    private let layout: KeyLayout
    /// The ranges of entries to read.
    private(set) var ranges = [IndexRange()]
    /// The conditions the ranges serve.
    private(set) var used: Set<Int> = []
    /// The share of the table the ranges are guessed to hold.
    private(set) var share = 1.0
    /// How many of the first columns have one given value.
    private var equalCount = 0
    /// How many values the next column may have, where they are listed.
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
        while equalCount < layout.parts.count, takeEqual(conjuncts) {}
        if equalCount < layout.parts.count { takeRange(conjuncts) }
    }

    private func conditions(_ conjuncts: [Conjunct]) -> [(index: Int, form: Conjunct.Form)] {
        let column = layout.parts[equalCount].column
        return conjuncts.indices.lazy.filter { conjuncts[$0].column == column && !used.contains($0) }
            .map { ($0, conjuncts[$0].form) }
    }

    private mutating func takeEqual(_ conjuncts: [Conjunct]) -> Bool {
        for (index, form) in conditions(conjuncts) {
            switch form {
            case .equal(let value): ranges[0].equal.append(value)
            case .isNull where layout.parts[equalCount].isNullable:
                ranges[0].equal.append(.null)
                hasNull = true
            default: continue
            }
            used.insert(index)
            equalCount += 1
            share *= 0.01
            return true
        }
        return false
    }

    private mutating func takeRange(_ conjuncts: [Conjunct]) {
        var range = ranges[0]
        for (index, form) in conditions(conjuncts) {
            switch form {
            case .isIn(let values):
                takeList(values, index)
                return
            case .isInSome(let count):
                // Which values is not known, so the ranges stay what they are: the plan is only looked at.
                hasRangesOfAll = false
                takeList(of: count, index)
                return
            case .prefix(let prefix):
                range.prefix = prefix
                ranges = [range]
                used.insert(index)
                share *= 0.05
                return
            default: continue
            }
        }
        for (index, form) in conditions(conjuncts) {
            switch form {
            case .lower(let bound) where range.lower == nil: range.lower = bound
            case .upper(let bound) where range.upper == nil: range.upper = bound
            case .isNotNull: range.excludesNull = true
            default: continue
            }
            used.insert(index)
        }
        ranges = [range]
        if range.lower != nil || range.upper != nil { share *= range.lower != nil && range.upper != nil ? 0.1 : 0.3 }
    }

    /// A list of values becomes one range for each, in the order of the index.
    private mutating func takeList(_ values: [Value], _ index: Int) {
        let part = layout.parts[equalCount]
        let sorted = Set(values).sorted { left, right in
            let order = Value.compare(left, right) ?? 0
            return part.isDescending ? order > 0 : order < 0
        }
        let base = ranges[0]
        ranges = sorted.map { value in
            var range = base
            range.equal.append(value)
            return range
        }
        takeList(of: sorted.count, index)
    }

    private mutating func takeList(of count: Int, _ index: Int) {
        used.insert(index)
        listCount = count
        share *= min(1, 0.01 * Double(count))
    }

    /// How many rows can match at most, where a list of values has at most one row for each; nil elsewhere.
    func rowsOfList(_ index: Index?) -> Int? {
        guard let listCount, !hasNull else { return nil }
        guard let index else { return equalCount + 1 == layout.parts.count ? listCount : nil }
        return index.isUnique && equalCount + 1 >= index.parts.count ? listCount : nil
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

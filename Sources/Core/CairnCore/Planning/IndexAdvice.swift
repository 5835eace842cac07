import CairnSchema

/// Whether the schema has an index for a query, and which one it should have.
///
/// A query needs one when it asks for a part of a table: by a condition, or as the first rows of an order. An index serves it when a
/// condition narrows the entries that are read, or, where there is no condition, when it gives the order. The primary key is one.
struct IndexAdvice {
    private let query: Query
    private let conjuncts: [Conjunct]
    /// About how many values are looked up in other rows that an index serves.
    private let sizes: [RelatedRows: Int]
    private let needsOrder: Bool
    /// The rows that values are looked up in, and would have to be read whole.
    private let unservedRows: [IndexAdvice]

    /// - Parameter query: A query that was checked.
    init(_ query: Query, needsOrder: Bool = true) {
        let query = (try? query.lowered()) ?? query
        var sizes: [RelatedRows: Int] = [:]
        var unserved: [IndexAdvice] = []
        for (_, rows) in query.condition?.lookups ?? [] {
            guard let others = try? rows.query() else { continue }
            let advice = IndexAdvice(others, needsOrder: rows.limit != nil)
            if !advice.isServed {
                unserved.append(advice)
            } else if rows.condition != nil || rows.limit != nil {
                sizes[rows] = 1
            }
        }
        self.query = query
        self.needsOrder = needsOrder
        self.sizes = sizes
        conjuncts = Conjunct.split(query.condition, sizes)
        unservedRows = unserved
    }

    /// Whether an index serves it, or none is needed.
    ///
    /// Values that are looked up in other rows narrow it like any list when an index serves these. Where something else narrows it,
    /// the others are asked for by key.
    var isServed: Bool {
        if query.limit == 0 || conjuncts.contains(where: \.isNever) { return true }
        let ordersFirst = needsOrder && query.limit != nil && !query.order.isEmpty
        if conjuncts.isEmpty {
            guard ordersFirst else { return true }
            // No index of the table has columns of other records.
            if query.hasRelatedOrder { return false }
            return layouts(for: []).contains { layout in
                let match = IndexMatch(layout)
                return match.direction(serving: query.totalOrder) != nil
                    || match.direction(servingButForTies: query.order) != nil
            }
        }
        if isNarrowed(conjuncts) { return true }
        // Each part of an `or` may have an index of its own.
        return conjuncts.alternatives().contains { place, parts in
            let others = conjuncts.indices.filter { $0 != place }.map { conjuncts[$0] }
            return parts.allSatisfy { part in
                let own = Conjunct.split(part, sizes)
                return own.contains(where: \.isNever) || isNarrowed(own + others)
            }
        }
    }

    /// Whether an index has only some entries to read for conditions that must all hold.
    private func isNarrowed(_ conjuncts: [Conjunct]) -> Bool {
        layouts(for: conjuncts).contains { layout in
            var match = IndexMatch(layout)
            match.take(conjuncts)
            return match.isNarrowed || layout.condition != nil
        }
    }

    /// The primary key and the indexes that have all rows which satisfy conditions.
    private func layouts(for conjuncts: [Conjunct]) -> some Sequence<KeyLayout> {
        let table = query.table
        let indexes = table.indexes.filter { conjuncts.imply($0.condition) }
        return ([nil] + indexes.map(Optional.some)).lazy.map { index in
            index.map { KeyLayout($0, of: table) } ?? KeyLayout(keyOf: table)
        }
    }

    // MARK: Words

    /// What the query asks for, by its columns, without the values: the same for all queries of a kind.
    var shape: String {
        let text = ConditionText(query.table, hidesValues: true)
        let condition = query.condition.map(text.describe) ?? ""
        return "\(query.table.name) \(condition) \(query.order.map(text.describe))"
    }

    var error: StorageError {
        // What is in the way of this query is that of the rows it looks values up in.
        if let rows = unservedRows.first, suggestion == nil { return rows.error }
        let table = query.table
        let text = ConditionText(table)
        let what =
            if let condition = query.condition {
                "the condition \(text.describe(condition))"
            } else {
                "the order by \(query.order.map(text.describe).joined(separator: ", "))"
            }
        var details = StorageError.Details()
        details.table = table.name
        return StorageError(
            .unindexed, "no index of table '\(table.name)' serves \(what): the whole table would be read",
            remedy: remedy, details: details)
    }

    private var remedy: String {
        guard let declaration else {
            return
                "add a condition that an index can serve, such as ==, in, a range or hasPrefix of a column, or a like that begins with text, or say unindexed() to read the whole table"
        }
        return "declare \(declaration) among its \"indexes\", or say unindexed() to read the whole table"
    }

    /// The table that would be read whole, and the index it should have, as a schema file declares it; nil when none would do.
    var missing: (table: String, index: String?) {
        if let rows = unservedRows.first, suggestion == nil { return rows.missing }
        return (query.table.name, declaration)
    }

    private var declaration: String? {
        guard let parts = suggestion else { return nil }
        let columns = parts.map { query.table.columns[$0.column].name }
        let name = "by_\(columns.joined(separator: "_"))"
        let list = zip(columns, parts).map { "\"\($0)\($1.isDescending ? " desc" : "")\"" }.joined(separator: ", ")
        return "\"\(name)\": [\(list)]"
    }

    /// The columns of an index that would serve it; nil when none can.
    ///
    /// Those that have one value first, so that the order of the rest is that of the rows; then the order if only the first rows are
    /// asked for, else the first column that has several values or a range.
    private var suggestion: [OrderTerm]? {
        var parts: [OrderTerm] = []
        func add(_ term: OrderTerm) {
            if !parts.contains(where: { $0.column == term.column }) { parts.append(term) }
        }
        for conjunct in conjuncts {
            guard let column = conjunct.column else { continue }
            switch conjunct.form {
            case .equal, .isNull: add(OrderTerm(column: column))
            default: break
            }
        }
        let hasOrder = needsOrder && query.limit != nil && !query.hasRelatedOrder
        if hasOrder, !parts.isEmpty || conjuncts.isEmpty {
            query.order.forEach(add)
        } else if let column = conjuncts.lazy.compactMap(\.narrowing).first {
            add(OrderTerm(column: column))
        }
        // An index has only columns that can be ordered.
        let ordered = parts.prefix { query.table.columns[$0.column].valueType.isOrdered }
        return ordered.isEmpty ? nil : Array(ordered)
    }
}

extension Conjunct {
    /// Its column, if an index on that has only some entries to read for it.
    fileprivate var narrowing: Int? {
        switch form {
        case .isIn, .isInSome, .lower, .upper, .prefix: column
        case .equal, .isNull, .isNotNull, .other: nil
        }
    }
}

public import CairnSchema

/// What to read from one table, as a value.
///
/// The order is total on every driver: after the terms given, rows are ordered by the columns of the primary key they do
/// not name, ascending. So two drivers, and two pages, never disagree.
public struct Query: Sendable, Hashable {
    /// The table.
    public let table: Table
    /// Which rows; nil for all.
    public var condition: Condition?
    /// The order, the most significant column first.
    public var order: [OrderTerm]
    /// How many rows at most; nil for all.
    public var limit: Int?
    /// Where to go on: only rows after this position in the order.
    public var after: Position?
    /// The columns that are read of the rows; nil for all. The others, revision and times are not defined in rows then: a driver
    /// may leave them out, as when an index has all that is read.
    public var columns: Set<Int>?
    /// Whether it may read a whole table to give a part of it in a store that refuses such queries: see ``UnindexedPolicy``.
    public var isUnindexedAllowed = false
    /// What it may take before it is stopped; nil: anything.
    public var budget: QueryBudget?

    /// A place in the order of a query: the values a row has in the columns of ``Query/totalOrder``.
    public struct Position: Sendable, Hashable {
        /// One value for each term of the total order.
        public let values: [Value]

        package init(values: [Value]) {
            self.values = values
        }
    }

    /// A query for all rows of a table, by key.
    public init(_ table: Table, where condition: Condition? = nil, order: [OrderTerm] = [], limit: Int? = nil) {
        self.table = table
        self.condition = condition
        self.order = order
        self.limit = limit
    }

    /// The order with the columns of the key that make it total, each column of a record once.
    public var totalOrder: [OrderTerm] {
        var terms: [OrderTerm] = []
        for term in order + table.key.map({ OrderTerm(column: $0) })
        where !terms.contains(where: { $0.isSameColumn(as: term) }) {
            terms.append(term)
        }
        return terms
    }

    /// The same query with one more condition.
    package mutating func restrict(to condition: Condition) {
        self.condition = self.condition.map { $0 && condition } ?? condition
    }

    /// Checks a query that did not come from generated code: columns exist, values are of their types.
    /// - Throws: `query.invalid` naming the column.
    package func validate() throws {
        for position in columns ?? [] { _ = try column(position) }
        var valueCount = 0
        try validate(depth: 1, &valueCount)
        if after != nil { try checkPages() }
        if let after, after.values.count != totalOrder.count {
            throw StorageError(.query, "a position has \(after.values.count) values, the order has \(totalOrder.count)")
        }
    }

    /// Checks limit, order and condition.
    private func validate(depth: Int, _ valueCount: inout Int) throws {
        if let limit, limit < 0 { throw StorageError(.query, "a limit is at least 0, found \(limit)") }
        for term in order { try validate(term, depth: depth) }
        if let condition { try validate(condition, depth: depth, &valueCount) }
    }

    func column(_ position: Int) throws -> Column {
        guard table.columns.indices.contains(position) else {
            throw StorageError(.query, "table '\(table.name)' has no column at position \(position)")
        }
        return table.columns[position]
    }

    private func validate(_ condition: Condition, depth: Int, _ valueCount: inout Int) throws {
        guard depth <= Limits.conditionDepth else {
            throw StorageError(
                .query, "a condition nests more than \(Limits.conditionDepth) deep",
                remedy: "write it flatter, or in several queries")
        }
        valueCount += condition.valueCount
        guard valueCount <= Limits.conditionValues else {
            throw StorageError(
                .query, "a condition compares with more than \(Limits.conditionValues) values",
                remedy: "read in several queries, or by a range")
        }
        switch condition {
        case .constant: break
        case .compare(let position, let comparison, let value):
            let column = try column(position)
            try check(value, column)
            let needsOrder = comparison != .equal && comparison != .notEqual
            if !column.valueType.isOrdered, needsOrder { throw unsupported(comparison.rawValue, column) }
        case .isNull(let position): _ = try column(position)
        case .isIn(let position, let values):
            let column = try column(position)
            for value in values { try check(value, column) }
        case .computed(let left, let comparison, let right):
            try ExpressionCheck(table).check(left, comparison, right)
        case .hasElement(let position, let element):
            try ExpressionCheck(table).check(element: element, of: try column(position))
        case .hasPath(let position, let path), .isPathNull(let position, let path):
            try ExpressionCheck(table).check(path, of: try column(position))
        case .text(let position, let match, let operand, let ignoringCase):
            let column = try column(position)
            guard column.valueType == .string else { throw unsupported("a text operator", column) }
            try check(match, operand, ignoringCase: ignoringCase, column)
        case .pathText(let position, let path, let match, let operand, let ignoringCase):
            let column = try column(position)
            try ExpressionCheck(table).check(path, of: column)
            try check(match, operand, ignoringCase: ignoringCase, column)
        case .reference(let position, let target, let part):
            let column = try column(position)
            let target = try target.bound()
            try checkReference(column, to: target)
            try Query(target).validate(part, depth: depth + QueryLimits.relationDepth, &valueCount)
        case .isInRows(let position, let rows):
            try validate(try column(position), isIn: rows)
            try Query(try rows.table.bound(), where: rows.condition, order: rows.order, limit: rows.limit)
                .validate(depth: depth + QueryLimits.relationDepth, &valueCount)
        case .and(let parts), .or(let parts):
            for part in parts { try validate(part, depth: depth + 1, &valueCount) }
        case .not(let part): try validate(part, depth: depth + 1, &valueCount)
        }
    }

    private func validate(_ column: Column, isIn rows: RelatedRows) throws {
        let others = Query(try rows.table.bound())
        let other = try others.column(rows.column)
        guard column.valueType == other.valueType, column.valueType.isOrdered else {
            throw StorageError(
                .query,
                "column '\(column.name)' of table '\(table.name)' of type \(column.valueType) is not looked up in column '\(other.name)' of table '\(others.table.name)' of type \(other.valueType)"
            )
        }
    }

    private func check(_ value: Value, _ column: Column) throws {
        guard column.valueType.holds(value) else {
            throw StorageError(
                .query,
                "column '\(column.name)' of table '\(table.name)' is compared with a value that is not a \(column.valueType)"
            )
        }
        if case .double(let double) = value, !double.isFinite {
            throw StorageError(
                .query,
                "column '\(column.name)' of table '\(table.name)' is compared with \(double), which no column holds")
        }
    }

    private func check(
        _ match: Condition.TextMatch, _ operand: String, ignoringCase: Bool, _ column: Column
    ) throws {
        guard operand.utf8.count <= Limits.operandBytes else {
            throw StorageError(
                .query,
                "column '\(column.name)' of table '\(table.name)' is searched for a text of \(operand.utf8.count) bytes; the limit is \(Limits.operandBytes)",
                remedy: "search for a part of it")
        }
        if match == .matches { try check(pattern: operand, ignoringCase: ignoringCase, column) }
    }

    private func check(pattern: String, ignoringCase: Bool, _ column: Column) throws {
        do {
            _ = try RegularExpression(pattern, ignoringCase: ignoringCase)
        } catch {
            throw StorageError(
                .query,
                "column '\(column.name)' of table '\(table.name)' is matched with a pattern that cannot be read: \(error)"
            )
        }
    }

    private func unsupported(_ operation: String, _ column: Column) -> StorageError {
        StorageError(
            .query,
            "'\(operation)' cannot be used on column '\(column.name)' of table '\(table.name)' of type \(column.valueType)"
        )
    }
}

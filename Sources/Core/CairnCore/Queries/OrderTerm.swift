import CairnSchema

/// One column of an order: of the row itself, or of a record that it refers to.
public struct OrderTerm: Sendable, Hashable {
    /// The position of the column in its table.
    public let column: Int
    /// Whether the largest value comes first, and null last.
    public let isDescending: Bool
    /// The references that lead from the row to the record with the column, one after the other; empty for a column of the row.
    ///
    /// Where one of them is null, so are the columns behind it.
    public let path: [FollowedReference]

    /// An ascending or descending column, of the row or behind references of it.
    public init(column: Int, isDescending: Bool = false, behind path: [FollowedReference] = []) {
        self.column = column
        self.isDescending = isDescending
        self.path = path
    }

    /// The same column, largest first.
    public var descending: OrderTerm { OrderTerm(column: column, isDescending: true, behind: path) }
    /// The same column, smallest first.
    public var ascending: OrderTerm { OrderTerm(column: column, behind: path) }

    /// Whether both are the same column of the same record.
    func isSameColumn(as other: OrderTerm) -> Bool { column == other.column && path == other.path }
}

/// A reference that an order follows to another record.
public struct FollowedReference: Sendable, Hashable {
    /// The position of the column that refers to the record.
    public let column: Int
    /// The table it refers to.
    public let table: RelatedTable

    /// A reference by its column.
    public init(column: Int, _ table: RelatedTable) {
        self.column = column
        self.table = table
    }
}

extension OrderTerm {
    /// The same order of the rows that refer to those of this one.
    func behind(_ reference: FollowedReference) -> OrderTerm {
        OrderTerm(column: column, isDescending: isDescending, behind: [reference] + path)
    }

    /// The same term, with its tables looked up in a schema.
    func bound(in schema: Schema) throws -> OrderTerm {
        if path.isEmpty { return self }
        let path = try path.map { FollowedReference(column: $0.column, try $0.table.bound(in: schema)) }
        return OrderTerm(column: column, isDescending: isDescending, behind: path)
    }

    /// The table that has the column.
    /// - Parameter table: That of the rows.
    package func table(from table: Table) throws -> Table { try path.last?.table.bound() ?? table }
}

extension Query {
    /// Whether a column of its order is behind a reference.
    package var hasRelatedOrder: Bool { order.contains { !$0.path.isEmpty } }

    /// Whether its rows, or their order, depend on other rows.
    package var hasRelations: Bool { condition?.hasRelations == true || hasRelatedOrder }

    /// Checks a column of the order.
    /// - Parameter depth: How many parts of conditions are around it.
    func validate(_ term: OrderTerm, depth: Int) throws {
        guard depth + term.path.count * QueryLimits.relationDepth <= Limits.conditionDepth else {
            throw StorageError(
                .query,
                "an order of table '\(table.name)' follows more references than the \(Limits.conditionDepth) parts a condition may nest have room for",
                remedy: "keep what you order by in a nearer table")
        }
        var others = self
        for step in term.path {
            let column = try others.column(step.column)
            let target = try step.table.bound()
            try others.checkReference(column, to: target)
            others = Query(target)
        }
        let column = try others.column(term.column)
        guard column.valueType.isOrdered else {
            throw StorageError(
                .query,
                "table '\(others.table.name)' cannot be ordered by '\(column.name)': \(column.valueType) has no order")
        }
    }

    func checkReference(_ column: Column, to target: Table) throws {
        guard table.references.contains(where: { $0.column == column.position && $0.target == target.position }) else {
            throw StorageError(
                .query,
                "column '\(column.name)' of table '\(table.name)' does not refer to records of table '\(target.name)'")
        }
    }

    /// - Throws: `query.invalid` for an order that leads to other records: pages are cut by values that the rows themselves have.
    func checkPages() throws {
        guard let term = order.first(where: { !$0.path.isEmpty }) else { return }
        throw StorageError(
            .query,
            "table '\(table.name)' is not read in pages by '\(ConditionText(table).describe(term))': a page ends at values of its last row, and that is a value of another record",
            remedy: "read it at once, as rows or with a limit; or keep the value in a column of table '\(table.name)'")
    }
}

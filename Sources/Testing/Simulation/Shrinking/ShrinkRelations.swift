import CairnCore

// Conditions on other rows, and orders by them, follow when tables and columns go.

extension Condition {
    /// The same condition with tables at other positions; what asks for one that is gone is true.
    func mapTables(_ moved: (Int) -> Int?) -> Condition {
        mapLeaves { leaf in
            switch leaf {
            case .reference(let column, let table, let part):
                moved(table.position).map { .reference(column: column, RelatedTable($0), part.mapTables(moved)) }
                    ?? .constant(true)
            case .isInRows(let column, let rows):
                moved(rows.table.position).map { table in
                    .isInRows(
                        column: column,
                        RelatedRows(
                            RelatedTable(table), column: rows.column, where: rows.condition?.mapTables(moved),
                            order: rows.order.compactMap { $0.mapTables(moved) }, limit: rows.limit))
                } ?? .constant(true)
            default: leaf
            }
        }
    }

    /// The same condition with columns of a table moved, wherever it asks about other rows, of that table.
    func mapRelatedColumns(_ moved: (Int) -> Int?, of table: Int) -> Condition {
        mapLeaves { leaf in
            switch leaf {
            case .reference(let column, let target, let part):
                .reference(column: column, target, part.mapColumns(moved, of: table, in: target.position))
            case .isInRows(let column, let rows):
                rows.mapColumns(moved, of: table).map { .isInRows(column: column, $0) } ?? .constant(true)
            default: leaf
            }
        }
    }

    /// The same condition on rows of a table `own`.
    fileprivate func mapColumns(_ moved: (Int) -> Int?, of table: Int, in own: Int) -> Condition {
        let condition = own == table ? mapLeaves { $0.mapColumn(moved) } : self
        return condition.mapRelatedColumns(moved, of: table)
    }
}

extension RelatedRows {
    /// The same rows; nil when their column is gone.
    fileprivate func mapColumns(_ moved: (Int) -> Int?, of table: Int) -> RelatedRows? {
        let isOwn = self.table.position == table
        guard let column = isOwn ? moved(column) : column else { return nil }
        return RelatedRows(
            self.table, column: column,
            where: condition?.mapColumns(moved, of: table, in: self.table.position),
            order: order.compactMap { $0.mapColumns(moved, of: table, in: self.table.position) },
            limit: limit)
    }
}

extension OrderTerm {
    /// The same term with tables at other positions; nil when one is gone.
    func mapTables(_ moved: (Int) -> Int?) -> OrderTerm? {
        var path: [FollowedReference] = []
        for step in self.path {
            guard let table = moved(step.table.position) else { return nil }
            path.append(FollowedReference(column: step.column, RelatedTable(table)))
        }
        return OrderTerm(column: column, isDescending: isDescending, behind: path)
    }

    /// The same term, of rows of a table `own`, with columns of a table moved; nil when one is gone.
    func mapColumns(_ moved: (Int) -> Int?, of table: Int, in own: Int) -> OrderTerm? {
        var own = own
        func place(_ column: Int) -> Int? { own == table ? moved(column) : column }
        var path: [FollowedReference] = []
        for step in self.path {
            guard let column = place(step.column) else { return nil }
            path.append(FollowedReference(column: column, step.table))
            own = step.table.position
        }
        return place(column).map { OrderTerm(column: $0, isDescending: isDescending, behind: path) }
    }
}

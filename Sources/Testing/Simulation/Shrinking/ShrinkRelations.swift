import CairnCore

// Conditions on other rows follow when tables and columns go.

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
                            order: rows.order, limit: rows.limit))
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
            order: isOwn
                ? order.compactMap { term in
                    moved(term.column).map { OrderTerm(column: $0, isDescending: term.isDescending) }
                } : order,
            limit: limit)
    }
}

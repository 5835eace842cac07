// Conditions that lead to other rows.

extension QueryResolver {
    /// A comparison whose columns are all in the record that a reference names; nil for one of this table's own columns.
    func behindReference(_ node: QueryNode) throws(QueryMistake) -> TemplateCondition? {
        let leads = node.leads
        guard let lead = leads.first(where: { $0.reference != nil }), let reference = lead.reference else { return nil }
        if let other = leads.first(where: { $0.reference.map { !Utf8.equal($0, reference) } ?? true }) {
            throw QueryMistake(
                "one comparison has columns of several records: of the one that '\(reference)' names, and others",
                remedy: "compare each with a value", at: other.offset)
        }
        let (column, target) = try target(of: reference, at: lead.offset)
        let part = try resolver(of: target).condition(node.behindReference)
        return .reference(column: column, target, part)
    }

    /// A reference, and the table it leads to.
    private func target(of reference: String, at offset: Int) throws(QueryMistake) -> (column: Int, table: Table) {
        let column = try column(reference, at: offset)
        guard let name = column.referencedTable else {
            let references = table.references.map { table.columns[$0.column].name }
            throw QueryMistake(
                "column '\(reference)' of table '\(table.name)' refers to no record, so nothing is behind it",
                remedy: references.isEmpty ? nil : NearestName.hintOrList(reference, among: references),
                at: offset)
        }
        return (column.position, try table(named: name, at: offset))
    }

    /// A column to order by: of this table, or of the record that a reference names.
    func order(_ term: QueryOrderNode) throws(QueryMistake) -> TemplateOrder {
        let references: [QueryName]
        let last: QueryName
        switch term.item {
        case .function(let function): throw mistake(of: function)
        case .column(let path, let column): (references, last) = (path, column)
        }
        var resolver = self
        var path: [TemplateOrder.Step] = []
        for step in references {
            if let mistake = resolver.mistakeOfMany(step.name, at: step.offset) { throw mistake }
            let (column, target) = try resolver.target(of: step.name, at: step.offset)
            path.append(TemplateOrder.Step(column: column, table: target))
            resolver = resolver.resolver(of: target)
        }
        let column = try resolver.column(last.name, at: last.offset)
        guard column.valueType.isOrdered else {
            throw QueryMistake(
                "table '\(resolver.table.name)' cannot be ordered by '\(column.name)': \(column.valueType) has no order",
                at: last.offset)
        }
        return TemplateOrder(column: column.position, isDescending: term.isDescending, path: path)
    }

    /// What is wrong with a name in an order that is that of a table whose rows refer to this one; nil where it is not.
    private func mistakeOfMany(_ name: String, at offset: Int) -> QueryMistake? {
        guard table.column(named: name) == nil, let other = reach?.tables.first(where: { $0.name == name }),
            reach?.position(of: name) != nil, other.references.contains(where: { $0.target == table.position })
        else { return nil }
        return QueryMistake(
            "rows of table '\(table.name)' have no order by those of '\(name)': many of them may refer to one row",
            remedy:
                "order by a column of the row, or of a record it refers to; or group table '\(name)' and order the groups",
            at: offset)
    }

    /// Whether a row of another table refers to this one.
    func exists(_ rows: QueryRows) throws(QueryMistake) -> TemplateCondition {
        let other = try table(named: rows.rows.table.name, at: rows.rows.table.offset)
        let column = try resolver(of: other).column(rows.column.name, at: rows.column.offset)
        let references = other.references.filter { $0.target == table.position }
        guard references.contains(where: { $0.column == column.position }) else {
            let names = references.map { other.columns[$0.column].name }
            throw QueryMistake(
                "column '\(column.name)' of table '\(other.name)' does not refer to table '\(table.name)'",
                remedy: names.isEmpty ? "no column of it does" : NearestName.hintOrList(column.name, among: names),
                at: rows.column.offset)
        }
        guard rows.rows.limit == nil, rows.rows.order.isEmpty else {
            throw QueryMistake(
                "whether a row exists depends on no order and no limit", remedy: "leave them out",
                at: rows.rows.table.offset)
        }
        return .isInRows(column: table.key[0], try resolver(of: other).rows(rows.rows, column.position))
    }

    /// Whether a column has one of the values of a column in other rows.
    func isIn(_ operand: QueryNode, _ rows: QueryRows) throws(QueryMistake) -> TemplateCondition {
        try refuseFunction(operand)
        guard case .column(let name) = operand.kind else {
            throw QueryMistake("only a column is looked up in other rows", at: operand.offset)
        }
        let column = try column(name, at: operand.offset)
        let other = try table(named: rows.rows.table.name, at: rows.rows.table.offset)
        let found = try resolver(of: other).column(rows.column.name, at: rows.column.offset)
        guard found.valueType == column.valueType, column.valueType.isOrdered else {
            throw QueryMistake(
                "column '\(column.name)' is of type \(column.valueType) and is not looked up in column '\(found.name)' of type \(found.valueType)",
                at: rows.column.offset)
        }
        return .isInRows(column: column.position, try resolver(of: other).rows(rows.rows, found.position))
    }

    private func rows(_ draft: QueryDraft, _ column: Int) throws(QueryMistake) -> TemplateRows {
        var rows = TemplateRows(table: table, column: column)
        if let condition = draft.condition { rows.condition = try self.condition(condition) }
        for term in draft.order { rows.order.append(try order(term)) }
        if let limit = draft.limit { rows.limit = try self.limit(limit) }
        return rows
    }

    private func table(named name: String, at offset: Int) throws(QueryMistake) -> Table {
        guard let reach else {
            throw QueryMistake(
                "a condition that is read for one table does not lead to another",
                remedy: "read the whole query, or pass the schema too", at: offset)
        }
        return try reach.table(named: name, at: offset)
    }
}

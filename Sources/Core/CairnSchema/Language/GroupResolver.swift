/// Gives what a query selects its meaning: names become columns of the table, functions become aggregates, each once, whether it
/// is selected, ordered by or compared.
struct GroupResolver {
    private let rows: QueryResolver
    private let isGrouped: Bool
    private var groups: [Int] = []
    private var aggregates: [TemplateAggregate] = []

    private var table: Table { rows.table }

    private init(_ rows: QueryResolver, isGrouped: Bool) {
        self.rows = rows
        self.isGrouped = isGrouped
    }

    /// What is selected; nil: whole records.
    static func selection(_ draft: QueryDraft, _ rows: QueryResolver) throws(QueryMistake) -> TemplateSelection? {
        if let first = draft.selected.isEmpty ? draft.groups.first : nil {
            throw QueryMistake(
                "the rows are grouped, and nothing is selected of the groups",
                remedy: "write it behind the table: \(QueryParser.written(draft.table.name)) select \(example(first))",
                at: first.offset)
        }
        if draft.groups.isEmpty, let having = draft.having {
            throw QueryMistake(
                "'having' chooses among groups, and there are none",
                remedy: "write 'group by' and a column before it, or 'where' for a condition on rows",
                at: having.offset)
        }
        guard !draft.selected.isEmpty else { return nil }
        var resolver = GroupResolver(rows, isGrouped: !draft.groups.isEmpty)
        return try draft.isAggregated ? resolver.aggregated(draft) : resolver.columns(draft)
    }

    /// What may be selected of groups by something.
    private static func example(_ item: QueryItem) -> String {
        guard case .column(let path, let column) = item, path.isEmpty else { return "count()" }
        return "\(QueryParser.written(column.name)), count()"
    }

    // MARK: Columns of rows

    private func columns(_ draft: QueryDraft) throws(QueryMistake) -> TemplateSelection {
        var columns: [TemplateColumn] = []
        for item in draft.selected {
            let position = try column(item, "a query selects columns").position
            let column = TemplateColumn(.column(position), at: position, of: table, isGrouped: false)
            try GroupResolver.add(column, at: item.offset, to: &columns)
        }
        return TemplateSelection(columns: columns, groups: nil)
    }

    private static func add(
        _ column: TemplateColumn, at offset: Int, to columns: inout [TemplateColumn]
    ) throws(QueryMistake) {
        guard !columns.contains(where: { $0.source == column.source }) else {
            throw QueryMistake("'\(column.name)' is selected twice", remedy: "leave it out here", at: offset)
        }
        columns.append(column)
    }

    // MARK: Groups

    private mutating func aggregated(_ draft: QueryDraft) throws(QueryMistake) -> TemplateSelection {
        for item in draft.groups { try addGroup(item) }
        var columns: [TemplateColumn] = []
        for item in draft.selected {
            let source = try source(of: item)
            let place = try place(of: source, at: item.offset)
            let column = TemplateColumn(source, at: place, of: table, isGrouped: isGrouped)
            try GroupResolver.add(column, at: item.offset, to: &columns)
        }
        let having = try draft.having.map { node throws(QueryMistake) in try self.having(node) }
        if !isGrouped, let offset = draft.order.first?.item.offset ?? draft.limit?.offset {
            throw QueryMistake(
                "all rows together give one row, which has no order and needs no limit",
                remedy: "leave it out, or write 'group by' and a column before it", at: offset)
        }
        var order: [TemplateOrder] = []
        for term in draft.order {
            let place = try place(of: try source(of: term.item), at: term.item.offset)
            order.append(TemplateOrder(column: place, isDescending: term.isDescending))
        }
        let limit = try draft.limit.map { number throws(QueryMistake) in try rows.limit(number) }
        return TemplateSelection(
            columns: columns,
            groups: TemplateGroups(
                columns: groups, aggregates: aggregates, having: having, order: order, limit: limit))
    }

    private mutating func addGroup(_ item: QueryItem) throws(QueryMistake) {
        let column = try column(item, "rows are grouped by columns")
        guard column.valueType.isOrdered else {
            throw QueryMistake(
                "rows are not grouped by '\(column.name)': values of type \(column.valueType) have no order",
                at: item.offset)
        }
        guard !groups.contains(column.position) else {
            throw QueryMistake("'\(column.name)' is grouped by twice", remedy: "leave it out here", at: item.offset)
        }
        groups.append(column.position)
    }

    /// A column of the table itself.
    private func column(_ item: QueryItem, _ rule: String) throws(QueryMistake) -> Column {
        switch item {
        case .function(let function):
            throw QueryMistake("\(rule), and '\(function.name.name)' is a function", at: item.offset)
        case .column(let path, let column):
            if let step = path.first {
                _ = try rows.column(step.name, at: step.offset)
                throw QueryMistake(
                    "\(rule) of table '\(table.name)' itself, and '\(step.name)' leads to another",
                    remedy: "select '\(step.name)', and read the records it refers to", at: item.offset)
            }
            return try rows.column(column.name, at: column.offset)
        }
    }

    /// Where the value of something comes from that is said of a group.
    private func source(of item: QueryItem) throws(QueryMistake) -> TemplateSource {
        if case .function(let function) = item { return .aggregate(try aggregate(function)) }
        let column = try column(item, "groups have columns")
        try checkGroup(column, at: item.offset)
        return .column(column.position)
    }

    private func checkGroup(_ column: Column, at offset: Int) throws(QueryMistake) {
        guard !groups.contains(column.position) else { return }
        let isNumber = ExpressionKind.value(column.valueType).isNumber
        throw QueryMistake(
            "column '\(column.name)' of table '\(table.name)' has many values in a group",
            remedy: column.valueType.isOrdered
                ? "group by it too, or take its count, \(isNumber ? "sum, average, " : "")min or max"
                : "take its count",
            at: offset)
    }

    /// The place among the results.
    private mutating func place(of source: TemplateSource, at offset: Int) throws(QueryMistake) -> Int {
        switch source {
        case .column(let position): return groups.firstIndex(of: position) ?? 0
        case .aggregate(let aggregate):
            if let known = aggregates.firstIndex(of: aggregate) { return groups.count + known }
            guard aggregates.count < QueryLimits.aggregates else {
                throw QueryMistake(
                    "a query has more than \(QueryLimits.aggregates) different functions of its groups",
                    remedy: "ask for some of them in a query of their own", at: offset)
            }
            aggregates.append(aggregate)
            return groups.count + aggregates.count - 1
        }
    }

    // MARK: Functions

    private func aggregate(_ function: QueryFunction) throws(QueryMistake) -> TemplateAggregate {
        let name = function.name.name.lowercased()
        guard QueryFunction.names.contains(name) else {
            throw QueryMistake(
                "there is no function '\(function.name.name)'", remedy: function.hint, at: function.name.offset)
        }
        guard name == "count" || !function.isDistinct else {
            throw QueryMistake(
                "'distinct' is for counts: count(distinct \(function.argument?.name ?? "country"))",
                at: function.name.offset)
        }
        guard let argument = function.argument else {
            if name == "count", !function.isDistinct { return .rows }
            throw QueryMistake(
                "'\(name)' is of a column", remedy: "write it between the brackets", at: function.name.offset)
        }
        let column = try rows.column(argument.name, at: argument.offset)
        switch name {
        case "sum", "average":
            guard ExpressionKind.value(column.valueType).isNumber else {
                throw QueryMistake(
                    "'\(name)' is of numbers, and column '\(column.name)' of table '\(table.name)' is of type \(column.valueType)",
                    remedy: column.valueType.isOrdered ? "take its count, min or max" : "take its count",
                    at: argument.offset)
            }
            return name == "sum" ? .sum(column: column.position) : .average(column: column.position)
        case "count" where !function.isDistinct: return .count(column: column.position)
        default:
            guard column.valueType.isOrdered else {
                throw QueryMistake(
                    "'\(function.isDistinct ? "distinct" : name)' compares values, and those of column '\(column.name)' of table '\(table.name)' of type \(column.valueType) have no order",
                    remedy: "count() counts the rows, count(\(column.name)) those with a value", at: argument.offset)
            }
            switch name {
            case "count": return .distinctCount(column: column.position)
            case "min": return .minimum(column: column.position)
            default: return .maximum(column: column.position)
            }
        }
    }

    // MARK: Conditions

    /// A condition on the results: with each function noted and named as a column of them, it means what it would of rows.
    private mutating func having(_ node: QueryNode) throws(QueryMistake) -> TemplateCondition {
        let node = try named(node)
        let sources = groups.map(TemplateSource.column) + aggregates.map(TemplateSource.aggregate)
        let columns =
            groups.map { Table.ResultColumn(table.columns[$0]) }
            + aggregates.map { aggregate in
                Table.ResultColumn(
                    name: aggregate.text(in: table), aggregate.type(in: table), isNullable: aggregate.mayBeNull,
                    from: aggregate.of.map { table.columns[$0] })
            }
        let results = Table.results(of: table, columns: columns, keyCount: groups.count)
        let origin = GroupResults(table: table, sources: sources)
        return try QueryResolver(results, rows.reach, rows.types, origin).condition(node)
    }

    private mutating func named(_ node: QueryNode) throws(QueryMistake) -> QueryNode {
        let kind: QueryNode.Kind
        switch node.kind {
        case .column(let name):
            let column = try rows.column(name, at: node.offset)
            try checkGroup(column, at: node.offset)
            kind = .column(column.name)
        case .count(let name):
            let function = QueryFunction(
                name: ("count", node.offset), isDistinct: false, argument: (name, node.offset))
            kind = try named(function)
        case .function(let function): kind = try named(function)
        case .path(let name, _):
            try checkGroup(try rows.column(name, at: node.offset), at: node.offset)
            kind = node.kind
        case .through, .existsRow, .isInRows:
            throw QueryMistake(
                "a condition on groups of table '\(table.name)' does not lead to other tables",
                remedy: "write it behind 'where', on the rows before they are grouped", at: node.offset)
        case .number, .text, .bool, .null, .parameter: return node
        case .arithmetic(let left, let operation, let right):
            kind = .arithmetic(try named(left), operation, try named(right))
        case .compare(let left, let comparison, let right):
            kind = .compare(try named(left), comparison, try named(right))
        case .search(let left, let match, let right, let ignoringCase):
            kind = .search(try named(left), match, try named(right), ignoringCase: ignoringCase)
        case .isNull(let operand): kind = .isNull(try named(operand))
        case .exists(let operand): kind = .exists(try named(operand))
        case .isIn(let operand, let values): kind = .isIn(try named(operand), try named(values))
        case .isInList(let operand, let list): kind = .isInList(try named(operand), list)
        case .isInDays(let operand, let days): kind = .isInDays(try named(operand), days)
        case .and(let parts): kind = .and(try named(parts))
        case .or(let parts): kind = .or(try named(parts))
        case .not(let part): kind = .not(try named(part))
        }
        return QueryNode(kind: kind, offset: node.offset, size: node.size)
    }

    private mutating func named(_ nodes: [QueryNode]) throws(QueryMistake) -> [QueryNode] {
        var named: [QueryNode] = []
        for node in nodes { named.append(try self.named(node)) }
        return named
    }

    private mutating func named(_ function: QueryFunction) throws(QueryMistake) -> QueryNode.Kind {
        let aggregate = try aggregate(function)
        _ = try place(of: .aggregate(aggregate), at: function.name.offset)
        return .column(aggregate.text(in: table))
    }
}

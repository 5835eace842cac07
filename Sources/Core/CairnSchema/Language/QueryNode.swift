/// A condition, or a part of one, as it was written: names are not looked up yet, and values have no type yet.
package struct QueryNode {
    package indirect enum Kind {
        case column(String)
        case path(String, [JSONStep])
        case count(String)
        /// A function of a group; where rows are asked about, it means nothing.
        case function(QueryFunction)
        /// Something of the record that a reference names.
        case through(String, QueryNode)
        case number(String)
        case text(String)
        case bool(Bool)
        case null
        /// A value that is given when the query is asked.
        case parameter(String)
        case arithmetic(QueryNode, QueryArithmetic, QueryNode)
        case compare(QueryNode, QueryComparison, QueryNode)
        case isNull(QueryNode)
        case exists(QueryNode)
        case isIn(QueryNode, [QueryNode])
        /// Whether it is one of a list that is given when the query is asked; the list is a parameter.
        case isInList(QueryNode, QueryNode)
        case isInDays(QueryNode, QueryDays)
        case isInRows(QueryNode, QueryRows)
        case existsRow(QueryRows)
        case search(QueryNode, QueryTextMatch, QueryNode, ignoringCase: Bool)
        case and([QueryNode])
        case or([QueryNode])
        case not(QueryNode)
    }

    package let kind: Kind
    /// The byte it begins at.
    package let offset: Int
    /// How many parts of arithmetic it has.
    package var size = 1

    package init(kind: Kind, offset: Int, size: Int = 1) {
        self.kind = kind
        self.offset = offset
        self.size = size
    }
}

/// Rows that a condition asks about and one of their columns, as they were written.
package struct QueryRows {
    let column: (name: String, offset: Int)
    let rows: QueryDraft

    package init(column: (name: String, offset: Int), rows: QueryDraft) {
        self.column = column
        self.rows = rows
    }
}

/// A number of something, as it was written: a literal, or a parameter.
package struct QueryNumber {
    package enum Kind {
        case literal(Int)
        case parameter(String)
    }

    let kind: Kind
    let offset: Int

    package init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}

/// A span of days, as it was written: which days it is depends on when it is asked.
package struct QueryDays {
    package enum Span {
        case today, yesterday
        case last(QueryNumber, DayUnit)
        /// The week, month or year that today is in.
        case this(DayUnit)
    }

    package enum Zone {
        case name(String)
        case parameter(String)
    }

    package let span: Span
    package let zone: Zone?
    package let offset: Int

    package init(span: Span, zone: Zone?, offset: Int) {
        self.span = span
        self.zone = zone
        self.offset = offset
    }
}

/// One term of an order, as it was written.
package struct QueryOrderNode {
    package let item: QueryItem
    package let isDescending: Bool

    package init(_ item: QueryItem, isDescending: Bool) {
        self.item = item
        self.isDescending = isDescending
    }
}

/// A query as it was written.
package struct QueryDraft {
    package let table: (name: String, offset: Int)
    /// What is selected; empty: whole records.
    package var selected: [QueryItem] = []
    package var condition: QueryNode?
    /// Of how many rows, the first ones of an order, groups and functions are; nil: of all.
    package var first: QueryNumber?
    /// That order.
    package var firstOrder: [QueryOrderNode] = []
    /// What the rows are grouped by.
    package var groups: [QueryItem] = []
    /// The condition on the groups.
    package var having: QueryNode?
    package var order: [QueryOrderNode]
    package var limit: QueryNumber?

    /// Whether it gives groups of rows, or all rows as one, in place of the rows themselves.
    var isAggregated: Bool {
        !groups.isEmpty
            || selected.contains { item in
                if case .function = item { return true }
                return false
            }
    }

    package init(
        table: (name: String, offset: Int), condition: QueryNode? = nil, order: [QueryOrderNode] = [],
        limit: QueryNumber? = nil
    ) {
        self.table = table
        self.condition = condition
        self.order = order
        self.limit = limit
    }
}

extension QueryNode {
    /// For each column in what is compared, the reference that leads to its table; nil for a column of the row itself.
    var leads: [(reference: String?, offset: Int)] {
        switch kind {
        case .column, .path, .count, .function: [(nil, offset)]
        case .through(let reference, _): [(reference, offset)]
        case .number, .text, .bool, .null, .parameter, .existsRow, .and, .or, .not: []
        case .arithmetic(let left, _, let right), .compare(let left, _, let right),
            .search(let left, _, let right, _):
            left.leads + right.leads
        case .isNull(let operand), .exists(let operand), .isInDays(let operand, _), .isInRows(let operand, _):
            operand.leads
        case .isIn(let operand, let values): operand.leads + values.flatMap(\.leads)
        case .isInList(let operand, _): operand.leads
        }
    }

    /// The same as it stands in the table that a reference leads to.
    var behindReference: QueryNode {
        let kind: Kind =
            switch kind {
            case .through(_, let part): part.kind
            case .arithmetic(let left, let operation, let right):
                .arithmetic(left.behindReference, operation, right.behindReference)
            case .compare(let left, let comparison, let right):
                .compare(left.behindReference, comparison, right.behindReference)
            case .search(let left, let match, let right, let ignoringCase):
                .search(left.behindReference, match, right.behindReference, ignoringCase: ignoringCase)
            case .isNull(let operand): .isNull(operand.behindReference)
            case .exists(let operand): .exists(operand.behindReference)
            case .isInDays(let operand, let days): .isInDays(operand.behindReference, days)
            case .isInRows(let operand, let rows): .isInRows(operand.behindReference, rows)
            case .isIn(let operand, let values): .isIn(operand.behindReference, values.map(\.behindReference))
            case .isInList(let operand, let list): .isInList(operand.behindReference, list)
            case .column, .path, .count, .function, .number, .text, .bool, .null, .parameter, .existsRow, .and, .or,
                .not:
                kind
            }
        if case .through(_, let part) = self.kind { return part }
        return QueryNode(kind: kind, offset: offset, size: size)
    }
}

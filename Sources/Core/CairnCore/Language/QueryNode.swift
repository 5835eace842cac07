import CairnSchema

/// A condition, or a part of one, as it was written: names are not looked up yet, and values have no type yet.
struct QueryNode {
    indirect enum Kind {
        case column(String)
        case path(String, [JSONStep])
        case count(String)
        /// Something of the record that a reference names.
        case through(String, QueryNode)
        case number(String)
        case text(String)
        case bool(Bool)
        case null
        case arithmetic(QueryNode, RowExpression.Arithmetic, QueryNode)
        case compare(QueryNode, Condition.Comparison, QueryNode)
        case isNull(QueryNode)
        case exists(QueryNode)
        case isIn(QueryNode, [QueryNode])
        case isInDays(QueryNode, QueryDays)
        case isInRows(QueryNode, QueryRows)
        case existsRow(QueryRows)
        case search(QueryNode, Condition.TextMatch, QueryNode, ignoringCase: Bool)
        case and([QueryNode])
        case or([QueryNode])
        case not(QueryNode)
    }

    let kind: Kind
    /// The byte it begins at.
    let offset: Int
    /// How many parts of arithmetic it has.
    var size = 1
}

/// Rows that a condition asks about and one of their columns, as they were written.
struct QueryRows {
    var column: (name: String, offset: Int)
    var rows: QueryDraft
}

/// A span of days, as it was written: which days it is depends on when it is asked.
struct QueryDays {
    enum Span {
        case today, yesterday
        case last(Int, DaySpan.Unit)
    }

    let span: Span
    let zone: String?
    let offset: Int
}

/// One column of an order, as it was written.
struct QueryOrderNode {
    let name: String
    let isDescending: Bool
    let offset: Int
}

/// A query as it was written.
struct QueryDraft {
    var table: (name: String, offset: Int)
    var condition: QueryNode?
    var order: [QueryOrderNode] = []
    var limit: Int?
}

extension QueryNode {
    /// For each column in what is compared, the reference that leads to its table; nil for a column of the row itself.
    var leads: [(reference: String?, offset: Int)] {
        switch kind {
        case .column, .path, .count: [(nil, offset)]
        case .through(let reference, _): [(reference, offset)]
        case .number, .text, .bool, .null, .existsRow, .and, .or, .not: []
        case .arithmetic(let left, _, let right), .compare(let left, _, let right),
            .search(let left, _, let right, _):
            left.leads + right.leads
        case .isNull(let operand), .exists(let operand), .isInDays(let operand, _), .isInRows(let operand, _):
            operand.leads
        case .isIn(let operand, let values): operand.leads + values.flatMap(\.leads)
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
            case .column, .path, .count, .number, .text, .bool, .null, .existsRow, .and, .or, .not: kind
            }
        if case .through(_, let part) = self.kind { return part }
        return QueryNode(kind: kind, offset: offset, size: size)
    }
}

import CairnSchema

/// A condition, or a part of one, as it was written: names are not looked up yet, and values have no type yet.
struct QueryNode {
    indirect enum Kind {
        case column(String)
        case path(String, [JSONStep])
        case count(String)
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

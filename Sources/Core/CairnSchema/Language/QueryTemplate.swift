/// A query whose meaning is settled: names are columns, values have their types, and where something is given later stands a
/// parameter. What is left to do is to put values in; nothing about its text can be wrong any more.
///
/// The generator writes it as Swift, the core makes a query of it with the values of its parameters.
package struct QueryTemplate: Sendable {
    package let table: Table
    package var condition: TemplateCondition?
    package var order: [TemplateOrder] = []
    package var limit: TemplateCount?
    /// What it gives in place of whole records; nil: these. With groups, what is above is which rows they are of.
    package var selection: TemplateSelection?
    /// The parameters, in the order in which they appear.
    package var parameters: [QueryParameter] = []
}

/// A value that is given when a query is asked.
package struct QueryParameter: Sendable, Hashable {
    /// The name, without the `$`.
    package let name: String
    package let type: ParameterType
    /// What is stored of it; nil for a time zone.
    package let stored: ValueType?
    /// The texts it can be, if it is a value of an enum, a key of such values, or a list of either.
    package let cases: [String]?
    /// What it is used for, beside as a value.
    package let uses: Set<Use>
    /// The first column it is compared with; nil when it is compared with something computed, or with nothing.
    package let column: Subject?
    /// Where it stands first in the text.
    package let offset: Int

    /// What a parameter is used for that not every value of its type will do for.
    package enum Use: Sendable {
        /// How many rows.
        case limit
        /// A text to search for.
        case sought
        /// A regular expression.
        case pattern
        /// How many days, weeks, months or years.
        case span
    }

    /// A column of a table.
    package struct Subject: Sendable, Hashable {
        package let table: String
        package let column: String
    }
}

/// A value of a query.
package enum TemplateValue: Sendable, Hashable {
    case literal(Value)
    case parameter(String)
}

/// A number of a query.
package enum TemplateCount: Sendable, Hashable {
    case literal(Int)
    case parameter(String)
}

/// One column of the order of a query.
package struct TemplateOrder: Sendable, Hashable {
    package let column: Int
    package let isDescending: Bool
    /// The references that lead to the record with the column: each by its column and the table it refers to.
    package var path: [Step] = []

    /// A reference that is followed.
    package struct Step: Sendable, Hashable {
        package let column: Int
        package let table: Table
    }
}

/// Days that are counted from when a query is asked.
package struct TemplateDays: Sendable, Hashable {
    package enum Span: Sendable, Hashable {
        case today, yesterday
        case last(TemplateCount, DayUnit)
        /// The week, month or year that today is in.
        case this(DayUnit)
    }

    package enum Zone: Sendable, Hashable {
        case utc
        /// A name of the IANA database. Whether there is such a zone is known where the query is asked.
        case name(String, offset: Int)
        case parameter(String)
    }

    package let span: Span
    package let zone: Zone
    /// Whether the column has times; else it has days.
    package let isOfTimes: Bool
}

/// A condition of a query. The cases are those of the core's conditions.
package indirect enum TemplateCondition: Sendable {
    case constant(Bool)
    /// A truth value that is given.
    case given(String)
    case compare(column: Int, QueryComparison, TemplateValue)
    case isNull(column: Int)
    case isIn(column: Int, [TemplateValue])
    /// The column is one of a list that is given.
    case isInList(column: Int, String)
    case isInDays(column: Int, TemplateDays)
    case text(column: Int, QueryTextMatch, TemplateValue, ignoringCase: Bool)
    case computed(TemplateExpression, QueryComparison, TemplateExpression)
    case hasElement(column: Int, TemplateValue)
    case hasPath(column: Int, [JSONStep])
    case isPathNull(column: Int, [JSONStep])
    case pathText(column: Int, [JSONStep], QueryTextMatch, TemplateValue, ignoringCase: Bool)
    case reference(column: Int, Table, TemplateCondition)
    case isInRows(column: Int, TemplateRows)
    case and([TemplateCondition])
    case or([TemplateCondition])
    case not(TemplateCondition)
}

/// A value that a query computes from a row.
package indirect enum TemplateExpression: Sendable, Hashable {
    case column(Int)
    case value(TemplateValue)
    case count(column: Int)
    case path(column: Int, [JSONStep])
    case arithmetic(TemplateExpression, QueryArithmetic, TemplateExpression)
}

/// Rows of a table that a condition asks about, and one of their columns.
package struct TemplateRows: Sendable {
    package let table: Table
    package let column: Int
    package var condition: TemplateCondition?
    package var order: [TemplateOrder] = []
    package var limit: TemplateCount?
}

// MARK: Size

extension QueryTemplate {
    /// What makes it too large to be asked; nil when nothing does. Lists that are given count as one value here, and as what they
    /// are when it is asked.
    func excess() -> QueryMistake? {
        var values = 0
        if let excess = order.excess(depth: 1) ?? condition?.excess(depth: 1, &values) { return excess }
        values = 0
        return selection?.groups?.having?.excess(depth: 1, &values)
    }
}

extension [TemplateOrder] {
    fileprivate func excess(depth: Int) -> QueryMistake? {
        guard contains(where: { depth + $0.path.count * QueryLimits.relationDepth > QueryLimits.depth }) else {
            return nil
        }
        return QueryMistake(
            "an order follows more references than the \(QueryLimits.depth) parts a condition may nest have room for",
            remedy: "keep what you order by in a nearer table", at: 0)
    }
}

extension TemplateCondition {
    fileprivate func excess(depth: Int, _ values: inout Int) -> QueryMistake? {
        guard depth <= QueryLimits.depth else {
            return QueryMistake(
                "a condition nests more than \(QueryLimits.depth) deep",
                remedy: "write it flatter, or in several queries", at: 0)
        }
        values += valueCount
        guard values <= QueryLimits.values else {
            return QueryMistake(
                "a condition compares with more than \(QueryLimits.values) values",
                remedy: "read in several queries, or by a range", at: 0)
        }
        switch self {
        case .and(let parts), .or(let parts):
            for part in parts {
                if let excess = part.excess(depth: depth + 1, &values) { return excess }
            }
            return nil
        case .not(let part): return part.excess(depth: depth + 1, &values)
        case .reference(_, _, let part): return part.excess(depth: depth + QueryLimits.relationDepth, &values)
        case .isInRows(_, let rows):
            let depth = depth + QueryLimits.relationDepth
            return rows.order.excess(depth: depth) ?? rows.condition?.excess(depth: depth, &values)
        // Days become two comparisons that must both hold.
        case .isInDays: return TemplateCondition.and([]).excess(depth: depth + 1, &values)
        default: return nil
        }
    }

    private var valueCount: Int {
        switch self {
        case .isIn(_, let values): max(1, values.count)
        case .isInDays: 2
        case .and, .or, .not: 0
        default: 1
        }
    }
}

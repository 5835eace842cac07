import CairnSchema

/// One of the conditions a row must all satisfy, in a form the planner can match with an index.
struct Conjunct {
    /// What an index could do for it.
    enum Form {
        case equal(Value)
        case isNull
        case isNotNull
        case isIn([Value])
        /// One of about so many values, which are not known yet.
        case isInSome(Int)
        case lower(IndexRange.Bound)
        case upper(IndexRange.Bound)
        case prefix(String)
        /// Nothing; it is checked row by row.
        case other
    }

    let condition: Condition
    let column: Int?
    let form: Form

    /// What an index has served of it that served its form.
    var bound: Condition { condition.beginning ?? condition }

    /// What is left to check of it where an index serves its form; nil for nothing.
    var rest: Conjunct? { condition.beginning == nil ? nil : Conjunct(condition, nil, .other) }

    /// The conditions of a condition; nil for none. A `not` of a comparison is turned around, which three-valued logic
    /// allows: both are neither for null.
    /// - Parameter sizes: About how many values there are in the rows that will be read first.
    static func split(_ condition: Condition?, _ sizes: [RelatedRows: Int] = [:]) -> [Conjunct] {
        switch condition {
        case nil, .constant(true): []
        case .and(let parts): parts.flatMap { split($0, sizes) }
        case .isInRows(let column, let rows)?:
            [Conjunct(.isInRows(column: column, rows), column, sizes[rows].map(Form.isInSome) ?? .other)]
        case .not(.compare(let column, let comparison, let value)):
            [Conjunct(.compare(column: column, comparison.opposite, value))]
        case let condition?: [Conjunct(condition)]
        }
    }

    private init(_ condition: Condition, _ column: Int?, _ form: Form) {
        self.condition = condition
        self.column = column
        self.form = form
    }

    private init(_ condition: Condition) {
        self.condition = condition
        switch condition {
        case .compare(let column, let comparison, let value):
            self.column = column
            form =
                switch comparison {
                case .equal: .equal(value)
                case .notEqual: .other
                case .less: .upper(.init(value: value, isIncluded: false))
                case .lessOrEqual: .upper(.init(value: value, isIncluded: true))
                case .greater: .lower(.init(value: value, isIncluded: false))
                case .greaterOrEqual: .lower(.init(value: value, isIncluded: true))
                }
        case .isNull(let column): (self.column, form) = (column, .isNull)
        case .not(.isNull(let column)): (self.column, form) = (column, .isNotNull)
        case .isIn(let column, let values): (self.column, form) = (column, .isIn(values))
        case .text(let column, .hasPrefix, let prefix, ignoringCase: false) where !prefix.isEmpty:
            (self.column, form) = (column, .prefix(prefix))
        case .text(let column, .equals, let text, ignoringCase: false):
            (self.column, form) = (column, .equal(.string(text)))
        case .text(let column, .like, let pattern, ignoringCase: false):
            switch LikePattern(pattern).literal {
            case .whole(let text): (self.column, form) = (column, .equal(.string(text)))
            case .beginning(let text, _) where !text.isEmpty: (self.column, form) = (column, .prefix(text))
            case .beginning: (self.column, form) = (nil, .other)
            }
        default: (column, form) = (nil, .other)
        }
    }

    /// The share of rows it is guessed to be true of.
    var share: Double {
        switch form {
        case .equal, .isNull: 0.01
        case .isIn(let values): min(1, 0.01 * Double(values.count))
        case .isInSome(let count): min(1, 0.01 * Double(count))
        case .prefix: 0.05
        case .lower, .upper: 0.3
        case .isNotNull, .other: 0.5
        }
    }

    /// Whether no row can satisfy it.
    var isNever: Bool {
        switch condition {
        case .constant(false), .constant(nil): true
        case .isIn(_, let values): values.isEmpty
        default: false
        }
    }
}

extension Condition {
    /// That a text begins with what a pattern of `like` begins with, where that is only a part of what the pattern asks for:
    /// `name like "Par%s"` has an index find the names that begin with "Par", and leaves to check which of them end so. Nil for all
    /// other conditions, and for a pattern that begins with `%` or `_`.
    package var beginning: Condition? {
        guard case .text(let column, .like, let pattern, ignoringCase: false) = self,
            case .beginning(let text, isAll: false) = LikePattern(pattern).literal, !text.isEmpty
        else { return nil }
        return .text(column: column, .hasPrefix, text, ignoringCase: false)
    }
}

extension Condition.Comparison {
    /// The comparison that is true when this one is false, and the other way round.
    var opposite: Self {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        }
    }
}

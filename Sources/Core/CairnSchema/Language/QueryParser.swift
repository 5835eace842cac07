/// Reads the text form of queries, by recursive descent with bounded depth:
///
///     query      = [ "from" ] TABLE [ "select" item { "," item } ] [ "where" or ]
///                  [ "first" number [ "by" term { "," term } ] ] [ "group" "by" COLUMN { "," COLUMN } ] [ "having" or ] end
///     rows       = TABLE [ "where" or ] end
///     end        = [ "order" "by" term { "," term } ] [ "limit" number ]
///     term       = item [ "asc" | "desc" ]
///     item       = path | function
///     function   = ( "count" | "sum" | "average" | "min" | "max" ) "(" [ [ "distinct" ] COLUMN ] ")"
///     or         = and { ( "or" | "||" ) and }
///     and        = not { ( "and" | "&&" ) not }
///     not        = ( "not" | "!" ) not | row | comparison
///     row        = "exists" TABLE "by" COLUMN [ "(" or ")" ]
///     comparison = sum [ ( "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) sum
///                      | "is" [ "not" ] "null" | "exists" | [ "not" ] "between" sum "and" sum
///                      | [ "not" ] "in" ( "(" [ sum { "," sum } ] ")" | PARAMETER | days | "(" "select" COLUMN "from" rows ")" )
///                      | [ "not" ] ( "contains" | "begins" "with" | "ends" "with" | "like" | "matches" | "equals" ) sum
///                        [ "ignoring" "case" ] ]
///     days       = ( "today" | "yesterday" | "last" number ( "days" | "weeks" | "months" | "years" )
///                  | "this" ( "week" | "month" | "year" ) )
///                  [ "in" "zone" ( TEXT | PARAMETER ) ]
///     number     = NUMBER | PARAMETER
///     sum        = product { ( "+" | "-" ) product }
///     product    = value { ( "*" | "/" ) value }
///     value      = NUMBER | TEXT | PARAMETER | "true" | "false" | "null" | "-" value | "(" or ")" | "count" "(" path ")"
///                | function | path { "[" ( TEXT | NUMBER ) "]" }
///     path       = { REFERENCE "." } COLUMN
///
/// Words of the language are in any case; a column that is called like one stands in backticks. A parameter, `$country`, stands
/// for a value that is given later; values never become text. The names of functions but `count` are no words of the language: they are
/// known by the bracket behind them. Behind `having` and `order by` of groups, `count(x)` is how many rows of the group have a value.
package struct QueryParser {
    private let tokens: [QueryToken]
    var place = 0
    private var depth = 0

    /// What is open around a part, at most. Deeper than conditions may nest, which the check of the query says better.
    private static let maximumDepth = 2 * QueryLimits.depth

    package init(_ text: String) throws(QueryMistake) {
        tokens = try QueryLexer.tokens(text)
    }

    // MARK: Queries

    package mutating func query() throws(QueryMistake) -> QueryDraft {
        _ = takeWord("from")
        if next.isWord("select") {
            throw QueryMistake(
                "expected a table, found 'select', a word of the language",
                remedy: "the table comes first: cities select name", at: next.offset)
        }
        let draft = try rows(isWhole: true)
        guard next.kind == .end else { throw unexpected(continuation(of: draft)) }
        return draft
    }

    /// - Parameter isWhole: Whether it is a whole query, which may select something of the rows.
    private mutating func rows(isWhole: Bool) throws(QueryMistake) -> QueryDraft {
        var draft = QueryDraft(table: try name("a table"))
        if isWhole, takeWord("select") { draft.selected = try items("a column or a function like 'count()'") }
        if takeWord("where") { draft.condition = try or() }
        if isWhole {
            try first(&draft)
            try groups(&draft)
        }
        if takeWord("order") {
            guard takeWord("by") else { throw unexpected("'by' after 'order'") }
            repeat { draft.order.append(try term()) } while takeSign(",")
        }
        if takeWord("limit") {
            draft.limit = try number("a whole number after 'limit'")
        }
        return draft
    }

    /// `first` and `by`: which rows groups and functions are of. No column stands here, so the word is not one of the language.
    private mutating func first(_ draft: inout QueryDraft) throws(QueryMistake) {
        guard takeWord("first") else { return }
        draft.first = try number("a whole number after 'first'")
        guard takeWord("by") else { return }
        repeat { draft.firstOrder.append(try term()) } while takeSign(",")
    }

    /// A whole number, or the parameter that gives it.
    private mutating func number(_ what: String) throws(QueryMistake) -> QueryNumber {
        let offset = next.offset
        switch next.kind {
        case .parameter(let name):
            place += 1
            return QueryNumber(.parameter(name), at: offset)
        case .number(let text):
            guard let number = Int(text) else { throw unexpected(what) }
            place += 1
            return QueryNumber(.literal(number), at: offset)
        default: throw unexpected(what)
        }
    }

    /// A condition alone.
    package mutating func condition() throws(QueryMistake) -> QueryNode {
        let node = try or()
        guard next.kind == .end else { throw unexpected("'and' or 'or'") }
        return node
    }

    /// A column, or something computed, alone.
    package mutating func operand() throws(QueryMistake) -> QueryNode {
        let node = try sum()
        guard next.kind == .end else { throw unexpected("nothing more") }
        return node
    }

    /// A column of an order, alone.
    package mutating func orderTerm() throws(QueryMistake) -> QueryOrderNode {
        let term = try term()
        guard next.kind == .end else { throw unexpected("nothing more") }
        return term
    }

    private mutating func term() throws(QueryMistake) -> QueryOrderNode {
        let item = try item("a column")
        let isDescending = takeWord("desc")
        if !isDescending { _ = takeWord("asc") }
        return QueryOrderNode(item, isDescending: isDescending)
    }

    // MARK: Tokens

    var next: QueryToken { tokens[min(place, tokens.count - 1)] }

    /// What stands so many tokens on.
    func following(_ count: Int) -> QueryToken.Kind { tokens[min(place + count, tokens.count - 1)].kind }

    mutating func takeWord(_ word: String) -> Bool {
        guard next.isWord(word) else { return false }
        place += 1
        return true
    }

    mutating func takeSign(_ signs: String...) -> Bool {
        guard case .sign(let sign) = next.kind, signs.contains(sign) else { return false }
        place += 1
        return true
    }

    func unexpected(_ what: String) -> QueryMistake {
        QueryMistake("expected \(what), found \(next.text)", at: next.offset)
    }

    /// The words of the language, which no column is called without backticks.
    static let words: Set<String> = [
        "from", "where", "order", "by", "limit", "asc", "desc", "and", "or", "not", "is", "null", "exists", "between",
        "in",
        "contains", "begins", "ends", "with", "like", "matches", "equals", "ignoring", "case", "true", "false", "count",
        "select", "group", "having",
    ]

    private mutating func name(_ what: String) throws(QueryMistake) -> (name: String, offset: Int) {
        let token = next
        switch token.kind {
        case .name(let name):
            place += 1
            return (name, token.offset)
        case .word(let name) where !QueryParser.words.contains(name.lowercased()):
            place += 1
            return (name, token.offset)
        case .word(let word):
            throw QueryMistake(
                "expected \(what), found '\(word)', a word of the language",
                remedy: "if \(what) is called so, write `\(word)`", at: token.offset)
        default: throw unexpected(what)
        }
    }

    private mutating func nested<Result>(
        _ body: (inout QueryParser) throws(QueryMistake) -> Result
    ) throws(QueryMistake) -> Result {
        guard depth < QueryParser.maximumDepth else {
            throw QueryMistake(
                "the condition nests more than \(QueryParser.maximumDepth) deep", remedy: "write it flatter",
                at: next.offset)
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Conditions

    mutating func or() throws(QueryMistake) -> QueryNode {
        let first = try and()
        var parts = [first]
        while takeWord("or") || takeSign("||") { parts.append(try and()) }
        return parts.count == 1 ? first : QueryNode(kind: .or(parts), offset: first.offset)
    }

    private mutating func and() throws(QueryMistake) -> QueryNode {
        let first = try not()
        var parts = [first]
        while takeWord("and") || takeSign("&&") { parts.append(try not()) }
        return parts.count == 1 ? first : QueryNode(kind: .and(parts), offset: first.offset)
    }

    private mutating func not() throws(QueryMistake) -> QueryNode {
        let offset = next.offset
        if takeWord("exists") { return try row(from: offset) }
        guard takeWord("not") || takeSign("!") else { return try comparison() }
        let part = try nested { parser throws(QueryMistake) in try parser.not() }
        return QueryNode(kind: .not(part), offset: offset)
    }

    /// Whether a row of another table refers to this one.
    private mutating func row(from offset: Int) throws(QueryMistake) -> QueryNode {
        var rows = QueryDraft(table: try name("a table"))
        guard takeWord("by") else { throw unexpected("'by' and the column that refers to this table") }
        let column = try name("a column")
        if takeSign("(") {
            rows.condition = try nested { parser throws(QueryMistake) in try parser.or() }
            guard takeSign(")") else { throw unexpected("')'") }
        }
        return QueryNode(kind: .existsRow(QueryRows(column: column, rows: rows)), offset: offset)
    }

    private static let comparisons: [String: QueryComparison] = [
        "=": .equal, "==": .equal, "!=": .notEqual, "<>": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater,
        ">=": .greaterOrEqual,
    ]

    private mutating func comparison() throws(QueryMistake) -> QueryNode {
        let left = try sum()
        if case .sign(let sign) = next.kind, let comparison = QueryParser.comparisons[sign] {
            place += 1
            let right = try sum()
            try refuseIgnoring(after: sign)
            return QueryNode(kind: .compare(left, comparison, right), offset: left.offset)
        }
        if takeWord("is") {
            let isNegated = takeWord("not")
            guard takeWord("null") else { throw unexpected("'null' after 'is'") }
            return negated(isNegated, QueryNode(kind: .isNull(left), offset: left.offset))
        }
        if takeWord("exists") { return QueryNode(kind: .exists(left), offset: left.offset) }
        let isNegated = takeWord("not")
        if takeWord("between") { return negated(isNegated, try between(left)) }
        if takeWord("in") {
            let list = try list(left)
            try refuseIgnoring(after: "in")
            return negated(isNegated, list)
        }
        if let match = try textMatch() {
            let operand = try sum()
            var ignoringCase = false
            if takeWord("ignoring") {
                guard takeWord("case") else { throw unexpected("'case' after 'ignoring'") }
                ignoringCase = true
            }
            let kind = QueryNode.Kind.search(left, match, operand, ignoringCase: ignoringCase)
            return negated(isNegated, QueryNode(kind: kind, offset: left.offset))
        }
        guard !isNegated else { throw unexpected("'in', 'between', 'like' or another operator after 'not'") }
        return left
    }

    /// Tells who wants texts compared without their case how that is written.
    private func refuseIgnoring(after operation: String) throws(QueryMistake) {
        guard case .word(let word) = next.kind, word.lowercased() == "ignoring" else { return }
        throw QueryMistake(
            "'ignoring case' does not go with '\(operation)'", remedy: "write name equals \"a\" ignoring case",
            at: next.offset)
    }

    private func negated(_ isNegated: Bool, _ node: QueryNode) -> QueryNode {
        isNegated ? QueryNode(kind: .not(node), offset: node.offset) : node
    }

    private mutating func between(_ left: QueryNode) throws(QueryMistake) -> QueryNode {
        let lower = try sum()
        guard takeWord("and") else { throw unexpected("'and' and the upper end") }
        let upper = try sum()
        return QueryNode(
            kind: .and([
                QueryNode(kind: .compare(left, .greaterOrEqual, lower), offset: left.offset),
                QueryNode(kind: .compare(left, .lessOrEqual, upper), offset: left.offset),
            ]), offset: left.offset)
    }

    private mutating func list(_ left: QueryNode) throws(QueryMistake) -> QueryNode {
        if let days = try span() { return QueryNode(kind: .isInDays(left, days), offset: left.offset) }
        if case .parameter(let name) = next.kind {
            let list = QueryNode(kind: .parameter(name), offset: next.offset)
            place += 1
            return QueryNode(kind: .isInList(left, list), offset: left.offset)
        }
        guard takeSign("(") else { throw unexpected("'(' and the values, or 'today', 'yesterday' or 'last 7 days'") }
        if takeWord("select") {
            let column = try name("a column")
            guard takeWord("from") else { throw unexpected("'from' and a table") }
            let rows = try nested { parser throws(QueryMistake) in try parser.rows(isWhole: false) }
            guard takeSign(")") else { throw unexpected("')'") }
            return QueryNode(kind: .isInRows(left, QueryRows(column: column, rows: rows)), offset: left.offset)
        }
        var values: [QueryNode] = []
        if !takeSign(")") {
            repeat { values.append(try sum()) } while takeSign(",")
            guard takeSign(")") else { throw unexpected("',' or ')'") }
        }
        return QueryNode(kind: .isIn(left, values), offset: left.offset)
    }

    /// A span of days alone.
    package mutating func days() throws(QueryMistake) -> QueryDays {
        guard let days = try span() else { throw unexpected("'today', 'yesterday' or 'last 7 days'") }
        guard next.kind == .end else { throw unexpected("nothing more") }
        return days
    }

    private mutating func span() throws(QueryMistake) -> QueryDays? {
        let offset = next.offset
        let span: QueryDays.Span
        if takeWord("today") {
            span = .today
        } else if takeWord("yesterday") {
            span = .yesterday
        } else if takeWord("last") {
            let count = try number("a whole number after 'last'")
            let units = DayUnit.allCases
            guard
                let unit = units.first(where: {
                    next.isWord($0.rawValue) || next.isWord(String($0.rawValue.dropLast()))
                })
            else { throw unexpected("'days', 'weeks', 'months' or 'years'") }
            place += 1
            span = .last(count, unit)
        } else if takeWord("this") {
            let units: [DayUnit] = [.weeks, .months, .years]
            guard let unit = units.first(where: { next.isWord(String($0.rawValue.dropLast())) }) else {
                throw unexpected("'week', 'month' or 'year'")
            }
            place += 1
            span = .this(unit)
        } else {
            return nil
        }
        guard takeWord("in") else { return QueryDays(span: span, zone: nil, offset: offset) }
        guard takeWord("zone") else { throw unexpected(QueryParser.zone) }
        let zoneOffset = next.offset
        let zone: QueryDays.Zone
        switch next.kind {
        case .text(let name): zone = .name(name)
        case .parameter(let name): zone = .parameter(name)
        default: throw unexpected(QueryParser.zone)
        }
        place += 1
        return QueryDays(span: span, zone: zone, offset: zoneOffset)
    }

    private static let zone = "'zone' and its name in quotes, like \"Europe/Paris\""

    private mutating func textMatch() throws(QueryMistake) -> QueryTextMatch? {
        for (word, match) in [
            ("contains", QueryTextMatch.contains), ("like", .like), ("matches", .matches), ("equals", .equals),
        ] where takeWord(word) {
            return match
        }
        for (word, match) in [("begins", QueryTextMatch.hasPrefix), ("ends", .hasSuffix)] where takeWord(word) {
            guard takeWord("with") else { throw unexpected("'with' after '\(word)'") }
            return match
        }
        return nil
    }

    // MARK: Values

    private mutating func sum() throws(QueryMistake) -> QueryNode {
        var left = try product()
        while case .sign(let sign) = next.kind,
            let operation = ["+": .add, "-": .subtract][sign] as QueryArithmetic?
        {
            place += 1
            left = try combined(left, operation, try product())
        }
        return left
    }

    private mutating func product() throws(QueryMistake) -> QueryNode {
        var left = try value()
        while case .sign(let sign) = next.kind,
            let operation = ["*": .multiply, "/": .divide][sign] as QueryArithmetic?
        {
            place += 1
            left = try combined(left, operation, try value())
        }
        return left
    }

    private func combined(
        _ left: QueryNode, _ operation: QueryArithmetic, _ right: QueryNode
    ) throws(QueryMistake) -> QueryNode {
        let size = left.size + right.size + 1
        guard size <= QueryLimits.expressionParts else {
            throw QueryMistake("more than \(QueryLimits.expressionParts) parts are computed with", at: right.offset)
        }
        return QueryNode(kind: .arithmetic(left, operation, right), offset: left.offset, size: size)
    }

    private mutating func value() throws(QueryMistake) -> QueryNode {
        let token = next
        switch token.kind {
        case .number(let text):
            place += 1
            return QueryNode(kind: .number(text), offset: token.offset)
        case .text(let text):
            place += 1
            return QueryNode(kind: .text(text), offset: token.offset)
        case .parameter(let name):
            place += 1
            return QueryNode(kind: .parameter(name), offset: token.offset)
        case .sign("-"): return try negative(from: token.offset)
        case .sign("("):
            place += 1
            let inside = try nested { parser throws(QueryMistake) in try parser.or() }
            guard takeSign(")") else { throw unexpected("')'") }
            return inside
        default: break
        }
        for (word, kind) in [("true", QueryNode.Kind.bool(true)), ("false", .bool(false)), ("null", .null)]
        where takeWord(word) {
            return QueryNode(kind: kind, offset: token.offset)
        }
        if isGroupCount || !next.isWord("count") && isFunction, let function = try function() {
            return QueryNode(kind: .function(function), offset: token.offset)
        }
        if takeWord("count") {
            guard takeSign("(") else { throw unexpected("'(' and a column after 'count'") }
            let names = try names("a column")
            guard takeSign(")") else { throw unexpected("')'") }
            return QueryParser.through(names) { .count($0) }
        }
        let names = try names("a column or a value")
        let path = try path()
        return QueryParser.through(names) { path.isEmpty ? .column($0) : .path($0, path) }
    }

    /// A column, behind references that lead to its table.
    mutating func names(_ what: String) throws(QueryMistake) -> [(name: String, offset: Int)] {
        var names = [try name(what)]
        while takeSign(".") {
            guard names.count <= QueryLimits.depth else {
                throw QueryMistake("more than \(QueryLimits.depth) references lead on", at: next.offset)
            }
            names.append(try name("a column"))
        }
        return names
    }

    private static func through(
        _ names: [(name: String, offset: Int)], _ column: (String) -> QueryNode.Kind
    ) -> QueryNode {
        let last = names[names.count - 1]
        return names.dropLast().reversed().reduce(QueryNode(kind: column(last.name), offset: last.offset)) {
            QueryNode(kind: .through($1.name, $0), offset: $1.offset)
        }
    }

    /// A number below zero, or what is computed below it.
    private mutating func negative(from offset: Int) throws(QueryMistake) -> QueryNode {
        place += 1
        if case .number(let text) = next.kind {
            place += 1
            return QueryNode(kind: .number("-" + text), offset: offset)
        }
        let part = try nested { parser throws(QueryMistake) in try parser.value() }
        return try combined(QueryNode(kind: .number("0"), offset: offset), .subtract, part)
    }

    private mutating func path() throws(QueryMistake) -> [JSONStep] {
        var steps: [JSONStep] = []
        while takeSign("[") {
            switch next.kind {
            case .text(let name): steps.append(.member(name))
            case .number(let text):
                guard let index = Int(text) else { throw unexpected("a whole number") }
                steps.append(.element(index))
            default: throw unexpected("a member in quotes or the number of an element")
            }
            place += 1
            guard takeSign("]") else { throw unexpected("']'") }
        }
        return steps
    }
}

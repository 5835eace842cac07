/// Gives what was written its meaning in one table: names become columns, and nothing else; values get the types of what they
/// are compared with, parameters too.
///
/// It is the one check of the types of queries in text and in JSON, of named queries and of those that come at run time. What
/// it lets through cannot be refused later but for the values of parameters.
package struct QueryResolver {
    let table: Table
    let reach: QueryReach?
    /// The parameters; nil where there are none.
    let types: ParameterTypes?
    /// What the table describes, where it is one of results of groups.
    private let results: GroupResults?

    /// - Parameters:
    ///   - reach: The tables that conditions may lead to; nil: they lead nowhere.
    init(_ table: Table, _ reach: QueryReach?, _ types: ParameterTypes?, _ results: GroupResults? = nil) {
        self.table = table
        self.reach = reach
        self.types = types
        self.results = results
    }

    /// For a condition alone, without parameters.
    package init(_ table: Table, _ reach: QueryReach?) {
        self.init(table, reach, nil)
    }

    /// The same for another table.
    func resolver(of table: Table) -> QueryResolver { QueryResolver(table, reach, types) }

    /// How many rows.
    func limit(_ number: QueryNumber) throws(QueryMistake) -> TemplateCount {
        if case .literal(let count) = number.kind, count < 0 {
            throw QueryMistake("a limit is at least 0, found \(count)", at: number.offset)
        }
        return try count(number, for: .limit)
    }

    private func count(
        _ number: QueryNumber, for purpose: QueryParameter.Use
    ) throws(QueryMistake) -> TemplateCount {
        switch number.kind {
        case .literal(let count): return .literal(count)
        case .parameter(let name):
            try use(name, as: .value(.int), for: purpose, at: number.offset)
            return .parameter(name)
        }
    }

    // MARK: Conditions

    package func condition(_ node: QueryNode) throws(QueryMistake) -> TemplateCondition {
        if let condition = try behindReference(node) { return condition }
        switch node.kind {
        case .and(let parts): return .and(try conditions(parts))
        case .or(let parts): return .or(try conditions(parts))
        case .not(let part): return .not(try condition(part))
        case .compare(let left, let comparison, let right): return try compare(left, comparison, right)
        case .isNull(let operand): return try isNull(operand)
        case .exists(let operand):
            try refuseFunction(operand)
            guard case .path(let name, let path) = operand.kind else {
                throw QueryMistake(
                    "'exists' asks for a path into JSON", remedy: "for a column, write 'is not null'",
                    at: operand.offset)
            }
            return .hasPath(column: try column(name, path, at: operand.offset), path)
        case .isIn(let operand, let values): return try isIn(operand, values)
        case .isInList(let operand, let list): return try isIn(operand, list)
        case .isInDays(let operand, let days): return try isIn(operand, days)
        case .isInRows(let operand, let rows): return try isIn(operand, rows)
        case .existsRow(let rows): return try exists(rows)
        case .search(let operand, let match, let pattern, let ignoringCase):
            return try text(operand, match, pattern, ignoringCase: ignoringCase)
        case .bool(let bool): return .constant(bool)
        case .parameter(let name):
            try use(name, as: .value(.bool), at: node.offset)
            return .given(name)
        case .column(let name):
            let column = try column(name, at: node.offset)
            guard column.valueType == .bool else {
                throw QueryMistake(
                    "column '\(name)' is no condition", remedy: "compare it with a value", at: node.offset)
            }
            return .compare(column: column.position, .equal, .literal(.bool(true)))
        case .function(let function): throw mistake(of: function)
        default: throw QueryMistake("expected a condition, found a value", remedy: "compare it", at: node.offset)
        }
    }

    private func conditions(_ parts: [QueryNode]) throws(QueryMistake) -> [TemplateCondition] {
        var conditions: [TemplateCondition] = []
        for part in parts { conditions.append(try condition(part)) }
        return conditions
    }

    private func compare(
        _ left: QueryNode, _ comparison: QueryComparison, _ right: QueryNode
    ) throws(QueryMistake) -> TemplateCondition {
        if left.isValue, !right.isValue { return try compare(right, comparison.mirrored, left) }
        if case .column(let name) = left.kind, right.isValue {
            let column = try column(name, at: left.offset)
            if let value = try value(right, of: column) {
                guard column.valueType.isOrdered || comparison == .equal || comparison == .notEqual else {
                    throw QueryMistake(
                        "'\(comparison.rawValue)' cannot be used on column '\(column.name)' of table '\(table.name)' of type \(column.valueType)",
                        at: left.offset)
                }
                return .compare(column: column.position, comparison, value)
            }
        }
        let offset = left.offset
        let sides = (try expression(left, near: right), try expression(right, near: left))
        if let left = sides.0.kind, let right = sides.1.kind {
            try explained(at: offset) { () throws(ExpressionKind.Mistake) in
                try ExpressionKind.check(left, comparison, right)
            }
        }
        return .computed(sides.0.expression, comparison, sides.1.expression)
    }

    private func isNull(_ operand: QueryNode) throws(QueryMistake) -> TemplateCondition {
        switch operand.kind {
        case .column(let name): return .isNull(column: try column(name, at: operand.offset).position)
        case .path(let name, let path):
            return .isPathNull(column: try column(name, path, at: operand.offset), path)
        case .function(let function): throw mistake(of: function)
        default:
            throw QueryMistake("only a column or a path into JSON is null or not", at: operand.offset)
        }
    }

    private func isIn(_ operand: QueryNode, _ values: [QueryNode]) throws(QueryMistake) -> TemplateCondition {
        if case .column(let name) = operand.kind {
            let column = try column(name, at: operand.offset)
            var found: [TemplateValue] = []
            for node in values {
                guard node.isValue, let value = try value(node, of: column) else { break }
                found.append(value)
            }
            if found.count == values.count { return .isIn(column: column.position, found) }
        }
        guard !values.isEmpty else {
            _ = try expression(operand, near: operand)
            return .constant(false)
        }
        var parts: [TemplateCondition] = []
        for value in values { parts.append(try compare(operand, .equal, value)) }
        return .or(parts)
    }

    private func isIn(_ operand: QueryNode, _ list: QueryNode) throws(QueryMistake) -> TemplateCondition {
        try refuseFunction(operand)
        let place = list.offset
        guard case .parameter(let list) = list.kind, case .column(let name) = operand.kind else {
            throw QueryMistake("only a column is looked up in a list that is given", at: operand.offset)
        }
        let column = try column(name, at: operand.offset)
        guard column.valueType.isOrdered else {
            throw QueryMistake(
                "column '\(name)' of type \(column.valueType) is not looked up in a list", at: operand.offset)
        }
        try use(list, as: type(of: column).map(ParameterType.list), with: column, at: place)
        return .isInList(column: column.position, list)
    }

    private func isIn(_ operand: QueryNode, _ days: QueryDays) throws(QueryMistake) -> TemplateCondition {
        try refuseFunction(operand)
        guard case .column(let name) = operand.kind else {
            throw QueryMistake("only a column is on some days or not", at: operand.offset)
        }
        let column = try column(name, at: operand.offset)
        guard column.valueType == .timestamp || column.valueType == .date else {
            throw QueryMistake(
                "column '\(name)' is of type \(column.valueType), not of times or days", at: operand.offset)
        }
        let span: TemplateDays.Span =
            switch days.span {
            case .today: .today
            case .yesterday: .yesterday
            case .last(let count, let unit): .last(try self.count(count, for: .span), unit)
            case .this(let unit): .this(unit)
            }
        let zone: TemplateDays.Zone
        switch days.zone {
        case nil: zone = .utc
        case .name(let name): zone = .name(name, offset: days.offset)
        case .parameter(let name):
            try use(name, as: .zone, at: days.offset)
            zone = .parameter(name)
        }
        let isOfTimes = column.valueType == .timestamp
        return .isInDays(column: column.position, TemplateDays(span: span, zone: zone, isOfTimes: isOfTimes))
    }

    private func text(
        _ operand: QueryNode, _ match: QueryTextMatch, _ pattern: QueryNode, ignoringCase: Bool
    ) throws(QueryMistake) -> TemplateCondition {
        try refuseFunction(operand)
        if case .path(let name, let path) = operand.kind {
            let position = try self.column(name, path, at: operand.offset)
            let value = try sought(pattern, match, ignoringCase: ignoringCase, in: table.columns[position])
            return .pathText(column: position, path, match, value, ignoringCase: ignoringCase)
        }
        guard case .column(let name) = operand.kind else {
            throw QueryMistake("only a column or a path into JSON is searched", at: operand.offset)
        }
        let column = try column(name, at: operand.offset)
        if match == .contains, case .array(let element) = column.valueType {
            guard !ignoringCase else {
                throw QueryMistake("a list contains a value or not; case is for texts", at: operand.offset)
            }
            return .hasElement(column: column.position, try value(pattern, as: element, column))
        }
        guard column.valueType == .string else {
            // What is wrong with what is searched for comes first.
            if !pattern.isText { throw QueryResolver.noText(pattern) }
            throw QueryMistake(
                "column '\(name)' is not searched for texts: it is of type \(column.valueType)", at: operand.offset)
        }
        let value = try sought(pattern, match, ignoringCase: ignoringCase, in: column)
        return .text(column: column.position, match, value, ignoringCase: ignoringCase)
    }

    /// The text, or the parameter, that a column or what stands in its JSON is searched for.
    private func sought(
        _ pattern: QueryNode, _ match: QueryTextMatch, ignoringCase: Bool, in column: Column
    ) throws(QueryMistake) -> TemplateValue {
        switch pattern.kind {
        case .text(let text):
            try check(text, match, ignoringCase, column, at: pattern.offset)
            return .literal(.string(text))
        case .parameter(let name):
            let use = match == .matches ? QueryParameter.Use.pattern : .sought
            try self.use(name, as: .value(.string), for: use, with: column, at: pattern.offset)
            return .parameter(name)
        default: throw QueryResolver.noText(pattern)
        }
    }

    private static func noText(_ pattern: QueryNode) -> QueryMistake {
        QueryMistake("expected a text to search for", remedy: "put it in quotes", at: pattern.offset)
    }

    private func check(
        _ text: String, _ match: QueryTextMatch, _ ignoringCase: Bool, _ column: Column, at offset: Int
    ) throws(QueryMistake) {
        guard text.utf8.count <= QueryLimits.operandBytes else {
            throw QueryMistake(
                "column '\(column.name)' of table '\(table.name)' is searched for a text of \(text.utf8.count) bytes; the limit is \(QueryLimits.operandBytes)",
                remedy: "search for a part of it", at: offset)
        }
        guard match == .matches else { return }
        do throws(RegexError) {
            _ = try RegularExpression(text, ignoringCase: ignoringCase)
        } catch {
            throw QueryMistake("the pattern cannot be read: \(error)", at: offset)
        }
    }

    // MARK: Names

    func column(_ name: String, at offset: Int) throws(QueryMistake) -> Column {
        if let column = table.column(named: name) { return column }
        throw QueryMistake(
            "table '\(table.name)' has no column '\(name)'",
            remedy: NearestName.hintOrList(name, among: table.columns.map(\.name)), at: offset)
    }

    /// A column that a path leads into.
    func column(_ name: String, _ path: [JSONStep], at offset: Int) throws(QueryMistake) -> Int {
        let column = try column(name, at: offset)
        try explained(at: offset) { () throws(ExpressionKind.Mistake) in try ExpressionKind.check(path, of: column) }
        return column.position
    }

    /// Takes note of a parameter.
    func use(
        _ name: String, as type: ParameterType?, for use: QueryParameter.Use? = nil, with column: Column? = nil,
        at offset: Int
    ) throws(QueryMistake) {
        guard let types else {
            throw QueryMistake("a condition that is read alone has no parameters, and '$\(name)' is one", at: offset)
        }
        let subject = column.map { QueryParameter.Subject(table: table.name, column: $0.name) }
        try types.use(name, as: type, for: use, with: subject, at: offset)
    }

    /// The type that a parameter has when it is compared with a column.
    func type(of column: Column) -> ParameterType? {
        reach.map { results?.type(of: column, $0) ?? ParameterType(column, of: table, $0) }
    }

    /// A function where rows are asked about, one by one.
    func mistake(of function: QueryFunction) -> QueryMistake {
        let name = function.name.name
        guard QueryFunction.names.contains(name.lowercased()) else {
            return QueryMistake("there is no function '\(name)'", remedy: function.hint, at: function.name.offset)
        }
        return QueryMistake(
            "'\(name)' is computed of many rows, and stands where each row is asked about",
            remedy: "write it behind 'select', or behind 'having' and 'order by' of groups", at: function.name.offset)
    }

    /// Says of a function where it belongs, before what else is wrong with the condition it stands in.
    func refuseFunction(_ operand: QueryNode) throws(QueryMistake) {
        if case .function(let function) = operand.kind { throw mistake(of: function) }
    }

    /// Puts the mistakes of the rules of expressions where they are.
    func explained<Result>(
        at offset: Int, _ body: () throws(ExpressionKind.Mistake) -> Result
    ) throws(QueryMistake) -> Result {
        do throws(ExpressionKind.Mistake) {
            return try body()
        } catch {
            throw QueryMistake(
                "in a query of table '\(table.name)', \(error.message)", remedy: error.remedy, at: offset)
        }
    }
}

extension QueryNode {
    /// Whether it is a text, written out or given.
    fileprivate var isText: Bool {
        switch kind {
        case .text, .parameter: true
        default: false
        }
    }

    /// Whether it is a value, written out or given.
    var isValue: Bool {
        switch kind {
        case .number, .text, .bool, .null, .parameter: true
        default: false
        }
    }
}

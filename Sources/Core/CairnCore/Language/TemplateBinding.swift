import CairnSchema

extension QueryTemplate {
    /// The query with the values of its parameters.
    /// - Throws: for a parameter without a value, a value without a parameter, and a value of another type.
    package func bound(to values: [String: Value]) throws(QueryMistake) -> DynamicQuery {
        let names = parameters.map(\.name)
        for name in values.keys.sorted(by: Utf8.isLess) where !names.contains(name) {
            throw QueryMistake(
                "there is a value for '\(name)', and the query has no parameter '$\(name)'",
                remedy: names.isEmpty
                    ? "write $\(name) where it is to stand" : NearestName.hintOrList(name, among: names),
                at: 0)
        }
        var checked: [String: Value] = [:]
        for parameter in parameters {
            guard let value = values[parameter.name] else {
                throw QueryMistake(
                    "parameter '$\(parameter.name)' has no value", remedy: "give it one", at: parameter.offset)
            }
            checked[parameter.name] = try TemplateBinding.checked(value, parameter)
        }
        return try TemplateBinding(checked, parameters).query(self)
    }
}

extension Aggregate {
    fileprivate init(_ aggregate: TemplateAggregate) {
        self =
            switch aggregate {
            case .rows: .rows
            case .count(let column): .count(column: column)
            case .distinctCount(let column): .distinctCount(column: column)
            case .sum(let column): .sum(column: column)
            case .average(let column): .average(column: column)
            case .minimum(let column): .minimum(column: column)
            case .maximum(let column): .maximum(column: column)
            }
    }
}

/// What the parameters of a query are given.
enum ParameterValues {
    case values([String: Value])
    case texts([String: String])

    /// Types for parameters whose use does not say one.
    var types: [String: ParameterType] {
        switch self {
        case .values(let values): values.compactMapValues(TemplateBinding.type)
        case .texts(let texts): texts.mapValues { _ in .value(.string) }
        }
    }

    /// The values, now that their types are known.
    func values(for parameters: [QueryParameter]) throws(QueryMistake) -> [String: Value] {
        let texts: [String: String]
        switch self {
        case .values(let values): return values
        case .texts(let given): texts = given
        }
        var values: [String: Value] = texts.mapValues(Value.string)
        for parameter in parameters {
            guard let text = texts[parameter.name], let type = parameter.stored else { continue }
            guard let value = ValueJSON.parse(text, as: type) else {
                throw QueryMistake(
                    "parameter '$\(parameter.name)' is '\(text)', and not \(ValueJSON.expectation(of: type))",
                    at: parameter.offset)
            }
            values[parameter.name] = value
        }
        return values
    }
}

/// Makes conditions of those that were read, with the values of their parameters.
struct TemplateBinding {
    private let values: [String: Value]
    private let offsets: [String: Int]
    /// The instant that counts as now for days like today.
    private let now: Timestamp

    /// - Parameter values: The values of all parameters, each of its type.
    init(_ values: [String: Value] = [:], _ parameters: [QueryParameter] = [], now: Timestamp = .now) {
        self.values = values
        self.now = now
        offsets = Dictionary(parameters.map { ($0.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    func query(_ template: QueryTemplate) throws(QueryMistake) -> DynamicQuery {
        // As named queries do it: what a truth value has switched off is not in the way of an index.
        let folds = template.parameters.contains { $0.type == .value(.bool) }
        func bound(_ condition: TemplateCondition?) throws(QueryMistake) -> Condition? {
            guard let condition else { return nil }
            let bound = try self.condition(condition)
            return folds ? bound.folded : bound
        }
        let rows = Query(
            template.table, where: try bound(template.condition), order: order(template.order),
            limit: template.limit.map(count))
        guard let selection = template.selection else { return DynamicQuery(rows) }
        guard let groups = selection.groups else { return DynamicQuery(.columns(rows), selection.columns) }
        let query = AggregateQuery(
            rows, groups: groups.columns, aggregates: groups.aggregates.map(Aggregate.init),
            having: try bound(groups.having), order: order(groups.order), limit: groups.limit.map(count))
        return DynamicQuery(.groups(query), selection.columns)
    }

    // MARK: Types

    /// The type of a value, for a parameter whose use does not say one.
    static func type(of value: Value) -> ParameterType? {
        let types: [ValueType] = [.string, .int, .double, .bool, .uuid, .bytes, .timestamp, .date, .decimal]
        return types.first { $0.holds(value) }.map(ParameterType.value)
    }

    /// A value as its parameter has it: a whole number counts as a number of any kind.
    static func checked(_ value: Value, _ parameter: QueryParameter) throws(QueryMistake) -> Value {
        if value.isNull {
            throw QueryMistake(
                "parameter '$\(parameter.name)' is null, and nothing equals null",
                remedy: "write 'is null' where null is asked for", at: parameter.offset)
        }
        guard let type = parameter.stored else {
            guard case .string = value else { throw mistake(value, "the name of a time zone", parameter) }
            return value
        }
        let value = converted(value, to: type)
        guard type.holds(value) else { throw mistake(value, "a value of type \(type)", parameter) }
        if let cases = parameter.cases {
            for text in texts(of: value) where !cases.contains(where: { Utf8.equal($0, text) }) {
                throw QueryMistake(
                    "parameter '$\(parameter.name)' is never '\(text)'",
                    remedy: NearestName.hint(text, among: cases)
                        ?? "it is one of \(cases.prefix(20).joined(separator: ", "))", at: parameter.offset)
            }
        }
        return value
    }

    private static func converted(_ value: Value, to type: ValueType) -> Value {
        switch (value, type) {
        case (.int(let int), .double): .double(Double(int))
        case (.int(let int), .decimal): .decimal(DecimalNumber(int))
        case (.array(let values), .array(let element)): .array(values.map { converted($0, to: element) })
        default: value
        }
    }

    private static func texts(of value: Value) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap(texts)
        default: []
        }
    }

    private static func mistake(_ value: Value, _ what: String, _ parameter: QueryParameter) -> QueryMistake {
        QueryMistake("parameter '$\(parameter.name)' has a value that is not \(what)", at: parameter.offset)
    }

    // MARK: Parts

    private func value(_ value: TemplateValue) -> Value {
        switch value {
        case .literal(let value): value
        case .parameter(let name): values[name] ?? .null
        }
    }

    private func count(_ count: TemplateCount) -> Int {
        switch count {
        case .literal(let count): return count
        case .parameter(let name):
            guard case .int(let count) = values[name] else { return 0 }
            return count
        }
    }

    private func order(_ order: [TemplateOrder]) -> [OrderTerm] {
        order.map { term in
            let path = term.path.map { FollowedReference(column: $0.column, RelatedTable($0.table)) }
            return OrderTerm(column: term.column, isDescending: term.isDescending, behind: path)
        }
    }

    func condition(_ condition: TemplateCondition) throws(QueryMistake) -> Condition {
        switch condition {
        case .constant(let bool): return .constant(bool)
        case .given(let name): return .constant(values[name] == .bool(true))
        case .compare(let column, let comparison, let value):
            return .compare(column: column, comparison, self.value(value))
        case .isNull(let column): return .isNull(column: column)
        case .isIn(let column, let values): return .isIn(column: column, values.map(value))
        case .isInList(let column, let name):
            guard case .array(let list) = values[name] else { return .constant(false) }
            return .isIn(column: column, list)
        case .isInDays(let column, let days):
            return try span(days).condition(column: column, ofTimes: days.isOfTimes)
        case .text(let column, let match, let operand, let ignoringCase):
            guard case .string(let text) = value(operand) else { return .constant(false) }
            return .text(column: column, match, text, ignoringCase: ignoringCase)
        case .computed(let left, let comparison, let right):
            return .computed(expression(left), comparison, expression(right))
        case .hasElement(let column, let element): return .hasElement(column: column, value(element))
        case .hasPath(let column, let path): return .hasPath(column: column, path)
        case .isPathNull(let column, let path): return .isPathNull(column: column, path)
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            guard case .string(let text) = value(operand) else { return .constant(false) }
            return .pathText(column: column, path, match, text, ignoringCase: ignoringCase)
        case .reference(let column, let table, let part):
            return .reference(column: column, RelatedTable(table), try self.condition(part))
        case .isInRows(let column, let rows): return .isInRows(column: column, try self.rows(rows))
        case .and(let parts): return .and(try conditions(parts))
        case .or(let parts): return .or(try conditions(parts))
        case .not(let part): return .not(try self.condition(part))
        }
    }

    private func conditions(_ parts: [TemplateCondition]) throws(QueryMistake) -> [Condition] {
        var conditions: [Condition] = []
        for part in parts { conditions.append(try condition(part)) }
        return conditions
    }

    private func rows(_ rows: TemplateRows) throws(QueryMistake) -> RelatedRows {
        var found = RelatedRows(
            RelatedTable(rows.table), column: rows.column, order: order(rows.order), limit: rows.limit.map(count))
        if let condition = rows.condition { found.condition = try self.condition(condition) }
        return found
    }

    private func expression(_ expression: TemplateExpression) -> RowExpression {
        switch expression {
        case .column(let column): .column(column)
        case .value(let value): .value(self.value(value))
        case .count(let column): .count(column: column)
        case .path(let column, let path): .path(column: column, path)
        case .arithmetic(let left, let operation, let right):
            .arithmetic(self.expression(left), operation, self.expression(right))
        }
    }

    private func span(_ days: TemplateDays) throws(QueryMistake) -> DaySpan {
        let zone = try zone(days.zone)
        switch days.span {
        case .today: return .today(in: zone, now: now)
        case .yesterday: return .yesterday(in: zone, now: now)
        case .last(let count, let unit): return .last(self.count(count), unit, in: zone, now: now)
        case .this(let unit): return .this(unit, in: zone, now: now)
        }
    }

    private func zone(_ zone: TemplateDays.Zone) throws(QueryMistake) -> LocalZone {
        switch zone {
        case .utc: return .utc
        case .name(let name, let offset): return try self.zone(name, at: offset)
        case .parameter(let name):
            guard case .string(let zone) = values[name] else { return .utc }
            return try self.zone(zone, at: offsets[name] ?? 0)
        }
    }

    private func zone(_ name: String, at offset: Int) throws(QueryMistake) -> LocalZone {
        guard let zone = try? LocalZone(name) else {
            throw QueryMistake(
                "there is no time zone '\(name)'", remedy: "use a name of the IANA database, such as Europe/Paris",
                at: offset)
        }
        return zone
    }
}

import CairnSchema

/// Gives what was written its meaning in one table: names become columns, and nothing else; values get the types of what they
/// are compared with.
struct QueryResolver {
    let table: Table
    let reach: QueryReach?
    private let now: Timestamp

    /// - Parameters:
    ///   - reach: The tables that conditions may lead to; nil: they lead nowhere.
    ///   - now: The instant that counts as now for days like today.
    init(_ table: Table, _ reach: QueryReach?, now: Timestamp = .now) {
        self.table = table
        self.reach = reach
        self.now = now
    }

    /// The same for another table.
    func resolver(of table: Table) -> QueryResolver { QueryResolver(table, reach, now: now) }

    func order(_ term: QueryOrderNode) throws(QueryMistake) -> OrderTerm {
        OrderTerm(column: try column(term.name, at: term.offset).position, isDescending: term.isDescending)
    }

    // MARK: Conditions

    func condition(_ node: QueryNode) throws(QueryMistake) -> Condition {
        if let condition = try behindReference(node) { return condition }
        switch node.kind {
        case .and(let parts): return .and(try conditions(parts))
        case .or(let parts): return .or(try conditions(parts))
        case .not(let part): return .not(try condition(part))
        case .compare(let left, let comparison, let right): return try compare(left, comparison, right)
        case .isNull(let operand): return try isNull(operand)
        case .exists(let operand):
            guard case .path(let name, let path) = operand.kind else {
                throw QueryMistake(
                    "'exists' asks for a path into JSON", remedy: "for a column, write 'is not null'",
                    at: operand.offset)
            }
            return .hasPath(column: try column(name, at: operand.offset).position, path)
        case .isIn(let operand, let values): return try isIn(operand, values)
        case .isInDays(let operand, let days): return try isIn(operand, days)
        case .isInRows(let operand, let rows): return try isIn(operand, rows)
        case .existsRow(let rows): return try exists(rows)
        case .search(let operand, let match, let pattern, let ignoringCase):
            return try text(operand, match, pattern, ignoringCase: ignoringCase)
        case .bool(let bool): return .constant(bool)
        case .column(let name):
            let column = try column(name, at: node.offset)
            guard column.valueType == .bool else {
                throw QueryMistake(
                    "column '\(name)' is no condition", remedy: "compare it with a value", at: node.offset)
            }
            return .compare(column: column.position, .equal, .bool(true))
        default: throw QueryMistake("expected a condition, found a value", remedy: "compare it", at: node.offset)
        }
    }

    private func conditions(_ parts: [QueryNode]) throws(QueryMistake) -> [Condition] {
        var conditions: [Condition] = []
        for part in parts { conditions.append(try condition(part)) }
        return conditions
    }

    private func compare(
        _ left: QueryNode, _ comparison: Condition.Comparison, _ right: QueryNode
    ) throws(QueryMistake) -> Condition {
        if left.isValue, !right.isValue { return try compare(right, comparison.mirrored, left) }
        if case .column(let name) = left.kind, right.isValue {
            let column = try column(name, at: left.offset)
            if let value = try value(right, of: column) {
                return .compare(column: column.position, comparison, value)
            }
        }
        return .computed(
            try expression(left, near: right), comparison, try expression(right, near: left))
    }

    private func isNull(_ operand: QueryNode) throws(QueryMistake) -> Condition {
        switch operand.kind {
        case .column(let name): return .isNull(column: try column(name, at: operand.offset).position)
        case .path(let name, let path):
            return .isPathNull(column: try column(name, at: operand.offset).position, path)
        default:
            throw QueryMistake("only a column or a path into JSON is null or not", at: operand.offset)
        }
    }

    private func isIn(_ operand: QueryNode, _ values: [QueryNode]) throws(QueryMistake) -> Condition {
        if case .column(let name) = operand.kind {
            let column = try column(name, at: operand.offset)
            var found: [Value] = []
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
        var parts: [Condition] = []
        for value in values { parts.append(try compare(operand, .equal, value)) }
        return .or(parts)
    }

    private func isIn(_ operand: QueryNode, _ days: QueryDays) throws(QueryMistake) -> Condition {
        guard case .column(let name) = operand.kind else {
            throw QueryMistake("only a column is on some days or not", at: operand.offset)
        }
        let column = try column(name, at: operand.offset)
        guard column.valueType == .timestamp || column.valueType == .date else {
            throw QueryMistake(
                "column '\(name)' is of type \(column.valueType), not of times or days", at: operand.offset)
        }
        let zone = try zone(days)
        let span =
            switch days.span {
            case .today: DaySpan.today(in: zone, now: now)
            case .yesterday: DaySpan.yesterday(in: zone, now: now)
            case .last(let count, let unit): DaySpan.last(count, unit, in: zone, now: now)
            }
        return span.condition(column: column.position, ofTimes: column.valueType == .timestamp)
    }

    private func zone(_ days: QueryDays) throws(QueryMistake) -> LocalZone {
        guard let name = days.zone else { return .utc }
        guard let zone = try? LocalZone(name) else {
            throw QueryMistake(
                "there is no time zone '\(name)'", remedy: "use a name of the IANA database, such as Europe/Paris",
                at: days.offset)
        }
        return zone
    }

    private func text(
        _ operand: QueryNode, _ match: Condition.TextMatch, _ pattern: QueryNode, ignoringCase: Bool
    ) throws(QueryMistake) -> Condition {
        guard case .column(let name) = operand.kind else {
            throw QueryMistake("only a column is searched", at: operand.offset)
        }
        let column = try column(name, at: operand.offset)
        if match == .contains, case .array(let element) = column.valueType {
            guard !ignoringCase else {
                throw QueryMistake("a list contains a value or not; case is for texts", at: operand.offset)
            }
            return .hasElement(column: column.position, try value(pattern, as: element, column))
        }
        guard case .text(let text) = pattern.kind else {
            throw QueryMistake("expected a text to search for", remedy: "put it in quotes", at: pattern.offset)
        }
        guard column.valueType == .string else {
            throw QueryMistake(
                "column '\(name)' is not searched for texts: it is of type \(column.valueType)", at: operand.offset)
        }
        if match == .matches { try check(pattern: text, ignoringCase, at: pattern.offset) }
        return .text(column: column.position, match, text, ignoringCase: ignoringCase)
    }

    private func check(pattern: String, _ ignoringCase: Bool, at offset: Int) throws(QueryMistake) {
        do throws(RegexError) {
            _ = try RegularExpression(pattern, ignoringCase: ignoringCase)
        } catch {
            throw QueryMistake("the pattern cannot be read: \(error)", at: offset)
        }
    }

    // MARK: Expressions

    /// - Parameter other: What it is compared with, which says of what type a number is.
    private func expression(_ node: QueryNode, near other: QueryNode) throws(QueryMistake) -> RowExpression {
        switch node.kind {
        case .column(let name): return .column(try column(name, at: node.offset).position)
        case .path(let name, let path): return .path(column: try column(name, at: node.offset).position, path)
        case .count(let name): return .count(column: try column(name, at: node.offset).position)
        case .bool(let bool): return .value(.bool(bool))
        case .text(let text): return .value(.string(text))
        case .number(let text): return .value(try number(text, isDecimal: hasDecimal(other), at: node.offset))
        case .arithmetic(let left, let operation, let right):
            let leftNear = hasDecimal(right) ? right : other
            let rightNear = hasDecimal(left) ? left : other
            return .arithmetic(
                try expression(left, near: leftNear), operation, try expression(right, near: rightNear))
        case .null: throw QueryMistake("nothing equals null", remedy: "write 'is null'", at: node.offset)
        default: throw QueryMistake("expected a value, found a condition", at: node.offset)
        }
    }

    /// Whether a column of decimals is in it.
    private func hasDecimal(_ node: QueryNode) -> Bool {
        switch node.kind {
        case .column(let name): table.column(named: name)?.valueType == .decimal
        case .arithmetic(let left, _, let right): hasDecimal(left) || hasDecimal(right)
        default: false
        }
    }

    private func number(_ text: String, isDecimal: Bool, at offset: Int) throws(QueryMistake) -> Value {
        if let int = Int(text) { return .int(int) }
        if isDecimal, let decimal = DecimalNumber(text) { return .decimal(decimal) }
        let isWhole = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        guard !isDecimal, !isWhole, let double = Double(text), double.isFinite else {
            throw QueryMistake("the number \(text) is too large", at: offset)
        }
        return .double(double)
    }

    // MARK: Values

    /// The value compared with a column, in its type; nil for a number that no value of the column is, but which it compares
    /// with.
    private func value(_ node: QueryNode, of column: Column) throws(QueryMistake) -> Value? {
        if case .number(let text) = node.kind, column.valueType == .int, Int(text) == nil {
            return nil
        }
        return try value(node, as: column.valueType, column)
    }

    private func value(_ node: QueryNode, as type: ValueType, _ column: Column) throws(QueryMistake) -> Value {
        switch (node.kind, type) {
        case (.null, _): throw QueryMistake("nothing equals null", remedy: "write 'is null'", at: node.offset)
        case (.number(let text), .int):
            if let int = Int(text) { return .int(int) }
        case (.number(let text), .double):
            if let double = Double(text), double.isFinite { return .double(double == 0 ? 0 : double) }
        case (.number(let text), .decimal):
            if let decimal = DecimalNumber(text) { return .decimal(decimal) }
        case (.number(let text), .json):
            return .json(ValueJSON.value(try number(text, isDecimal: false, at: node.offset)))
        case (.bool(let bool), .bool): return .bool(bool)
        case (.bool(let bool), .json): return .json(.bool(bool))
        case (.text(let text), .string):
            try checkCase(text, column, at: node.offset)
            return .string(text)
        case (.text(let text), .json): return .json(.string(text))
        case (.text(let text), .uuid), (.text(let text), .timestamp), (.text(let text), .date),
            (.text(let text), .bytes), (.text(let text), .decimal):
            if let value = ValueJSON.parse(text, as: type) { return value }
        default: break
        }
        throw QueryMistake(
            "expected a value of type \(type), as column '\(column.name)' has", remedy: QueryResolver.example(of: type),
            at: node.offset)
    }

    private func checkCase(_ text: String, _ column: Column, at offset: Int) throws(QueryMistake) {
        guard case .enumeration(let values) = column.type, !values.contains(where: { Utf8.equal($0, text) }) else {
            return
        }
        throw QueryMistake(
            "column '\(column.name)' is never '\(text)'",
            remedy: NearestName.hint(text, among: values)
                ?? "it is one of \(values.prefix(20).joined(separator: ", "))",
            at: offset)
    }

    private static func example(of type: ValueType) -> String? {
        switch type {
        case .string, .uuid: "write a text in quotes"
        case .int, .double, .decimal: "write a number"
        case .timestamp: "write a time like \"2026-11-20T15:06:01Z\""
        case .date: "write a date like \"2026-11-20\""
        case .bool: "write true or false"
        case .bytes: "write Base64 in quotes"
        case .array: "write 'contains' and an element"
        case .json: nil
        }
    }

    func column(_ name: String, at offset: Int) throws(QueryMistake) -> Column {
        if let column = table.column(named: name) { return column }
        throw QueryMistake(
            "table '\(table.name)' has no column '\(name)'",
            remedy: NearestName.hintOrList(name, among: table.columns.map(\.name)), at: offset)
    }
}

extension QueryNode {
    /// Whether it is a value, written out.
    fileprivate var isValue: Bool {
        switch kind {
        case .number, .text, .bool, .null: true
        default: false
        }
    }
}

extension Condition.Comparison {
    /// The comparison with its sides changed.
    fileprivate var mirrored: Self {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}

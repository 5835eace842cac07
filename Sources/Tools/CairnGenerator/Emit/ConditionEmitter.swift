import CairnSchema

/// Writes the condition of a named query as a Swift expression: cases and nothing else, so that the compiler has nothing to
/// find out.
struct ConditionEmitter {
    let query: QueryModel
    let types: TypeSpelling

    /// The variable with the time that counts as now.
    static let now = "_now"

    /// A condition on one line or, where several must hold, on several.
    func lines(_ condition: TemplateCondition) -> [String] {
        switch condition {
        case .and(let parts): list(".and", parts)
        case .or(let parts): list(".or", parts)
        case .not(let part): around(".not(", lines(part), ")")
        case .reference(let column, let table, let part):
            around(".reference(column: \(column), .init(\(table.position)), ", lines(part), ")")
        case .isInRows(let column, let rows): self.rows(column, rows)
        default: [line(condition)]
        }
    }

    private func list(_ name: String, _ parts: [TemplateCondition]) -> [String] {
        var lines = ["\(name)(["]
        for part in parts {
            let part = self.lines(part)
            for (index, line) in part.enumerated() {
                lines.append("    " + line + (index == part.count - 1 ? "," : ""))
            }
        }
        return lines + ["])"]
    }

    private func around(_ start: String, _ lines: [String], _ end: String) -> [String] {
        var lines = lines
        lines[0] = start + lines[0]
        lines[lines.count - 1] += end
        return lines
    }

    private func rows(_ column: Int, _ rows: TemplateRows) -> [String] {
        let start = ".isInRows(column: \(column), .init(.init(\(rows.table.position)), column: \(rows.column)"
        var end = ""
        if !rows.order.isEmpty { end += ", order: \(order(rows.order))" }
        if let limit = rows.limit { end += ", limit: \(count(limit))" }
        guard let condition = rows.condition else { return [start + end + "))"] }
        return around(start + ", where: ", lines(condition), end + "))")
    }

    private func line(_ condition: TemplateCondition) -> String {
        switch condition {
        case .constant(let bool): ".constant(\(bool))"
        case .given(let name): ".constant(\(query.name(of: name)))"
        case .compare(let column, let comparison, let value):
            ".compare(column: \(column), .\(comparison), \(self.value(value)))"
        case .isNull(let column): ".isNull(column: \(column))"
        case .isIn(let column, let values):
            ".isIn(column: \(column), [\(values.map(value).joined(separator: ", "))])"
        case .isInList(let column, let name):
            ".isIn(column: \(column), \(query.name(of: name)).map(\\.columnValue))"
        case .isInDays(let column, let days):
            "\(span(days)).condition(column: \(column), ofTimes: \(days.isOfTimes))"
        case .text(let column, let match, let operand, let ignoringCase):
            ".text(column: \(column), .\(match), \(text(operand)), ignoringCase: \(ignoringCase))"
        case .computed(let left, let comparison, let right):
            ".computed(\(expression(left)), .\(comparison), \(expression(right)))"
        case .hasElement(let column, let element): ".hasElement(column: \(column), \(value(element)))"
        case .hasPath(let column, let path): ".hasPath(column: \(column), \(steps(path)))"
        case .isPathNull(let column, let path): ".isPathNull(column: \(column), \(steps(path)))"
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            ".pathText(column: \(column), \(steps(path)), .\(match), \(text(operand)), ignoringCase: \(ignoringCase))"
        case .reference, .isInRows, .and, .or, .not: lines(condition).joined(separator: " ")
        }
    }

    private func expression(_ expression: TemplateExpression) -> String {
        switch expression {
        case .column(let column): ".column(\(column))"
        case .value(let value): ".value(\(self.value(value)))"
        case .count(let column): ".count(column: \(column))"
        case .path(let column, let path): ".path(column: \(column), \(steps(path)))"
        case .arithmetic(let left, let operation, let right):
            ".arithmetic(\(self.expression(left)), .\(operation), \(self.expression(right)))"
        }
    }

    private func steps(_ path: [JSONStep]) -> String {
        let steps = path.map { step in
            switch step {
            case .member(let name): ".member(\(swiftLiteral(name)))"
            case .element(let index): ".element(\(index))"
            }
        }
        return "[\(steps.joined(separator: ", "))]"
    }

    private func span(_ days: TemplateDays) -> String {
        let zone =
            switch days.zone {
            case .parameter(let name): query.name(of: name)
            case .utc, .name: ".utc"
            }
        let head = types.cairn("DaySpan")
        let moment = "in: \(zone), now: \(ConditionEmitter.now)"
        return switch days.span {
        case .today: "\(head).today(\(moment))"
        case .yesterday: "\(head).yesterday(\(moment))"
        case .last(let count, let unit): "\(head).last(\(self.count(count)), .\(unit), \(moment))"
        case .this(let unit): "\(head).this(.\(unit), \(moment))"
        }
    }

    // MARK: Values

    private func value(_ value: TemplateValue) -> String {
        switch value {
        case .parameter(let name): "\(query.name(of: name)).columnValue"
        case .literal(let value): literal(value)
        }
    }

    private func literal(_ value: Value) -> String {
        let text = DefaultEmitter(types: types).literal(value)
        return switch value {
        case .null: ".null"
        case .bool: ".bool(\(text))"
        case .int: ".int(\(text))"
        case .double: ".double(\(text))"
        case .string: ".string(\(text))"
        case .bytes: ".bytes(\(text))"
        case .uuid: ".uuid(\(text))"
        case .timestamp: ".timestamp(\(text))"
        case .date: ".date(\(text))"
        case .decimal: ".decimal(\(text))"
        case .json: ".json(\(text))"
        case .array(let elements): ".array([\(elements.map(literal).joined(separator: ", "))])"
        }
    }

    private func text(_ value: TemplateValue) -> String {
        switch value {
        case .parameter(let name): query.name(of: name)
        case .literal(.string(let text)): swiftLiteral(text)
        case .literal: swiftLiteral("")
        }
    }

    func count(_ count: TemplateCount) -> String {
        switch count {
        case .literal(let count): "\(count)"
        case .parameter(let name): query.name(of: name)
        }
    }

    func order(_ order: [TemplateOrder]) -> String {
        let terms = order.map { term in
            let path = term.path.map { ".init(column: \($0.column), .init(\($0.table.position)))" }
            let behind = path.isEmpty ? "" : ", behind: [\(path.joined(separator: ", "))]"
            return ".init(column: \(term.column)\(term.isDescending ? ", isDescending: true" : "")\(behind))"
        }
        return "[\(terms.joined(separator: ", "))]"
    }
}

extension TemplateCondition {
    /// Whether it depends on what day it is.
    var hasDays: Bool {
        switch self {
        case .isInDays: true
        case .and(let parts), .or(let parts): parts.contains(where: \.hasDays)
        case .not(let part), .reference(_, _, let part): part.hasDays
        case .isInRows(_, let rows): rows.condition?.hasDays ?? false
        default: false
        }
    }
}

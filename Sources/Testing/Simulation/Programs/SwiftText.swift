import CairnCore

/// Values, conditions and queries as Swift expressions, in ASCII: what a person pastes, and what observations show.
enum SwiftText {
    /// A value: `.string("a\u{301}")`.
    static func value(_ value: Value) -> String {
        switch value {
        case .null: ".null"
        case .bool(let bool): ".bool(\(bool))"
        case .int(let int): ".int(\(int))"
        case .double(let double):
            ".double(\(double.isFinite ? "\(double)" : double.isNaN ? ".nan" : double < 0 ? "-.infinity" : ".infinity"))"
        case .string(let text): ".string(\(string(text)))"
        case .bytes(let bytes): ".bytes(\(bytes))"
        case .uuid(let uuid): ".uuid(UUID(uuidString: \"\(uuid.uuidString)\")!)"
        case .timestamp(let time): ".timestamp(Timestamp(\"\(time)\")!)"
        case .date(let date): ".date(CalendarDate(\"\(date)\")!)"
        case .decimal(let decimal): ".decimal(DecimalNumber(\"\(decimal)\")!)"
        case .json(let json): ".json(try JSONValue(parsing: \(string(json.description))))"
        case .array(let elements): ".array(\(list(elements.map(Self.value))))"
        }
    }

    static func list(_ parts: [String]) -> String { "[\(parts.joined(separator: ", "))]" }

    /// A string literal.
    static func string(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": literal += "\\" + String(scalar)
            case " "..."~": literal += String(scalar)
            default: literal += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
        return literal + "\""
    }

    // MARK: Queries

    static func condition(_ condition: Condition) -> String {
        switch condition {
        case .constant(let value): ".constant(\(value.map { "\($0)" } ?? "nil"))"
        case .compare(let column, let comparison, let value):
            ".compare(column: \(column), .\(name(comparison)), \(Self.value(value)))"
        case .isNull(let column): ".isNull(column: \(column))"
        case .isIn(let column, let values): ".isIn(column: \(column), \(list(values.map(value))))"
        case .text(let column, let match, let operand, let ignoringCase):
            ".text(column: \(column), .\(match.rawValue), \(string(operand)), ignoringCase: \(ignoringCase))"
        case .computed(let left, let comparison, let right):
            ".computed(\(expression(left)), .\(name(comparison)), \(expression(right)))"
        case .hasElement(let column, let element): ".hasElement(column: \(column), \(value(element)))"
        case .hasPath(let column, let path): ".hasPath(column: \(column), \(Self.path(path)))"
        case .isPathNull(let column, let path): ".isPathNull(column: \(column), \(Self.path(path)))"
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            ".pathText(column: \(column), \(Self.path(path)), .\(match.rawValue), \(string(operand)), ignoringCase: \(ignoringCase))"
        case .reference(let column, let table, let part):
            ".reference(column: \(column), RelatedTable(\(table.position)), \(Self.condition(part)))"
        case .isInRows(let column, let rows): ".isInRows(column: \(column), \(Self.rows(rows)))"
        case .and(let parts): ".and(\(list(parts.map(Self.condition))))"
        case .or(let parts): ".or(\(list(parts.map(Self.condition))))"
        case .not(let part): ".not(\(Self.condition(part)))"
        }
    }

    private static func rows(_ rows: RelatedRows) -> String {
        var parts = ["RelatedTable(\(rows.table.position))", "column: \(rows.column)"]
        if let condition = rows.condition { parts.append("where: \(Self.condition(condition))") }
        if !rows.order.isEmpty { parts.append("order: \(order(rows.order))") }
        if let limit = rows.limit { parts.append("limit: \(limit)") }
        return "RelatedRows(\(parts.joined(separator: ", ")))"
    }

    private static func expression(_ expression: RowExpression) -> String {
        switch expression {
        case .column(let column): ".column(\(column))"
        case .value(let value): ".value(\(Self.value(value)))"
        case .count(let column): ".count(column: \(column))"
        case .path(let column, let path): ".path(column: \(column), \(Self.path(path)))"
        case .arithmetic(let left, let operation, let right):
            ".arithmetic(\(Self.expression(left)), .\(operation), \(Self.expression(right)))"
        }
    }

    private static func path(_ path: [JSONStep]) -> String {
        list(
            path.map { step in
                switch step {
                case .member(let name): ".member(\(string(name)))"
                case .element(let index): ".element(\(index))"
                }
            })
    }

    private static func name(_ comparison: Condition.Comparison) -> String {
        switch comparison {
        case .equal: "equal"
        case .notEqual: "notEqual"
        case .less: "less"
        case .lessOrEqual: "lessOrEqual"
        case .greater: "greater"
        case .greaterOrEqual: "greaterOrEqual"
        }
    }

    static func query(_ spec: QuerySpec) -> String {
        var parts = ["t\(spec.table)"]
        if let condition = spec.condition { parts.append("where: \(Self.condition(condition))") }
        if !spec.order.isEmpty { parts.append("order: \(order(spec.order))") }
        if let limit = spec.limit { parts.append("limit: \(limit)") }
        return "Query(\(parts.joined(separator: ", ")))"
    }

    static func query(_ spec: AggregateSpec) -> String {
        var parts = [query(spec.rows)]
        if !spec.groups.isEmpty { parts.append("groups: \(spec.groups)") }
        parts.append("aggregates: \(list(spec.aggregates.map { ".\($0)" }))")
        if let condition = spec.having { parts.append("having: \(Self.condition(condition))") }
        if !spec.order.isEmpty { parts.append("order: \(order(spec.order))") }
        if let limit = spec.limit { parts.append("limit: \(limit)") }
        return "AggregateQuery(\(parts.joined(separator: ", ")))"
    }

    static func inclusions(_ specs: [InclusionSpec]) -> String { list(specs.map(inclusion)) }

    private static func inclusion(_ spec: InclusionSpec) -> String {
        let inner = spec.inner.isEmpty ? "" : ", including: \(inclusions(spec.inner))"
        return switch spec.kind {
        case .one(let column): ".one(\(column)\(inner))"
        case .many(let query, let column): ".many(\(Self.query(query)), by: \(column)\(inner))"
        }
    }

    private static func order(_ terms: [OrderTerm]) -> String {
        list(
            terms.map { term in
                let steps = term.path.map {
                    "FollowedReference(column: \($0.column), RelatedTable(\($0.table.position)))"
                }
                let path = steps.isEmpty ? "" : ", behind: \(list(steps))"
                return "OrderTerm(column: \(term.column)\(term.isDescending ? ", isDescending: true" : "")\(path))"
            })
    }

    /// A key: `Key(.int(1), [.string("a")])`.
    static func key(_ values: [Value]) -> String {
        let first = values.first.map(value) ?? ".null"
        return values.count > 1 ? "Key(\(first), \(list(values.dropFirst().map(value))))" : "Key(\(first))"
    }

    // MARK: Writes

    static func write(_ write: Write, _ schema: SchemaPlan) -> String {
        let table = "t\(write.table)"
        switch write {
        case .insert(_, let values): return ".insert(\(table), \(Self.values(values, write.table, schema)))"
        case .update(_, let values, let revision):
            return ".update(\(table), \(Self.values(values, write.table, schema)), expecting: \(optional(revision)))"
        case .upsert(_, let values): return ".upsert(\(table), \(Self.values(values, write.table, schema)))"
        case .delete(_, let key, let revision):
            return ".delete(\(table), \(Self.key(key)), expecting: \(optional(revision)))"
        }
    }

    private static func optional(_ revision: Int?) -> String { revision.map { "\($0)" } ?? "nil" }

    private static func values(_ values: [Value?], _ table: Int, _ schema: SchemaPlan) -> String {
        let given = values.compactMap { $0 }
        if given.count == values.count { return list(given.map(value)) }
        let named = zip(schema.tables[table].columns, values).compactMap { column, value in
            value.map { "\"\(column.name)\": \(Self.value($0))" }
        }
        return "try Record(t\(table), \(named.isEmpty ? "[:]" : list(named))).values"
    }
}

import CairnSchema

/// Reads the JSON form of queries: for programs, which need not put texts together.
///
///     { "from": "cities", "where": { "country": "FR", "population": { ">": 100000 } }, "order": ["name desc"], "limit": 10 }
///     { "from": "cities", "select": ["country", "count()"], "group_by": ["country"], "having": { "count()": { ">": 10 } } }
///
/// All members of a condition must hold. The name of a member is a column or something computed, as in the text form:
/// `"population / area"`, `"settings[\"theme\"]"`; or `and`, `or` with a list of conditions, `not` with one. What it is compared
/// with is a value, `null` for null, an object of operators, or one that says where the value comes from: `{ "parameter": "name" }`,
/// `{ "column": "name" }`, `{ "expression": "population / area" }`.
struct QueryJSONParser {
    func query(_ bytes: [UInt8]) throws(QueryMistake) -> QueryDraft {
        let root: JSONNode
        do {
            root = try JSONNode.parse(bytes, syntax: .strict)
        } catch {
            throw QueryMistake(error.message, at: error.offset)
        }
        return try rows(root, "a query", []).draft
    }

    /// The members of a whole query that select something of its rows.
    private static let selecting = ["select", "first", "first_by", "group_by", "having"]

    /// Reads rows of a table: a query, or other rows that a condition asks about, with one of their columns by a name of its own.
    private func rows(
        _ root: JSONNode, _ what: String, _ more: [String]
    ) throws(QueryMistake) -> (draft: QueryDraft, column: (name: String, offset: Int)?) {
        let members = try members(root, what)
        let selecting = more.isEmpty ? QueryJSONParser.selecting : []
        var selected: [QueryItem] = []
        var groups: [QueryItem] = []
        var having: QueryNode?
        var first: QueryNumber?
        var firstOrder: [QueryOrderNode] = []
        var column: (String, Int)?
        var table: (String, Int)?
        var condition: QueryNode?
        var order: [QueryOrderNode] = []
        var limit: QueryNumber?
        for member in members {
            switch member.name {
            case "from":
                guard case .string(let name) = member.value.content else {
                    throw wrong("'from' is the name of a table", member)
                }
                table = (name, member.value.offset)
            case "select" where !selecting.isEmpty:
                selected = try items(member, "a column or a function like \"count()\"")
            case "group_by" where !selecting.isEmpty: groups = try items(member, "a column")
            case "having" where !selecting.isEmpty: having = try self.condition(member.value)
            case "first" where !selecting.isEmpty: first = try number(member)
            case "first_by" where !selecting.isEmpty: firstOrder = try self.order(member)
            case "where": condition = try self.condition(member.value)
            case "order": order = try self.order(member)
            case "limit": limit = try number(member)
            case let name where more.contains(name):
                guard case .string(let name) = member.value.content else {
                    throw wrong("'\(member.name)' is the name of a column", member)
                }
                column = (name, member.value.offset)
            default:
                throw QueryMistake(
                    "\(what) has no '\(member.name)'",
                    remedy: NearestName.hintOrList(
                        member.name, among: more + selecting + ["from", "where", "order", "limit"]),
                    at: member.nameOffset)
            }
        }
        guard let table else { throw QueryMistake("'from' is missing: the name of a table", at: root.offset) }
        var draft = QueryDraft(table: table, condition: condition, order: order, limit: limit)
        (draft.selected, draft.groups, draft.having) = (selected, groups, having)
        (draft.first, draft.firstOrder) = (first, firstOrder)
        if first == nil, let term = firstOrder.first {
            throw QueryMistake(
                "'first_by' is the order of the first rows", remedy: "say with 'first' how many these are",
                at: term.item.offset)
        }
        return (draft, column)
    }

    /// Rows that a condition asks about, and one of their columns, by the name of the member that says it.
    private func rows(_ node: JSONNode, columnAs name: String) throws(QueryMistake) -> QueryRows {
        let (draft, column) = try rows(node, "what is looked up", [name])
        guard let column else {
            throw QueryMistake("'\(name)' is missing: the name of a column", at: node.offset)
        }
        return QueryRows(column: column, rows: draft)
    }

    /// A whole number, or the parameter that gives it.
    private func number(_ member: JSONMember) throws(QueryMistake) -> QueryNumber {
        if let name = try parameter(member.value) {
            return QueryNumber(.parameter(name), at: member.value.offset)
        }
        guard case .number(let number) = member.value.content, let int = number.int else {
            throw wrong("'\(member.name)' is a whole number", member)
        }
        return QueryNumber(.literal(int), at: member.value.offset)
    }

    // MARK: Structure

    private func members(_ node: JSONNode, _ what: String) throws(QueryMistake) -> [JSONMember] {
        guard case .object(let members) = node.content else {
            throw QueryMistake("expected an object, \(what), found \(node.kind)", at: node.offset)
        }
        var seen: Set<Value> = []
        for member in members where !seen.insert(.string(member.name)).inserted {
            throw QueryMistake("'\(member.name)' stands here twice", at: member.nameOffset)
        }
        return members
    }

    private func elements(_ node: JSONNode, _ what: String) throws(QueryMistake) -> [JSONNode] {
        guard case .array(let elements) = node.content else {
            throw QueryMistake("expected a list of \(what), found \(node.kind)", at: node.offset)
        }
        return elements
    }

    private func wrong(_ message: String, _ member: JSONMember) -> QueryMistake {
        QueryMistake("\(message), found \(member.value.kind)", at: member.value.offset)
    }

    /// Reads text inside the JSON; a mistake in it is placed in the whole, as far as it has no escapes before it.
    private func inside<Result>(
        _ text: String, at offset: Int, _ read: (inout QueryParser) throws(QueryMistake) -> Result
    ) throws(QueryMistake) -> Result {
        do throws(QueryMistake) {
            var parser = try QueryParser(text)
            return try read(&parser)
        } catch {
            throw QueryMistake(error.message, remedy: error.remedy, at: offset + 1 + error.offset)
        }
    }

    private func order(_ member: JSONMember) throws(QueryMistake) -> [QueryOrderNode] {
        var terms: [QueryOrderNode] = []
        for element in try elements(member.value, "columns") {
            guard case .string(let text) = element.content else {
                throw QueryMistake("expected a column like \"name desc\", found \(element.kind)", at: element.offset)
            }
            let term = try inside(text, at: element.offset) { parser throws(QueryMistake) in try parser.orderTerm() }
            terms.append(
                QueryOrderNode(term.item.moved(by: element.offset + 1), isDescending: term.isDescending))
        }
        return terms
    }

    /// What is selected or grouped by; there is something, or the member would say nothing.
    private func items(_ member: JSONMember, _ what: String) throws(QueryMistake) -> [QueryItem] {
        var items: [QueryItem] = []
        for element in try elements(member.value, "columns") {
            guard case .string(let text) = element.content else {
                throw QueryMistake("expected \(what), found \(element.kind)", at: element.offset)
            }
            let item = try inside(text, at: element.offset) { parser throws(QueryMistake) in
                try parser.selectedItem(what)
            }
            items.append(item.moved(by: element.offset + 1))
        }
        guard !items.isEmpty else {
            throw QueryMistake("'\(member.name)' is empty", remedy: "leave it out", at: member.value.offset)
        }
        return items
    }

    // MARK: Conditions

    private func condition(_ node: JSONNode) throws(QueryMistake) -> QueryNode {
        var parts: [QueryNode] = []
        for member in try members(node, "a condition") {
            switch member.name {
            case "and": parts.append(QueryNode(kind: .and(try conditions(member.value)), offset: member.nameOffset))
            case "or": parts.append(QueryNode(kind: .or(try conditions(member.value)), offset: member.nameOffset))
            case "exists":
                let rows = try rows(member.value, columnAs: "by")
                parts.append(QueryNode(kind: .existsRow(rows), offset: member.nameOffset))
            case "not": parts.append(QueryNode(kind: .not(try condition(member.value)), offset: member.nameOffset))
            default:
                let operand = try inside(member.name, at: member.nameOffset) { parser throws(QueryMistake) in
                    try parser.operand()
                }
                parts += try comparisons(operand.moved(by: member.nameOffset + 1), member.value)
            }
        }
        return parts.count == 1 ? parts[0] : QueryNode(kind: .and(parts), offset: node.offset)
    }

    private func conditions(_ node: JSONNode) throws(QueryMistake) -> [QueryNode] {
        var conditions: [QueryNode] = []
        for element in try elements(node, "conditions") { conditions.append(try condition(element)) }
        return conditions
    }

    private static let comparisons: [String: QueryComparison] = [
        "=": .equal, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
    ]

    private static let matches: [String: QueryTextMatch] = [
        "contains": .contains, "begins with": .hasPrefix, "ends with": .hasSuffix, "like": .like, "matches": .matches,
        "equals": .equals,
    ]

    private static let operators =
        ["=", "!=", "<", "<=", ">", ">=", "between", "in", "is null", "exists"] + matches.keys.sorted() + [
            "ignoring case"
        ]

    private func comparisons(_ operand: QueryNode, _ node: JSONNode) throws(QueryMistake) -> [QueryNode] {
        if QueryJSONParser.isSource(node) {
            return [QueryNode(kind: .compare(operand, .equal, try value(node)), offset: operand.offset)]
        }
        guard case .object = node.content else {
            if case .null = node.content { return [QueryNode(kind: .isNull(operand), offset: operand.offset)] }
            return [QueryNode(kind: .compare(operand, .equal, try value(node)), offset: operand.offset)]
        }
        let members = try members(node, "the operators")
        let ignoringCase = try members.first { $0.name == "ignoring case" }.map(flag) ?? false
        var parts: [QueryNode] = []
        for member in members where member.name != "ignoring case" {
            parts.append(try comparison(operand, member, ignoringCase: ignoringCase))
        }
        guard !parts.isEmpty else { throw QueryMistake("there is no operator", at: node.offset) }
        return parts
    }

    private func comparison(
        _ operand: QueryNode, _ member: JSONMember, ignoringCase: Bool
    ) throws(QueryMistake) -> QueryNode {
        func node(_ kind: QueryNode.Kind) -> QueryNode { QueryNode(kind: kind, offset: operand.offset) }
        if ignoringCase, QueryJSONParser.matches[member.name] == nil {
            let names = QueryJSONParser.matches.keys.sorted().joined(separator: ", ")
            throw QueryMistake(
                "'ignoring case' does not go with '\(member.name)'", remedy: "it goes with \(names)",
                at: member.nameOffset)
        }
        if let comparison = QueryJSONParser.comparisons[member.name] {
            return node(.compare(operand, comparison, try value(member.value)))
        }
        if let match = QueryJSONParser.matches[member.name] {
            return node(.search(operand, match, try value(member.value), ignoringCase: ignoringCase))
        }
        switch member.name {
        case "in":
            if case .string(let text) = member.value.content {
                let days = try inside(text, at: member.value.offset) { parser throws(QueryMistake) in try parser.days()
                }
                let place = member.value.offset + 1 + days.offset
                return node(.isInDays(operand, QueryDays(span: days.span, zone: days.zone, offset: place)))
            }
            if try parameter(member.value) != nil {
                return node(.isInList(operand, try value(member.value)))
            }
            if case .object = member.value.content {
                return node(.isInRows(operand, try rows(member.value, columnAs: "select")))
            }
            var values: [QueryNode] = []
            for element in try elements(member.value, "values") { values.append(try value(element)) }
            return node(.isIn(operand, values))
        case "between":
            let bounds = try elements(member.value, "the two bounds")
            guard bounds.count == 2 else {
                throw QueryMistake("'between' is a list of two, the lower and the upper bound", at: member.value.offset)
            }
            let (lower, upper) = (try value(bounds[0]), try value(bounds[1]))
            return node(
                .and([node(.compare(operand, .greaterOrEqual, lower)), node(.compare(operand, .lessOrEqual, upper))]))
        case "is null", "exists":
            let asked = node(member.name == "exists" ? .exists(operand) : .isNull(operand))
            return try flag(member) ? asked : node(.not(asked))
        default:
            throw QueryMistake(
                "there is no operator '\(member.name)'",
                remedy: NearestName.hint(member.name, among: QueryJSONParser.operators)
                    ?? "the operators are \(QueryJSONParser.operators.joined(separator: ", "))", at: member.nameOffset)
        }
    }

    private func flag(_ member: JSONMember) throws(QueryMistake) -> Bool {
        guard case .bool(let bool) = member.value.content else {
            throw wrong("'\(member.name)' is true or false", member)
        }
        return bool
    }

    /// The name of the parameter that stands in place of a value: `{ "parameter": "country" }`; nil for anything else.
    private func parameter(_ node: JSONNode) throws(QueryMistake) -> String? {
        guard case .object(let members) = node.content, members.count == 1, members[0].name == "parameter" else {
            return nil
        }
        guard case .string(let name) = members[0].value.content else {
            throw wrong("'parameter' is the name of a parameter", members[0])
        }
        return name
    }

    /// Whether an object says where a value comes from; no operator has such a name.
    private static func isSource(_ node: JSONNode) -> Bool {
        guard case .object(let members) = node.content, members.count == 1 else { return false }
        return ["parameter", "column", "expression"].contains(members[0].name)
    }

    /// What stands in place of a value and is of the row itself: a column, by its name alone, or anything that the text form computes;
    /// nil for anything else.
    private func computed(_ node: JSONNode) throws(QueryMistake) -> QueryNode? {
        guard case .object(let members) = node.content, members.count == 1 else { return nil }
        let member = members[0]
        let offset = member.value.offset
        switch member.name {
        case "column":
            guard case .string(let name) = member.value.content else {
                throw wrong("'column' is the name of a column", member)
            }
            return QueryNode(kind: .column(name), offset: offset)
        case "expression":
            guard case .string(let text) = member.value.content else {
                throw wrong("'expression' is a text like \"population / area\"", member)
            }
            let operand = try inside(text, at: offset) { parser throws(QueryMistake) in try parser.operand() }
            return operand.moved(by: offset + 1)
        default: return nil
        }
    }

    private func value(_ node: JSONNode) throws(QueryMistake) -> QueryNode {
        if let name = try parameter(node) { return QueryNode(kind: .parameter(name), offset: node.offset) }
        if let computed = try computed(node) { return computed }
        let kind: QueryNode.Kind =
            switch node.content {
            case .null: .null
            case .bool(let bool): .bool(bool)
            case .number(let number): .number(number.text)
            case .string(let text): .text(text)
            case .array, .object: throw QueryMistake("expected a value, found \(node.kind)", at: node.offset)
            }
        return QueryNode(kind: kind, offset: node.offset)
    }
}

extension QueryNode {
    /// The node, as far as its mistakes are placed by it, moved in the text.
    fileprivate func moved(by count: Int) -> QueryNode {
        let kind: Kind =
            switch self.kind {
            case .arithmetic(let left, let operation, let right):
                .arithmetic(left.moved(by: count), operation, right.moved(by: count))
            case .through(let reference, let part): .through(reference, part.moved(by: count))
            case .function(let function): .function(function.moved(by: count))
            default: self.kind
            }
        return QueryNode(kind: kind, offset: offset + count, size: size)
    }
}

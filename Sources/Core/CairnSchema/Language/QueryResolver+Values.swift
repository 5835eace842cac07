// Values and what is computed.

extension QueryResolver {
    /// Something computed: what it is, and what it gives as far as that is known.
    typealias Computed = (expression: TemplateExpression, kind: ExpressionKind?)

    /// - Parameter other: What it is compared with, which says of what type a number or a parameter is.
    func expression(_ node: QueryNode, near other: QueryNode) throws(QueryMistake) -> Computed {
        switch node.kind {
        case .column(let name):
            let column = try column(name, at: node.offset)
            return (.column(column.position), .value(column.valueType))
        case .path(let name, let path): return (.path(column: try column(name, path, at: node.offset), path), .json)
        case .count(let name):
            let column = try column(name, at: node.offset)
            let kind = try explained(at: node.offset) { () throws(ExpressionKind.Mistake) in
                try ExpressionKind.count(of: column)
            }
            return (.count(column: column.position), kind)
        case .bool(let bool): return (.value(.literal(.bool(bool))), .value(.bool))
        case .text(let text): return (.value(.literal(.string(text))), .value(.string))
        case .number(let text):
            let value = try number(text, isDecimal: hasDecimal(other), at: node.offset)
            return (.value(.literal(value)), .value(QueryResolver.type(ofNumber: value)))
        case .parameter(let name): return try parameter(name, near: other, at: node.offset)
        case .arithmetic(let left, let operation, let right):
            let sides = (
                try expression(left, near: nearer(right, other)), try expression(right, near: nearer(left, other))
            )
            var kind: ExpressionKind?
            if let left = sides.0.kind, let right = sides.1.kind {
                kind = try explained(at: node.offset) { () throws(ExpressionKind.Mistake) in
                    try ExpressionKind.combined(left, operation, right)
                }
            }
            return (.arithmetic(sides.0.expression, operation, sides.1.expression), kind)
        case .null: throw QueryMistake("nothing equals null", remedy: "write 'is null'", at: node.offset)
        case .function(let function): throw mistake(of: function)
        default: throw QueryMistake("expected a value, found a condition", at: node.offset)
        }
    }

    /// Which of two says what a number or a parameter is: what it is computed with, unless only what the result is compared with
    /// has decimals.
    private func nearer(_ partner: QueryNode, _ other: QueryNode) -> QueryNode {
        if hasDecimal(partner) { return partner }
        return hasDecimal(other) || kind(of: partner) == nil ? other : partner
    }

    /// Whether a column of decimals is in it.
    private func hasDecimal(_ node: QueryNode) -> Bool {
        switch node.kind {
        case .column(let name): table.column(named: name)?.valueType == .decimal
        case .arithmetic(let left, _, let right): hasDecimal(left) || hasDecimal(right)
        default: false
        }
    }

    /// What the columns in something computed make of it; nil where there are none, or what is there is known only when it is read.
    private func kind(of node: QueryNode) -> ExpressionKind? {
        switch node.kind {
        case .column(let name): return table.column(named: name).map { .value($0.valueType) }
        case .count: return .value(.int)
        case .arithmetic(let left, let operation, let right):
            // Each side once: twice at each level would be for ever in a long sum.
            let sides = (kind(of: left), kind(of: right))
            guard let left = sides.0, let right = sides.1 else { return sides.0 ?? sides.1 }
            return try? ExpressionKind.combined(left, operation, right)
        default: return nil
        }
    }

    private func parameter(_ name: String, near other: QueryNode, at offset: Int) throws(QueryMistake) -> Computed {
        var type = types?.declared(name)
        if type == nil, case .value(let near) = kind(of: other), near.isScalar { type = .value(near) }
        try use(name, as: type, at: offset)
        let expression = TemplateExpression.value(.parameter(name))
        switch types?.type(of: name) {
        case nil: return (expression, nil)
        case .value(let type) where type.isScalar: return (expression, .value(type))
        case .enumeration: return (expression, .value(.string))
        case let type?:
            throw QueryMistake(
                "parameter '$\(name)' is \(type.text(in: reach?.tables ?? [])), which nothing is computed with",
                remedy: "compare a column with it", at: offset)
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

    private static func type(ofNumber value: Value) -> ValueType {
        switch value {
        case .double: .double
        case .decimal: .decimal
        default: .int
        }
    }

    // MARK: Values of columns

    /// The value compared with a column, in its type; nil for a number that no value of the column is, but which it compares
    /// with, and for a parameter that is declared as such.
    func value(_ node: QueryNode, of column: Column) throws(QueryMistake) -> TemplateValue? {
        if case .number(let text) = node.kind, column.valueType == .int, Int(text) == nil {
            return nil
        }
        if case .parameter(let name) = node.kind, case .value(let declared) = types?.declared(name),
            declared != column.valueType, ExpressionKind.value(declared).isNumber,
            ExpressionKind.value(column.valueType).isNumber, type(of: column) == .value(column.valueType)
        {
            return nil
        }
        if case .parameter(let name) = node.kind {
            try use(name, as: type(of: column), with: column, at: node.offset)
            return .parameter(name)
        }
        return try value(node, as: column.valueType, column)
    }

    func value(_ node: QueryNode, as type: ValueType, _ column: Column) throws(QueryMistake) -> TemplateValue {
        if case .parameter(let name) = node.kind {
            try use(name, as: .value(type), with: column, at: node.offset)
            return .parameter(name)
        }
        return .literal(try literal(node, as: type, column))
    }

    private func literal(_ node: QueryNode, as type: ValueType, _ column: Column) throws(QueryMistake) -> Value {
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
        if case .number(let text) = node.kind, type == .double || type == .decimal {
            throw QueryMistake(
                "the number \(text) is beyond the size or the digits of type \(type), which column '\(column.name)' has",
                at: node.offset)
        }
        throw QueryMistake(
            "expected a value of type \(type), as column '\(column.name)' has",
            remedy: QueryResolver.example(of: type, insteadOf: node),
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

    private static func example(of type: ValueType, insteadOf node: QueryNode) -> String? {
        let isQuoted = if case .text = node.kind { true } else { false }
        return switch type {
        case .string: "write a text in quotes"
        case .uuid: "write an id like \"01a22e61-…\", all of it"
        case .int, .double: isQuoted ? "write a number without quotes" : "write a number"
        case .decimal: "write a number"
        case .timestamp: "write a time like \"2026-11-20T15:06:01Z\""
        case .date: "write a date like \"2026-11-20\""
        case .bool: isQuoted ? "write true or false without quotes" : "write true or false"
        case .bytes: "write Base64 in quotes"
        case .array: "write 'contains' and an element"
        case .json: nil
        }
    }
}

extension ValueType {
    /// Whether it is neither a list nor JSON.
    fileprivate var isScalar: Bool { isOrdered }
}

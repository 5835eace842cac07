import CairnCore

/// Whether a condition holds, by the letter of the contract: true, false, or nil for neither.
enum ModelCondition {
    /// - Parameter state: Where the other rows are that it asks about.
    static func holds(_ condition: Condition, _ values: [Value], in state: ModelState) -> Bool? {
        switch condition {
        case .constant(let value):
            return value
        case .isNull(let column):
            return values[column].isNull
        case .compare(let column, let comparison, let operand):
            return compare(values[column], comparison, operand)
        case .isIn(let column, let operands):
            if operands.isEmpty { return false }
            return values[column].isNull ? nil : operands.contains { ModelOrder.compare(values[column], $0) == 0 }
        case .text(let column, let match, let operand, let ignoringCase):
            guard case .string(let text) = values[column] else { return nil }
            return matches(text, match, operand, ignoringCase)
        case .computed(let left, let comparison, let right):
            return ModelExpression.order(left, right, values).map { holds($0, comparison) }
        case .hasElement(let column, let element):
            guard case .array(let elements) = values[column] else { return nil }
            return elements.contains { ModelOrder.compare($0, element) == 0 }
        case .hasPath(let column, let path):
            return ModelExpression.json(values[column], path[...]) != nil
        case .isPathNull(let column, let path):
            return ModelExpression.json(values[column], path[...]).map { $0 == .null } ?? true
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            guard case .string(let text) = ModelExpression.json(values[column], path[...]) else { return nil }
            return matches(text, match, operand, ignoringCase)
        case .and(let parts):
            let results = parts.map { holds($0, values, in: state) }
            return results.contains(false) ? false : results.contains(nil) ? nil : true
        case .or(let parts):
            let results = parts.map { holds($0, values, in: state) }
            return results.contains(true) ? true : results.contains(nil) ? nil : false
        case .not(let part):
            return holds(part, values, in: state).map { !$0 }
        case .reference(let column, let target, let part):
            let table = state.schema.tables[target.position]
            if values[column].isNull { return holds(part, table.columns.map { _ in .null }, in: state) }
            guard let row = state.tables[table.position][Key(values[column])] else { return nil }
            return holds(part, row.values, in: state)
        case .isInRows(let column, let rows):
            if values[column].isNull { return nil }
            let table = state.schema.tables[rows.table.position]
            let found = state.rows(Query(table, where: rows.condition, order: rows.order, limit: rows.limit))
            return found.contains { ModelOrder.compare($0.values[rows.column], values[column]) == 0 }
        }
    }

    private static func compare(_ value: Value, _ comparison: Condition.Comparison, _ operand: Value) -> Bool? {
        if value.isNull { return nil }
        return holds(ModelOrder.compare(value, operand), comparison)
    }

    private static func holds(_ order: Int, _ comparison: Condition.Comparison) -> Bool {
        switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    // MARK: Text

    /// The scalars of a text, folded if case does not count. The tables of folding are the core's: there is one Unicode.
    private static func scalars(_ text: String, _ ignoringCase: Bool) -> ArraySlice<Unicode.Scalar> {
        let text = ignoringCase ? String(decoding: CaseFolding.fold(text), as: UTF8.self) : text
        return Array(text.unicodeScalars)[...]
    }

    private static func matches(
        _ text: String, _ match: Condition.TextMatch, _ operand: String, _ ignoringCase: Bool
    ) -> Bool {
        if match == .matches { return ModelRegex.isFound(operand, in: text, ignoringCase: ignoringCase) }
        return matches(scalars(text, ignoringCase), match, scalars(operand, ignoringCase))
    }

    private static func matches(
        _ text: ArraySlice<Unicode.Scalar>, _ match: Condition.TextMatch, _ operand: ArraySlice<Unicode.Scalar>
    ) -> Bool {
        switch match {
        case .equals: text == operand
        case .hasPrefix: text.starts(with: operand)
        case .hasSuffix: text.reversed().starts(with: operand.reversed())
        case .contains: (0...text.count).contains { text.dropFirst($0).starts(with: operand) }
        case .like: isLike(text, operand)
        case .matches: false
        }
    }

    /// `%` stands for any scalars, `_` for one, `\` before one of the three makes it plain; any other `\` is plain itself.
    private static func isLike(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "%" {
            let next = rest.drop { $0 == "%" }
            return (0...text.count).contains { isLike(text.dropFirst($0), next) }
        }
        guard let scalar = text.first else { return false }
        if first == "_" { return isLike(text.dropFirst(), rest) }
        if first == "\\", let escaped = rest.first, ["%", "_", "\\"].contains(escaped) {
            return scalar == escaped && isLike(text.dropFirst(), rest.dropFirst())
        }
        return scalar == first && isLike(text.dropFirst(), rest)
    }
}

/// How values sort, by the letter of the contract.
enum ModelOrder {
    /// Compares what two rows have in the terms of an order, the first difference deciding.
    static func compare(_ left: [Value], _ right: [Value], _ terms: [OrderTerm]) -> Int {
        for (place, term) in terms.enumerated() {
            let order = compare(left[place], right[place])
            if order != 0 { return term.isDescending ? -order : order }
        }
        return 0
    }

    /// Null first, false before true, numbers by value, text by UTF-8 bytes, uuids and bytes by bytes, times by instant.
    static func compare(_ left: Value, _ right: Value) -> Int {
        switch (left, right) {
        case (.null, .null): 0
        case (.null, _): -1
        case (_, .null): 1
        case (.bool(let left), .bool(let right)): sign(left ? 1 : 0, right ? 1 : 0)
        case (.int(let left), .int(let right)): sign(left, right)
        case (.double(let left), .double(let right)): sign(left, right)
        case (.string(let left), .string(let right)): bytes(Array(left.utf8), Array(right.utf8))
        case (.bytes(let left), .bytes(let right)): bytes(left, right)
        case (.uuid(let left), .uuid(let right)): bytes(Array(left.uuidString.utf8), Array(right.uuidString.utf8))
        case (.timestamp(let left), .timestamp(let right)): sign(left.microseconds, right.microseconds)
        case (.date(let left), .date(let right)): sign(left.daysSinceEpoch, right.daysSinceEpoch)
        case (.decimal(let left), .decimal(let right)): decimals(left.description, right.description)
        // JSON and lists have no order; equal is all that is asked of them.
        default: left == right ? 0 : 1
        }
    }

    private static func sign<T: Comparable>(_ left: T, _ right: T) -> Int { left < right ? -1 : (left > right ? 1 : 0) }

    private static func bytes(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left == right ? 0 : (left.lexicographicallyPrecedes(right) ? -1 : 1)
    }

    /// Compares plain notations digit by digit, as one does on paper.
    private static func decimals(_ left: String, _ right: String) -> Int {
        let isNegative = left.utf8.first == UInt8(ascii: "-")
        if isNegative != (right.utf8.first == UInt8(ascii: "-")) { return isNegative ? -1 : 1 }
        func parts(_ text: String) -> (whole: [UInt8], fraction: [UInt8]) {
            let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
            let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.endIndex
            return (Array(digits[..<point]), Array(digits[point...]))
        }
        let (leftWhole, leftFraction) = parts(left)
        let (rightWhole, rightFraction) = parts(right)
        var order = sign(leftWhole.count, rightWhole.count)
        if order == 0 { order = bytes(leftWhole, rightWhole) }
        if order == 0 { order = bytes(leftFraction, rightFraction) }
        return isNegative ? -order : order
    }
}

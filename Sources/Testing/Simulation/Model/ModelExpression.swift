import CairnCore

/// What expressions give and how they compare, by the letter of the contract.
enum ModelExpression {
    /// A number or a value; nothing is nil.
    private enum Result {
        case int(Int128)
        case double(Double)
        case decimal(DecimalNumber)
        case value(Value)
    }

    /// How two expressions sort for a row; nil for neither.
    static func order(_ left: RowExpression, _ right: RowExpression, _ values: [Value]) -> Int? {
        guard let left = result(left, values), let right = result(right, values) else { return nil }
        switch (left, right) {
        case (.int(let left), .int(let right)): return left == right ? 0 : left < right ? -1 : 1
        case (.double(let left), .double(let right)): return left == right ? 0 : left < right ? -1 : 1
        case (.int(let int), .double(let double)): return order(int, double)
        case (.double(let double), .int(let int)): return -order(int, double)
        case (.decimal(let left), .decimal(let right)):
            return ModelOrder.compare(.decimal(left), .decimal(right))
        case (.int(let int), .decimal(let decimal)): return order(int, decimal)
        case (.decimal(let decimal), .int(let int)): return -order(int, decimal)
        case (.value(.string), .value(.bool)), (.value(.bool), .value(.string)): return nil
        case (.value(let left), .value(let right)): return ModelOrder.compare(left, right)
        default: return nil
        }
    }

    private static func order(_ int: Int128, _ double: Double) -> Int {
        let floor = double.rounded(.down)
        guard let whole = Int128(exactly: floor) else { return double > 0 ? -1 : 1 }
        if int < whole { return -1 }
        return int == whole && floor == double ? 0 : int <= whole ? -1 : 1
    }

    private static func order(_ int: Int128, _ decimal: DecimalNumber) -> Int {
        guard let whole = DecimalNumber("\(int)") else { return int < 0 ? -1 : 1 }
        return ModelOrder.compare(.decimal(whole), .decimal(decimal))
    }

    // MARK: Results

    private static func result(_ expression: RowExpression, _ values: [Value]) -> Result? {
        switch expression {
        case .column(let column): number(values[column])
        case .value(let value): number(value)
        case .count(let column): count(values[column]).map { .int(Int128($0)) }
        case .path(let column, let path): json(values[column], path[...]).flatMap(number)
        case .arithmetic(let left, let operation, let right):
            if let left = result(left, values), let right = result(right, values) {
                computed(left, operation, right)
            } else {
                nil
            }
        }
    }

    private static func number(_ value: Value) -> Result? {
        switch value {
        case .null: nil
        case .int(let int): .int(Int128(int))
        case .double(let double): .double(double)
        case .decimal(let decimal): .decimal(decimal)
        default: .value(value)
        }
    }

    private static func number(_ json: JSONValue) -> Result? {
        switch json {
        case .null, .array, .object: nil
        case .bool(let bool): .value(.bool(bool))
        case .int(let int): .int(Int128(int))
        case .double(let double): .double(double)
        case .string(let text): .value(.string(text))
        }
    }

    private static func count(_ value: Value) -> Int? {
        switch value {
        case .string(let text): Array(text.unicodeScalars).count
        case .bytes(let bytes): bytes.count
        case .array(let elements): elements.count
        default: nil
        }
    }

    /// What a path leads to; nil for nothing.
    static func json(_ value: Value, _ path: ArraySlice<JSONStep>) -> JSONValue? {
        guard case .json(let json) = value else { return nil }
        guard let step = path.first else { return json }
        let next: JSONValue? =
            switch (step, json) {
            case (.member(let name), .object(let object)):
                object.members.first { Array($0.name.utf8) == Array(name.utf8) }?.value
            case (.element(let index), .array(let elements)): index < elements.count ? elements[index] : nil
            default: nil
            }
        return next.flatMap { self.json(.json($0), path.dropFirst()) }
    }

    private static func computed(
        _ left: Result, _ operation: RowExpression.Arithmetic, _ right: Result
    ) -> Result? {
        switch (left, right) {
        case (.int(let left), .int(let right)): return ints(left, operation, right)
        case (.decimal(let left), .decimal(let right)): return decimals(left, operation, right)
        case (.int(let int), .decimal(let right)): return decimals(DecimalNumber("\(int)"), operation, right)
        case (.decimal(let left), .int(let int)): return decimals(left, operation, DecimalNumber("\(int)"))
        default:
            guard let left = double(left), let right = double(right) else { return nil }
            let result =
                switch operation {
                case .add: left + right
                case .subtract: left - right
                case .multiply: left * right
                case .divide: left / right
                }
            return result.isNaN || result.isInfinite ? nil : .double(result)
        }
    }

    private static func double(_ result: Result) -> Double? {
        switch result {
        case .int(let int): Double(int)
        case .double(let double): double
        default: nil
        }
    }

    private static func ints(_ left: Int128, _ operation: RowExpression.Arithmetic, _ right: Int128) -> Result? {
        switch operation {
        case .add: left.addingReportingOverflow(right).overflow ? nil : .int(left + right)
        case .subtract: left.subtractingReportingOverflow(right).overflow ? nil : .int(left - right)
        case .multiply: left.multipliedReportingOverflow(by: right).overflow ? nil : .int(left * right)
        case .divide: right == 0 || left == .min && right == -1 ? nil : .int(left / right)
        }
    }

    private static func decimals(
        _ left: DecimalNumber?, _ operation: RowExpression.Arithmetic, _ right: DecimalNumber?
    ) -> Result? {
        guard let left, let right else { return nil }
        let result =
            switch operation {
            case .add: left.adding(right)
            case .subtract: left.adding(-right)
            case .multiply: right.multiplied(by: left)
            case .divide: nil as DecimalNumber?
            }
        return result.map(Result.decimal)
    }
}

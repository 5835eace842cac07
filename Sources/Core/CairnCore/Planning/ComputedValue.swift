import CairnSchema

/// What an expression gives for one row: the one meaning of arithmetic and of comparing numbers, on every driver.
enum ComputedValue {
    /// No result; compared with anything, neither true nor false.
    case none
    /// An integer: of a column, or computed.
    case int(Int128)
    case double(Double)
    case decimal(DecimalNumber)
    /// Anything else.
    case other(Value)

    init(_ value: Value) {
        switch value {
        case .null: self = .none
        case .int(let int): self = .int(Int128(int))
        case .double(let double): self = .double(double)
        case .decimal(let decimal): self = .decimal(decimal)
        default: self = .other(value)
        }
    }

    /// What stands in JSON. Lists and objects compare with nothing.
    init(_ json: JSONValue?) {
        switch json {
        case nil, .null, .array, .object: self = .none
        case .bool(let bool): self = .other(.bool(bool))
        case .int(let int): self = .int(Int128(int))
        case .double(let double): self = .double(double)
        case .string(let text): self = .other(.string(text))
        }
    }

    // MARK: Order

    /// How two values sort: negative, zero or positive; nil when one is missing or their kinds do not compare.
    func order(_ other: ComputedValue) -> Int? {
        switch (self, other) {
        case (.none, _), (_, .none): nil
        case (.int(let left), .int(let right)): ComputedValue.sign(left, right)
        case (.double(let left), .double(let right)): ComputedValue.sign(left, right)
        case (.decimal(let left), .decimal(let right)): ComputedValue.sign(left, right)
        case (.int(let left), .double(let right)): ComputedValue.order(left, right)
        case (.double(let left), .int(let right)): -ComputedValue.order(right, left)
        case (.int(let left), .decimal(let right)): ComputedValue.order(left, right)
        case (.decimal(let left), .int(let right)): -ComputedValue.order(right, left)
        // Without an order there is still equality, of lists and of documents.
        case (.other(let left), .other(let right)):
            ComputedValue.haveOneType(left, right) ? Value.compare(left, right) ?? (left == right ? 0 : 1) : nil
        default: nil
        }
    }

    private static func haveOneType(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.string, .bool), (.bool, .string): false
        default: true
        }
    }

    private static func sign<T: Comparable>(_ left: T, _ right: T) -> Int { left < right ? -1 : (right < left ? 1 : 0) }

    /// Exactly, not by way of the nearest double.
    private static func order(_ int: Int128, _ double: Double) -> Int {
        if double >= 0x1p127 { return -1 }
        if double < -0x1p127 { return 1 }
        let whole = double.rounded(.towardZero)
        let order = sign(int, Int128(whole))
        return order != 0 ? order : sign(whole, double)
    }

    private static func order(_ int: Int128, _ decimal: DecimalNumber) -> Int {
        // An integer with more digits than a decimal number has is beyond all of them.
        guard let exact = DecimalNumber(coefficient: int, scale: 0) else { return int < 0 ? -1 : 1 }
        return sign(exact, decimal)
    }

    // MARK: Arithmetic

    func combined(_ operation: RowExpression.Arithmetic, with other: ComputedValue) -> ComputedValue {
        switch (self, other) {
        case (.int(let left), .int(let right)): ComputedValue.ints(left, operation, right)
        case (.double(let left), .double(let right)): ComputedValue.doubles(left, operation, right)
        case (.int(let left), .double(let right)): ComputedValue.doubles(Double(left), operation, right)
        case (.double(let left), .int(let right)): ComputedValue.doubles(left, operation, Double(right))
        case (.decimal(let left), .decimal(let right)): ComputedValue.decimals(left, operation, right)
        case (.int(let left), .decimal(let right)):
            ComputedValue.decimals(DecimalNumber(coefficient: left, scale: 0), operation, right)
        case (.decimal(let left), .int(let right)):
            ComputedValue.decimals(left, operation, DecimalNumber(coefficient: right, scale: 0))
        default: .none
        }
    }

    private static func ints(_ left: Int128, _ operation: RowExpression.Arithmetic, _ right: Int128) -> ComputedValue {
        let (result, overflow) =
            switch operation {
            case .add: left.addingReportingOverflow(right)
            case .subtract: left.subtractingReportingOverflow(right)
            case .multiply: left.multipliedReportingOverflow(by: right)
            // Division by zero reports overflow.
            case .divide: left.dividedReportingOverflow(by: right)
            }
        return overflow ? .none : .int(result)
    }

    private static func doubles(
        _ left: Double, _ operation: RowExpression.Arithmetic, _ right: Double
    ) -> ComputedValue {
        let result =
            switch operation {
            case .add: left + right
            case .subtract: left - right
            case .multiply: left * right
            case .divide: left / right
            }
        return result.isFinite ? .double(result) : .none
    }

    private static func decimals(
        _ left: DecimalNumber?, _ operation: RowExpression.Arithmetic, _ right: DecimalNumber?
    ) -> ComputedValue {
        guard let left, let right else { return .none }
        let result =
            switch operation {
            case .add: left.adding(right)
            case .subtract: left.subtracting(right)
            case .multiply: left.multiplied(by: right)
            case .divide: nil as DecimalNumber?
            }
        return result.map(ComputedValue.decimal) ?? .none
    }
}

extension RowExpression {
    /// What it gives for a row.
    /// - Throws: what reading the row throws.
    func evaluate(_ row: RowReader) throws -> ComputedValue {
        switch self {
        case .column(let column): return ComputedValue(try row.value(column))
        case .value(let value): return ComputedValue(value)
        case .count(let column):
            switch try row.value(column) {
            case .string(let text): return .int(Int128(text.unicodeScalars.count))
            case .bytes(let bytes): return .int(Int128(bytes.count))
            case .array(let elements): return .int(Int128(elements.count))
            case .null: return .none
            default: throw row.mismatch(column)
            }
        case .path(let column, let path):
            return ComputedValue(try row.isNull(column) ? nil : row.json(column).value(at: path))
        case .arithmetic(let left, let operation, let right):
            return try left.evaluate(row).combined(operation, with: try right.evaluate(row))
        }
    }
}

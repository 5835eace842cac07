import CairnSchema

/// What one aggregate of one group has seen so far.
package enum AggregateState: Sendable {
    /// How many rows, or how many that have a value.
    case count(Int)
    /// Which values.
    case distinct(Set<Value>)
    /// The sum of integers, exact: 128 bits hold more than all rows there can be; and how many.
    case integers(Int128, count: Int)
    /// The sum of doubles.
    case doubles(DoubleSum, count: Int)
    /// The sum of decimals.
    case decimals(DecimalSum, count: Int)
    /// The least or greatest value.
    case extreme(Value)

    /// Before the first row.
    package init(_ aggregate: Aggregate, of table: Table) {
        switch aggregate {
        case .rows, .count: self = .count(0)
        case .distinctCount: self = .distinct([])
        case .minimum, .maximum: self = .extreme(.null)
        case .sum(let column), .average(let column):
            switch table.columns[column].valueType {
            case .double: self = .doubles(DoubleSum(), count: 0)
            case .decimal: self = .decimals(DecimalSum(), count: 0)
            default: self = .integers(0, count: 0)
            }
        }
    }

    /// Takes a row in.
    /// - Returns: Whether it holds one value more than before.
    mutating func add(_ aggregate: Aggregate, _ row: RowReader) throws -> Bool {
        guard let column = aggregate.column else {
            count()
            return false
        }
        if try row.isNull(column) { return false }
        switch self {
        case .count: count()
        case .distinct(var values):
            // Taken out and put back, so that it is not copied.
            self = .count(0)
            let isNew = values.insert(try row.value(column)).inserted
            self = .distinct(values)
            return isNew
        case .integers(let sum, let count):
            self = .integers(sum + Int128(try row.int(column)), count: count + 1)
        case .doubles(var sum, let count):
            self = .count(0)
            sum.add(try row.double(column))
            self = .doubles(sum, count: count + 1)
        case .decimals(var sum, let count):
            sum.add(try row.decimal(column))
            self = .decimals(sum, count: count + 1)
        case .extreme(let known):
            let value = try row.value(column)
            guard let order = known.isNull ? 0 : Value.compare(value, known) else { throw row.mismatch(column) }
            if known.isNull || (aggregate == .maximum(column: column) ? order > 0 : order < 0) {
                self = .extreme(value)
            }
        }
        return false
    }

    private mutating func count() {
        if case .count(let count) = self { self = .count(count + 1) }
    }

    /// The value of the aggregate.
    /// - Throws: `query.overflow` for a sum that no value of the column's type is.
    func result(_ aggregate: Aggregate, of table: Table) throws -> Value {
        switch (self, aggregate) {
        case (.count(let count), _): return .int(count)
        case (.distinct(let values), _): return .int(values.count)
        case (.extreme(let value), _): return value
        case (.integers(_, count: 0), _), (.doubles(_, count: 0), _), (.decimals(_, count: 0), _): return .null
        case (.integers(let sum, let count), .average): return .double(Double(sum) / Double(count))
        case (.integers(let sum, _), _):
            guard let int = Int(exactly: sum) else { throw StorageError.overflow(aggregate, of: table) }
            return .int(int)
        case (.doubles(let sum, let count), _):
            guard let double = sum.rounded() else { throw StorageError.overflow(aggregate, of: table) }
            if case .average = aggregate { return .double(double / Double(count)) }
            return .double(double)
        case (.decimals(let sum, let count), _):
            guard let decimal = sum.total else { throw StorageError.overflow(aggregate, of: table) }
            if case .average = aggregate { return .double(Double(decimal) / Double(count)) }
            return .decimal(decimal)
        }
    }
}

extension StorageError {
    /// A sum is larger than its type can hold.
    fileprivate static func overflow(_ aggregate: Aggregate, of table: Table) -> StorageError {
        let column = aggregate.column.map { table.columns[$0] }
        var details = Details()
        details.table = table.name
        details.column = column?.name
        return StorageError(
            .overflow,
            "the \(aggregate.describe(in: table)) of table '\(table.name)' is beyond what \(column.map { "\($0.valueType)" } ?? "a number") can hold",
            remedy: "sum fewer rows, or read the values and add them in a wider type", details: details)
    }
}

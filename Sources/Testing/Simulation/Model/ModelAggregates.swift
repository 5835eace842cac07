import CairnCore

extension ModelState {
    /// The results of aggregates, by the letter of the contract: groups as lists of rows, and sums as one does them on paper.
    func aggregate(_ query: AggregateQuery) throws -> [[Value]] {
        var groups: [(values: [Value], rows: [[Value]])] = query.groups.isEmpty ? [([], [])] : []
        for row in rows(query.rows) {
            let values = query.groups.map { row.values[$0] }
            if let place = groups.firstIndex(where: { ModelAggregates.isSame($0.values, values) }) {
                groups[place].rows.append(row.values)
            } else {
                groups.append((values, [row.values]))
            }
        }
        var results = groups.map(\.values)
        for aggregate in query.aggregates {
            for place in groups.indices {
                results[place].append(try ModelAggregates.value(aggregate, groups[place].rows, query.table))
            }
        }
        if let condition = query.having {
            results = results.filter { ModelCondition.holds(condition, $0, in: self) == true }
        }
        let terms =
            query.order
            + query.groups.indices.filter { place in !query.order.contains { $0.column == place } }
            .map { OrderTerm(column: $0) }
        // Results alike in all that is ordered by are left as they came: without groups there is one at most.
        func sorted(_ result: [Value]) -> [Value] { terms.map { result[$0.column] } }
        results.sort { ModelOrder.compare(sorted($0), sorted($1), terms) < 0 }
        return Array(results.prefix(query.limit ?? .max))
    }
}

/// Aggregates of lists of rows.
private enum ModelAggregates {
    static func isSame(_ left: [Value], _ right: [Value]) -> Bool {
        zip(left, right).allSatisfy { ModelOrder.compare($0, $1) == 0 }
    }

    static func value(_ aggregate: Aggregate, _ rows: [[Value]], _ table: Table) throws -> Value {
        guard let column = aggregate.column else { return .int(rows.count) }
        let values = rows.map { $0[column] }.filter { !$0.isNull }
        switch aggregate {
        case .rows: return .int(rows.count)
        case .count: return .int(values.count)
        case .distinctCount:
            var different: [Value] = []
            for value in values where !different.contains(where: { isSame([$0], [value]) }) { different.append(value) }
            return .int(different.count)
        case .minimum: return values.min { ModelOrder.compare($0, $1) < 0 } ?? .null
        case .maximum: return values.max { ModelOrder.compare($0, $1) < 0 } ?? .null
        case .sum, .average:
            guard !values.isEmpty else { return .null }
            guard let (sum, mean) = sum(values) else { throw overflow(table, column) }
            if case .average = aggregate { return .double(mean) }
            if sum.isNull { throw overflow(table, column) }
            return sum
        }
    }

    private static func overflow(_ table: Table, _ column: Int) -> StorageError {
        var details = StorageError.Details()
        details.table = table.name
        details.column = table.columns[column].name
        return StorageError(.overflow, "the sum does not fit", details: details)
    }

    /// The sum and the average of values of one type; nil when neither fits, a null sum when only the
    /// average does.
    private static func sum(_ values: [Value]) -> (sum: Value, mean: Double)? {
        let count = Double(values.count)
        switch values[0] {
        case .int:
            let sum = values.reduce(Int128(0)) { sum, value in
                if case .int(let int) = value { sum + Int128(int) } else { sum }
            }
            return (Int(exactly: sum).map(Value.int) ?? .null, Double(sum) / count)
        case .double:
            var sum = PaperSum(base: 2)
            for case .double(let double) in values {
                let exponent = Int(double.exponentBitPattern)
                let digits = double.significandBitPattern | (exponent == 0 ? 0 : 1 << 52)
                sum.add(
                    String(digits, radix: 2).utf8.map { Int($0) - 48 }.reversed(), shiftedBy: max(exponent, 1) - 1,
                    isNegative: double.sign == .minus)
            }
            guard let double = nearest(sum) else { return nil }
            return (.double(double), double / count)
        default:
            var sum = PaperSum(base: 10)
            for case .decimal(let decimal) in values {
                let text = decimal.description
                let fraction = text.split(separator: ".").dropFirst().first?.utf8.count ?? 0
                sum.add(
                    text.utf8.filter { (48...57).contains($0) }.map { Int($0) - 48 }.reversed(),
                    shiftedBy: 38 - fraction, isNegative: text.hasPrefix("-"))
            }
            let (digits, isNegative) = sum.difference
            let text = String(decoding: digits.reversed().map { UInt8($0 + 48) }, as: UTF8.self)
            let whole = text.dropLast(38).drop { $0 == "0" }
            guard let decimal = DecimalNumber("\(isNegative ? "-" : "")0\(whole).\(text.suffix(38))") else {
                return nil
            }
            return (.decimal(decimal), (Double(decimal.description) ?? 0) / count)
        }
    }

    /// The double nearest to a sum of units of 2^-1074; nil when there is none.
    private static func nearest(_ sum: PaperSum) -> Double? {
        let (digits, isNegative) = sum.difference
        guard let top = digits.lastIndex(of: 1) else { return 0 }
        let last = max(top - 52, 0)
        var number = digits[last...top].reversed().reduce(UInt64(0)) { $0 << 1 | UInt64($1) }
        if last > 0, digits[last - 1] == 1, number & 1 == 1 || digits[..<(last - 1)].contains(1) { number += 1 }
        let double = Double(sign: isNegative ? .minus : .plus, exponent: last - 1074, significand: Double(number))
        return double.isFinite ? double : nil
    }
}

/// A sum digit by digit: what is positive and what is negative apart, the least digit first.
private struct PaperSum {
    private let base: Int
    private var positive = [Int](repeating: 0, count: 2200)
    private var negative = [Int](repeating: 0, count: 2200)

    init(base: Int) {
        self.base = base
    }

    mutating func add(_ digits: [Int], shiftedBy shift: Int, isNegative: Bool) {
        if isNegative {
            PaperSum.add(digits, shift, base, to: &negative)
        } else {
            PaperSum.add(digits, shift, base, to: &positive)
        }
    }

    private static func add(_ digits: [Int], _ shift: Int, _ base: Int, to sum: inout [Int]) {
        var carry = 0
        var place = shift
        for digit in digits {
            carry += sum[place] + digit
            sum[place] = carry % base
            carry /= base
            place += 1
        }
        while carry > 0 {
            carry += sum[place]
            sum[place] = carry % base
            carry /= base
            place += 1
        }
    }

    /// The smaller taken from the larger.
    var difference: (digits: [Int], isNegative: Bool) {
        let isNegative = positive.reversed().lexicographicallyPrecedes(negative.reversed())
        var digits = isNegative ? negative : positive
        var borrow = 0
        for (place, digit) in (isNegative ? positive : negative).enumerated() {
            let rest = digits[place] - digit - borrow
            borrow = rest < 0 ? 1 : 0
            digits[place] = rest + borrow * base
        }
        return (digits, isNegative)
    }
}

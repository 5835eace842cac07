/// Reads the `where` of an index: comparisons of the table's own columns with values, and what `and`, `or` and `not` make of them.
struct IndexConditionReader {
    private let table: Table

    init(_ resolver: IndexResolver) {
        // Enough of the table to look columns up.
        table = Table(
            name: resolver.table.name, position: 0, columns: resolver.columns, key: resolver.key, indexes: [],
            references: [], referrers: [], options: resolver.table.options, entity: resolver.table.entityName, doc: nil,
            renamedFrom: nil)
    }

    /// Reports what is wrong, where it stands in the string.
    func read(
        _ filter: (text: String, offset: Int), _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> IndexCondition? {
        do throws(QueryMistake) {
            try check(bytes: filter.text.utf8.count)
            var parser = try QueryParser(filter.text)
            let node = try parser.condition()
            let condition = try QueryResolver(table, nil).condition(node)
            let found = try indexCondition(condition, at: node.offset).flattened
            try checkSize(of: found)
            // As it is kept, it must be read again.
            try check(bytes: found.text(table.columns).utf8.count)
            return found
        } catch {
            diagnostics.error(
                "schema.index", at: diagnostics.place(ofByte: error.offset, inStringAt: filter.offset),
                "'where' of \(what): \(error.message)", remedy: error.remedy)
            return nil
        }
    }

    private func check(bytes: Int) throws(QueryMistake) {
        guard bytes > SchemaLimits.indexConditionBytes else { return }
        throw QueryMistake("it has \(bytes) bytes; the limit is \(SchemaLimits.indexConditionBytes)", at: 0)
    }

    /// Every write asks it, and SQL databases have limits of their own.
    private func checkSize(of condition: IndexCondition) throws(QueryMistake) {
        let size = condition.size
        func check(_ count: Int, _ limit: Int, _ what: String) throws(QueryMistake) {
            guard count > limit else { return }
            throw QueryMistake(
                "it has \(count) \(what); the limit is \(limit)",
                remedy: "keep what it asks in a column of its own, and compare that", at: 0)
        }
        try check(size.comparisons, SchemaLimits.indexComparisons, "comparisons")
        try check(size.values, SchemaLimits.indexValues, "values")
        try check(size.depth, SchemaLimits.indexConditionDepth, "levels of 'and', 'or' and 'not'")
    }

    private func indexCondition(
        _ condition: TemplateCondition, at offset: Int
    ) throws(QueryMistake) -> IndexCondition {
        switch condition {
        case .compare(let column, let comparison, .literal(let value)) where table.columns[column].valueType.isOrdered:
            return .compare(column: column, comparison, try checked(value, at: offset))
        case .isNull(let column): return .isNull(column: column)
        case .isIn(let column, let values) where table.columns[column].valueType.isOrdered:
            var literals: [Value] = []
            for case .literal(let value) in values { literals.append(try checked(value, at: offset)) }
            return .isIn(column: column, literals)
        case .and(let parts): return .and(try indexConditions(parts, at: offset))
        case .or(let parts): return .or(try indexConditions(parts, at: offset))
        case .not(let part): return .not(try indexCondition(part, at: offset))
        default:
            throw QueryMistake(
                "an index is chosen by comparing columns with values",
                remedy: "write it with =, !=, <, <=, >, >=, between, in, is null, and, or, not", at: offset)
        }
    }

    private func indexConditions(
        _ parts: [TemplateCondition], at offset: Int
    ) throws(QueryMistake) -> [IndexCondition] {
        var conditions: [IndexCondition] = []
        for part in parts { conditions.append(try indexCondition(part, at: offset)) }
        return conditions
    }

    /// SQL has no way to write a zero byte in a text, and SQLite reads the last digits of a number as it can.
    private func checked(_ value: Value, at offset: Int) throws(QueryMistake) -> Value {
        switch value {
        case .string(let text) where text.utf8.contains(0):
            throw QueryMistake("a text in it has a zero byte", at: offset)
        case .double(let double) where !IndexConditionReader.isReadExactly(double):
            throw QueryMistake(
                "the number \(double) is not read alike by all databases",
                remedy: "compare with one of at most 15 digits, not all too large or small", at: offset)
        default: return value
        }
    }

    /// Whether a number in decimal is a whole number of at most 15 digits times or by a power of ten that a double holds: one operation
    /// makes it, and everybody comes to the same.
    private static func isReadExactly(_ double: Double) -> Bool {
        let parts = "\(double.magnitude)".split(separator: "e")
        let numbers = parts[0].split(separator: ".")
        var digits = String(numbers[0])
        var exponent = parts.count > 1 ? Int(parts[1]) ?? .max : 0
        if numbers.count > 1, numbers[1] != "0" {
            digits += numbers[1]
            exponent -= numbers[1].count
        }
        return digits.drop { $0 == "0" }.count <= 15 && (-22...22).contains(exponent)
    }
}

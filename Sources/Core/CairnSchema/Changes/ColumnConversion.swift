/// A conversion in terms of the table that records come from and of the column that they get.
package struct ColumnConversion: Sendable {
    /// As it was declared.
    package let conversion: Conversion
    private let column: Column
    /// The columns it reads, in the old table.
    package let sources: [Column]
    /// What is stored for the texts of the source, by their bytes.
    private let values: [[UInt8]: Value]?
    /// What a record gets whose source gives no value; nil where such a record stands in the way.
    package let otherwise: Value?
    /// The look-up in another table; nil where it is made from the record alone.
    package let lookup: RowLookup?

    /// What a record has for the column.
    package enum Outcome: Sendable, Hashable {
        /// A value of its type.
        case value(Value)
        /// The sources are null.
        case nothing
        /// The source has something that is no value of the column: what, in words.
        case unfit(String)
    }

    /// - Parameter schema: The one that the old table is of.
    /// - Throws: A mistake for a column that the old table does not have, for values that are not of the type, and for a look-up that
    ///   could find several records.
    package init(
        _ conversion: Conversion, of old: Table, in schema: Schema, for column: Column
    ) throws(Conversion.Mistake) {
        self.conversion = conversion
        self.column = column
        var sources: [Column] = []
        for name in conversion.columns {
            guard let source = old.column(named: name) else {
                throw Conversion.Mistake("'\(name)', which '\(old.name)' does not have")
            }
            sources.append(source)
        }
        self.sources = sources
        if case .lookup(let result, let table, let unique, _) = conversion.source, let source = sources.first {
            lookup = try RowLookup(result, in: table, where: unique, is: source, schema)
        } else {
            lookup = nil
        }
        (values, otherwise) = try conversion.values(as: column.valueType)
    }

    /// Whether what it is made from is kept out of messages.
    package var isSecret: Bool {
        sources.contains(where: \.isSensitive) || lookup?.result.isSensitive ?? false
            || lookup?.unique.isSensitive ?? false
    }

    /// The value that is looked up for a record; nil where none is.
    package func wanted(_ record: [Value]) -> Value? {
        guard lookup != nil else { return nil }
        let value = record[sources[0].position]
        return value.isNull ? nil : value
    }

    /// Whether nothing can stand in the way of it.
    package var isTotal: Bool {
        guard column.rules.isEmpty, canTakeWhatIsMade else { return false }
        if let otherwise { return !otherwise.isNull || column.isNullable }
        // A JSON null is no value to make something of, and none that a column forbids.
        let isAlwaysThere = sources.contains { !$0.isNullable && ($0.valueType != .json || column.valueType == .json) }
        guard column.isNullable || column.defaultValue != nil || isAlwaysThere, values == nil else { return false }
        switch conversion.source {
        case .column:
            return sources.allSatisfy { source in
                source.valueType == column.valueType
                    || ValueConversion.isTotal(from: source.valueType, to: column.valueType)
            }
        case .joined: return column.type == .string
        case .part, .lookup: return false
        }
    }

    /// Whether each value of its type that can be made is one of the column: of an enum, those that are named are its own.
    private var canTakeWhatIsMade: Bool {
        guard case .enumeration(let texts) = column.type else {
            return ColumnType.named.contains { $0.type == column.type }
        }
        guard let values else { return false }
        let made = Array(values.values) + [otherwise ?? .null]
        return made.allSatisfy { value in
            if case .string(let text) = value { texts.contains { Utf8.equal($0, text) } } else { value.isNull }
        }
    }

    /// Makes the value of a record: the same for the same record, whenever it is made.
    /// - Parameters:
    ///   - record: Its values in the old table.
    ///   - lookUp: Gives what the record of another table has; nil when there is none.
    package func outcome(
        _ record: [Value], lookUp: (RowLookup, Value) throws -> Value?
    ) rethrows -> Outcome {
        if let lookup {
            guard let wanted = wanted(record) else { return .nothing }
            guard let found = try lookUp(lookup, wanted) else {
                return .unfit("\(shown(wanted)) is '\(lookup.unique.name)' of no record of '\(lookup.table.name)'")
            }
            return found.isNull ? .nothing : made(of: found)
        }
        if case .column = conversion.source, column.valueType == .json, values == nil {
            // Of JSON null is a value like any other.
            let value = record[sources[0].position]
            return value.isNull ? .nothing : made(of: value)
        }
        let given = sources.map { record[$0.position] }.filter { !$0.isNull && $0 != .json(.null) }
        guard let first = given.first else { return .nothing }
        switch conversion.source {
        case .column, .lookup: return made(of: first)
        case .joined(_, let separator):
            return made(of: .string(given.map(ValueConversion.closestText).joined(separator: separator)))
        case .part(let number, _, let separator, let parts):
            let all = ColumnConversion.split(ValueConversion.closestText(first), at: separator, parts)
            let place = number > 0 ? number - 1 : all.count + number
            guard all.indices.contains(place) else {
                return .unfit("\(shown(first)) has \(all.count) \(all.count == 1 ? "part" : "parts")")
            }
            return made(of: .string(all[place]))
        }
    }

    private func made(of value: Value) -> Outcome {
        if let values {
            return values[Array(ValueConversion.closestText(value).utf8)].map(Outcome.value)
                ?? .unfit("\(shown(value)) is none of the 'values'")
        }
        let isExact = conversion.isExact
        let found =
            isExact
            ? ValueConversion.exact(value, as: column.valueType)
            : ValueConversion.closest(value, as: column.valueType)
        guard let made = found else {
            let which = isExact ? " from which it could be made again" : ""
            return .unfit("\(shown(value)) is no \(column.valueType)\(which)")
        }
        return made.isNull ? .nothing : .value(made)
    }

    /// A value for messages.
    private func shown(_ value: Value) -> String {
        if column.isSensitive || isSecret { return "what it is made from" }
        return ValueConversion.shown(value)
    }

    /// The parts of a text, by bytes: at least one.
    package static func split(_ text: String, at separator: String, _ most: Int?) -> [String] {
        let (bytes, wanted) = (Array(text.utf8), Array(separator.utf8))
        var parts: [String] = []
        var (start, place) = (0, 0)
        while place + wanted.count <= bytes.count, parts.count + 1 < most ?? .max {
            guard bytes[place..<place + wanted.count].elementsEqual(wanted) else {
                place += 1
                continue
            }
            parts.append(String(decoding: bytes[start..<place], as: UTF8.self))
            place += wanted.count
            start = place
        }
        return parts + [String(decoding: bytes[start...], as: UTF8.self)]
    }
}

extension Conversion {
    /// The values it names, of the type of the column.
    /// - Throws: A mistake for one that is not.
    func values(as type: ValueType) throws(Mistake) -> (values: [[UInt8]: Value]?, otherwise: Value?) {
        var made: [[UInt8]: Value] = [:]
        for member in values?.members ?? [] {
            guard let value = Conversion.value(member.value, as: type), !value.isNull else {
                throw Mistake("has among its 'values' what is not \(ValueJSON.expectation(of: type)): \(member.value)")
            }
            made[Array(member.name.utf8)] = value
        }
        guard let json = otherwise else { return (values == nil ? nil : made, nil) }
        guard let value = Conversion.value(json, as: type) else {
            throw Mistake("has as 'otherwise' what is not \(ValueJSON.expectation(of: type)): \(json)")
        }
        return (values == nil ? nil : made, value)
    }

    private static func value(_ json: JSONValue, as type: ValueType) -> Value? {
        // A number with a fraction has lost digits by then that a decimal has.
        switch (json, type) {
        case (.double, .decimal): return nil
        case (.array(let elements), .array(let element)):
            guard elements.allSatisfy({ value($0, as: element) != nil }) else { return nil }
        default: break
        }
        return ValueJSON.value(json, as: type)
    }
}

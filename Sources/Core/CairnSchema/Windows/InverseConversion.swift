/// What the value of an old column is made from when a program of the new schema writes: a declared conversion, turned round.
///
/// It is a proposal: whoever uses it makes the new values from it again and compares. So it need not be right for every value, and what
/// cannot be turned round is found before it is written.
package struct InverseConversion: Sendable {
    private enum Source: Sendable {
        /// The value of a new column in another type.
        case column(Int)
        /// The text that the conversion looks up for a value.
        case text(Int, of: [Value: Value])
        /// The texts of new columns, with what was between them; null ones are left out.
        case joined([Int], with: String)
        /// One of the texts that are joined to that of a new column.
        case part(Int, place: Int, of: JoinedParts)
    }

    private let source: Source
    private let type: ValueType

    /// The ways back to an old column; none where there is none.
    /// - Parameters:
    ///   - column: A column that only the old schema has.
    ///   - table: Its table.
    ///   - made: The columns that only the new schema has and that are made from it.
    package static func all(
        of column: Column, in table: Table, from made: [(column: Column, conversion: Conversion)]
    ) -> [InverseConversion] {
        made.compactMap { new, conversion in
            source(of: column, in: table, new, conversion, made)
                .map { InverseConversion(source: $0, type: column.valueType) }
        }
    }

    private static func source(
        of old: Column, in table: Table, _ new: Column, _ conversion: Conversion,
        _ made: [(column: Column, conversion: Conversion)]
    ) -> Source? {
        switch conversion.source {
        case .column:
            guard let texts = conversion.values else {
                return leadsBack(new.valueType, to: old.valueType) ? .column(new.position) : nil
            }
            return looked(texts, old, new).map { .text(new.position, of: $0) }
        case .joined(let names, let separator):
            let place = names.firstIndex { Utf8.equal($0, old.name) }
            let columns = names.compactMap { table.column(named: $0) }
            guard conversion.values == nil, !separator.isEmpty, new.valueType == .string, let place,
                columns.count == names.count
            else { return nil }
            return .part(new.position, place: place, of: JoinedParts(columns, with: separator))
        case .part(_, _, let separator, _):
            return parts(old, separator, made).map { .joined($0, with: separator) }
        case .lookup: return nil
        }
    }

    /// Whether a value of the new type can be one of the old.
    private static func leadsBack(_ new: ValueType, to old: ValueType) -> Bool {
        new == old || ValueConversion.exists(from: new, to: old) || old == .string || old == .json || new == .json
    }

    /// For each value the first text that stands for it and that the old column can have.
    private static func looked(_ texts: JSONObject, _ old: Column, _ new: Column) -> [Value: Value]? {
        var found: [Value: Value] = [:]
        for member in texts.members {
            guard let value = ValueJSON.value(member.value, as: new.valueType),
                let text = ValueConversion.closest(.string(member.name), as: old.valueType), canHave(text, old)
            else { continue }
            if found[value] == nil { found[value] = text }
        }
        return found.isEmpty ? nil : found
    }

    private static func canHave(_ value: Value, _ column: Column) -> Bool {
        if case .enumeration(let cases) = column.type {
            guard case .string(let text) = value, cases.contains(where: { Utf8.equal($0, text) }) else { return false }
        }
        return ColumnCheck.brokenRule(value, column.rules) == nil
    }

    /// The columns that have all parts of a text between them, the first first.
    private static func parts(
        _ old: Column, _ separator: String, _ made: [(column: Column, conversion: Conversion)]
    ) -> [Int]? {
        guard old.valueType == .string else { return nil }
        var columns: [Int: Int] = [:]
        var last: Int?
        for (column, conversion) in made where conversion.values == nil {
            guard case .part(let number, _, let at, let count) = conversion.source, Utf8.equal(at, separator),
                number > 0, columns[number] == nil
            else { continue }
            columns[number] = column.position
            // Only where the last part has all the rest nothing of the text is missing.
            if count == number { last = number }
        }
        guard let last else { return nil }
        let found = (1...last).compactMap { columns[$0] }
        return found.count == last ? found : nil
    }

    /// What the value of the old column could be, the likeliest first.
    /// - Parameters:
    ///   - record: The values of a record in the new table.
    ///   - stored: Those it has in the old one; nil for a new record.
    package func values(_ record: [Value], over stored: [Value]?) -> [Value] {
        switch source {
        case .column(let column):
            // A list of one element is that element before it is a text.
            let value = record[column]
            let found = ValueConversion.exact(value, as: type) ?? ValueConversion.closest(value, as: type)
            return found.map { [$0] } ?? []
        case .text(let column, let texts):
            return record[column].isNull ? [.null] : texts[record[column]].map { [$0] } ?? []
        case .joined(let columns, let separator):
            return InverseConversion.joined(columns.map { record[$0] }, with: separator)
        case .part(let column, let place, let parts):
            if record[column].isNull { return [.null] }
            let text = ValueConversion.closestText(record[column])
            guard let part = parts.parts(of: text, over: stored)?[place] else { return [] }
            return part.of(type).map { [$0] } ?? []
        }
    }

    /// The texts that may have all parts, the shortest first: those at the end may stand for parts that there were none of. Else what joins
    /// the parts would become text that nobody wrote.
    private static func joined(_ values: [Value], with separator: String) -> [Value] {
        let parts = values.filter { !$0.isNull }.map(ValueConversion.closestText)
        guard let last = parts.indices.last else { return [.null] }
        return (0...last).map { .string(parts[...$0].joined(separator: separator)) }
    }
}

import CairnCore
import CairnSchema

/// Reads one comparison of `--where`: a column, an operator, a value.
///
/// The value is the rest of the text, read by the type of the column. In double quotes it is a JSON string, for values that begin
/// or end with a space, and for the elements of `in` that hold a comma.
struct Comparison {
    private let table: Table
    private let text: String

    /// The operators as they are written; of two that begin alike the longer comes first.
    private static let operators: [(word: String, meaning: Meaning)] = [
        ("is not null", .isNull(false)), ("is null", .isNull(true)),
        ("begins with", .text(.hasPrefix)), ("ends with", .text(.hasSuffix)), ("contains", .text(.contains)),
        ("like", .text(.like)), ("in", .isIn),
        ("!=", .compare(.notEqual)), ("<=", .compare(.lessOrEqual)), (">=", .compare(.greaterOrEqual)),
        ("=", .compare(.equal)), ("<", .compare(.less)), (">", .compare(.greater)),
    ]

    private enum Meaning {
        case isNull(Bool)
        case text(Condition.TextMatch)
        case isIn
        case compare(Condition.Comparison)
    }

    /// The condition a text stands for.
    /// - Throws: `query.invalid`, which names what is wrong: the column, the operator or the value.
    static func condition(_ text: String, of table: Table) throws -> Condition {
        try Comparison(table: table, text: text).condition()
    }

    private func condition() throws -> Condition {
        let trimmed = text.drop { $0.isWhitespace }
        let name = trimmed.prefix { !$0.isWhitespace && !"=!<>".contains($0) }
        let column = try table.columnForQuery(String(name))
        let (meaning, value) = try split(trimmed.dropFirst(name.count).drop { $0.isWhitespace })
        switch meaning {
        case .isNull(let isNull):
            guard value.isEmpty else { throw error("'\(value)' stands after '\(isNull ? "is null" : "is not null")'") }
            return isNull ? .isNull(column: column.position) : .not(.isNull(column: column.position))
        case .text(let match):
            return .text(column: column.position, match, try unquote(value), ignoringCase: false)
        case .isIn:
            return .isIn(column: column.position, try elements(value).map { try read($0, column) })
        case .compare(let comparison):
            return .compare(column: column.position, comparison, try read(value, column))
        }
    }

    private func split(_ rest: Substring) throws -> (Meaning, Substring) {
        for (word, meaning) in Comparison.operators where rest.prefix(word.count).lowercased() == word {
            let after = rest.dropFirst(word.count)
            // `information` does not begin with the operator `in`.
            if word.last?.isLetter == true, let next = after.first, !next.isWhitespace { continue }
            let value = after.drop { $0.isWhitespace }
            if case .isNull = meaning { return (meaning, value) }
            guard !value.isEmpty else { throw error("there is no value after '\(word)'") }
            return (meaning, Comparison.trimmingEnd(value))
        }
        throw error("there is no operator after the column", remedy: Comparison.advice)
    }

    private static let advice = "the operators are \(operators.map(\.word).joined(separator: ", "))"

    private static func trimmingEnd(_ text: Substring) -> Substring {
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return text[...last]
    }

    // MARK: Values

    /// The texts between commas outside of quotes.
    private func elements(_ text: Substring) -> [Substring] {
        var elements: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            switch text[index] {
            case _ where isEscaped: isEscaped = false
            case "\\": isEscaped = isQuoted
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                elements.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        elements.append(text[start...])
        return elements.map { Comparison.trimmingEnd($0.drop { $0.isWhitespace }) }
    }

    private func unquote(_ text: Substring) throws -> String {
        guard text.hasPrefix("\"") else { return String(text) }
        guard case .string(let plain)? = try? JSONValue(parsing: String(text)) else {
            throw error("\(text) is no JSON string", remedy: "end it with a double quote, and write one in it as \\\"")
        }
        return plain
    }

    private func read(_ text: Substring, _ column: Column) throws -> Value {
        let plain = try unquote(text)
        if case .enumeration(let values) = column.type, !values.contains(where: { Utf8.equal($0, plain) }) {
            throw error(
                "column '\(column.name)' is never '\(plain)'",
                remedy: NearestName.hint(plain, among: values) ?? "it is one of \(values.joined(separator: ", "))")
        }
        guard let value = ValueJSON.parse(plain, as: column.valueType) else {
            throw error(
                "'\(plain)' is no value of column '\(column.name)' of type \(column.valueType)",
                remedy: plain == "null" ? "write '\(column.name) is null'" : Comparison.example(of: column.valueType))
        }
        return value
    }

    private static func example(of type: ValueType) -> String? {
        switch type {
        case .timestamp: "write a time like 2026-11-20T15:06:01Z"
        case .date: "write a date like 2026-11-20"
        case .bool: "write true or false"
        case .bytes: "write Base64"
        case .array: "write a JSON array"
        default: nil
        }
    }

    private func error(_ message: String, remedy: String? = nil) -> StorageError {
        StorageError(.query, "--where '\(text)': \(message)", remedy: remedy)
    }
}

extension Table {
    /// A column by its name.
    /// - Throws: `query.invalid`, which names the nearest column.
    func columnForQuery(_ name: String) throws -> Column {
        if let column = column(named: name) { return column }
        throw StorageError(
            .query, "table '\(self.name)' has no column '\(name)'",
            remedy: NearestName.hint(name, among: columns.map(\.name))
                ?? "it has \(columns.map(\.name).joined(separator: ", "))")
    }
}

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
        // For who writes it as in Swift.
        ("==", .compare(.equal)),
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
        try refuseJoined(trimmed, from: value.startIndex)
        switch meaning {
        case .isNull(let isNull):
            guard value.isEmpty else { throw error("'\(value)' stands after '\(isNull ? "is null" : "is not null")'") }
            return isNull ? .isNull(column: column.position) : .not(.isNull(column: column.position))
        case .text(let match):
            return .text(column: column.position, match, try unquote(value), ignoringCase: false)
        case .isIn:
            return .isIn(column: column.position, try elements(value).map { try read($0, column) })
        case .compare(let comparison):
            try refuseNull(value, comparison, column)
            return .compare(column: column.position, comparison, try read(value, column))
        }
    }

    private func split(_ rest: Substring) throws -> (Meaning, Substring) {
        guard let (word, meaning, after) = Comparison.operation(at: rest) else {
            throw error("there is no operator after the column", remedy: Comparison.advice)
        }
        let value = after.drop { $0.isWhitespace }
        if case .isNull = meaning { return (meaning, value) }
        guard !value.isEmpty else { throw error("there is no value after '\(word)'") }
        return (meaning, Comparison.trimmingEnd(value))
    }

    /// The operator a text begins with, and what follows it.
    private static func operation(at text: Substring) -> (word: String, meaning: Meaning, after: Substring)? {
        for (word, meaning) in operators where text.prefix(word.count).lowercased() == word {
            let after = text.dropFirst(word.count)
            // `information` does not begin with the operator `in`.
            if word.last?.isLetter == true, let next = after.first, !next.isWhitespace { continue }
            return (word, meaning, after)
        }
        return nil
    }

    private static let advice =
        "the operators are \(operators.map(\.word).filter { $0 != "==" }.joined(separator: ", "))"

    private static func trimmingEnd(_ text: Substring) -> Substring {
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return text[...last]
    }

    // MARK: What other languages would understand

    /// Refuses a second comparison in what would else be the value of the first: a plan for the wrong question helps nobody.
    private func refuseJoined(_ text: Substring, from start: Substring.Index) throws {
        var isQuoted = false
        var isEscaped = false
        var index = start
        while index < text.endIndex {
            switch text[index] {
            case _ where isEscaped: isEscaped = false
            case "\\": isEscaped = isQuoted
            case "\"": isQuoted.toggle()
            case _ where isQuoted: break
            default:
                if let word = joiningWord(at: index, of: text) { throw joined(word) }
            }
            index = text.index(after: index)
        }
    }

    /// The word at a place that joins two comparisons: a column of the table and an operator follow it.
    private func joiningWord(at index: Substring.Index, of text: Substring) -> String? {
        let rest = text[index...]
        guard let word = ["and", "or", "&&", "||"].first(where: { rest.prefix($0.count).lowercased() == $0 }) else {
            return nil
        }
        let after = rest.dropFirst(word.count)
        if word.last?.isLetter == true {
            let isAlone = index == text.startIndex || text[text.index(before: index)].isWhitespace
            guard isAlone, after.first?.isWhitespace == true else { return nil }
        }
        let next = after.drop { $0.isWhitespace }
        // Nothing longer is a column, and this is asked at each place of the text.
        let name = next.prefix(Naming.maximumBytes + 1).prefix { !$0.isWhitespace && !"=!<>".contains($0) }
        guard table.column(named: String(name)) != nil else { return nil }
        return Comparison.operation(at: next.dropFirst(name.count).drop { $0.isWhitespace }) == nil ? nil : word
    }

    private func joined(_ word: String) -> StorageError {
        let isText = "; if it is all one value, put that in double quotes"
        return error(
            "'\(word)' does not join comparisons here",
            remedy: ["and", "&&"].contains(word)
                ? "write one --where for each, all must hold\(isText)"
                : "ask for one of them at a time, with one --where for each, all of which must hold\(isText)")
    }

    /// Refuses to look for the text "null" where null is meant.
    private func refuseNull(_ value: Substring, _ comparison: Condition.Comparison, _ column: Column) throws {
        guard value.lowercased() == "null", column.valueType == .string else { return }
        switch comparison {
        case .equal, .notEqual:
            let operation = comparison == .equal ? "is null" : "is not null"
            throw error(
                "null is not a text", remedy: "write '\(column.name) \(operation)', or \"null\" for the text")
        default: return
        }
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
        if text.count > 1, text.hasPrefix("'"), text.hasSuffix("'") {
            throw error(
                "\(text) is in single quotes, which would be part of the value",
                remedy: "leave them out, or write double quotes")
        }
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
        case .uuid: "write an id like 01a22e61-…, all of it"
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

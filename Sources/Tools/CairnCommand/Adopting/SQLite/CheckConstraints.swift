/// What the `CHECK` constraints of a table say of single columns, as far as a schema of Cairn's can say the same.
///
/// Reads the statement that made the table, token by token. What it does not understand it gives back as text, so that nothing is
/// dropped without a word.
struct CheckConstraints {
    /// A rule for a column.
    enum Rule: Equatable {
        /// `column IN ('a', 'b')`.
        case oneOf([String])
        /// `column >= 0`, and both of `BETWEEN`.
        case atLeast(Double)
        case atMost(Double)
    }

    /// The rules, by the column as it is written there.
    private(set) var rules: [(column: String, rule: Rule)] = []
    /// The constraints that say something else.
    private(set) var others: [String] = []

    /// - Parameter sql: A `CREATE TABLE` statement.
    init(_ sql: String) {
        let tokens = SQLTokens.split(sql)
        var place = 0
        while place < tokens.count {
            if tokens[place].isWord("CHECK"), place + 1 < tokens.count, tokens[place + 1] == .sign("(") {
                let end = CheckConstraints.end(of: tokens, from: place + 1)
                let body = Array(tokens[(place + 2)..<max(place + 2, end)])
                if let found = CheckConstraints.conjunction(body) {
                    rules += found
                } else {
                    others.append(body.map(\.text).joined(separator: " "))
                }
                place = end
            }
            place += 1
        }
    }

    /// The place of the parenthesis that closes the one at `start`.
    private static func end(of tokens: [SQLTokens.Token], from start: Int) -> Int {
        var depth = 0
        for place in start..<tokens.count {
            if tokens[place] == .sign("(") { depth += 1 }
            if tokens[place] == .sign(")") { depth -= 1 }
            if depth == 0 { return place }
        }
        return tokens.count
    }

    /// Rules joined by `AND`; nil when one of them is none.
    private static func conjunction(_ tokens: [SQLTokens.Token]) -> [(column: String, rule: Rule)]? {
        var rest = tokens[...]
        while rest.first == .sign("("), rest.last == .sign(")"),
            end(of: tokens, from: rest.startIndex) == rest.endIndex - 1
        {
            rest = rest.dropFirst().dropLast()
        }
        var parts: [[SQLTokens.Token]] = [[]]
        var isBetween = false
        for token in rest {
            if token.isWord("BETWEEN") { isBetween = true }
            if token.isWord("AND"), !isBetween {
                parts.append([])
                continue
            }
            if token.isWord("AND") { isBetween = false }
            parts[parts.count - 1].append(token)
        }
        if parts.count > 1 {
            let found = parts.map(conjunction)
            return found.contains { $0 == nil } ? nil : found.flatMap { $0 ?? [] }
        }
        return rule(Array(rest))
    }

    private static func rule(_ tokens: [SQLTokens.Token]) -> [(column: String, rule: Rule)]? {
        guard tokens.count >= 3, case .name(let column) = tokens[0] else { return nil }
        let rest = Array(tokens.dropFirst())
        if rest[0].isWord("IN"), rest[1] == .sign("("), rest.last == .sign(")") {
            var values: [String] = []
            for (place, token) in rest[2..<(rest.count - 1)].enumerated() {
                switch token {
                case .text(let text) where place % 2 == 0: values.append(text)
                case .sign(",") where place % 2 == 1: continue
                default: return nil
                }
            }
            return values.isEmpty ? nil : [(column, .oneOf(values))]
        }
        if rest[0].isWord("BETWEEN") {
            let bounds = rest.dropFirst().split { $0.isWord("AND") }.map(Array.init)
            guard bounds.count == 2, let least = number(bounds[0]), let most = number(bounds[1]) else { return nil }
            return [(column, .atLeast(least)), (column, .atMost(most))]
        }
        guard case .sign(let sign) = rest[0], let bound = number(Array(rest.dropFirst())) else { return nil }
        switch sign {
        case ">=": return [(column, .atLeast(bound))]
        case "<=": return [(column, .atMost(bound))]
        default: return nil
        }
    }

    private static func number(_ tokens: [SQLTokens.Token]) -> Double? {
        switch tokens.count {
        case 1:
            if case .number(let text) = tokens[0] { return Double(text) }
        case 2:
            if tokens[0] == .sign("-"), case .number(let text) = tokens[1] { return Double(text).map { -$0 } }
        default: break
        }
        return nil
    }
}

/// SQL cut into pieces (sqlite.org, "SQL Language Expressions", literal values).
enum SQLTokens {
    enum Token: Equatable {
        /// A word, or a name in any of SQLite's quotes.
        case name(String)
        /// A text literal.
        case text(String)
        case number(String)
        case sign(String)

        /// How it is written.
        var text: String {
            switch self {
            case .name(let text), .number(let text), .sign(let text): text
            case .text(let text): "'\(text.replacing("'", with: "''"))'"
            }
        }

        func isWord(_ word: String) -> Bool {
            if case .name(let text) = self { text.uppercased() == word } else { false }
        }
    }

    static func split(_ sql: String) -> [Token] {
        var tokens: [Token] = []
        var rest = Array(sql.unicodeScalars)[...]
        while let first = rest.first {
            switch first {
            case "'", "\"", "`":
                let text = quoted(&rest, first)
                tokens.append(first == "'" ? .text(text) : .name(text))
            case "[":
                rest = rest.dropFirst()
                tokens.append(.name(string(rest.prefix { $0 != "]" })))
                rest = rest.drop { $0 != "]" }.dropFirst()
            case "-" where rest.dropFirst().first == "-": rest = rest.drop { $0 != "\n" }
            case "/" where rest.dropFirst().first == "*":
                rest = rest.dropFirst(2)
                while let next = rest.popFirst() { if next == "*", rest.first == "/" { break } }
                rest = rest.dropFirst()
            case "0"..."9":
                let digits = rest.prefix { $0.properties.isASCIIHexDigit || $0 == "." || $0 == "x" }
                tokens.append(.number(string(digits)))
                rest = rest.dropFirst(digits.count)
            case _ where isInWord(first):
                let word = rest.prefix(while: isInWord)
                tokens.append(.name(string(word)))
                rest = rest.dropFirst(word.count)
            case _ where first.properties.isWhitespace: rest = rest.dropFirst()
            default:
                let pair = string(rest.prefix(2))
                let sign = [">=", "<=", "<>", "!=", "==", "||"].contains(pair) ? pair : string(rest.prefix(1))
                tokens.append(.sign(sign))
                rest = rest.dropFirst(sign.unicodeScalars.count)
            }
        }
        return tokens
    }

    private static func isInWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }

    /// Reads what stands between two quotes, of which two in a row mean one.
    private static func quoted(_ rest: inout ArraySlice<Unicode.Scalar>, _ quote: Unicode.Scalar) -> String {
        rest = rest.dropFirst()
        var text = String.UnicodeScalarView()
        while let next = rest.popFirst() {
            if next == quote {
                guard rest.first == quote else { break }
                rest = rest.dropFirst()
            }
            text.append(next)
        }
        return String(text)
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

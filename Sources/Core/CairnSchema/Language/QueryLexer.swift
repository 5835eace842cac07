/// One word or sign of a query, and where it stands.
struct QueryToken {
    enum Kind: Equatable {
        /// A word without quotes; lower-cased to see whether it is one of the language's.
        case word(String)
        /// A name in backticks: never a word of the language.
        case name(String)
        /// A number as it is written.
        case number(String)
        /// A text, its quotes and escapes taken away.
        case text(String)
        /// An operator or a bracket.
        case sign(String)
        /// A parameter: its name, without the `$`.
        case parameter(String)
        case end
    }

    let kind: Kind
    /// The byte it begins at.
    let offset: Int

    /// Whether it is a word of the language.
    func isWord(_ word: String) -> Bool {
        if case .word(let found) = kind { return found.lowercased() == word }
        return false
    }

    /// What to call it in messages.
    var text: String {
        switch kind {
        case .word(let text), .number(let text), .sign(let text): "'\(text)'"
        case .name(let name): "'`\(name)`'"
        case .parameter(let name): "'$\(name)'"
        case .text: "a text"
        case .end: "the end"
        }
    }
}

/// A mistake in a query, before its place is put in words.
package struct QueryMistake: Error {
    package let message: String
    package let remedy: String?
    /// The byte it is at.
    package let offset: Int

    package init(_ message: String, remedy: String? = nil, at offset: Int) {
        self.message = message
        self.remedy = remedy
        self.offset = offset
    }
}

/// Cuts a query into words and signs.
struct QueryLexer {
    private let bytes: [UInt8]
    private var place = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The tokens of a query, the end as the last.
    static func tokens(_ text: String) throws(QueryMistake) -> [QueryToken] {
        var lexer = QueryLexer(Array(text.utf8))
        var tokens: [QueryToken] = []
        repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
        return tokens
    }

    /// Texts that are written like a parameter, and where they stand.
    static func quotedParameters(_ text: String) throws(QueryMistake) -> [(name: String, offset: Int)] {
        var found: [(name: String, offset: Int)] = []
        for token in try tokens(text) {
            guard case .text(let text) = token.kind, text.utf8.first == UInt8(ascii: "$") else { continue }
            let name = text.utf8.dropFirst()
            guard let first = name.first, isWordByte(first), !(0x30...0x39).contains(first), name.allSatisfy(isWordByte)
            else { continue }
            found.append((String(decoding: name, as: UTF8.self), token.offset))
        }
        return found
    }

    /// Of two signs that begin alike the longer comes first.
    private static let signs = [
        "==", "!=", "<>", "<=", ">=", "&&", "||", "=", "<", ">", "!", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".",
    ].map { Array($0.utf8) }

    private mutating func next() throws(QueryMistake) -> QueryToken {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        let start = place
        guard start < bytes.count else { return QueryToken(kind: .end, offset: start) }
        switch bytes[start] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            return QueryToken(kind: .word(take(while: QueryLexer.isWordByte)), offset: start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return QueryToken(kind: .number(number()), offset: start)
        case UInt8(ascii: "\""): return QueryToken(kind: .text(try jsonText()), offset: start)
        case UInt8(ascii: "'"): return QueryToken(kind: .text(try quoted("'")), offset: start)
        case UInt8(ascii: "`"): return QueryToken(kind: .name(try quoted("`")), offset: start)
        case UInt8(ascii: "$"): return QueryToken(kind: .parameter(try parameter()), offset: start)
        default: break
        }
        guard let sign = QueryLexer.signs.first(where: { bytes[start...].starts(with: $0) }) else {
            let rest = String(decoding: bytes[start...].prefix(4), as: UTF8.self)
            throw QueryMistake(
                "'\(rest.first.map(String.init) ?? "")' means nothing here",
                remedy: "put texts in double quotes", at: start)
        }
        place += sign.count
        return QueryToken(kind: .sign(String(decoding: sign, as: UTF8.self)), offset: start)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let start = place
        while place < bytes.count, condition(bytes[place]) { place += 1 }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// The name of a parameter.
    private mutating func parameter() throws(QueryMistake) -> String {
        let start = place
        place += 1
        let name = take(while: QueryLexer.isWordByte)
        guard !name.isEmpty else {
            throw QueryMistake("'$' stands before the name of a parameter", remedy: "write it like $country", at: start)
        }
        return name
    }

    /// Digits, a fraction, an exponent. A `_` between digits is for the eye.
    private mutating func number() -> String {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") }
        var text = take(while: isDigit)
        if place + 1 < bytes.count, bytes[place] == UInt8(ascii: "."), (0x30...0x39).contains(bytes[place + 1]) {
            place += 1
            text += "." + take(while: isDigit)
        }
        if place < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "e") {
            let hasSign = place + 1 < bytes.count && [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(bytes[place + 1])
            let first = place + (hasSign ? 2 : 1)
            if first < bytes.count, (0x30...0x39).contains(bytes[first]) {
                text += String(decoding: bytes[place..<first], as: UTF8.self)
                place = first
                text += take(while: isDigit)
            }
        }
        return String(text.unicodeScalars.filter { $0 != "_" }.map(Character.init))
    }

    /// A text as in JSON, with its escapes.
    private mutating func jsonText() throws(QueryMistake) -> String {
        let start = place
        var end = start + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        guard end < bytes.count else {
            throw QueryMistake("the text has no end", remedy: "close it with '\"'", at: start)
        }
        place = end + 1
        do {
            guard case .string(let text) = try JSONValue(parsing: Array(bytes[start...end])) else { return "" }
            return text
        } catch {
            throw QueryMistake(error.message, remedy: "texts are written as in JSON", at: start + error.offset)
        }
    }

    /// What stands between two marks; a mark inside is written twice.
    private mutating func quoted(_ mark: Unicode.Scalar) throws(QueryMistake) -> String {
        let byte = UInt8(ascii: mark)
        let start = place
        var text: [UInt8] = []
        place += 1
        while place < bytes.count {
            if bytes[place] == byte {
                guard place + 1 < bytes.count, bytes[place + 1] == byte else {
                    place += 1
                    return String(decoding: text, as: UTF8.self)
                }
                place += 1
            }
            text.append(bytes[place])
            place += 1
        }
        throw QueryMistake("the text has no end", remedy: "close it with \(mark)", at: start)
    }
}

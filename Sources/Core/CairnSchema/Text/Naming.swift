/// How names in a schema file become names in Swift.
package enum Naming {
    /// The most bytes a database, table, column, index or enum name has.
    package static let maximumBytes = 63

    /// Whether a name is lower snake case: words of `a-z0-9` joined by single underscores, a letter first.
    package static func isSnakeCase(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, isLower(first), bytes.last != underscore else { return false }
        return bytes.indices.allSatisfy { index in
            isLower(bytes[index]) || isDigit(bytes[index])
                || (bytes[index] == underscore && bytes[index - 1] != underscore)
        }
    }

    /// The snake case name nearest to what was written, for a remedy; nil when nothing of it can be kept.
    package static func snakeCase(_ name: String) -> String? {
        var result: [UInt8] = []
        var previousIsLower = false
        for byte in name.utf8 {
            if isLower(byte) || isDigit(byte) {
                result.append(byte)
                previousIsLower = true
            } else if isLower(byte | 0x20) {
                if previousIsLower { result.append(underscore) }
                result.append(byte | 0x20)
                previousIsLower = false
            } else {
                if result.last != underscore { result.append(underscore) }
                previousIsLower = false
            }
        }
        let trimmed = result.drop { !isLower($0) }
        let name = String(decoding: trimmed.reversed().drop { $0 == underscore }.reversed(), as: UTF8.self)
        return isSnakeCase(name) ? name : nil
    }

    /// `area_km2` becomes `areaKm2`, `home_url` becomes `homeURL`.
    package static func lowerCamelCase(_ name: String) -> String {
        let words = words(of: name)
        return (words.first.map(lowerFirst) ?? "") + words.dropFirst().map(upperFirst).joined()
    }

    /// `order_lines` becomes `OrderLines`, `iso3` becomes `ISO3`.
    package static func upperCamelCase(_ name: String) -> String {
        words(of: name).map(upperFirst).joined()
    }

    /// Initialisms that Swift's API Design Guidelines want in one case: all up, or all down at the beginning.
    private static let initialisms: Set<String> = [
        "api", "cpu", "css", "csv", "dns", "ean", "gps", "html", "http", "https", "iban", "id", "ip", "isbn", "iso",
        "json",
        "jwt", "pdf", "sha", "sku", "sms", "sql", "ssh", "ssl", "tcp", "tls", "tld", "udp", "uri", "url", "usb", "utc",
        "uuid", "vat", "xml",
    ]

    /// The words of a name: split at every character that is not an ASCII letter or digit.
    private static func words(of name: String) -> [Substring] {
        name.split { character in
            guard let byte = character.asciiValue else { return true }
            return !(isLower(byte | 0x20) || isDigit(byte))
        }
    }

    private static func upperFirst(_ word: Substring) -> String {
        // Digits at the end belong to the initialism: ISO3.
        let letters = word.prefix { !$0.isNumber }
        if initialisms.contains(String(letters)), word.dropFirst(letters.count).allSatisfy(\.isNumber) {
            return word.uppercased()
        }
        return word.prefix(1).uppercased() + word.dropFirst()
    }

    /// Lowers the first letter, or all of a word in capitals: `URL` becomes `url`, `InProgress` becomes `inProgress`.
    private static func lowerFirst(_ word: Substring) -> String {
        if word.utf8.allSatisfy({ !isLower($0) }) { return word.lowercased() }
        return word.prefix(1).lowercased() + word.dropFirst()
    }

    /// The Swift name of one record of a table: `cities` becomes `City`. The last word loses its plural by the rules of
    /// English spelling and a short list of exceptions; `entity` in the schema overrides it.
    package static func entityName(ofTable table: String) -> String {
        let parts = table.split(separator: "_")
        guard let last = parts.last else { return "" }
        return upperCamelCase((parts.dropLast().map(String.init) + [singular(String(last))]).joined(separator: "_"))
    }

    package static func singular(_ word: String) -> String {
        if let irregular = irregularPlurals[word] { return irregular }
        if word.hasSuffix("ies"), word.utf8.count > 4 { return word.dropLast(3) + "y" }
        for ending in ["sses", "shes", "ches", "xes", "zzes"] where word.hasSuffix(ending) {
            return String(word.dropLast(2))
        }
        if word.hasSuffix("s"), !["ss", "us", "is"].contains(where: word.hasSuffix) { return String(word.dropLast()) }
        return word
    }

    private static let irregularPlurals = [
        "people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth",
        "mice": "mouse", "geese": "goose", "data": "data", "media": "media", "news": "news", "series": "series",
        "species": "species", "movies": "movie", "cookies": "cookie", "ties": "tie", "pies": "pie", "lies": "lie",
        "statuses": "status", "aliases": "alias", "buses": "bus", "bonuses": "bonus", "viruses": "virus",
        "campuses": "campus", "analyses": "analysis", "bases": "base", "crises": "crisis", "theses": "thesis",
        "axes": "axis", "indices": "index", "matrices": "matrix", "vertices": "vertex", "leaves": "leaf",
        "wolves": "wolf", "knives": "knife", "lives": "life", "wives": "wife", "heroes": "hero",
        "potatoes": "potato", "tomatoes": "tomato", "quizzes": "quiz", "gas": "gas",
    ]

    /// Words that cannot name a Swift property or type without back quotes (The Swift Programming Language, "Lexical
    /// Structure", keywords used in declarations, statements, expressions and types).
    package static let reservedWords: Set<String> = [
        "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init", "inout",
        "internal", "let", "operator", "precedencegroup", "private", "protocol", "public", "rethrows", "static",
        "struct",
        "subscript", "typealias", "var", "as", "await", "break", "case", "catch", "continue", "default", "defer", "do",
        "else", "fallthrough", "false", "for", "guard", "if", "in", "is", "nil", "repeat", "return", "self", "super",
        "switch", "throw", "throws", "true", "try", "unsafe", "where", "while",
    ]

    private static let underscore = UInt8(ascii: "_")
    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

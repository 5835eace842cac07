import CairnSchema

/// Makes text from files and stores safe to show: what a terminal would obey is spelled out.
///
/// A record or a schema file may hold escape sequences that move the cursor, change colours or retitle the window; and
/// marks that turn the direction of text (Unicode TR 36), so that it reads as something else.
enum Printable {
    /// A text in one line: line breaks become spaces, other controls `\u{1B}`.
    /// - Parameter spellsBreaks: Whether line breaks and tabs are spelled out too, as in names.
    static func line(_ text: String, spellsBreaks: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        // A string, not a view of its scalars: that copies all it has for each text that is appended.
        var result = ""
        for scalar in text.unicodeScalars {
            if !spellsBreaks, scalar == "\n" || scalar == "\r" || scalar == "\t" {
                result += " "
            } else if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A text of several lines, each made safe.
    static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) }.joined(separator: "\n")
    }

    /// The value of a column. Text stands as it is, unless that would not show what it is: then as in JSON.
    static func value(_ value: Value) -> String {
        guard case .string(let text) = ValueJSON.value(value) else {
            return escaped(ValueJSON.value(value).description)
        }
        return isPlain(text) ? text : escaped(JSONValue.string(text).description)
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last, text != "null", first != "\"" else { return false }
        return first != " " && last != " " && !text.unicodeScalars.contains(where: isControl)
    }

    /// JSON with the escapes a terminal needs beyond those JSON demands.
    private static func escaped(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: isControl) else { return json }
        // A string, not a view of its scalars: that copies all it has for each text that is appended.
        var result = ""
        for scalar in json.unicodeScalars {
            if isControl(scalar) {
                let digits = String(scalar.value, radix: 16)
                let padding = String(repeating: "0", count: max(0, 4 - digits.count))
                result += "\\u\(padding)\(digits)"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Line and paragraph separators; embeddings, overrides and isolates.
        case 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

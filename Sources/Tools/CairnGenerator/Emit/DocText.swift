/// Lays out what documentation comments say.
///
/// The texts come from a schema, so they may hold anything. What must hold: no text ends its comment, because a carriage
/// return or a line separator would turn the rest into code; and Markdown that spans lines (lists, code) means the same
/// after wrapping.
enum DocText {
    /// A text, or nil when it says nothing.
    static func said(_ text: String?) -> String? {
        guard let text, text.contains(where: { !$0.isWhitespace }) else { return nil }
        return text
    }

    /// A text on one line between back quotes.
    static func quoted(_ text: String) -> String {
        let line = clean(text.replacing("`", with: "'").split(whereSeparator: \.isNewline).joined(separator: " "))
        return "`\(line)`"
    }

    /// The lines of some paragraphs, an empty one between two.
    static func lines(_ paragraphs: [String], width: Int) -> [String] {
        var lines: [String] = []
        for paragraph in paragraphs {
            let laidOut = layOut(paragraph, width: width)
            if !lines.isEmpty, !laidOut.isEmpty { lines.append("") }
            lines += laidOut
        }
        return lines
    }

    private static func layOut(_ paragraph: String, width: Int) -> [String] {
        // What the generator itself says, nearly always.
        if paragraph.utf8.count <= width, isSimple(paragraph), let first = paragraph.utf8.first,
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20), paragraph.utf8.last != UInt8(ascii: " ")
        {
            return [paragraph]
        }
        var lines: [String] = []
        var fence: Substring?
        for line in paragraph.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map({ clean($0) }) {
            let marker = fenceMarker(of: line)
            if let open = fence {
                lines.append(line)
                if marker == open { fence = nil }
            } else if marker != nil || line.hasPrefix("    ") {
                lines.append(line)
                fence = marker
            } else if !line.isEmpty || lines.last.map({ !$0.isEmpty }) ?? false {
                lines += line.isEmpty ? [""] : wrap(line, width: width)
            }
        }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        // An open fence would swallow what follows in the comment.
        if let fence { lines.append(String(fence)) }
        return lines
    }

    /// The three characters a fenced block of code begins and ends with.
    private static func fenceMarker(of line: String) -> Substring? {
        let text = line.drop { $0 == " " }
        return text.hasPrefix("```") || text.hasPrefix("~~~") ? text.prefix(3) : nil
    }

    /// Without control characters, the marks that turn the direction of text around, and space at the end.
    private static func clean(_ line: some StringProtocol) -> String {
        if isSimple(String(line)), !line.hasSuffix(" ") { return String(line) }
        var clean = ""
        for scalar in line.unicodeScalars {
            switch scalar.value {
            case 0x09: clean += "    "
            case 0x202A...0x202E, 0x2066...0x2069: continue
            default: clean.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
            }
        }
        while clean.unicodeScalars.last == " " { clean.unicodeScalars.removeLast() }
        return clean
    }

    private static func wrap(_ line: String, width: Int) -> [String] {
        let words = line.split(separator: " ")
        var lines: [String] = []
        var current = String(line.prefix { $0 == " " })
        // The lines below the first of a list item are indented, or they would leave the list.
        let isItem = words.first.map { isListMarker($0) } ?? false
        let indent = current + (isItem ? String(repeating: " ", count: (words.first?.count ?? 0) + 1) : "")
        var isFirst = true
        for word in words {
            if !isFirst, current.utf8.count + word.utf8.count > width, !isMarkup(word) {
                lines.append(current)
                current = indent
                isFirst = true
            }
            current += isFirst ? String(word) : " \(word)"
            isFirst = false
        }
        return lines + [current]
    }

    private static func isListMarker(_ word: Substring) -> Bool {
        if ["-", "*", "+"].contains(word) { return true }
        guard let last = word.last, last == "." || last == ")" else { return false }
        return word.count > 1 && word.dropLast().allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// Whether a word would be more than a word at the beginning of a line.
    private static func isMarkup(_ word: Substring) -> Bool {
        if isListMarker(word) { return true }
        if let first = word.first, "#>|`~".contains(first) { return true }
        return word.allSatisfy { $0 == "=" } || word.allSatisfy { $0 == "-" }
    }
}

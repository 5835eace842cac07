/// Writes Swift text line by line, with indentation.
struct CodeWriter {
    private(set) var lines: [String] = []
    private var depth = 0

    /// The text, with a line break at the end.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// Writes a line; an empty one has no indentation.
    mutating func line(_ text: String = "") {
        lines.append(text.isEmpty ? "" : String(repeating: "    ", count: depth) + text)
    }

    /// Writes `head {`, what `body` writes, and `}`.
    mutating func block(_ head: String, _ body: (inout CodeWriter) -> Void) {
        line(head + " {")
        depth += 1
        body(&self)
        depth -= 1
        line("}")
    }

    /// Writes a call, its arguments on one line if they fit.
    mutating func call(_ head: String, _ arguments: [String]) {
        let short = "\(head)(\(arguments.joined(separator: ", ")))"
        if short.utf8.count <= 100 { return line(short) }
        line("\(head)(")
        indented { code in
            for (index, argument) in arguments.enumerated() {
                code.line(argument + (index == arguments.count - 1 ? "" : ","))
            }
        }
        line(")")
    }

    /// Writes a function, its parameters on one line if they fit.
    mutating func function(_ head: String, _ parameters: [String], _ body: (inout CodeWriter) -> Void) {
        let short = "\(head)(\(parameters.joined(separator: ", ")))"
        if short.utf8.count <= 100 { return block(short, body) }
        line("\(head)(")
        indented { code in
            for (index, parameter) in parameters.enumerated() {
                code.line(parameter + (index == parameters.count - 1 ? "" : ","))
            }
        }
        block(")", body)
    }

    /// Writes lines one level deeper.
    mutating func indented(_ body: (inout CodeWriter) -> Void) {
        depth += 1
        body(&self)
        depth -= 1
    }

    /// Writes a documentation comment, wrapped at 110 columns; paragraphs are separated by an empty line.
    mutating func doc(_ paragraphs: String...) {
        doc(paragraphs)
    }

    mutating func doc(_ paragraphs: [String]) {
        for text in DocText.lines(paragraphs, width: 110 - 4 * depth) {
            line(text.isEmpty ? "///" : "/// \(text)")
        }
    }
}

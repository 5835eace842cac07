/// A regular expression: one engine for every driver and for the `pattern` of columns.
///
/// It says whether a pattern is found somewhere in a text; `^` and `$` tie it to the ends. There are no captures, no
/// back-references and no look-around, so the time is at most the length of the text times the size of the pattern, whatever
/// both hold.
///
/// | | |
/// |---|---|
/// | `a` | itself; characters are Unicode scalars, compared by number |
/// | `.` | any character but a line feed |
/// | `[a-z_]`, `[^a-z]` | one of, none of; `\d` and the like stand in them too |
/// | `\d` `\w` `\s`, `\D` `\W` `\S` | digits, letters with digits and `_`, white space, all of ASCII; everything else |
/// | `^` `$` `\b` `\B` | the start, the end of the text; between a `\w` and what is none, or not |
/// | `*` `+` `?` `{2}` `{2,}` `{2,5}` | repeated; a `?` behind changes nothing, since only whether matters |
/// | `ab`, `a\|b`, `(a)`, `(?:a)` | in a row, either, a group |
/// | `\n` `\r` `\t` `\f` `\v` `\0`, `\xHH`, `\uHHHH`, `\u{H…}` | characters by name or number |
/// | `\.` | punctuation as itself |
package struct RegularExpression: Sendable {
    private let program: RegexProgram

    /// Reads a pattern.
    /// - Parameter ignoringCase: The text to match is folded by the caller; the pattern is folded here.
    /// - Throws: ``RegexError`` with the place of the mistake.
    package init(_ pattern: String, ignoringCase: Bool = false) throws(RegexError) {
        program = try RegexProgram(RegexNode(parsing: pattern, ignoringCase: ignoringCase), pattern)
    }

    /// Whether the pattern is found in a text.
    package func isFound(in text: String) -> Bool {
        var text = text
        return text.withUTF8(isFound)
    }

    /// Whether the pattern is found in a text of valid UTF-8.
    package func isFound(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        var run = RegexRun(program)
        return run.isFound(in: text)
    }
}

/// What is wrong with a pattern, and where.
package struct RegexError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, in words.
    package let message: String
    /// The character it is wrong at, from 1.
    package let position: Int

    /// The message with its place.
    package var description: String { "\(message), at character \(position) of the pattern" }
}

/// Limits of patterns: with them a pattern is read in no time, and matched in time linear in the text.
package enum RegexLimits {
    /// Groups inside one another.
    package static let depth = 50
    /// The most often a part is repeated by count.
    package static let repetitions = 1000
    /// Steps of the program a pattern becomes; `a{1000}` has about as many.
    package static let steps = 4000
}

/// A pattern as a tree.
package indirect enum RegexNode: Sendable {
    /// One scalar of a set.
    case set(ScalarSet)
    /// One after the other; none matches the empty text.
    case sequence([RegexNode])
    /// One of them.
    case alternatives([RegexNode])
    /// At least `minimum` times, at most `maximum` times; nil for any number.
    case repetition(RegexNode, minimum: Int, maximum: Int?)
    /// A place between characters.
    case place(Place)

    /// Something that holds between two characters.
    package enum Place: Sendable {
        case start, end, wordBoundary, noWordBoundary

        /// Whether it holds between two scalars, nil at the ends of the text.
        package func holds(_ before: UInt32?, _ after: UInt32?) -> Bool {
            switch self {
            case .start: return before == nil
            case .end: return after == nil
            case .wordBoundary, .noWordBoundary:
                let isBoundary = Place.isWord(before) != Place.isWord(after)
                return isBoundary == (self == .wordBoundary)
            }
        }

        private static func isWord(_ scalar: UInt32?) -> Bool { scalar.map(ScalarSet.word.contains) ?? false }
    }

    /// Reads a pattern.
    package init(parsing pattern: String, ignoringCase: Bool = false) throws(RegexError) {
        var parser = RegexParser(pattern, ignoringCase: ignoringCase)
        self = try parser.parse()
    }
}

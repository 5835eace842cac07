/// Keeps messages short, whatever they quote: what is quoted comes from files and from the network, and may be megabytes.
package enum MessageText {
    /// The most bytes of a message, and of a remedy. Those that quote names, short values and lists of them stay below.
    package static let maximumBytes = 4096

    /// A text with its middle left out if it is too long: what it is about stands at the beginning, what is wrong at the end.
    package static func bounded(_ text: String) -> String {
        guard text.utf8.count > maximumBytes else { return text }
        let head = boundary(in: text, maximumBytes * 5 / 8)
        let tail = boundary(in: text, text.utf8.count - maximumBytes / 4)
        let count = text.utf8.distance(from: head, to: tail)
        return "\(text[..<head]) … (\(count) bytes are left out here) … \(text[tail...])"
    }

    /// The last place between two characters of Unicode that is not behind an offset.
    private static func boundary(in text: String, _ offset: Int) -> String.Index {
        var index = text.utf8.index(text.utf8.startIndex, offsetBy: offset)
        while text.utf8[index] & 0xC0 == 0x80 { index = text.utf8.index(before: index) }
        return index
    }
}

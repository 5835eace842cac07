/// Text for a shell to read.
enum ShellText {
    /// A word as it must be written to stay one word.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-_./+:,=@".utf8.contains(byte)
                }
            }
        return isPlain ? word : literal(word)
    }

    /// A text in single quotes, in which nothing has a meaning but the quote itself.
    static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

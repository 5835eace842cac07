/// Bytes that are not the XML an object store answers with: what was found, and where.
struct XMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in words that name what was expected.
    let message: String
    /// The offset of the first wrong byte, from 0.
    let offset: Int

    init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    var description: String { "\(message) (at byte \(offset))" }
}

/// The limits of every XML document Cairn reads.
enum XMLLimits {
    /// Bytes of one document: several times a page of 1,000 keys of 1,024 bytes, each byte written as `%XX`.
    static let bytes = 32 << 20
    /// Elements inside one another; S3 needs six.
    static let depth = 32
}

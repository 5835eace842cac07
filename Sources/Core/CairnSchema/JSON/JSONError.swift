/// Bytes that are not the JSON Cairn reads: what was found, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in words that name what was expected.
    public let message: String
    /// The offset of the first wrong byte, from 0.
    public let offset: Int

    package init(_ message: String, at offset: Int) {
        self.message = MessageText.bounded(message)
        self.offset = offset
    }

    public var description: String { "\(message) (at byte \(offset))" }
}

/// Which JSON a reader accepts.
package enum JSONSyntax: Sendable {
    /// RFC 8259 exactly: records, logs, anything a program wrote.
    case strict
    /// With `//` and `/* */` comments and trailing commas: files people write.
    case relaxed
}

/// The limits of every JSON reader in Cairn.
package enum JSONLimits {
    /// Arrays and objects inside one another. RFC 8259 section 9 lets a reader set this limit.
    package static let depth = 128
    /// The same in the value of a column: less, because files wrap records in objects of their own.
    package static let columnDepth = 100
    /// The bytes of one document: more than the largest record or schema Cairn accepts.
    package static let bytes = 64 << 20
}

import CairnSchema

/// The mark of one version of an object, to compare and to hand back. Opaque: nothing follows from its text unless
/// ``ObjectStoreCapabilities/etags`` says so.
public struct ETag: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The text without the quotes that HTTP puts around it.
    public let rawValue: String

    /// A mark by its text; quotes around it are left away.
    public init(rawValue: String) {
        let text = rawValue.utf8
        let isQuoted = text.count >= 2 && text.first == UInt8(ascii: "\"") && text.last == UInt8(ascii: "\"")
        self.rawValue = isQuoted ? String(rawValue.dropFirst().dropLast()) : rawValue
    }

    public var description: String { rawValue }

    public static func == (left: ETag, right: ETag) -> Bool { Utf8.equal(left.rawValue, right.rawValue) }

    public func hash(into hasher: inout Hasher) { Utf8.hash(rawValue, into: &hasher) }
}

/// Which keys a client takes (S3 user guide, "Naming Amazon S3 objects").
///
/// S3 itself takes any 1 to 1,024 bytes of UTF-8. What is refused here besides gets lost or changed on the way: control characters
/// are in no XML, so such an object cannot be deleted among others; `.` and `..` between slashes are resolved by what reads URLs.
public struct KeyRules: Sendable, Hashable {
    /// Whether a key may begin with `/`. Tools that show keys as files often cannot reach such an object.
    public var allowsLeadingSlash: Bool
    /// Whether a key may have control characters (U+0000 to U+001F, U+007F) in it.
    public var allowsControlCharacters: Bool
    /// Whether `.` or `..` may stand alone between slashes.
    public var allowsDotSegments: Bool

    /// What S3 keeps intact: leading slashes, but neither control characters nor dot segments.
    public init(
        allowsLeadingSlash: Bool = true, allowsControlCharacters: Bool = false, allowsDotSegments: Bool = false
    ) {
        self.allowsLeadingSlash = allowsLeadingSlash
        self.allowsControlCharacters = allowsControlCharacters
        self.allowsDotSegments = allowsDotSegments
    }

    /// The most bytes of a key.
    static let maximumBytes = 1024

    /// Checks a key.
    func check(_ key: String, bucket: String? = nil) throws(S3Error) {
        guard !key.isEmpty else { throw refused(key, bucket, "is empty", "name the object") }
        try checkParts(of: key, bucket)
    }

    /// Checks a prefix of keys, which may be empty.
    func check(prefix: String, bucket: String? = nil) throws(S3Error) {
        try checkParts(of: prefix, bucket)
    }

    private func checkParts(of key: String, _ bucket: String?) throws(S3Error) {
        guard key.utf8.count <= KeyRules.maximumBytes else {
            throw refused(
                key, bucket, "has \(key.utf8.count) bytes in UTF-8", "keys have at most \(KeyRules.maximumBytes)")
        }
        if !allowsLeadingSlash, key.utf8.first == UInt8(ascii: "/") {
            throw refused(key, bucket, "begins with '/'", "leave the slash out, or allow it in the client's key rules")
        }
        if !allowsControlCharacters,
            let wrong = key.unicodeScalars.first(where: { $0.value < 0x20 || $0.value == 0x7F })
        {
            throw refused(
                key, bucket, "has the control character U+\(String(wrong.value, radix: 16, uppercase: true))",
                "leave it out, or allow it in the client's key rules")
        }
        if !allowsDotSegments, let segment = KeyRules.dotSegment(of: key) {
            throw refused(
                key, bucket, "has '\(segment)' between slashes", "rename it, or allow it in the client's key rules")
        }
    }

    private static func dotSegment(of key: String) -> Substring? {
        guard key.utf8.contains(UInt8(ascii: ".")) else { return nil }
        // By bytes: a combining mark behind a slash does not make it another character to whoever reads the URL.
        return key.utf8.split(separator: UInt8(ascii: "/")).first {
            $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
        }
        .map { Substring($0) }
    }

    private func refused(_ key: String, _ bucket: String?, _ reason: String, _ remedy: String) -> S3Error {
        var details = S3Error.Details()
        details.bucket = bucket
        details.key = key
        let shown = key.count > 80 ? "\(key.prefix(80))…" : key
        return S3Error(.invalid, "the key \(shown.debugDescription) \(reason)", remedy: remedy, details: details)
    }
}

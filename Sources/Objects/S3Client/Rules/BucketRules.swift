/// Names of buckets (S3 user guide, "General purpose bucket naming rules").
enum BucketRules {
    static let bytes = 3...63

    /// Checks the name of a bucket that may exist: what S3 allows there includes aliases and directory buckets, whose endings are
    /// reserved for them.
    static func check(_ name: String) throws(S3Error) {
        let bytes = Array(name.utf8)
        guard BucketRules.bytes.contains(bytes.count) else {
            throw refused(name, "has \(bytes.count) bytes", "names of buckets have 3 to 63")
        }
        if let wrong = name.unicodeScalars.first(where: { !isAllowed($0) }) {
            let isUpper = wrong.properties.isUppercase
            throw refused(
                name, "has the character \(String(wrong).debugDescription)",
                isUpper ? "write it in lower case" : "use a-z, 0-9, '-' and '.'")
        }
        for (end, place) in [(bytes[0], "begins"), (bytes[bytes.count - 1], "ends")] where !isLetterOrDigit(end) {
            throw refused(
                name, "\(place) with '\(Character(UnicodeScalar(end)))'", "begin and end with a letter or a digit")
        }
        if name.contains("..") { throw refused(name, "has two dots in a row", "leave one out") }
        if isAddress(name) { throw refused(name, "looks like an IP address", "choose another name") }
    }

    /// Checks the name of a bucket to be created.
    static func checkNew(_ name: String) throws(S3Error) {
        try check(name)
        if let prefix = reservedPrefixes.first(where: name.hasPrefix) {
            throw refused(name, "begins with '\(prefix)', which is reserved", "choose another name")
        }
        if let suffix = reservedSuffixes.first(where: name.hasSuffix) {
            throw refused(name, "ends with '\(suffix)', which is reserved", "choose another name")
        }
    }

    private static let reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"]
    private static let reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]

    private static func refused(_ name: String, _ reason: String, _ remedy: String) -> S3Error {
        var details = S3Error.Details()
        details.bucket = name
        return S3Error(.invalid, "the bucket name \(name.debugDescription) \(reason)", remedy: remedy, details: details)
    }

    private static func isAllowed(_ scalar: UnicodeScalar) -> Bool {
        scalar.isASCII && (isLetterOrDigit(UInt8(scalar.value)) || scalar == "-" || scalar == ".")
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    /// Four numbers with dots between them.
    private static func isAddress(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }
}

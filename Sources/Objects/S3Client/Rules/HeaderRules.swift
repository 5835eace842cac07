/// Rules for header fields (RFC 9110 section 5).
enum HeaderRules {
    /// Checks a field that is sent as it is given: a line end in it would be another field, or another request.
    static func check(_ field: HeaderField) throws(S3Error) {
        guard isToken(field.name) else {
            throw S3Error(
                .invalid, "\(field.name.debugDescription) is no name of a header field",
                remedy: "use letters, digits and '-'")
        }
        guard let wrong = field.value.unicodeScalars.first(where: { !isAllowed($0) }) else { return }
        throw S3Error(
            .invalid,
            "the header field '\(field.name)' has the character U+\(String(wrong.value, radix: 16, uppercase: true))",
            remedy: wrong.isASCII ? "leave it out" : "encode it: header fields hold ASCII")
    }

    static func isToken(_ name: String) -> Bool {
        let marks = "!#$%&'*+-.^_`|~"
        return !name.isEmpty
            && name.unicodeScalars.allSatisfy { scalar in
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                    || marks.unicodeScalars.contains(scalar)
            }
    }

    private static func isAllowed(_ scalar: UnicodeScalar) -> Bool {
        (" "..."~").contains(scalar) || scalar == "\t"
    }
}

extension ETag {
    /// As a header field has it.
    var quoted: String { "\"\(rawValue)\"" }

    /// As a condition, in the way the server wants it.
    func condition(_ dialect: S3Dialect) -> String { dialect.wantsUnquotedIfMatch == true ? rawValue : quoted }
}

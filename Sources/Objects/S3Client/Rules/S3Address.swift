import CairnSchema

/// The address of a bucket, a prefix or an object: `s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-west-1`.
///
/// `%XX` stands for any byte, in the path and in the parameters, so a key may have a `?` (`%3F`) or a `%` (`%25`) in it. What is
/// not said here comes from the environment and the profile.
public struct S3Address: Sendable, Hashable {
    /// The bucket.
    public let bucket: String
    /// What stands behind the bucket: a key, or what keys begin with; mostly no `/` at its beginning.
    public let key: String
    /// The server; nil for the one of the environment, or of AWS.
    public let endpoint: S3Endpoint?
    /// The region.
    public let region: String?
    /// The profile that settings and credentials come from.
    public let profile: String?
    /// Parameters that the reader of the address asked for besides.
    public let others: [String: String]

    /// The parameters every address may have, in the order messages list them.
    static let parameters = ["endpoint", "region", "style", "profile"]

    /// Reads an address.
    /// - Parameter others: Names of more parameters it may have.
    /// - Throws: `s3.invalid` for another scheme, a bucket or a key that breaks a rule, and a parameter that is unknown, there twice,
    ///   or has no value it can have; the nearest known name is told.
    public init(_ text: String, others: [String] = [], keyRules: KeyRules = KeyRules()) throws(S3Error) {
        guard ["s3://", "S3://"].contains(where: { text.utf8.starts(with: $0.utf8) }) else {
            throw S3Error(.invalid, "\(text.debugDescription) is not an address of S3", remedy: "write s3://bucket/key")
        }
        // By bytes: a slash with a combining mark behind it is still a slash.
        let parts = text.utf8.dropFirst(5).split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0].split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        bucket = String(Substring(path[0]))
        guard !bucket.isEmpty else {
            throw S3Error(.invalid, "\(text.debugDescription) names no bucket", remedy: "write s3://bucket/key")
        }
        try BucketRules.check(bucket)
        let key = try S3Address.decode(
            path.count > 1 ? Substring(path[1]) : "", "the key in \("s3://\(Substring(parts[0]))".debugDescription)")
        try keyRules.check(prefix: key, bucket: bucket)
        self.key = key

        let values = try S3Address.values(
            parts.count > 1 ? Substring(parts[1]) : "", known: S3Address.parameters + others)
        let style = try values["style"].map { (text) throws(S3Error) in try S3Address.style(text) }
        endpoint = try values["endpoint"].map { (text) throws(S3Error) in try S3Endpoint(text, style: style) }
        if style != nil, endpoint == nil {
            throw S3Error(.invalid, "'style' says how an endpoint is used", remedy: "give 'endpoint' too")
        }
        region = values["region"]
        if let region { try RegionRules.check(region) }
        profile = values["profile"]
        self.others = values.filter { others.contains($0.key) }
    }

    private static func values(_ query: Substring, known: [String]) throws(S3Error) -> [String: String] {
        var values: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // Not its value: it may be a secret that was put in the wrong place.
            let what = "the parameter \(String(parts[0]).debugDescription)"
            let name = try decode(parts[0], what)
            let value = try decode(parts.count > 1 ? parts[1] : "", what)
            guard known.contains(where: { Utf8.equal($0, name) }) else {
                throw S3Error(
                    .invalid, "an address of S3 has no parameter \(name.debugDescription)",
                    remedy: NearestName.hint(name, among: known)
                        ?? "\(NearestName.hintOrList(name, among: known)); a '?' in a key is %3F")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw S3Error(.invalid, "the parameter '\(name)' is there twice", remedy: "keep one")
            }
            guard !value.isEmpty else {
                throw S3Error(.invalid, "the parameter '\(name)' is empty", remedy: "give it a value, or leave it out")
            }
        }
        return values
    }

    private static func decode(_ text: Substring, _ what: @autoclosure () -> String) throws(S3Error) -> String {
        guard let bytes = PercentEncoding.bytes(of: text) else {
            throw S3Error(
                .invalid, "\(what()) has a '%' that is not followed by two hexadecimal digits",
                remedy: "write a percent sign as %25")
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw S3Error(
                .invalid, "\(what()) is not UTF-8 when decoded", remedy: "write the bytes of its UTF-8 as %XX")
        }
        return decoded
    }

    private static func style(_ text: String) throws(S3Error) -> S3Endpoint.Style {
        guard let style = S3Endpoint.Style(rawValue: text) else {
            throw S3Error(.invalid, "'style' cannot be \(text.debugDescription)", remedy: "write path or virtual")
        }
        return style
    }
}

extension S3Address: CustomStringConvertible {
    /// `s3://bucket/key`, which leads to the same place: `%XX` where it is needed. Parameters are left out.
    public var description: String { S3Address.text(bucket, key) }

    /// The address of a key.
    package static func text(_ bucket: String, _ key: String) -> String {
        "s3://\(bucket)/\(PercentEncoding.path(key))"
    }
}

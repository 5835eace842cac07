import CairnSchema

/// Where a server is, and how buckets are named to it.
///
/// `https://s3.eu-west-1.amazonaws.com`, `http://127.0.0.1:9000`, `storage.example.com:9000/base`, `https://[::1]:9000`.
public struct S3Endpoint: Sendable, Hashable {
    /// Where a request names its bucket.
    public enum Style: String, Sendable, Hashable, CaseIterable {
        /// In the path: `https://host/bucket/key`. Every server takes it.
        case path
        /// In front of the host: `https://bucket.host/key`. AWS wants it.
        case virtual
    }

    /// Whether requests go over TLS.
    public let isSecure: Bool
    /// The host in lower case; an IPv6 address in brackets.
    public let host: String
    /// The port; nil for the one of the scheme.
    public let port: Int?
    /// What stands before every path, `/` at its beginning and not at its end; mostly empty.
    public let basePath: String
    /// Where a request names its bucket.
    public let style: Style

    /// Reads an address.
    /// - Parameters:
    ///   - style: nil chooses: AWS wants the bucket in front of the host, everyone takes it in the path.
    ///   - isSecure: What holds when the address has no scheme.
    /// - Throws: `s3.invalid` for what is no address of a server. An address with a user or a password in it is refused, and not
    ///   repeated in the message.
    public init(_ text: String, style: Style? = nil, isSecure: Bool = true) throws(S3Error) {
        let parts = try EndpointParser.parse(text)
        self.isSecure = parts.isSecure ?? isSecure
        host = parts.host
        port = parts.port == (self.isSecure ? 443 : 80) ? nil : parts.port
        basePath = parts.path
        self.style = style ?? (S3Endpoint.isAmazon(host) ? .virtual : .path)
        if self.style == .virtual, EndpointParser.isAddress(host) || host == "localhost" {
            throw S3Error(
                .invalid, "a bucket cannot stand in front of '\(host)'", remedy: "use the style 'path' at this endpoint"
            )
        }
    }

    /// The endpoint of AWS for a region.
    /// - Throws: `s3.invalid` for what is no name of a region.
    public static func amazon(region: String) throws(S3Error) -> S3Endpoint {
        try RegionRules.check(region)
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return try S3Endpoint("https://s3.\(region).\(suffix)")
    }

    /// The region that the host names, as those of AWS and of some others do; nil when it names none.
    public var region: String? {
        let labels = host.split(separator: ".").map(String.init)
        if S3Endpoint.isAmazon(host) {
            // s3.amazonaws.com, s3.eu-west-1.amazonaws.com, s3.dualstack.eu-west-1…, s3-eu-west-1…
            guard let place = labels.firstIndex(of: "amazonaws"), place > 0 else { return nil }
            let label = labels[place - 1]
            if label == "s3" { return "us-east-1" }
            return label.hasPrefix("s3-") ? String(label.dropFirst(3)) : label
        }
        if host.hasSuffix(".r2.cloudflarestorage.com") { return "auto" }
        for suffix in ["wasabisys.com", "backblazeb2.com", "scw.cloud"] where host.hasSuffix(".\(suffix)") {
            return labels.count == 4 && labels[0] == "s3" ? labels[1] : nil
        }
        if host.hasSuffix(".digitaloceanspaces.com"), labels.count == 3 { return labels[0] }
        return nil
    }

    /// Whether requests do not leave the machine.
    var isOfThisMachine: Bool {
        host == "localhost" || host == "[::1]" || (host.hasPrefix("127.") && EndpointParser.isAddress(host))
    }

    /// Whether this is an endpoint of AWS that has a sister in every region.
    var isAmazonRegional: Bool {
        let labels = host.split(separator: ".")
        return S3Endpoint.isAmazon(host) && basePath.isEmpty && port == nil
            && (labels.first == "s3" && labels.count <= 5)
    }

    private static func isAmazon(_ host: String) -> Bool {
        host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
    }
}

extension S3Endpoint: CustomStringConvertible {
    /// The address, with its scheme.
    public var description: String {
        "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")\(basePath)"
    }
}

extension S3Endpoint {
    /// Where a request goes.
    struct Target: Sendable, Hashable {
        let isSecure: Bool
        /// The name or the address of the host.
        let hostName: String
        /// nil: that of the scheme.
        let port: Int?
        /// The path, encoded once.
        let path: String

        /// `https` or `http`.
        var scheme: String { isSecure ? "https" : "http" }

        /// What the `Host` field says.
        var host: String { port.map { "\(hostName):\($0)" } ?? hostName }

        /// The address of a request.
        func url(query: String) -> String { "\(scheme)://\(host)\(path)" + (query.isEmpty ? "" : "?\(query)") }
    }

    /// Where a request about an object, a bucket or the server goes.
    ///
    /// A bucket with a dot in its name does not fit the certificate of a host over TLS; it stands in the path.
    func target(bucket: String? = nil, key: String? = nil) -> Target {
        let path = key.map { "/\(PercentEncoding.path($0))" } ?? ""
        func target(_ host: String, _ path: String) -> Target {
            Target(isSecure: isSecure, hostName: host, port: port, path: basePath + (path.isEmpty ? "/" : path))
        }
        guard let bucket else { return target(host, path) }
        if style == .virtual, !(isSecure && bucket.utf8.contains(UInt8(ascii: "."))) {
            return target("\(bucket).\(host)", path)
        }
        return target(host, "/\(PercentEncoding.path(bucket))\(path)")
    }
}

/// Names of regions.
enum RegionRules {
    /// Checks the name of a region, which becomes part of what is signed: other servers than AWS have their own.
    static func check(_ region: String) throws(S3Error) {
        let isName = region.utf8.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "_")
        }
        guard isName, (1...64).contains(region.utf8.count) else {
            throw S3Error(
                .invalid, "\(region.debugDescription) is no name of a region",
                remedy: "use one like eu-west-1; servers of your own mostly take us-east-1")
        }
    }
}

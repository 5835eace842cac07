/// Takes the address of a server apart (RFC 3986, without what an endpoint does not have).
enum EndpointParser {
    struct Parts {
        var isSecure: Bool?
        var host: String
        var port: Int?
        var path: String
    }

    static func parse(_ text: String) throws(S3Error) -> Parts {
        // Before anything is said of the text: a password in it must be in no message.
        guard !text.utf8.contains(UInt8(ascii: "@")) else {
            throw S3Error(
                .invalid, "the endpoint has a user or a password in it",
                remedy: "leave it out, and give access key and secret as credentials")
        }
        func refused(_ reason: String, _ remedy: String) -> S3Error {
            S3Error(.invalid, "the endpoint \(text.debugDescription) \(reason)", remedy: remedy)
        }
        var rest = Substring(text)
        var isSecure: Bool?
        if let mark = text.firstRange(of: "://") {
            switch text[..<mark.lowerBound].lowercased() {
            case "https": isSecure = true
            case "http": isSecure = false
            default: throw refused("has another scheme than http and https", "write https://host")
            }
            rest = text[mark.upperBound...]
        }
        if let wrong = rest.unicodeScalars.first(where: {
            !("!"..."~").contains($0) || "?#\\\"<>^`{|}".unicodeScalars.contains($0)
        }) {
            throw refused(
                "has the character \(String(wrong).debugDescription)",
                "write scheme, host, port and a path, nothing else; names outside ASCII in their xn-- form")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (host, port) = try hostAndPort(rest[..<slash], refused)
        return Parts(isSecure: isSecure, host: host, port: port, path: try path(rest[slash...], refused))
    }

    private static func hostAndPort(
        _ authority: Substring, _ refused: (String, String) -> S3Error
    ) throws(S3Error) -> (String, Int?) {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw refused("has a '[' without a ']'", "write an IPv6 address like [::1]")
            }
            host = authority[...end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else {
                throw refused("has something behind the ']' that is no port", "write [address]:port")
            }
            port = behind.isEmpty ? nil : behind.dropFirst()
            guard isIPv6(host.dropFirst().dropLast()) else {
                throw refused("has no IPv6 address in its brackets", "write one like [::1]")
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
            if port?.contains(":") == true {
                throw refused("has two colons", "write an IPv6 address in brackets: [::1]")
            }
        }
        if !host.hasPrefix("[") { try checkName(host, refused) }
        guard let port else { return (host.lowercased(), nil) }
        guard let number = Int(port), (1...65_535).contains(number), port.utf8.allSatisfy({ $0 != UInt8(ascii: "+") })
        else {
            throw refused("has no port behind the colon", "write a port from 1 to 65535")
        }
        return (host.lowercased(), number)
    }

    private static func checkName(_ host: Substring, _ refused: (String, String) -> S3Error) throws(S3Error) {
        guard !host.isEmpty else { throw refused("has no host", "write https://host") }
        let isName = host.utf8.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard isName, host.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.utf8.count) }) else {
            throw refused("has no name of a host", "write one like s3.example.com")
        }
    }

    private static func path(
        _ path: Substring, _ refused: (String, String) -> S3Error
    ) throws(S3Error) -> String {
        var path = path
        while path.hasSuffix("/") { path.removeLast() }
        guard PercentEncoding.decode(path) != nil else {
            throw refused("has a '%' that is not followed by two hexadecimal digits", "write a percent sign as %25")
        }
        if path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
            throw refused("has '.' or '..' in its path", "write the path they lead to")
        }
        return String(path)
    }

    /// Whether a host is an address and not a name.
    static func isAddress(_ host: String) -> Bool {
        if host.hasPrefix("[") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Eight groups of hexadecimal digits, one run of empty ones, perhaps an IPv4 address at the end (RFC 4291 section 2.2).
    static func isIPv6(_ text: Substring) -> Bool {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count) else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, part) in parts.enumerated() {
                let isLast = index == halves.count - 1 && place == parts.count - 1
                if isLast, part.contains(".") {
                    guard isAddress(String(part)) else { return false }
                    groups += 2
                } else {
                    guard (1...4).contains(part.utf8.count), UInt16(part, radix: 16) != nil, part.first != "+" else {
                        return false
                    }
                    groups += 1
                }
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }
}

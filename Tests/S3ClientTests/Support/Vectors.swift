import CairnSchema
import Foundation
import Testing

@testable import S3Client

/// The signatures in `Vectors/vectors.json`: examples of the S3 documentation, and odd requests signed by another program.
struct SignatureVectors {
    /// One request and the signature it must get.
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let members: JSONValue

        var testDescription: String { name }

        func text(_ name: String) -> String? {
            guard case .string(let text)? = members[name] else { return nil }
            return text
        }

        var isPresigned: Bool { text("kind") == "query" }

        var expires: Int? {
            guard case .int(let seconds)? = members["expires"] else { return nil }
            return seconds
        }

        var body: [UInt8] { text("body_hex").flatMap { Hex.decode($0) } ?? [] }

        /// The fields given to the signer.
        var headers: [HeaderField] {
            guard case .object(let object)? = members["headers"] else { return [] }
            return object.members.compactMap { member in
                guard case .string(let value) = member.value else { return nil }
                return HeaderField(member.name, value)
            }
        }

        var request: SignableRequest? {
            guard let method = text("method"), let url = text("url"), let parts = WireURL(url) else { return nil }
            return SignableRequest(
                method: method, host: parts.host, path: parts.path, query: parts.query, headers: headers)
        }
    }

    static let document: JSONValue = {
        let file = URL(filePath: #filePath).appending(path: "../../Vectors/vectors.json").standardized
        guard let bytes = try? Data(contentsOf: file), let value = try? JSONValue(parsing: Array(bytes)) else {
            return .null
        }
        return value
    }()

    static let all: [Vector] = {
        guard case .array(let vectors)? = document["vectors"] else { return [] }
        return vectors.map { vector in
            guard case .string(let name)? = vector["name"] else { return Vector(name: "", members: vector) }
            return Vector(name: name, members: vector)
        }
    }()

    static let streaming = Vector(name: "streaming", members: document["streaming"] ?? .null)

    static func credentials(token: String? = nil) -> Credentials {
        Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            sessionToken: token)
    }
}

/// A URL taken apart without decoding or mending anything.
struct WireURL {
    let host: String
    let path: String
    let query: CanonicalQuery
    let rawQuery: String

    init?(_ url: String) {
        guard let scheme = url.range(of: "://") else { return nil }
        let rest = url[scheme.upperBound...]
        let start = rest.firstIndex(of: "/") ?? rest.endIndex
        host = String(rest[..<start])
        let parts = rest[start...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        rawQuery = parts.count > 1 ? String(parts[1]) : ""
        var parameters: [(name: String, value: String)] = []
        for pair in rawQuery.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "")
            else { return nil }
            parameters.append((name, value))
        }
        query = CanonicalQuery(parameters)
    }
}

/// One HTTP request, as it goes on the wire.
package struct HTTPRequest: Sendable {
    package enum Scheme: String, Sendable {
        case http, https

        /// The port that an address without one means.
        package var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package var method: String
    package var scheme: Scheme
    /// A name or an address; IPv6 in brackets.
    package var host: String
    /// nil: that of the scheme.
    package var port: Int?
    /// Path and query, escaped already, sent byte for byte: no `..` is resolved, no slash merged, no escape rewritten.
    package var target: String
    /// Sent in this order, after what the transport writes itself. `Content-Length`, `Transfer-Encoding` and `Expect` come from
    /// `body` and `expectsContinue` and are refused here; `Host` is added unless it is here.
    package var fields: [HTTPField]
    package var body: HTTPBody
    /// Whether to ask the server before a body is sent (`Expect: 100-continue`). Without an answer the body follows after a
    /// second.
    package var expectsContinue = false
    /// Whether the transport may send it a second time by itself, when a connection that was kept open breaks before the first
    /// byte of an answer. Elsewise that ends with `noAnswer`, since the server may have done what was asked.
    package var isReplayable: Bool
    /// How much longer than the idle time of the options the answer may let wait for itself when all is sent.
    package var patience = Duration.zero
    /// Bytes a second of a collected answer, each of which puts the deadline off; nil: none does.
    package var minimumRate: Int?

    package init(
        _ method: String, _ scheme: Scheme, host: String, port: Int? = nil, target: String, fields: [HTTPField] = [],
        body: HTTPBody = .none
    ) {
        self.method = method
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
        self.fields = fields
        self.body = body
        isReplayable = method == "GET" || method == "HEAD"
    }

    /// The host, and the port unless it is that of the scheme: the value of the `Host` field.
    package var authority: String {
        if let port, port != scheme.defaultPort { return "\(host):\(port)" }
        return host
    }
}

/// A header field of a request.
package struct HTTPField: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The body of a request.
package enum HTTPBody: Sendable {
    case none
    case bytes([UInt8])
    /// Chunks asked for one after the other, nil at the end; never before the request is being sent, and never when two wait to
    /// be sent. Without a length it goes in chunks (HTTP/1.1). A chunk may be empty. With a length the last chunk leaves when the
    /// stream has said that it is the last; of a length of 0 nothing is asked.
    case stream(length: Int?, next: @Sendable () async throws -> [UInt8]?)
}

/// How a transport connects.
package struct TransportOptions: Sendable {
    package enum HTTPVersion: Sendable {
        /// HTTP/1.1, one request at a time on a connection: what suits object stores, whose requests are few and large or many
        /// and small, but always better spread over connections.
        case one
        /// HTTP/2 where a server offers it over TLS, HTTP/1.1 elsewhere. Streamed answers use HTTP/1.1 even so: only there does
        /// a reader who takes his time hold up nobody else. A server that ends a shared connection (`GOAWAY`) leaves writes
        /// that were just sent as `noAnswer`: libcurl does not tell whether the server has seen them.
        case two
    }

    /// Open at the same time, over all hosts. Requests beyond them wait.
    package var maximumConnections = 64
    /// For name, connection and TLS together, until the request can be sent.
    package var connectTimeout: Duration = .seconds(10)
    /// No byte moved, neither way, for so long. Time in which the caller does not read, or has nothing to send, does not count.
    package var idleTimeout: Duration = .seconds(60)
    /// A connection that nobody used for so long is not used again. Servers close theirs after a minute or so.
    package var keepAlive: Duration = .seconds(50)
    /// A PEM file with the certificates of authorities to trust, instead of the system's.
    package var authoritiesFile: String?
    /// The address of a proxy, such as `http://user:password@proxy.local:3128`. It is asked for a tunnel for `https`, and for
    /// the whole address for `http`. Variables of the environment are not looked at.
    package var proxy: String?
    package var version: HTTPVersion = .one
    package var userAgent = "cairn"

    package init() {}
}

/// What the transport holds at most.
package enum TransportLimits {
    /// Bytes of the head of an answer, interim answers included.
    package static let head = 256 * 1024
    /// Bytes of a streamed answer that wait for their reader, before the server is made to wait.
    package static let unread = 256 * 1024
    /// Chunks of a streamed request that wait to be sent.
    package static let unsentChunks = 2
    /// Bytes of a body that go out together with the head of the request, copied once.
    package static let smallBody = 32 * 1024
    /// Bytes of a collected answer, unless the caller says otherwise.
    package static let collectedBody = 32 * 1024 * 1024
}

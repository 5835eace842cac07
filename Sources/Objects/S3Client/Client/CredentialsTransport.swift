import CairnCore

/// How sources of credentials are asked: not among the requests to the store, for whose connections they would have to wait, and
/// not through the proxy where it could read what they say.
///
/// A thread is made for each way when the first source goes it.
final class CredentialsTransport: Sendable {
    private enum Way { case direct, proxied }

    private struct State {
        var transports: [Way: HTTPTransport] = [:]
        var isClosed = false
    }

    /// Sources are few, and each asks one thing after the other.
    private static let connections = 4

    private let options: TransportOptions
    private let state = Lock(State())

    /// - Parameter options: Those for the store.
    init(_ options: TransportOptions) {
        var options = options
        options.maximumConnections = CredentialsTransport.connections
        options.version = .one
        self.options = options
    }

    var exchange: CredentialsExchange {
        { request in
            let way =
                self.options.proxy != nil && CredentialsTransport.mayBeProxied(request.url) ? Way.proxied : .direct
            return try await self.transport(way).exchange(request)
        }
    }

    /// Ends what is under way. Later requests fail.
    func close() async {
        let transports = state.withLock { state in
            state.isClosed = true
            defer { state.transports = [:] }
            return Array(state.transports.values)
        }
        for transport in transports { await transport.close() }
    }

    private func transport(_ way: Way) throws(S3Error) -> HTTPTransport {
        try state.withLock { state throws(S3Error) in
            if state.isClosed {
                throw S3Error(.network, "the client was closed", remedy: "keep it open as long as it is used")
            }
            if let transport = state.transports[way] { return transport }
            var options = options
            if way == .direct { options.proxy = nil }
            let transport = try HTTPTransport.open(options)
            state.transports[way] = transport
            return transport
        }
    }

    /// Whether a proxy leads there, and hears nothing on the way: it is not asked for what is on this machine or its link, nor for
    /// tokens in the clear.
    static func mayBeProxied(_ url: String) -> Bool {
        let address = url.prefix { $0 != "?" }
        guard let endpoint = try? S3Endpoint(String(address), style: .path), endpoint.isSecure else { return false }
        let host = endpoint.host
        if EndpointParser.isAddress(host) {
            return !["127.", "169.254.", "[::1]", "[fe80:", "[fd00:ec2:"].contains { host.hasPrefix($0) }
        }
        return host != "localhost" && !host.hasSuffix(".localhost")
    }
}

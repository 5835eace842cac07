#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension S3ClientOptions {
    /// The options of the programs of this package: what is given, and what only the environment says, which is the certificates to
    /// trust (`AWS_CA_BUNDLE`).
    /// - Parameters:
    ///   - timeout: How long one attempt may take, and how long nothing may move; nil for the usual times.
    ///   - environment: The variables; nil for those of the process.
    /// - Throws: `s3.invalid` for a `STORAGE_ENDPOINT` without a scheme that would be used: clients take http for that variable and
    ///   https for others, which nobody can guess.
    package init(
        endpoint: S3Endpoint?, region: String?, profile: String?, timeout: Duration? = nil,
        environment: [String: String]? = nil
    ) throws(S3Error) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if endpoint == nil, let text = variable("STORAGE_ENDPOINT") {
            // First, so that no password of an address stands in a message.
            _ = try S3Endpoint(text)
            if let problem = S3Endpoint.ambiguity(of: text, "STORAGE_ENDPOINT") { throw problem }
        }
        self.init(endpoint: endpoint, region: region, credentials: .standard(profile: profile))
        authoritiesFile = variable("AWS_CA_BUNDLE")
        if let timeout {
            attemptTimeout = timeout
            idleTimeout = timeout
            connectTimeout = min(connectTimeout, timeout)
        }
    }
}

extension S3Endpoint {
    /// What is wrong with the address of a server that does not say whether it speaks TLS; nil for one that does.
    /// - Parameter source: Who gave it, for the message.
    package static func ambiguity(of text: String, _ source: String) -> S3Error? {
        if text.contains("://") { return nil }
        return S3Error(
            .invalid, "\(source) has no scheme: \(text)", remedy: "write http://\(text) or https://\(text)")
    }
}

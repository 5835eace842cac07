/// Gives a client the credentials to sign with.
///
/// It is asked for every request, so an answer that is at hand must be quick and stay on the caller's executor.
public protocol CredentialsProvider: Sendable {
    /// Credentials that are good now.
    /// - Throws: `S3Error` with `s3.credentials` when there are none.
    func credentials() async throws -> Credentials

    /// A server refused these credentials because they have ended. The next call should bring others, if there are any.
    func refused(_ credentials: Credentials)
}

extension CredentialsProvider {
    /// Does nothing: there are no others.
    public func refused(_ credentials: Credentials) {}
}

/// The same credentials for ever.
struct FixedCredentials: CredentialsProvider {
    let fixed: Credentials

    func credentials() async throws -> Credentials { fixed }
}

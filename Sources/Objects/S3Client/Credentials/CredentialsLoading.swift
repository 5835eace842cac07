/// What a source of credentials has.
enum LoadedCredentials: Sendable {
    case found(Credentials)
    /// It is not set up here, and why: another source may be.
    case absent(String)
}

/// A place credentials can be had from, asked anew each time.
protocol CredentialsLoading: Sendable {
    /// What messages call it.
    var name: String { get }

    /// Asks. A source that is set up and fails throws; one that is not set up is absent.
    func load() async throws -> LoadedCredentials
}

extension S3Error {
    /// A source of credentials that is set up and fails. The reason must hold no secret.
    static func credentials(_ message: String, remedy: String?, isRetryable: Bool = false) -> S3Error {
        S3Error(.credentials, message, remedy: remedy, isRetryable: isRetryable)
    }
}

import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// Credentials in variables of the environment.
///
/// `STORAGE_ACCESS_KEY` and `STORAGE_SECRET_KEY` come first: who sets them means a store, who sets `AWS_ACCESS_KEY_ID` and
/// `AWS_SECRET_ACCESS_KEY` means everything of AWS.
struct EnvironmentCredentials: CredentialsLoading {
    let surroundings: Surroundings

    var name: String { "environment" }

    func load() async throws -> LoadedCredentials { try find() }

    /// The credentials at hand, without waiting.
    func find() throws(S3Error) -> LoadedCredentials {
        if let pair = try pair("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY") {
            return .found(Credentials(accessKey: pair.accessKey, secretKey: pair.secretKey))
        }
        guard let pair = try pair("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") else {
            return .absent("neither AWS_ACCESS_KEY_ID nor STORAGE_ACCESS_KEY is set")
        }
        var expiration: Date?
        if let text = surroundings.variable("AWS_CREDENTIAL_EXPIRATION") {
            guard let end = Timestamp(text) else {
                throw S3Error.credentials(
                    "AWS_CREDENTIAL_EXPIRATION is no time", remedy: "write one like 2026-11-20T15:06:01Z")
            }
            expiration = Date(end)
        }
        return .found(
            Credentials(
                accessKey: pair.accessKey, secretKey: pair.secretKey,
                sessionToken: surroundings.variable("AWS_SESSION_TOKEN"), expiration: expiration))
    }

    private func pair(
        _ accessName: String, _ secretName: String
    ) throws(S3Error) -> (accessKey: String, secretKey: String)? {
        switch (surroundings.variable(accessName), surroundings.variable(secretName)) {
        case (let accessKey?, let secretKey?): return (accessKey, secretKey)
        case (nil, nil): return nil
        case (nil, _?): throw S3Error.credentials("\(secretName) is set without \(accessName)", remedy: "set both")
        case (_?, nil): throw S3Error.credentials("\(accessName) is set without \(secretName)", remedy: "set both")
        }
    }
}

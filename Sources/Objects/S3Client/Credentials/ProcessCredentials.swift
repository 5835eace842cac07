import CairnSchema

/// Credentials that a program prints (AWS SDKs and Tools Reference Guide, "Process credential provider").
struct ProcessCredentials: CredentialsLoading {
    let surroundings: Surroundings
    let command: String
    let name: String

    /// How long the program may take.
    static let timeout = Duration.seconds(60)
    /// The most bytes it may print.
    static let limit = 64 * 1024

    func load() async throws -> LoadedCredentials {
        let output = try await ChildProcess.output(
            of: command, environment: surroundings.environment, timeout: ProcessCredentials.timeout,
            limit: ProcessCredentials.limit)
        let what = "the 'credential_process' of \(name)"
        guard try CredentialsJSON.object(output, from: what)["Version"] == 1 else {
            throw CredentialsJSON.refused(what, "'Version' is not 1")
        }
        return .found(try CredentialsJSON.credentials(output, from: what, isTemporary: false))
    }
}

/// Where a client gets its credentials.
public enum CredentialsSource: Sendable {
    /// What AWS's own tools would find: environment, web identity, profile, container, instance, in this order. A profile that is
    /// named comes first.
    case standard(profile: String? = nil)
    /// These.
    case explicit(Credentials)
    /// None: requests go out without a signature.
    case anonymous
    /// Variables: `STORAGE_ACCESS_KEY` and `STORAGE_SECRET_KEY`, or `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`.
    case environment
    /// A profile of the shared files.
    case profile(String)
    /// A role, taken with credentials from elsewhere.
    indirect case role(S3Role, from: CredentialsSource)
    /// A role, taken with a token in a file.
    case webIdentity(S3Role, tokenFile: String)
    /// The endpoint of an ECS task or an EKS pod.
    case container
    /// The metadata service of an EC2 instance.
    case instance
    /// A command of the shell that prints credentials as JSON.
    case process(String)
    /// A provider of one's own.
    case provider(any CredentialsProvider)

    /// What gives the credentials.
    func provider(in surroundings: Surroundings) -> any CredentialsProvider {
        switch self {
        case .explicit(let credentials): FixedCredentials(fixed: credentials)
        case .anonymous: FixedCredentials(fixed: .anonymous)
        case .provider(let provider): provider
        default: RefreshingCredentials(source(in: surroundings), now: surroundings.now)
        }
    }

    private func source(in surroundings: Surroundings) -> any CredentialsLoading {
        switch self {
        case .standard(nil): CredentialsChain(surroundings, profile: nil)
        // Who names a profile means it, whatever else is set.
        case .standard(let profile?), .profile(let profile):
            ProfileCredentials(surroundings: surroundings, profile: profile)
        case .explicit(let credentials): FixedSource(name: "explicit credentials", fixed: credentials)
        case .anonymous: FixedSource(name: "anonymous access", fixed: .anonymous)
        case .environment: EnvironmentCredentials(surroundings: surroundings)
        case .role(let role, let base):
            RoleCredentials(surroundings: surroundings, role: role, base: base.source(in: surroundings))
        case .webIdentity(let role, let tokenFile):
            WebIdentityCredentials(surroundings: surroundings, role: role, tokenFile: tokenFile)
        case .container: ContainerCredentials(surroundings: surroundings)
        case .instance: InstanceCredentials(surroundings: surroundings)
        case .process(let command):
            ProcessCredentials(surroundings: surroundings, command: command, name: "the client")
        case .provider(let provider): ProviderSource(provider: provider)
        }
    }
}

/// A provider, used as a source.
private struct ProviderSource: CredentialsLoading {
    let provider: any CredentialsProvider

    var name: String { "the client's provider" }

    func load() async throws -> LoadedCredentials { .found(try await provider.credentials()) }
}

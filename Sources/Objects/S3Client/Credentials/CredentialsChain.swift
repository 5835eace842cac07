import CairnCore

/// One source after another, until one has credentials; that one is asked from then on.
///
/// A source that is set up and fails ends the search: the next one would give credentials nobody meant.
final class CredentialsChain: CredentialsLoading {
    let name = "default credentials"

    private let sources: [any CredentialsLoading]
    private let found = Lock<Int?>(nil)

    init(_ sources: [any CredentialsLoading]) {
        self.sources = sources
    }

    /// The order of AWS: environment, web identity, profile, container, instance.
    convenience init(_ surroundings: Surroundings, profile: String?) {
        self.init([
            EnvironmentCredentials(surroundings: surroundings), EnvironmentWebIdentity(surroundings: surroundings),
            ProfileCredentials(surroundings: surroundings, profile: profile),
            ContainerCredentials(surroundings: surroundings), InstanceCredentials(surroundings: surroundings),
        ])
    }

    func load() async throws -> LoadedCredentials {
        if let place = found.withLock({ $0 }), case .found(let credentials) = try await sources[place].load() {
            return .found(credentials)
        }
        var tried: [String] = []
        for (place, source) in sources.enumerated() {
            switch try await source.load() {
            case .found(let credentials):
                found.withLock { $0 = place }
                return .found(credentials)
            case .absent(let reason):
                tried.append("\(source.name): \(reason)")
            }
        }
        throw S3Error.credentials(
            "no credentials were found; tried \(tried.joined(separator: "; "))",
            remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or choose anonymous access")
    }
}

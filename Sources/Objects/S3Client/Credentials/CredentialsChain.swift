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
            let loaded: LoadedCredentials
            do {
                loaded = try await source.load()
            } catch let error as S3Error where source is InstanceCredentials {
                // Nobody set it up here: that nothing else was found is what counts.
                throw notFound(tried + [error.message], or: error)
            }
            switch loaded {
            case .found(let credentials):
                found.withLock { $0 = place }
                return .found(credentials)
            case .absent(let reason):
                tried.append("\(source.name): \(reason)")
            }
        }
        throw notFound(tried)
    }

    /// - Parameter cause: How the last source failed.
    private func notFound(_ tried: [String], or cause: S3Error? = nil) -> S3Error {
        var error = S3Error.credentials(
            "no credentials were found; tried \(tried.joined(separator: "; "))",
            remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or choose anonymous access"
                + (cause?.remedy.map { "; for the last one: \($0)" } ?? ""),
            isRetryable: cause?.isRetryable ?? false)
        if let cause { error.details = cause.details }
        return error
    }
}

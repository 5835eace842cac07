/// Where the server is and which region requests are signed for, as environment and profile say.
struct ClientSettings: Sendable, Hashable {
    let endpoint: S3Endpoint
    let region: String

    /// Settles both. What is given counts most; then the environment, then the profile.
    ///
    /// Endpoint: `STORAGE_ENDPOINT` (without a scheme: `http`, as the clients that brought the name have it),
    /// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `endpoint_url` under `s3` of the `services` the profile names, `endpoint_url` of the
    /// profile, AWS; those of AWS's tools not with `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true`. Region: `AWS_REGION`,
    /// `AWS_DEFAULT_REGION`, `region` of the profile, the one the host names, `us-east-1`.
    init(
        endpoint given: S3Endpoint?, region givenRegion: String?, profile: String?, _ surroundings: Surroundings
    ) throws(S3Error) {
        let name = profile ?? surroundings.variable("AWS_PROFILE") ?? "default"
        let profiles = try SharedProfiles(surroundings)
        let settings = profiles[name] ?? [:]
        func setting(_ name: String) -> String? { settings[name].flatMap { $0.isEmpty ? nil : $0 } }

        var endpoint = given
        if endpoint == nil, let text = surroundings.variable("STORAGE_ENDPOINT") {
            endpoint = try S3Endpoint(text, isSecure: false)
        }
        let services = setting("services").flatMap { profiles.services($0) } ?? [:]
        if endpoint == nil, !ClientSettings.ignoresConfigured(surroundings),
            let text = surroundings.variable("AWS_ENDPOINT_URL_S3") ?? surroundings.variable("AWS_ENDPOINT_URL")
                ?? services["s3.endpoint_url"] ?? setting("endpoint_url")
        {
            endpoint = try S3Endpoint(text)
        }
        region =
            givenRegion ?? surroundings.variable("AWS_REGION") ?? surroundings.variable("AWS_DEFAULT_REGION")
            ?? setting("region") ?? endpoint?.region ?? "us-east-1"
        try RegionRules.check(region)
        if let endpoint { self.endpoint = endpoint } else { self.endpoint = try .amazon(region: region) }
    }

    private static func ignoresConfigured(_ surroundings: Surroundings) -> Bool {
        surroundings.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() == "true"
    }
}

/// Where the server is and which region requests are signed for, as environment and profile say.
struct ClientSettings: Sendable, Hashable {
    let endpoint: S3Endpoint
    let region: String

    /// Settles both. What is given counts most; then the environment, then the profile.
    ///
    /// Endpoint: `STORAGE_ENDPOINT` (without a scheme: `http`, as the clients that brought the name have it),
    /// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `endpoint_url` of the profile, AWS. Region: `AWS_REGION`, `AWS_DEFAULT_REGION`,
    /// `region` of the profile, the one the host names, `us-east-1`.
    init(
        endpoint given: S3Endpoint?, region givenRegion: String?, profile: String?, _ surroundings: Surroundings
    ) throws(S3Error) {
        let name = profile ?? surroundings.variable("AWS_PROFILE") ?? "default"
        let settings = try SharedProfiles(surroundings)[name] ?? [:]
        func setting(_ name: String) -> String? { settings[name].flatMap { $0.isEmpty ? nil : $0 } }

        var endpoint = given
        if endpoint == nil, let text = surroundings.variable("STORAGE_ENDPOINT") {
            endpoint = try S3Endpoint(text, isSecure: false)
        }
        if endpoint == nil,
            let text = surroundings.variable("AWS_ENDPOINT_URL_S3") ?? surroundings.variable("AWS_ENDPOINT_URL")
                ?? setting("endpoint_url")
        {
            endpoint = try S3Endpoint(text)
        }
        region =
            givenRegion ?? surroundings.variable("AWS_REGION") ?? surroundings.variable("AWS_DEFAULT_REGION")
            ?? setting("region") ?? endpoint?.region ?? "us-east-1"
        try RegionRules.check(region)
        if let endpoint { self.endpoint = endpoint } else { self.endpoint = try .amazon(region: region) }
    }
}

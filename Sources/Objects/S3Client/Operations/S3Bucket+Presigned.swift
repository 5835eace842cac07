extension S3Bucket {
    /// What a presigned URL is for.
    public enum PresignedMethod: String, Sendable, Hashable, CaseIterable {
        /// Reading the object.
        case get = "GET"
        /// Looking at what the server knows of it.
        case head = "HEAD"
        /// Storing it.
        case put = "PUT"
        /// Removing it.
        case delete = "DELETE"
    }

    /// A URL with which anyone who has it can do one thing with one object, without credentials. No request is made.
    /// - Parameters:
    ///   - duration: How long it is good: 1 second to 7 days. It ends with the credentials, if they end before.
    ///   - headers: Fields that its user must send just so, such as the content type of a PUT.
    ///   - parameters: More of the query, such as `response-content-disposition` or `versionId`.
    /// - Throws: `s3.invalid` for another duration, and for fields that no header may hold; `s3.credentials`.
    public func presignedURL(
        _ method: PresignedMethod, _ key: String, for duration: Duration, headers: [String: String] = [:],
        parameters: [String: String] = [:]
    ) async throws -> String {
        let seconds = Int(clamping: duration.components.seconds)
        try PresignRules.check(seconds: seconds)
        var call = try call("Presign", method.rawValue, key, query: parameters.map { (name: $0.key, value: $0.value) })
        for (name, value) in headers { try call.add(name, value) }
        let credentials = try await client.credentials.credentials()
        let region = client.region(of: name)
        let target = client.endpoint(for: region).target(bucket: name, key: key)
        let request = SignableRequest(
            method: call.method, host: target.host, path: target.path, query: call.query, headers: call.headers)
        let query = try Signer(region: region, keys: client.keys)
            .presign(request, seconds: seconds, with: credentials, at: client.signingDate())
        return target.url(query: query)
    }
}

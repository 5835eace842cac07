extension S3Bucket {
    /// The tags of an object. One request.
    public func tags(_ key: String, versionID: String? = nil) async throws -> [String: String] {
        try await client.send(tagging("GetObjectTagging", "GET", key, versionID)) { answer throws(AnswerError) in
            let tags = try ObjectTag.read(answer.body)
            return Dictionary(tags.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Replaces the tags of an object. One request.
    /// - Parameter tags: At most 10.
    public func setTags(_ key: String, _ tags: [String: String], versionID: String? = nil) async throws {
        var call = try tagging("PutObjectTagging", "PUT", key, versionID)
        let tags = tags.map { ObjectTag(key: $0.key, value: $0.value) }
        try TagRules.check(tags)
        let body = try RequestDocument.tagging(tags)
        call.body = .bytes(body)
        try call.add("content-type", "application/xml")
        if let digest = EntityTag.contentMD5(body) { try call.add("content-md5", digest) }
        _ = try await client.send(call)
    }

    /// Removes the tags of an object. One request.
    public func removeTags(_ key: String, versionID: String? = nil) async throws {
        _ = try await client.send(tagging("DeleteObjectTagging", "DELETE", key, versionID))
    }

    private func tagging(
        _ operation: String, _ method: String, _ key: String, _ versionID: String?
    ) throws(S3Error) -> S3Call {
        var query = [(name: "tagging", value: "")]
        if let versionID { query.append((name: "versionId", value: versionID)) }
        return try call(operation, method, key, query: query)
    }
}

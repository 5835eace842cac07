extension S3Bucket {
    /// An object that could not be removed among others.
    public struct DeletionFailure: Sendable {
        /// The key.
        public let key: String
        /// The version that was named.
        public let versionID: String?
        /// Why.
        public let error: S3Error
    }

    /// Removes objects by their keys, 1,000 a request. What is not there counts as removed.
    /// - Returns: Those that could not be removed, and why; empty when all are gone. A request that fails as a whole throws: the
    ///   objects of earlier requests are gone then.
    public func delete(contentsOf keys: some Sequence<String>) async throws -> [DeletionFailure] {
        try await delete(versions: keys.map { ($0, nil) })
    }

    /// Removes versions for good, 1,000 a request; nil stands for the newest, which becomes a marker in a bucket that keeps versions.
    public func delete(versions: [(key: String, versionID: String?)]) async throws -> [DeletionFailure] {
        for (key, _) in versions { try client.options.keyRules.check(key, bucket: name) }
        var failures: [DeletionFailure] = []
        var rest = versions[...]
        while !rest.isEmpty {
            let batch = rest.prefix(RequestDocument.deletions)
            rest = rest.dropFirst(batch.count)
            failures += try await deleteBatch(batch.map { .init(key: $0.key, versionID: $0.versionID) }).failures
        }
        return failures
    }

    func deleteBatch(
        _ objects: [RequestDocument.Deletion], time: SigningTime = .now
    ) async throws -> (failures: [DeletionFailure], answer: AnswerDetails) {
        var call = call("DeleteObjects", "POST", query: [(name: "delete", value: "")])
        let body = try RequestDocument.delete(objects, isQuiet: true)
        call.body = .bytes(body)
        // The one operation that S3 refuses without a digest of the body.
        if let digest = EntityTag.contentMD5(body) { try call.add("content-md5", digest) }
        call.headers.append(Checksum(.crc32c, of: body).headerField)
        try call.add("content-type", "application/xml")
        call.time = time
        return try await client.send(call) { answer throws(AnswerError) in
            let result = try DeleteResult(answer.body)
            let failures = result.failures.map { failure in
                let document = ErrorDocument(code: failure.code, message: failure.message)
                var subject = answer.subject
                subject.key = failure.key
                var error = S3Error(
                    status: answer.status, headers: answer.headers, document: document, to: subject)
                // A server that fails does not say when: before it removed the object, or after it.
                error.mayHaveTakenEffect = error.code == .server
                return DeletionFailure(key: failure.key, versionID: failure.versionID, error: error)
            }
            return (failures, answer.details)
        }
    }
}

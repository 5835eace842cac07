import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

extension S3Bucket {
    /// What a server may need beside the time of a request to join or copy many bytes: minutes (S3 API reference,
    /// "CompleteMultipartUpload").
    static let joinPatience = Duration.seconds(600)

    /// Makes an object of the parts, in the order of their numbers. One POST.
    ///
    /// An answer that was lost is looked for: the object was made by this call when it has the `marker`, or when the upload is gone
    /// and the object's ETag is that of these parts. That costs a HEAD, and mostly a list of parts. A conditional call whose outcome
    /// cannot be found out ends as `s3.outcome_unknown`, and so does any that finds the upload gone.
    /// - Parameters:
    ///   - parts: In ascending order, with the ETags they were stored under. Parts that are not named are dropped.
    ///   - mode: On what condition.
    ///   - notAfter: As in ``S3PutOptions/notAfter``.
    ///   - marker: The one that ``beginUpload(_:_:checksum:marker:)`` was given.
    ///   - customerKey: The one of the attributes, if there was one.
    /// - Throws: `s3.invalid` when a part is missing, out of order, replaced since, or, not being the last, smaller than 5 MiB;
    ///   `s3.precondition_failed` and `s3.conflict` by the mode; `s3.unsupported` for a condition that this server is known to
    ///   ignore; `s3.not_found` when the upload is gone. The upload lives on unless it is gone.
    @discardableResult
    public func completeUpload(
        _ upload: MultipartUpload, _ parts: [S3Part], mode: PutMode = .overwrite, notAfter: Date? = nil,
        marker: String? = nil, customerKey: CustomerKey? = nil
    ) async throws -> S3WriteResult {
        let query = [(name: "uploadId", value: upload.id)]
        var call = try call("CompleteMultipartUpload", "POST", upload.key, query: query)
        try checkCompletion(mode, upload.key)
        let document = try RequestDocument.completeUpload(
            parts.map {
                RequestDocument.CompletedPart(
                    number: $0.number, etag: $0.etag.quoted, crc32c: $0.checksums[.crc32c],
                    sha256: $0.checksums[.sha256])
            })
        call.body = .bytes(document)
        try call.add("content-type", "application/xml")
        try call.add(customerKey)
        call.add(mode, dialect)
        try call.fence(notAfter, now: client.signingDate())
        call.patience = S3Bucket.joinPatience
        do {
            return try await client.send(call) { answer throws(AnswerError) in
                let end = try UploadEnd(answer.body)
                return S3WriteResult(
                    etag: ETag(rawValue: end.etag), versionID: answer.headers["x-amz-version-id"],
                    answer: answer.details)
            }
        } catch var error as S3Error {
            // Ceph 16 calls an upload that is gone a key. With a condition it may be the object that is not there.
            if error.code == .noSuchKey, mode == .overwrite { error = .noSuchUpload(error) }
            guard error.mayHaveTakenEffect else { throw error }
            let isGone = error.isNoSuchUpload
            if let found = await find(upload, parts, marker, customerKey, isGone: isGone) { return found }
            // Without a condition the same call may be made again. Not so when the upload is gone: it was completed, or given up.
            throw isGone ? S3Error.outcomeUnknown(error) : error
        }
    }

    /// Refuses a condition that the server would ignore.
    func checkCompletion(_ mode: PutMode, _ key: String) throws(S3Error) {
        guard mode != .overwrite, !dialect.canCompleteConditionally else { return }
        throw S3Error(
            .unsupported, "this server ends an upload of '\(key)' whatever is there",
            remedy: "put the object in one request, or without a condition", details: subject("POST", key).details)
    }

    /// The object that an upload became; nil when it is not there, or nobody can say.
    private func find(
        _ upload: MultipartUpload, _ parts: [S3Part], _ marker: String?, _ customerKey: CustomerKey?, isGone: Bool
    ) async -> S3WriteResult? {
        guard let info = try? await head(upload.key, S3GetOptions(customerKey: customerKey)) else { return nil }
        let found = S3WriteResult(
            etag: info.etag, versionID: info.versionID, lastModified: info.lastModified, answer: info.answer)
        if let marker {
            return info.metadata[S3PutOptions.markerName].map { Utf8.equal($0, marker) } == true ? found : nil
        }
        // The same bytes may have been there before. But an upload that failed is still there.
        guard let etag = EntityTag.ofParts(parts.map(\.etag.rawValue)), ETag(rawValue: etag) == info.etag else {
            return nil
        }
        if isGone { return found }
        do {
            _ = try await self.parts(of: upload, customerKey: customerKey)
            return nil
        } catch {
            return (error as? S3Error)?.isNoSuchUpload == true ? found : nil
        }
    }
}

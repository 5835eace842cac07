import CairnSchema

extension S3Bucket {
    /// Stores an object of any size: in one PUT up to a threshold, in parts beyond it.
    ///
    /// A stream of unknown length is read until the first part is full, and goes in one PUT when it ends before. A failed or
    /// cancelled upload is aborted, and its parts are gone when the call returns, unless ``S3UploadOptions/keepsOnFailure`` is set,
    /// the server cannot be reached for half a minute, or the request that makes the object may still be at work: an abort would
    /// take its parts away from it. ``S3Error/Details/uploadID`` names what was left behind, and the progress to who was cancelled.
    /// Requests: one, or one for each part and two more.
    /// - Throws: What ``put(_:_:_:)`` does; what the stream throws; `s3.unsupported` for a condition in parts that this server is known
    ///   to ignore; `s3.outcome_unknown`; `s3.invalid` for more bytes than 10,000 parts hold, and for a stream that is not as long as
    ///   announced.
    @discardableResult
    public func upload(
        _ key: String, _ body: ObjectBody, _ options: S3UploadOptions = S3UploadOptions()
    ) async throws -> S3WriteResult {
        try await upload(key, UploadSource(body), options)
    }

    func upload(_ key: String, _ source: UploadSource, _ options: S3UploadOptions) async throws -> S3WriteResult {
        try options.check()
        try client.options.keyRules.check(key, bucket: name)
        if let length = source.length, length <= options.threshold, options.resuming == nil {
            return try await uploadWhole(key, source, options, length)
        }
        let partBytes = try SizeRules.partBytes(for: source.length ?? 0, preferred: options.partBytes)
        let reader = PartReader(source, partBytes: partBytes, subject("PUT", key))
        guard source.length == nil, options.resuming == nil else {
            return try await uploadParts(key, source, options, nil, reader, partBytes)
        }
        let first = try await reader.next() ?? []
        if first.count < partBytes { return try await putWhole(key, source, options, first) }
        return try await uploadParts(key, source, options, first, reader, partBytes)
    }

    private func uploadWhole(
        _ key: String, _ source: UploadSource, _ options: S3UploadOptions, _ length: Int
    ) async throws -> S3WriteResult {
        if let whole = source.whole { return try await putWhole(key, source, options, whole) }
        let reader = PartReader(source, partBytes: max(length, 1), subject("PUT", key))
        return try await putWhole(key, source, options, try await reader.collect())
    }

    private func putWhole(
        _ key: String, _ source: UploadSource, _ options: S3UploadOptions, _ bytes: [UInt8]
    ) async throws -> S3WriteResult {
        try source.check()
        let result = try await put(key, .bytes(bytes), options.put)
        options.progress?(S3TransferProgress(bytes: bytes.count, total: bytes.count))
        return result
    }

    private func uploadParts(
        _ key: String, _ source: UploadSource, _ options: S3UploadOptions, _ first: [UInt8]?, _ reader: PartReader,
        _ partBytes: Int
    ) async throws -> S3WriteResult {
        let checksum = options.checksum ?? client.options.checksum
        return try await inUpload(key, options, checksum) { upload in
            let stored =
                options.resuming == nil ? [] : try await parts(of: upload, customerKey: options.customerKey)
            let sender = PartSender(
                bucket: self, upload: upload, options: options, partBytes: partBytes, total: source.length,
                stored: Dictionary(stored.map { ($0.number, $0) }) { first, _ in first })
            let parts = try await sender.send(first, reader)
            try source.check()
            return parts
        }
    }

    /// Makes an object of the parts that `send` stores. What fails leaves nothing behind, unless the options say so, or the object
    /// may have been made.
    func inUpload(
        _ key: String, _ options: S3UploadOptions, _ checksum: ChecksumAlgorithm?,
        _ send: (MultipartUpload) async throws -> [S3Part]
    ) async throws -> S3WriteResult {
        try checkCompletion(options.mode, key)
        let upload = try await begin(key, options, checksum)
        var isEnding = false
        do {
            try Task.checkCancellation()
            let parts = try await send(upload)
            try Task.checkCancellation()
            isEnding = true
            return try await completeUpload(
                upload, parts, mode: options.mode, notAfter: options.notAfter, marker: options.marker,
                customerKey: options.customerKey)
        } catch {
            // Ceph loses the bytes of an object whose upload is aborted while it is being ended.
            let mayEnd = isEnding && (error is CancellationError || (error as? S3Error)?.mayHaveTakenEffect == true)
            guard options.keepsOnFailure || mayEnd else {
                await abandon(upload)
                throw error
            }
            guard var told = error as? S3Error, !told.foundNoUpload else { throw error }
            told.details.uploadID = upload.id
            throw told
        }
    }

    private func begin(
        _ key: String, _ options: S3UploadOptions, _ checksum: ChecksumAlgorithm?
    ) async throws -> MultipartUpload {
        if let upload = options.resuming {
            guard Utf8.equal(upload.key, key) else {
                throw S3Error(
                    .invalid, "the upload to resume is one of '\(upload.key)', not of '\(key)'",
                    remedy: "give the key it was begun with", details: subject("POST", key).details)
            }
            return upload
        }
        // Not cancelled with the caller: an upload whose name nobody learned could not be aborted.
        let beginning = Task {
            try await createUpload(key, options.attributes, checksum, marker: options.marker)
        }
        return try await withTaskCancellationHandler {
            try await beginning.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: .seconds(10))
                beginning.cancel()
            }
        }
    }

    /// Aborts an upload, also for a caller who was cancelled, and tells nobody when that fails: there is an error already.
    private func abandon(_ upload: MultipartUpload) async {
        await Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await abortUpload(upload) }
                group.addTask { try? await Task.sleep(for: .seconds(30)) }
                await group.next()
                group.cancelAll()
            }
        }
        .value
    }
}

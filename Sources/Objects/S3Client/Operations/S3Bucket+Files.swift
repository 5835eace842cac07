extension S3Bucket {
    /// Stores a file, as ``upload(_:_:_:)`` stores a stream: read in parts, never as a whole beyond the threshold.
    ///
    /// The content type is that of the key's ending, or else of the file's. Links are followed.
    /// - Throws: `s3.file` when it cannot be read, is no regular file, or changed while it was read; nothing is stored then.
    @discardableResult
    public func upload(
        fileAt path: String, to key: String, _ options: S3UploadOptions = S3UploadOptions()
    ) async throws -> S3WriteResult {
        try options.check()
        let file = try SourceFile(path)
        var options = options
        if options.attributes.contentType == nil, ContentType.of(key) == ContentType.unknown {
            options.attributes.contentType = ContentType.of(path)
        }
        let partBytes = try SizeRules.partBytes(for: file.size, preferred: options.partBytes)
        let source = UploadSource(file.stream(chunkBytes: partBytes), length: file.size) { try file.checkUnchanged() }
        return try await upload(key, source, options)
    }

    /// Writes an object to a file: all of it, or nothing.
    ///
    /// The bytes go to a temporary file beside the target, `.name.cairn-XXXXXX`, which gets its name when all are there, and is removed
    /// when the call fails or is cancelled. Above the threshold parts are read at the same time, all of the version that the first
    /// answer showed. One GET, or one for each part; a server that tells no ETag is asked for no parts.
    ///
    /// A checksum of the whole object, where the server has one, is compared with the bytes as they came, or of parts with the bytes
    /// in the file. Of objects that were uploaded in parts servers have it only if the upload asked for it, as those of this client
    /// do.
    /// - Throws: `s3.file` when the file is there and must not be replaced (before anything is asked, and again at the end), when it
    ///   cannot be written, or when there is no room; `s3.precondition_failed` when the object was written over before all of it was
    ///   there; what ``get(_:_:)`` and reading its body do.
    @discardableResult
    public func download(
        _ key: String, toFileAt path: String, _ options: S3DownloadOptions = S3DownloadOptions()
    ) async throws -> S3ObjectInfo {
        try options.check()
        let target = try TargetFile(path, options)
        let info: S3ObjectInfo
        var body: ByteStream?
        (info, body) = try await open(key, options)
        let draft = try target.draft()
        do {
            let download = Download(bucket: self, info: info, draft: draft, options: options)
            if info.size > options.threshold, !info.etag.rawValue.isEmpty {
                try await download.parts(&body)
            } else if let body {
                try await download.whole(body)
            }
            try Task.checkCancellation()
            try target.publish(draft)
        } catch {
            draft.remove()
            throw error
        }
        return info
    }

    private func open(_ key: String, _ options: S3DownloadOptions) async throws -> (S3ObjectInfo, ByteStream?) {
        let object = try await get(
            key,
            S3GetOptions(
                conditions: options.conditions, versionID: options.versionID, customerKey: options.customerKey,
                isVerified: options.isVerified))
        return (object.info, object.body)
    }
}

/// The bytes of an object on their way into a file.
private struct Download: Sendable {
    let bucket: S3Bucket
    let info: S3ObjectInfo
    let draft: Draft
    let options: S3DownloadOptions

    /// Reads them in order. What they are is compared on the way.
    func whole(_ body: ByteStream) async throws {
        var offset = 0
        report(offset)
        for try await chunk in body {
            try draft.write(chunk[...], at: offset)
            offset += chunk.count
            report(offset)
        }
    }

    /// Reads them in parts.
    /// - Parameter body: All of them, of which the first part is taken. nil afterwards: who holds it holds its connection.
    func parts(_ body: inout ByteStream?) async throws {
        try await read(&body)
        guard options.isVerified else { return }
        let verifier = BodyVerifier(verifiable, trustsETag: bucket.dialect.hasMD5ETags)
        try draft.verify(verifier, count: info.size, bucket.subject("GET", info.key))
    }

    private func read(_ first: inout ByteStream?) async throws {
        report(0)
        let count = TransferRules.partCount(of: info.size, partBytes: options.partBytes)
        var done = 0
        try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<count {
                if index >= options.concurrency, let bytes = try await group.next() {
                    done += bytes
                    report(done)
                }
                let range = TransferRules.range(index, of: info.size, partBytes: options.partBytes)
                let body = first
                first = nil
                group.addTask { try await part(range, body) }
            }
            for try await bytes in group {
                done += bytes
                report(done)
            }
        }
    }

    /// Reads a part.
    /// - Parameter body: Where it comes from, if that is open already.
    /// - Returns: How many bytes it has.
    private func part(_ range: Range<Int>, _ body: ByteStream?) async throws -> Int {
        let stream: ByteStream
        if let body { stream = body } else { stream = try await get(range) }
        var offset = range.lowerBound
        for try await chunk in stream {
            let piece = chunk.prefix(range.upperBound - offset)
            try draft.write(piece, at: offset)
            offset += piece.count
            if offset == range.upperBound { break }
        }
        return range.count
    }

    private func get(_ range: Range<Int>) async throws -> ByteStream {
        let part = try await bucket.get(
            info.key,
            S3GetOptions(
                range: .closed(range.lowerBound...range.upperBound - 1),
                conditions: ReadConditions(ifMatch: info.etag), versionID: options.versionID,
                customerKey: options.customerKey, isVerified: false))
        guard part.range == range, part.info.etag == info.etag else {
            let subject = bucket.subject("GET", info.key)
            throw S3Error(
                .malformedAnswer, "the answer about \(subject.name) has other bytes than those asked for",
                remedy: "download it with a threshold that it does not reach", details: subject.details)
        }
        return part.body
    }

    /// The header fields that the bytes of the whole object can be compared with.
    private var verifiable: [HeaderField] {
        // With a key of one's own the ETag is no digest of the bytes.
        var fields = options.customerKey == nil ? [HeaderField("etag", info.etag.rawValue)] : []
        for (algorithm, text) in info.checksums { fields.append(HeaderField(algorithm.field, text)) }
        if let encryption = info.encryption { fields.append(HeaderField("x-amz-server-side-encryption", encryption)) }
        return fields
    }

    private func report(_ bytes: Int) {
        options.progress?(S3TransferProgress(bytes: bytes, total: info.size))
    }
}

/// Objects in parts.
extension S3ObjectStore {
    public func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws -> MultipartUpload {
        let full = try self.key(key)
        try ObjectRules.check(attributes, of: key, capabilities)
        return try await translating(key) {
            named(try await bucket.beginUpload(full, self.attributes(attributes), checksum: partChecksum), key)
        }
    }

    public func uploadPart(
        _ number: Int, of upload: MultipartUpload, _ body: ObjectBody
    ) async throws -> UploadedPart {
        try ObjectRules.check(part: number, of: upload)
        let full = try self.upload(upload)
        return try await inUpload(upload) {
            var body = body
            // A part has a length before it is sent; of one without, all is read first.
            if body.length == nil { body = .bytes(try await body.chunks.collect()) }
            // A stream has none: not every server takes a checksum behind the body.
            let checksum = body.whole == nil && body.length != 0 ? nil : partChecksum
            return try await bucket.uploadPart(number, of: full, body, checksum: checksum).uploadedPart
        }
    }

    public func parts(of upload: MultipartUpload) async throws -> [UploadedPart] {
        let full = try self.upload(upload)
        return try await inUpload(upload) { try await bucket.parts(of: full).map(\.uploadedPart) }
    }

    public func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult {
        let full = try self.upload(upload)
        try ObjectRules.check(
            options.mode, options.notAfter, of: upload.key, can: capabilities.canCompleteConditionally, capabilities)
        return try await inUpload(upload, options) {
            WriteResult(
                try await bucket.completeUpload(
                    full, parts.map { S3Part($0) }, mode: options.mode, notAfter: options.notAfter))
        }
    }

    public func abortUpload(_ upload: MultipartUpload) async throws {
        let full = try self.upload(upload)
        try await translating(upload.key) { try await bucket.abortUpload(full) }
    }

    public func uploads(prefix: String) async throws -> [MultipartUpload] {
        try await translating(nil) {
            try await bucket.uploads(prefix: self.prefix + prefix).collect().filter { isInside($0.key) }
                .map { named($0, relative($0.key)) }
        }
    }

    /// Turns errors into those of object stores. Ceph misses the key when it misses the upload.
    private func inUpload<Result>(
        _ upload: MultipartUpload, _ options: CompleteOptions = CompleteOptions(), _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await translating(upload.key, options.notAfter, body)
        } catch var error as ObjectStoreError where error.code == .notFound && options.mode == .overwrite {
            error.code = .noSuchUpload
            throw error
        }
    }

    /// The checksum of parts, for clients that want any. An ``UploadedPart`` has none to name at the end, as SHA-256 must be.
    private var partChecksum: ChecksumAlgorithm? { bucket.client.options.checksum == nil ? nil : .crc32c }

    /// An upload as the bucket names it.
    private func upload(_ upload: MultipartUpload) throws -> MultipartUpload {
        named(upload, try key(upload.key))
    }

    private func named(_ upload: MultipartUpload, _ key: String) -> MultipartUpload {
        MultipartUpload(key: key, id: upload.id, begun: upload.begun)
    }
}

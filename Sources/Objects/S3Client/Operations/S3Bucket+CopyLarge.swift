extension S3Bucket {
    /// Copies an object of any size, of this bucket or another of the same server. The bytes stay on the server.
    ///
    /// Two requests up to 5 GiB; beyond it one for each part of 512 MiB or more, and five more. All bytes are of one version of the
    /// source. Copied parts lose the source's checksum, and have its tags only if these may be read.
    /// - Parameter concurrency: Parts copied at the same time.
    /// - Throws: What ``copy(_:of:to:_:)`` and ``upload(_:_:_:)`` do.
    @discardableResult
    public func copyLarge(
        _ source: String, of bucket: S3Bucket? = nil, to key: String, _ options: S3CopyOptions = S3CopyOptions(),
        concurrency: Int = 4
    ) async throws -> S3WriteResult {
        try checkSource(options, source)
        let info = try await (bucket ?? self).head(source, options.read)
        if info.size <= SizeRules.maximumPutBytes { return try await copy(source, of: bucket, to: key, options) }
        let partBytes = try TransferRules.copyPartBytes(for: info.size)
        return try await copyParts(info, bucket ?? self, key, options, partBytes: partBytes, concurrency: concurrency)
    }

    /// Refuses to name a version of the source to a server that would ignore it.
    func checkSource(_ options: S3CopyOptions, _ source: String) throws(S3Error) {
        guard options.sourceIfMatch != nil, !dialect.checksCopySource else { return }
        throw S3Error(
            .unsupported, "this server copies '\(source)' whatever its version",
            remedy: "read the object and put it", details: subject("PUT", source).details)
    }

    /// Copies an object in parts.
    @discardableResult
    func copyParts(
        _ info: S3ObjectInfo, _ bucket: S3Bucket, _ key: String, _ options: S3CopyOptions, partBytes: Int,
        concurrency: Int
    ) async throws -> S3WriteResult {
        try TransferRules.check(concurrency: concurrency)
        var options = options
        options.sourceIfMatch = info.etag
        let attributes: S3Attributes
        if let given = options.attributes {
            attributes = given
        } else {
            attributes = try await bucket.attributes(info, options)
        }
        var transfer = S3UploadOptions(mode: options.mode, attributes: attributes)
        transfer.notAfter = options.notAfter
        // Without a checksum: nobody here has the bytes. AWS keeps one of its own kind then.
        return try await inUpload(key, transfer, nil) { [options, transfer] upload in
            try await withThrowingTaskGroup(of: S3Part.self) { group in
                var parts: [S3Part] = []
                for index in 0..<TransferRules.partCount(of: info.size, partBytes: partBytes) {
                    if index >= concurrency, let part = try await group.next() { parts.append(part) }
                    let range = TransferRules.range(index, of: info.size, partBytes: partBytes)
                    group.addTask {
                        try await copyPart(
                            index + 1, of: upload, from: info.key, in: bucket, range: range, options,
                            customerKey: transfer.customerKey)
                    }
                }
                for try await part in group { parts.append(part) }
                // Not every server looks at the condition of each part.
                _ = try await bucket.head(info.key, options.read)
                return parts.sorted { $0.number < $1.number }
            }
        }
    }

    /// What a copy takes over of an object: all but encryption and class of storage.
    private func attributes(_ info: S3ObjectInfo, _ options: S3CopyOptions) async throws -> S3Attributes {
        var attributes = S3Attributes(
            contentType: info.contentType, cacheControl: info.cacheControl,
            contentDisposition: info.contentDisposition, contentEncoding: info.contentEncoding,
            contentLanguage: info.contentLanguage, metadata: info.metadata)
        attributes.encryption = options.encryption
        if info.tagCount ?? 0 > 0 { attributes.tags = try await tags(info.key, versionID: options.sourceVersionID) }
        return attributes
    }
}

extension S3CopyOptions {
    /// How the source is read.
    fileprivate var read: S3GetOptions {
        S3GetOptions(
            conditions: ReadConditions(ifMatch: sourceIfMatch), versionID: sourceVersionID,
            customerKey: sourceCustomerKey)
    }
}

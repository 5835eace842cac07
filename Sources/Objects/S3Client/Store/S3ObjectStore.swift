import CairnCore
import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// The objects of a bucket, or those under a prefix of it, as an ``ObjectStore``.
///
/// An object whose key is the prefix itself, as consoles make them for folders, has no key in the store, and is not listed.
///
/// What the store can do follows from ``S3Bucket/dialect``: open it with ``open(_:)``, which asks the server, unless you know it.
public struct S3ObjectStore: ObjectStore {
    /// The bucket.
    public let bucket: S3Bucket
    /// What stands in front of every key: empty, or with a `/` at its end.
    public let prefix: String
    /// How the server encrypts what is written; nil for the bucket's way.
    public let encryption: S3Encryption?

    /// A store on a bucket. No request is made.
    /// - Parameters:
    ///   - prefix: What stands in front of every key; a `/` is put behind it.
    ///   - encryption: How the server encrypts what is written; not with a key of the caller's.
    /// - Throws: `object.invalid` for a prefix that no key can begin with, and for an encryption that reading would need to know.
    public init(_ bucket: S3Bucket, prefix: String = "", encryption: S3Encryption? = nil) throws {
        if case .customerKey = encryption {
            throw ObjectStoreError.invalid(
                "a store cannot be encrypted with a key of the caller's", remedy: "use AES256 or a key of KMS")
        }
        self.bucket = bucket
        self.encryption = encryption
        self.prefix = prefix.isEmpty || prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
        do throws(S3Error) {
            try bucket.client.options.keyRules.check(prefix: self.prefix, bucket: bucket.name)
        } catch {
            throw ObjectStoreError(error)
        }
    }

    /// A store on a bucket, after asking the server what it really does: see ``S3Bucket/probe(_:quick:observer:)``. Some 25 small
    /// requests, once for a client that is kept.
    /// - Throws: ``ObjectStoreError``: what the probe does.
    public static func open(_ bucket: S3Bucket, prefix: String = "") async throws -> S3ObjectStore {
        let store = try S3ObjectStore(bucket, prefix: prefix)
        _ = try await store.translating(nil) { try await bucket.probe(store.prefix, quick: true) }
        return store
    }

    public var capabilities: ObjectStoreCapabilities {
        let dialect = bucket.dialect
        var capabilities = ObjectStoreCapabilities(
            name: "s3", location: "s3://\(bucket.name)/\(prefix) at \(bucket.client.endpoint)")
        capabilities.canCreate = dialect.canCreate
        capabilities.canCompareAndSwap = dialect.canCompareAndSwap
        capabilities.canDeleteConditionally = dialect.canDeleteConditionally
        capabilities.canCopyConditionally = dialect.canCopyConditionally
        capabilities.canCopyOneVersion = dialect.checksCopySource
        capabilities.canCompleteConditionally = dialect.canCompleteConditionally
        capabilities.canFence = dialect.enforcesDates && dialect.checksSignatures && !bucket.client.isAnonymous
        capabilities.isListingOrdered = dialect.listsInOrder
        capabilities.etags = dialect.hasMD5ETags && !isOpaque ? .md5 : .ofContent
        return capabilities
    }

    /// Whether ETags are not made of the bytes, as the server stores them (S3 API reference, "Object": ETags of objects that are
    /// encrypted with keys of KMS are no MD5).
    private var isOpaque: Bool {
        if case .kms = encryption { true } else { false }
    }

    /// What is stored with the bytes, in the client's words.
    func attributes(_ attributes: ObjectAttributes) -> S3Attributes {
        var full = S3Attributes(attributes)
        full.encryption = encryption
        return full
    }

    func key(_ key: String) throws -> String {
        try ObjectRules.check(key: key)
        return prefix + key
    }

    // MARK: Writing

    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        let full = try self.key(key)
        try ObjectRules.check(options.mode, options.notAfter, of: key, capabilities)
        try ObjectRules.check(options.attributes, of: key, capabilities)
        return try await translating(key, options.notAfter) {
            let attributes = attributes(options.attributes)
            let result: S3WriteResult
            let size = Lock(body.length ?? 0)
            if body.length != nil {
                let put = S3PutOptions(mode: options.mode, attributes: attributes, notAfter: options.notAfter)
                result = try await bucket.put(full, body, put)
            } else {
                var upload = S3UploadOptions(mode: options.mode, attributes: attributes)
                upload.notAfter = options.notAfter
                upload.progress = { progress in size.withLock { $0 = progress.bytes } }
                result = try await bucket.upload(full, body, upload)
            }
            return ObjectInfo(
                key: key, size: size.withLock { $0 }, etag: result.etag, lastModified: result.lastModified,
                attributes: options.attributes, answer: result.answer)
        }
    }

    public func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails {
        let full = try self.key(key)
        try ObjectRules.check(notAfter: options.notAfter, of: key, capabilities)
        if options.ifMatch != nil, !capabilities.canDeleteConditionally {
            throw ObjectStoreError.unsupported("remove an object on a condition", capabilities, key: key)
        }
        return try await translating(key, options.notAfter) {
            try await bucket.delete(
                full, S3DeleteOptions(ifMatch: options.ifMatch, notAfter: options.notAfter)
            ).answer
        }
    }

    public func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
        try ObjectRules.check(batch: keys)
        if keys.isEmpty { return BatchDeletion() }
        try ObjectRules.check(notAfter: notAfter, of: keys.first, capabilities)
        return try await translating(keys.first, notAfter) {
            var call = bucket.call("DeleteObjects", "POST")
            try call.fence(notAfter, now: bucket.client.signingDate())
            let result = try await bucket.deleteBatch(keys.map { .init(key: prefix + $0) }, time: call.time)
            let failures = result.failures.map { failure in
                var error = ObjectStoreError(failure.error, isFenced: notAfter != nil)
                error.key = relative(failure.key)
                return error
            }
            return BatchDeletion(failures: failures, answer: result.answer)
        }
    }

    public func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
        let (from, to) = (try key(source), try key(target))
        try ObjectRules.check(
            options.mode, options.notAfter, of: target, can: capabilities.canCopyConditionally, capabilities)
        if let attributes = options.attributes { try ObjectRules.check(attributes, of: target, capabilities) }
        if options.sourceIfMatch != nil, !capabilities.canCopyOneVersion {
            throw ObjectStoreError.unsupported("copy one version of an object", capabilities, key: source)
        }
        return try await translating(nil, options.notAfter) {
            let copy = S3CopyOptions(
                mode: options.mode, sourceIfMatch: options.sourceIfMatch,
                attributes: options.attributes.map(attributes), encryption: encryption, notAfter: options.notAfter)
            return WriteResult(try await bucket.copy(from, to: to, copy))
        }
    }

    // MARK: Reading

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let full = try self.key(key)
        return try await translating(key) {
            let object = try await bucket.get(
                full, S3GetOptions(range: options.range, conditions: options.conditions))
            let body = ByteStream { [body = object.body] in
                var iterator = body.makeAsyncIterator()
                return { try await translating(key) { try await iterator.next() } }
            }
            return GetResult(
                info: ObjectInfo(object.info, key: key), range: object.range,
                body: .stream(body, length: object.range.count))
        }
    }

    public func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo {
        let full = try self.key(key)
        return try await translating(key) {
            ObjectInfo(try await bucket.head(full, S3GetOptions(conditions: conditions, isVerified: false)), key: key)
        }
    }

    public func list(_ options: ListOptions) -> ObjectListing {
        ObjectListing {
            let continuation = Continuation()
            return { try await page(options, continuation) }
        }
    }

    private func page(_ options: ListOptions, _ continuation: Continuation) async throws -> ListPage? {
        let place = continuation.place
        if place.isOver { return nil }
        try ObjectRules.check(options)
        var full = options
        full.prefix = prefix + options.prefix
        full.startAfter = options.startAfter.map { prefix + $0 }
        let page = try await translating(nil) { try await bucket.list(full, continuation: place.token) }
        continuation.advance(to: page.continuation)
        var entries = page.objects.filter { isInside($0.key) }.map { object in
            ListEntry.object(
                ObjectSummary(
                    key: relative(object.key), size: object.size, etag: object.etag,
                    lastModified: object.lastModified))
        }
        if !page.prefixes.isEmpty {
            entries += page.prefixes.map { .prefix(relative($0)) }
            entries.sort { Utf8.isLess($0.name, $1.name) }
        }
        return ListPage(entries: entries, isLast: page.continuation == nil, answer: page.answer)
    }

    /// A key without the prefix of the store. By bytes: a key may begin with a combining mark.
    func relative(_ key: String) -> String {
        String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    /// Whether a key has something behind the prefix of the store: an object that is called like the prefix, as consoles make them
    /// for folders, has no key here.
    func isInside(_ key: String) -> Bool { key.utf8.count > prefix.utf8.count }

    // MARK: Errors

    /// Turns errors into those of object stores.
    func translating<Result>(
        _ key: String?, _ notAfter: Date? = nil, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as S3Error {
            var told = ObjectStoreError(error, isFenced: notAfter != nil)
            // Of a copy the error names its source or its target.
            told.key = key ?? error.details.key.map(relative)
            throw told
        }
    }
}

/// Where a listing is.
private final class Continuation: Sendable {
    private let state = Lock<(token: String?, isOver: Bool)>((nil, false))

    var place: (token: String?, isOver: Bool) { state.withLock { $0 } }

    func advance(to token: String?) { state.withLock { $0 = (token, token == nil) } }
}

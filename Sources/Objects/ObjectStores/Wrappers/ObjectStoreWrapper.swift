import CairnCore

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// A store around another one, which does something with every call and leaves what it means alone.
///
/// All calls come through ``perform(_:_:)``. Wrappers are put around one another: what is outside sees what those inside have
/// made of it. Counting inside of retrying counts attempts, outside of it calls.
public protocol ObjectStoreWrapper: ObjectStore {
    /// The store inside.
    var base: any ObjectStore { get }

    /// Makes a call. A wrapper decides whether, when and how often `body` runs, and what becomes of its result.
    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result
}

extension ObjectStoreWrapper {
    /// Those of the store inside.
    public var capabilities: ObjectStoreCapabilities { base.capabilities }

    /// Lets the store inside prepare itself. No call of its own: what that asks is the store's matter.
    @discardableResult
    public func prepareWriting() async throws -> ObjectStoreCapabilities { try await base.prepareWriting() }

    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        try await perform(.put(key, body, options)) { [base] in try await base.put(key, body, options) }
    }

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        try await perform(ObjectCall(.get, key)) { [base] in try await base.get(key, options) }
    }

    public func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo {
        try await perform(ObjectCall(.head, key)) { [base] in try await base.head(key, conditions) }
    }

    public func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails {
        let call = ObjectCall(
            .delete, key, isConditional: options.ifMatch != nil, isFenced: options.notAfter != nil)
        return try await perform(call) { [base] in try await base.delete(key, options) }
    }

    public func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
        let call = ObjectCall(.deleteBatch, keys.first ?? "", isFenced: notAfter != nil)
        return try await perform(call) { [base] in try await base.delete(keys, notAfter: notAfter) }
    }

    public func list(_ options: ListOptions) -> ObjectListing {
        ObjectListing { [self] in
            let source = base.list(options).source()
            // A page whose answer a wrapper loses is kept: asked for again, it is the same page and not the next.
            let kept = Lock<ListPage??>(.none)
            return {
                let page = try await perform(ObjectCall(.list, options.prefix)) {
                    if let page = kept.withLock({ $0 }) { return page }
                    let page = try await source()
                    kept.withLock { $0 = .some(page) }
                    return page
                }
                kept.withLock { $0 = .none }
                return page
            }
        }
    }

    public func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
        let call = ObjectCall(
            .copy, target, isConditional: options.mode != .overwrite, isFenced: options.notAfter != nil)
        return try await perform(call) { [base] in try await base.copy(source, to: target, options) }
    }

    public func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws -> MultipartUpload {
        try await perform(ObjectCall(.beginUpload, key)) { [base] in try await base.beginUpload(key, attributes) }
    }

    public func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        let call = ObjectCall(.uploadPart, upload.key, isReplayable: body.isReplayable)
        return try await perform(call) { [base] in try await base.uploadPart(number, of: upload, body) }
    }

    public func parts(of upload: MultipartUpload) async throws -> [UploadedPart] {
        try await perform(ObjectCall(.parts, upload.key)) { [base] in try await base.parts(of: upload) }
    }

    public func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult {
        // Once it has happened the upload is gone: made again, it fails.
        let call = ObjectCall(.completeUpload, upload.key, isConditional: true, isFenced: options.notAfter != nil)
        return try await perform(call) { [base] in try await base.completeUpload(upload, parts, options) }
    }

    public func abortUpload(_ upload: MultipartUpload) async throws {
        try await perform(ObjectCall(.abortUpload, upload.key)) { [base] in try await base.abortUpload(upload) }
    }

    public func uploads(prefix: String) async throws -> [MultipartUpload] {
        try await perform(ObjectCall(.uploads, prefix)) { [base] in try await base.uploads(prefix: prefix) }
    }
}

extension ObjectCall {
    /// The call that a put is.
    static func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) -> ObjectCall {
        ObjectCall(
            .put, key, isConditional: options.mode != .overwrite, isFenced: options.notAfter != nil,
            isReplayable: body.isReplayable)
    }
}

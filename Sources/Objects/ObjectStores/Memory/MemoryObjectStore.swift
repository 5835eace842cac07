import CairnCore
import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// Objects in the memory of the process: for tests, and for what need not last.
///
/// A real store, with every condition and limit of the others. Each call is one step: no call sees half of another.
public final class MemoryObjectStore: ObjectStore {
    /// How the store behaves.
    public struct Options: Sendable {
        /// What ETags follow from: ``ObjectStoreCapabilities/ETags/perWrite``; ``ObjectStoreCapabilities/ETags/ofContent``,
        /// where a value that comes back looks unchanged; or ``ObjectStoreCapabilities/ETags/md5``, which is what S3 does, and
        /// is as `ofContent` where libcrypto has no MD5.
        public var etags = ObjectStoreCapabilities.ETags.perWrite
        /// The smallest size of a part that is not the last.
        public var minimumPartBytes = ObjectLimits.minimumPartBytes
        /// The store's time, for dates and for `notAfter`.
        public var clock: @Sendable () -> Date = { Date() }

        /// The usual behaviour.
        public init() {}
    }

    private let options: Options
    private let state: Lock<MemoryState>
    /// What this store can do.
    public let capabilities: ObjectStoreCapabilities

    /// An empty store.
    public convenience init(_ options: Options = Options()) {
        self.init(options, MemoryState())
    }

    private init(_ options: Options, _ state: MemoryState) {
        self.options = options
        self.state = Lock(state)
        var capabilities = ObjectStoreCapabilities(name: "memory", location: "this process")
        capabilities.isPersistent = false
        let hasNoMD5 = options.etags == .md5 && MessageDigest.Algorithm.md5 == nil
        capabilities.etags = hasNoMD5 ? .ofContent : options.etags
        capabilities.minimumPartBytes = options.minimumPartBytes
        self.capabilities = capabilities
    }

    /// Another store with the same objects and uploads as this one has now. Costs no copy of them; neither sees what is
    /// written to the other.
    public func snapshot() -> MemoryObjectStore {
        MemoryObjectStore(options, state.withLock { $0 })
    }

    // MARK: Reading

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let (object, answer) = try find(key)
        try options.conditions.check(object.etag, of: key, answer: answer)
        let range = try options.range.resolve(size: object.bytes.count, of: key, answer: answer)
        let bytes = range.count == object.bytes.count ? object.bytes : Array(object.bytes[range])
        return GetResult(info: object.info(key, answer), range: range, body: .bytes(bytes))
    }

    public func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo {
        let (object, answer) = try find(key)
        try conditions.check(object.etag, of: key, answer: answer)
        return object.info(key, answer)
    }

    private func find(_ key: String) throws -> (MemoryObject, AnswerDetails) {
        try ObjectRules.check(key: key)
        try Task.checkCancellation()
        return try state.withLock { state in
            let answer = answer()
            guard let object = state.object(key) else { throw ObjectStoreError.notFound(key, answer: answer) }
            return (object, answer)
        }
    }

    public func list(_ options: ListOptions) -> ObjectListing {
        .cursor(options) { [self] in
            state.withLock { (answer(), MemoryCursor(objects: $0.objects)) }
        }
    }

    // MARK: Writing

    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        try ObjectRules.check(key: key)
        try ObjectRules.check(options.attributes, of: key, capabilities)
        let bytes = try await collect(body, key)
        return try store(key, options.mode, options.notAfter) { _ in (bytes, options.attributes) }
    }

    public func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
        try ObjectRules.check(key: source)
        try ObjectRules.check(key: target)
        if let attributes = options.attributes { try ObjectRules.check(attributes, of: target, capabilities) }
        let info = try store(target, options.mode, options.notAfter) { state in
            guard let object = state.object(source) else { throw ObjectStoreError.notFound(source, answer: answer()) }
            try ReadConditions(ifMatch: options.sourceIfMatch).check(object.etag, of: source, answer: answer())
            return (object.bytes, options.attributes ?? object.attributes)
        }
        return WriteResult(etag: info.etag, lastModified: info.lastModified, answer: info.answer)
    }

    public func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails {
        try ObjectRules.check(key: key)
        try Task.checkCancellation()
        return try state.withLock { state in
            let answer = try admit(key, options.notAfter)
            if let ifMatch = options.ifMatch {
                try PutMode.ifMatch(ifMatch).check(state.object(key)?.etag, of: key, answer: answer)
            }
            state.objects[Array(key.utf8)] = nil
            return answer
        }
    }

    public func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
        try ObjectRules.check(batch: keys)
        try Task.checkCancellation()
        return try state.withLock { state in
            let answer = try admit(keys.first ?? "", notAfter)
            for key in keys { state.objects[Array(key.utf8)] = nil }
            return BatchDeletion(answer: answer)
        }
    }

    /// The bytes of a body; fails when they are not as many as announced.
    private func collect(_ body: ObjectBody, _ key: String) async throws -> [UInt8] {
        if let whole = body.whole { return whole }
        let stream = body.length.map { body.chunks.checked(key, count: $0) } ?? body.chunks
        return try await stream.collect()
    }

    /// Writes an object if its condition holds and it is not too late.
    /// - Parameter make: Gives bytes and attributes; called when nothing else can fail.
    private func store(
        _ key: String, _ mode: PutMode, _ notAfter: Date?,
        _ make: (inout MemoryState) throws -> ([UInt8], ObjectAttributes)
    ) throws -> ObjectInfo {
        try Task.checkCancellation()
        return try state.withLock { state in
            let answer = try admit(key, notAfter)
            try mode.check(state.object(key)?.etag, of: key, answer: answer)
            let (bytes, attributes) = try make(&state)
            let object = MemoryObject(
                bytes: bytes, etag: mark(bytes, &state), modified: answer.serverDate ?? Date(), attributes: attributes)
            state.objects[Array(key.utf8)] = object
            return object.info(key, answer)
        }
    }

    /// The answer to a write that is not too late.
    private func admit(_ key: String, _ notAfter: Date?) throws -> AnswerDetails {
        let now = options.clock()
        let answer = AnswerDetails(serverDate: now)
        if let notAfter, notAfter < now { throw ObjectStoreError.expired(key, answer: answer) }
        return answer
    }

    private func answer() -> AnswerDetails { AnswerDetails(serverDate: options.clock()) }

    /// A mark for bytes that are being written. Part of it follows from the bytes, so that two stores which were one before
    /// do not give different bytes the same mark.
    private func mark(_ bytes: [UInt8], _ state: inout MemoryState) -> ETag {
        state.writes += 1
        if options.etags == .md5, let md5 = MessageDigest.Algorithm.md5 {
            return ETag(rawValue: Hex.encode(MessageDigest.of(bytes, md5)))
        }
        let digest = Hex.encode(SHA256.digest(bytes).prefix(16))
        return ETag(rawValue: options.etags == .perWrite ? "\(digest)-\(state.writes)" : digest)
    }

    // MARK: Parts

    public func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws -> MultipartUpload {
        try ObjectRules.check(key: key)
        try ObjectRules.check(attributes, of: key, capabilities)
        try Task.checkCancellation()
        return state.withLock { state in
            state.writes += 1
            let upload = MultipartUpload(key: key, id: "upload-\(state.writes)", begun: options.clock())
            state.uploads[upload.id] = MemoryUpload(upload: upload, attributes: attributes)
            return upload
        }
    }

    public func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        try ObjectRules.check(part: number, of: upload)
        let bytes = try await collect(body, upload.key)
        try Task.checkCancellation()
        return try state.withLock { state in
            var found = try Self.upload(upload, in: state)
            let part = UploadedPart(number: number, etag: mark(bytes, &state), size: bytes.count)
            found.parts[number] = (part, bytes)
            state.uploads[upload.id] = found
            return part
        }
    }

    private static func upload(_ upload: MultipartUpload, in state: MemoryState) throws -> MemoryUpload {
        guard let found = state.uploads[upload.id], Utf8.equal(found.upload.key, upload.key) else {
            throw ObjectStoreError.noSuchUpload(upload)
        }
        return found
    }

    public func parts(of upload: MultipartUpload) async throws -> [UploadedPart] {
        try Task.checkCancellation()
        let found = try state.withLock { try Self.upload(upload, in: $0) }
        return found.parts.values.map(\.part).sorted { $0.number < $1.number }
    }

    public func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult {
        let info = try store(upload.key, options.mode, options.notAfter) { state in
            let found = try Self.upload(upload, in: state)
            try PartCheck.check(
                parts, of: upload, stored: found.parts.mapValues(\.part), minimumBytes: capabilities.minimumPartBytes)
            state.uploads[upload.id] = nil
            return (parts.flatMap { found.parts[$0.number]?.bytes ?? [] }, found.attributes)
        }
        return WriteResult(etag: info.etag, lastModified: info.lastModified, answer: info.answer)
    }

    public func abortUpload(_ upload: MultipartUpload) async throws {
        try Task.checkCancellation()
        state.withLock { $0.uploads[upload.id] = nil }
    }

    public func uploads(prefix: String) async throws -> [MultipartUpload] {
        try Task.checkCancellation()
        let uploads = state.withLock { $0.uploads.values.map(\.upload) }
        return uploads.filter { $0.key.utf8.starts(with: prefix.utf8) }.sorted(by: MultipartUpload.isBefore)
    }
}

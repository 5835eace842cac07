#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// The same calls with less to write.
extension ObjectStore {
    /// The ``capabilities``, of a store that knows them.
    @discardableResult
    public func prepareWriting() async throws -> ObjectStoreCapabilities { capabilities }

    /// Stores bytes. See ``put(_:_:_:)``.
    @discardableResult
    public func put(
        _ key: String, _ bytes: [UInt8], mode: PutMode = .overwrite, notAfter: Date? = nil, contentType: String? = nil
    ) async throws -> ObjectInfo {
        try await put(
            key, .bytes(bytes),
            PutOptions(mode: mode, notAfter: notAfter, attributes: ObjectAttributes(contentType: contentType)))
    }

    /// Stores a body without conditions. See ``put(_:_:_:)``.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody) async throws -> ObjectInfo {
        try await put(key, body, PutOptions())
    }

    /// Reads an object. See ``get(_:_:)``.
    public func get(_ key: String, range: ByteRange? = nil) async throws -> GetResult {
        try await get(key, GetOptions(range: range))
    }

    /// Reads the bytes of an object at once. One GET.
    public func bytes(_ key: String, range: ByteRange? = nil) async throws -> [UInt8] {
        try await get(key, range: range).bytes()
    }

    /// Reads what a store knows of an object. See ``head(_:_:)``.
    public func head(_ key: String) async throws -> ObjectInfo { try await head(key, ReadConditions()) }

    /// Whether there is an object. One HEAD. False only when the store is sure; whatever else goes wrong is thrown.
    public func exists(_ key: String) async throws -> Bool {
        do {
            _ = try await head(key)
            return true
        } catch let error as ObjectStoreError where error.code == .notFound {
            return false
        }
    }

    /// Removes an object, whatever its version. See ``delete(_:_:)``.
    @discardableResult
    public func delete(_ key: String) async throws -> AnswerDetails { try await delete(key, DeleteOptions()) }

    /// Removes any number of objects, ``ObjectLimits/batchKeys`` a request.
    /// - Returns: The keys that could not be removed, and why; empty when all are gone.
    public func delete(contentsOf keys: some Collection<String>) async throws -> [ObjectStoreError] {
        var failures: [ObjectStoreError] = []
        var rest = Array(keys)[...]
        while !rest.isEmpty {
            failures += try await delete(Array(rest.prefix(ObjectLimits.batchKeys)), notAfter: nil).failures
            rest = rest.dropFirst(ObjectLimits.batchKeys)
        }
        return failures
    }

    /// The keys that begin with a text, all at once. One LIST for each thousand.
    public func keys(prefix: String = "") async throws -> [String] {
        var keys: [String] = []
        for try await entry in list(ListOptions(prefix: prefix)) { keys.append(entry.name) }
        return keys
    }

    /// Copies an object over whatever is there. See ``copy(_:to:_:)``.
    @discardableResult
    public func copy(_ source: String, to target: String) async throws -> WriteResult {
        try await copy(source, to: target, CopyOptions())
    }
}

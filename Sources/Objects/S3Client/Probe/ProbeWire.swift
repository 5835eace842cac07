import CairnCore
import CairnSchema

/// The requests of a probe: sent as they are written, counted, and with a memory of all that must be removed.
///
/// They go through a client of its own, which knows nothing of the server, so that neither what the other client learned nor what
/// it refuses to try has a part in what is seen.
final class ProbeWire: Sendable {
    /// What all keys begin with.
    let prefix: String
    /// The bucket, by the client of the probe.
    let bucket: S3Bucket
    private let original: S3Client
    /// What a write says of how it is encrypted: a bucket may refuse those that do not say it.
    let encryption: [HeaderField]

    private let state: Lock<State>

    private struct State {
        var requests = 0
        /// As bytes: two texts that differ in how a letter is written are one to a set.
        var keys: Set<[UInt8]> = []
        var uploads: [String: String] = [:]
        var hasVersions = false
        var server: String?
        var clockOffset: Int?
    }

    /// - Parameter encryption: How what is written is encrypted.
    init(_ bucket: S3Bucket, prefix: String, encryption: S3Encryption? = nil) throws(S3Error) {
        var write = S3Call("PutObject", "PUT")
        try write.add(encryption)
        self.encryption = write.headers
        let digits = String(UInt32.random(in: 1...UInt32.max), radix: 16)
        let start = prefix.isEmpty || prefix.utf8.last == UInt8(ascii: "/") ? prefix : "\(prefix)/"
        self.prefix = "\(start).cairn-doctor-\(digits)/"
        state = Lock(State())
        original = bucket.client
        self.bucket = try ProbeWire.sibling(
            of: bucket, .provider(original.credentials), original.options.retries, state)
    }

    /// The bucket by a client like that of another, on the same connections, with other credentials.
    private static func sibling(
        of bucket: S3Bucket, _ credentials: CredentialsSource, _ retries: S3RetryPolicy, _ state: Lock<State>,
        isCounting: Bool = false
    ) throws(S3Error) -> S3Bucket {
        let client = bucket.client
        let region = client.region(of: bucket.name)
        var options = client.options
        options.endpoint = client.endpoint(for: region)
        options.region = region
        options.credentials = credentials
        options.retries = retries
        let trace = client.options.trace
        // The client of the probe counts already.
        if !isCounting {
            options.trace = { attempt in
                state.withLock { $0.requests += 1 }
                trace?(attempt)
            }
        }
        var surroundings = Surroundings.ofProcess(exchange: client.transport.exchange)
        surroundings.environment = [:]
        return try S3Client(options, client.transport, surroundings).bucket(bucket.name)
    }

    /// The bucket, without a signature. Its requests are sent once.
    func anonymous() throws(S3Error) -> S3Bucket {
        try ProbeWire.sibling(of: bucket, .anonymous, .never, state, isCounting: true)
    }

    /// Whether requests are signed at all.
    var isSigning: Bool { get async throws { try await !original.credentials.credentials().isAnonymous } }

    /// The bucket, with a wrong secret; nil when requests are not signed at all.
    func wrongSecret() async throws -> S3Bucket? {
        let right = try await original.credentials.credentials()
        if right.isAnonymous { return nil }
        let wrong = Credentials(
            accessKey: right.accessKey, secretKey: String(right.secretKey.reversed()) + "x",
            sessionToken: right.sessionToken)
        return try ProbeWire.sibling(of: bucket, .explicit(wrong), .never, state, isCounting: true)
    }

    /// Tells the client of the caller which region the bucket turned out to be in.
    func passOnRegion() {
        let region = bucket.client.region(of: bucket.name)
        if region != original.region(of: bucket.name) { original.remember(region, of: bucket.name) }
    }

    var requests: Int { state.withLock { $0.requests } }
    var server: String? { state.withLock { $0.server } }
    var clockOffset: Int? { state.withLock { $0.clockOffset } }

    /// Whether an object was stored with a version of its own.
    var hasVersions: Bool { state.withLock { $0.hasVersions } }

    /// Twenty minutes before the server's time: five longer than a signature is good for.
    var lateDate: SigningDate {
        let now = SigningDate(.now)
        return SigningDate(seconds: now.seconds + (clockOffset ?? 0) - ErrorMeaning.skewSeconds - 5 * 60) ?? now
    }

    // MARK: Sending

    /// What became of a request that was answered.
    enum Answer {
        case done(S3Answer)
        /// Refused, for a reason that lies in the request.
        case refused(S3Error)

        var isDone: Bool { if case .done = self { true } else { false } }

        /// Whether something may be stored that was not before.
        var mayHaveStored: Bool {
            guard case .refused(let error) = self else { return true }
            return error.mayHaveTakenEffect
        }

        /// Whether it was refused because its condition does not hold, and not for another reason.
        var isFailedCondition: Bool {
            guard case .refused(let error) = self else { return false }
            return [.preconditionFailed, .conflict, .notModified].contains(error.code)
        }

        /// In words: `412 PreconditionFailed`.
        var text: String {
            switch self {
            case .done(let answer): "\(answer.status)"
            case .refused(let error):
                error.details.status.map { "\($0)" + (error.details.serverCode.map { " \($0)" } ?? "") }
                    ?? error.code.rawValue
            }
        }

        /// The answer of a request that must succeed for anything to be found out.
        func get() throws -> S3Answer {
            switch self {
            case .done(let answer): return answer
            case .refused(let error): throw error
            }
        }

        /// The ETag of an answer that is a success.
        var etag: ETag? {
            guard case .done(let answer) = self else { return nil }
            return answer.headers["etag"].map(ETag.init(rawValue:))
        }
    }

    /// Sends a request.
    /// - Throws: What says nothing about the server's habits: no network, a server that fails, too many requests.
    func send(_ call: S3Call, by bucket: S3Bucket? = nil) async throws -> Answer {
        do {
            let answer = try await (bucket ?? self.bucket).client.send(call)
            learn(answer)
            return .done(answer)
        } catch let error as S3Error where ProbeWire.isRefusal(error) {
            return .refused(error)
        }
    }

    private static func isRefusal(_ error: S3Error) -> Bool {
        if [.throttled, .slowDown, .timeout, .credentials, .expiredToken, .noSuchBucket, .wrongRegion].contains(
            error.code)
        {
            return false
        }
        guard let status = error.details.status else { return false }
        return (300..<500).contains(status) || error.code == .unsupported
    }

    private func learn(_ answer: S3Answer) {
        let date = answer.headers.cacheMark == nil ? answer.headers["date"].flatMap(HTTPDate.parse) : nil
        let offset = date.map { $0.seconds - SigningDate(.now).seconds }
        state.withLock { state in
            if let server = answer.headers["server"] { state.server = server }
            if answer.headers["x-amz-version-id"] != nil { state.hasVersions = true }
            if let offset { state.clockOffset = offset }
        }
    }

    func call(
        _ operation: String, _ method: String, _ name: String, query: [(name: String, value: String)] = [],
        condition: HeaderField? = nil
    ) throws -> S3Call {
        let isWrite = method != "GET" && method != "HEAD"
        var call = try bucket.call(
            operation, method, prefix + name, query: query, kind: condition != nil && isWrite ? .conditionalWrite : nil)
        if let condition { call.headers.append(condition) }
        return call
    }

    /// Stores a text. What is refused need not be removed.
    func put(
        _ name: String, _ text: String, _ condition: HeaderField? = nil, headers: [HeaderField] = [],
        time: SigningTime = .now, by bucket: S3Bucket? = nil
    ) async throws -> Answer {
        var call = try call("PutObject", "PUT", name, condition: condition)
        call.body = .bytes(Array(text.utf8))
        call.headers += encryption + headers
        call.time = time
        do {
            let answer = try await send(call, by: bucket)
            if answer.mayHaveStored { remember(name) }
            return answer
        } catch {
            remember(name)
            throw error
        }
    }

    /// Stores objects that have their names as text, all at a time.
    func putAll(_ names: [String]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask { _ = try await self.put(name, name).get() }
            }
            try await group.waitForAll()
        }
    }

    /// Signs one text and sends another, as long.
    /// - Returns: The status; nil when what is sent is no part of the signature.
    func putForged(_ name: String, signed: String, sent: String) async throws -> Int? {
        var call = try call("PutObject", "PUT", name)
        call.body = .bytes(Array(signed.utf8))
        call.headers += encryption
        remember(name)
        let client = bucket.client
        let attempt = try client.prepare(call, try await client.credentials.credentials())
        let hash = attempt.request.fields.first { $0.name == "x-amz-content-sha256" }
        guard let hash, hash.value != PayloadHash.unsigned.text else { return nil }
        var request = attempt.request
        request.body = .bytes(Array(sent.utf8))
        state.withLock { $0.requests += 1 }
        do throws(TransportError) {
            return try await client.transport.send(request, bodyLimit: 1 << 20, deadline: attempt.deadline).status
        } catch {
            throw error.s3Error(attempt.subject)
        }
    }

    /// Notes a key that something may be stored under.
    func remember(_ name: String) { state.withLock { _ = $0.keys.insert(Array((prefix + name).utf8)) } }

    /// Reads a text and its mark; nil when there is none.
    func read(_ name: String) async throws -> (text: String, etag: ETag)? {
        let answer = try await send(call("GetObject", "GET", name))
        if case .refused(let error) = answer, error.code == .noSuchKey { return nil }
        return (String(decoding: try answer.get().body, as: UTF8.self), answer.etag ?? ETag(rawValue: ""))
    }

    /// Reads a text; nil when there is none.
    func get(_ name: String) async throws -> String? { try await read(name)?.text }

    func delete(_ name: String, _ condition: HeaderField? = nil) async throws -> Answer {
        try await send(call("DeleteObject", "DELETE", name, condition: condition))
    }

    // MARK: Uploads in parts

    func begin(_ name: String) async throws -> String {
        var call = try call("CreateMultipartUpload", "POST", name, query: [(name: "uploads", value: "")])
        call.headers += encryption
        let id = try await bucket.client.send(call) { answer throws(AnswerError) in
            try UploadStart(answer.body).uploadID
        }
        state.withLock { $0.uploads[id] = prefix + name }
        remember(name)
        return id
    }

    func part(_ name: String, _ upload: String, _ number: Int, _ bytes: [UInt8]) async throws -> String {
        var call = try call(
            "UploadPart", "PUT", name,
            query: [(name: "partNumber", value: String(number)), (name: "uploadId", value: upload)])
        call.body = .bytes(bytes)
        return try await send(call).get().headers["etag"] ?? ""
    }

    func complete(
        _ name: String, _ upload: String, _ etags: [String], _ condition: HeaderField? = nil
    ) async throws -> Answer {
        var call = try call(
            "CompleteMultipartUpload", "POST", name, query: [(name: "uploadId", value: upload)], condition: condition)
        let parts = etags.enumerated().map { RequestDocument.CompletedPart(number: $0.offset + 1, etag: $0.element) }
        call.body = .bytes(try RequestDocument.completeUpload(parts))
        call.headers.append(HeaderField("content-type", "application/xml"))
        do {
            // An error may come with a status that is a success. What else the answer says is not asked: Ceph leaves the ETag out.
            let answer = try await bucket.client.send(call) { answer throws(AnswerError) in
                if let document = try? ErrorDocument(answer.body) { throw .refused(document) }
                return answer
            }
            state.withLock { $0.uploads[upload] = nil }
            learn(answer)
            return .done(answer)
        } catch let error as S3Error where ProbeWire.isRefusal(error) {
            return .refused(error)
        }
    }

    private func abort(_ key: String, _ upload: String) async throws {
        let call = S3Call(
            "AbortMultipartUpload", "DELETE", bucket: bucket.name, key: key, query: [(name: "uploadId", value: upload)])
        _ = try await send(call)
    }

    // MARK: Removing

    /// Removes all that was written.
    /// - Parameter looks: Whether to look what is left, in one request more.
    /// - Returns: The keys that could not be removed.
    func removeAll(looks: Bool) async -> [String] {
        let (keys, uploads, hasVersions) = state.withLock { state in
            (state.keys.map { String(decoding: $0, as: UTF8.self) }.sorted(), state.uploads, state.hasVersions)
        }
        for (id, key) in uploads {
            let call = S3Call(
                "AbortMultipartUpload", "DELETE", bucket: bucket.name, key: key,
                query: [(name: "uploadId", value: id)])
            _ = try? await send(call)
        }
        var left = keys.isEmpty ? [] : hasVersions ? await removeVersions(of: keys) : await remove(keys)
        if looks, let found = try? await bucket.objects(prefix: prefix).collect() {
            left += found.map(\.key).filter { key in !left.contains { Utf8.equal($0, key) } }
        }
        return left
    }

    private func remove(_ keys: [String]) async -> [String] {
        if let failures = try? await bucket.delete(contentsOf: keys), failures.isEmpty { return [] }
        // Not every server removes many at once.
        var left: [String] = []
        for key in keys {
            let call = S3Call("DeleteObject", "DELETE", bucket: bucket.name, key: key)
            if (try? await bucket.client.send(call)) == nil { left.append(key) }
        }
        return left
    }

    /// Removes every version: a removal of the key would leave them, and a marker more.
    private func removeVersions(of keys: [String]) async -> [String] {
        guard let versions = try? await bucket.versions(prefix: prefix).collect() else { return await remove(keys) }
        let named = versions.map { (key: $0.key, versionID: Optional($0.versionID)) }
        guard let failures = try? await bucket.delete(versions: named) else { return await remove(keys) }
        return failures.map(\.key)
    }
}

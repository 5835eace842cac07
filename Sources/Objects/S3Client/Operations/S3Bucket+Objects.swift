import CairnSchema

extension S3Bucket {
    // MARK: Writing

    /// Stores an object. One PUT; a stream is sent as it comes.
    ///
    /// A conditional write whose answer was lost is never sent again: it ends as `s3.outcome_unknown`, unless a
    /// ``S3PutOptions/marker`` shows that it arrived (one HEAD).
    /// - Parameter body: At most 5 GiB, and of known length: `upload` takes what is larger, or of unknown length.
    /// - Throws: `s3.precondition_failed` when the mode does not hold; `s3.no_such_key` for `.ifMatch` without an object;
    ///   `s3.clock_skew` past `notAfter`; what the stream throws.
    @discardableResult
    public func put(
        _ key: String, _ body: ObjectBody, _ options: S3PutOptions = S3PutOptions()
    ) async throws -> S3WriteResult {
        var call = try call("PutObject", "PUT", key)
        guard let length = body.length else {
            throw S3Error(
                .invalid, "the length of the body for '\(key)' is not known", remedy: "give it, or use upload",
                details: call.subject().details)
        }
        try SizeRules.checkPut(bytes: length)
        try call.add(options.attributes, marker: options.marker)
        try call.fence(options.notAfter, now: client.signingDate())
        if let bytes = try await call.whole(body) {
            call.body = .bytes(bytes)
            if let checksum = options.checksum ?? client.options.checksum {
                call.headers.append(Checksum(checksum, of: bytes).headerField)
            }
        } else {
            call.body = .stream(body.chunks, length: length, isReplayable: body.isReplayable)
            call.checksum = options.checksum
        }
        do {
            return try await write(call, options.mode, options.attributes.customerKey)
        } catch let error as S3Error where error.code == .outcomeUnknown {
            guard let marker = options.marker, let found = await find(marker, key, options) else { throw error }
            return found
        }
    }

    /// Sends a write with its condition, and learns on the way how the server wants conditions.
    /// - Parameter trial: How to write the condition, instead of what is known.
    private func write(
        _ call: S3Call, _ mode: PutMode, _ customerKey: CustomerKey?, as trial: S3Dialect? = nil
    ) async throws -> S3WriteResult {
        let dialect = trial ?? self.dialect
        var conditional = call
        conditional.add(mode, dialect)
        do {
            let result = try await client.send(conditional) { answer throws(AnswerError) in
                let etag = try AnswerError.looking { () throws(S3Error) in try self.etag(answer) }
                return S3WriteResult(
                    etag: etag, versionID: answer.headers["x-amz-version-id"], answer: answer.details)
            }
            if case .ifMatch = mode {
                client.learn(name) { $0.wantsUnquotedIfMatch = dialect.wantsUnquotedIfMatch ?? false }
            }
            return result
        } catch let error as S3Error where error.code == .preconditionFailed {
            // Ceph 16 compares the quotes, too. Sent as it is meant, the condition still holds or not: nothing is lost by trying.
            guard case .ifMatch(let etag) = mode, dialect.wantsUnquotedIfMatch == nil, call.time == .now,
                call.traits.canRepeatBody, let key = call.key,
                // Who may not read is told what is known: the condition did not hold.
                let info = try? await head(key, S3GetOptions(customerKey: customerKey)), info.etag == etag
            else { throw error }
            var unquoted = dialect
            unquoted.wantsUnquotedIfMatch = true
            return try await write(call, mode, customerKey, as: unquoted)
        }
    }

    /// Finds the write of a marker; nil when it is not there, or cannot be looked for.
    private func find(_ marker: String, _ key: String, _ options: S3PutOptions) async -> S3WriteResult? {
        guard let info = try? await head(key, S3GetOptions(customerKey: options.attributes.customerKey)),
            let found = info.metadata[S3PutOptions.markerName], Utf8.equal(found, marker)
        else { return nil }
        return S3WriteResult(
            etag: info.etag, versionID: info.versionID, lastModified: info.lastModified, answer: info.answer)
    }

    // MARK: Reading

    /// Reads an object or a part of it, all of one version. One GET; the bytes come as they are read.
    /// - Throws: `s3.no_such_key`; `s3.precondition_failed` and `s3.not_modified` by the conditions; `s3.range`.
    public func get(_ key: String, _ options: S3GetOptions = S3GetOptions()) async throws -> S3Object {
        let call = try readCall("GetObject", "GET", key, options)
        let answer = try await client.stream(call)
        let (range, size) = try RangeRules.received(answer.headers, options.range, answer.subject)
        let etag = answer.headers["etag"].map(ETag.init(rawValue:))
        let body = ReceivedBody(
            answer: answer, range: range, verifiesETag: dialect.hasMD5ETags, isVerified: options.isVerified,
            client: client, call: call, etag: etag)
        let info = S3ObjectInfo(key, answer.headers, size: size, etag: etag ?? ETag(rawValue: ""))
        return S3Object(info: info, range: range, body: body.stream)
    }

    /// Reads the bytes of an object, or of a part of it, at once. One GET, tried again as a whole when its body breaks.
    /// - Throws: `s3.invalid` for more than `limit` bytes; what ``get(_:_:)`` and reading its body do.
    public func bytes(
        _ key: String, _ options: S3GetOptions = S3GetOptions(), limit: Int = 256 << 20
    ) async throws -> [UInt8] {
        var call = try readCall("GetObject", "GET", key, options)
        call.callersLimit = limit
        let trustsETag = dialect.hasMD5ETags
        return try await client.send(call) { answer throws(AnswerError) in
            try AnswerError.looking { () throws(S3Error) in
                let (range, _) = try RangeRules.received(
                    answer.headers, options.range, answer.subject, count: answer.body.count)
                guard range.count == answer.body.count else {
                    throw S3Error.truncated(received: answer.body.count, of: range.count, answer.subject)
                }
                guard options.isVerified else { return answer.body }
                var verifier = BodyVerifier(answer.headers, trustsETag: trustsETag)
                answer.body.withUnsafeBytes { verifier.update($0) }
                try verifier.finish(answer.subject)
                return answer.body
            }
        }
    }

    /// Reads what the server knows of an object, without its bytes. One HEAD; two when it is missing in a bucket from which the client
    /// had no answer yet. Throws what ``get(_:_:)`` does.
    public func head(_ key: String, _ options: S3GetOptions = S3GetOptions()) async throws -> S3ObjectInfo {
        do {
            return try await client.send(readCall("HeadObject", "HEAD", key, options)) { answer throws(AnswerError) in
                try AnswerError.looking { () throws(S3Error) in
                    let part = answer.headers["content-range"].flatMap(ContentRange.init)
                    let size =
                        if let size = part?.size { size } else { try RangeRules.length(answer.headers, answer.subject) }
                    return S3ObjectInfo(key, answer.headers, size: size, etag: try etag(answer))
                }
            }
        } catch let error as S3Error where error.code == .noSuchKey && error.details.serverCode == nil {
            // The answer has no body to tell whether it is the object that is missing, or the bucket.
            try await checkIsThere()
            throw error
        }
    }

    /// - Throws: `s3.no_such_bucket` when the server says so.
    private func checkIsThere() async throws {
        if client.hasMet(name) { return }
        do {
            try await head()
        } catch let error as S3Error {
            if error.code == .noSuchBucket { throw error }
            // There is something to keep strangers away from.
            if error.code == .accessDenied { client.meet(name) }
        }
    }

    /// Whether there is an object. As many requests as ``head(_:_:)``. False only when the server is sure; whatever else goes wrong is thrown.
    public func exists(_ key: String) async throws -> Bool {
        do {
            _ = try await head(key)
            return true
        } catch let error as S3Error where error.code == .noSuchKey {
            return false
        }
    }

    private func readCall(
        _ operation: String, _ method: String, _ key: String, _ options: S3GetOptions
    ) throws(S3Error) -> S3Call {
        let query = options.versionID.map { [(name: "versionId", value: $0)] } ?? []
        var call = try call(operation, method, key, query: query)
        if let range = options.range {
            try RangeRules.check(range, call.subject())
            try call.add("range", range.description)
        }
        try call.add(options.conditions)
        try call.add(options.customerKey)
        // Without it a server keeps its checksums to itself. Those of a part are of no use.
        if options.isVerified, options.range == nil { try call.add("x-amz-checksum-mode", "ENABLED") }
        return call
    }

    // MARK: Removing

    /// Removes an object, or puts a marker there in a bucket that keeps versions. Removing what is not there succeeds.
    /// - Throws: `s3.precondition_failed` when there is another version than asked for; `s3.unsupported` for a condition that this
    ///   server is known to ignore.
    @discardableResult
    public func delete(
        _ key: String, _ options: S3DeleteOptions = S3DeleteOptions()
    ) async throws -> S3Deletion {
        let query = options.versionID.map { [(name: "versionId", value: $0)] } ?? []
        var call = try call("DeleteObject", "DELETE", key, query: query)
        if let etag = options.ifMatch {
            guard dialect.canDeleteConditionally else {
                throw S3Error(
                    .unsupported, "this server removes '\(key)' whatever its version",
                    remedy: "write a version that says it is gone", details: call.subject().details)
            }
            call.add(.ifMatch(etag), dialect)
        }
        try call.fence(options.notAfter, now: client.signingDate())
        let answer = try await client.send(call)
        return S3Deletion(
            key: key, versionID: answer.headers["x-amz-version-id"],
            isDeleteMarker: answer.headers["x-amz-delete-marker"] == "true", answer: answer.details)
    }

    /// Copies an object of this bucket, or of another of the same server, to a key of this one. One request; the bytes stay on the
    /// server.
    /// - Parameter source: At most 5 GiB.
    /// - Throws: `s3.no_such_key` for the source; `s3.precondition_failed`; `s3.unsupported` for a condition that this server is
    ///   known to ignore.
    @discardableResult
    public func copy(
        _ source: String, of bucket: S3Bucket? = nil, to key: String, _ options: S3CopyOptions = S3CopyOptions()
    ) async throws -> S3WriteResult {
        try checkSource(options, source)
        var call = try call("CopyObject", "PUT", key)
        try call.add(source: source, in: bucket ?? self, options)
        if let attributes = options.attributes {
            try call.add("x-amz-metadata-directive", "REPLACE")
            try call.add("x-amz-tagging-directive", "REPLACE")
            try call.add(attributes)
        } else {
            try call.add(options.encryption)
        }
        if options.mode != .overwrite, !dialect.canCopyConditionally {
            throw S3Error(
                .unsupported, "this server copies over '\(key)' whatever is there",
                remedy: "read the object and put it with a condition", details: call.subject().details)
        }
        call.add(options.mode, dialect)
        try call.fence(options.notAfter, now: client.signingDate())
        call.patience = S3Bucket.joinPatience
        do {
            return try await client.send(call) { answer throws(AnswerError) in
                let result = try CopyResult(answer.body)
                return S3WriteResult(
                    etag: ETag(rawValue: result.etag), versionID: answer.headers["x-amz-version-id"],
                    lastModified: result.lastModified.map { .init($0) }, answer: answer.details)
            }
        } catch var error as S3Error where error.code == .noSuchKey {
            // It is the source that is missing, whatever the request was about.
            let subject = RequestSubject(method: "GET", bucket: bucket?.name ?? name, key: source)
            error.message = "there is no object \(subject.name)"
            error.details.bucket = subject.bucket
            error.details.key = subject.key
            throw error
        }
    }
}

/// What became of a removal.
public struct S3Deletion: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The version that was removed, or the marker that was put there.
    public var versionID: String?
    /// Whether it was a marker: put there, or removed.
    public var isDeleteMarker: Bool
    /// What the server says of this answer.
    public var answer: AnswerDetails
}

/// Rules for ranges.
enum RangeRules {
    static func check(_ range: ByteRange, _ subject: RequestSubject) throws(S3Error) {
        let isRange =
            switch range {
            case .closed(let range): range.lowerBound >= 0
            case .from(let offset): offset >= 0
            case .suffix(let count): count > 0
            }
        guard isRange else {
            throw S3Error(
                .invalid, "\(subject.name) has no bytes '\(range)'", remedy: "give offsets from 0, and a count from 1",
                details: subject.details)
        }
    }

    /// Which bytes of an object of which size an answer has: those asked for, or it is refused.
    /// - Parameter count: How many bytes came, where all are there and nothing announced them.
    static func received(
        _ headers: [HeaderField], _ wanted: ByteRange?, _ subject: RequestSubject, count: Int? = nil
    ) throws(S3Error) -> (range: Range<Int>, size: Int) {
        let told = headers["content-range"]
        switch (wanted, told) {
        case (nil, nil):
            let size = if let count { count } else { try length(headers, subject) }
            return (0..<size, size)
        case (let wanted?, let told?):
            // Without the size nobody can tell what the end of the object is.
            if let part = ContentRange(told), let size = part.size, wanted.resolved(size: size) == part.range {
                return (part.range, size)
            }
        default: break
        }
        // The last bytes of an empty object are none, and no field can say so.
        if case .suffix? = wanted, told.flatMap(ContentRange.init) == nil {
            let length = if let count { count } else { try length(headers, subject) }
            if length == 0 { return (0..<0, 0) }
        }
        let what = told.map { "'\($0.prefix(60))'" } ?? "the whole object"
        throw S3Error(
            .malformedAnswer,
            "the answer about \(subject.name) has \(what), and not " + (wanted.map { "'\($0)'" } ?? "the whole object"),
            remedy: wanted == nil
                ? "check the endpoint, and what stands before it"
                : "read the whole object: this server, or what stands before it, does not do ranges",
            details: subject.details)
    }

    /// How many bytes an answer announces.
    static func length(_ headers: [HeaderField], _ subject: RequestSubject) throws(S3Error) -> Int {
        guard let length = headers["content-length"].flatMap({ Int($0) }), length >= 0 else {
            throw S3Error(
                .malformedAnswer, "the answer about \(subject.name) has no length",
                remedy: "check that the endpoint is one of S3", details: subject.details)
        }
        return length
    }
}

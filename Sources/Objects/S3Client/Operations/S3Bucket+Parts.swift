import CairnSchema

/// A part of an upload that the server has.
public struct S3Part: Sendable, Hashable {
    /// Its number, 1 to 10,000; parts are joined by it.
    public var number: Int
    /// Its mark, to name it by at the end.
    public var etag: ETag
    /// Its size in bytes; 0 where the server did not tell: a copy does not.
    public var size: Int
    /// Its checksum by algorithm, as text in base64; empty where none was sent, or the server keeps none.
    public var checksums: [ChecksumAlgorithm: String]

    /// A part.
    public init(number: Int, etag: ETag, size: Int, checksums: [ChecksumAlgorithm: String] = [:]) {
        self.number = number
        self.etag = etag
        self.size = size
        self.checksums = checksums
    }

    /// A part as every object store knows it.
    public init(_ part: UploadedPart) {
        self.init(number: part.number, etag: part.etag, size: part.size)
    }

    init(_ listed: ListedPart) {
        self.init(number: listed.number, etag: ETag(rawValue: listed.etag), size: listed.size)
        checksums[.crc32c] = listed.crc32c
        checksums[.sha256] = listed.sha256
    }

    /// The same part as every object store knows it.
    public var uploadedPart: UploadedPart { UploadedPart(number: number, etag: etag, size: size) }
}

/// Objects in parts, one request a call. Whoever begins an upload ends it, or gives it up: its parts take room until then.
extension S3Bucket {
    /// Begins an object that is sent in parts. One POST. Nothing is seen under the key until ``completeUpload(_:_:mode:notAfter:marker:customerKey:)``.
    ///
    /// When an answer is lost and the request repeated, the server has an upload that nobody knows: ``uploads(prefix:)`` lists it.
    /// - Parameters:
    ///   - attributes: What to store with the object.
    ///   - checksum: What every part will be sent with; nil for the client's. The server then keeps one CRC-32C of all bytes, or
    ///     one SHA-256 made of those of the parts (S3 user guide, "Checking object integrity").
    ///   - marker: As in ``S3PutOptions/marker``.
    public func beginUpload(
        _ key: String, _ attributes: S3Attributes = S3Attributes(), checksum: ChecksumAlgorithm? = nil,
        marker: String? = nil
    ) async throws -> MultipartUpload {
        try await createUpload(key, attributes, checksum ?? client.options.checksum, marker: marker)
    }

    func createUpload(
        _ key: String, _ attributes: S3Attributes, _ checksum: ChecksumAlgorithm?, marker: String?
    ) async throws -> MultipartUpload {
        var call = try call("CreateMultipartUpload", "POST", key, query: [(name: "uploads", value: "")])
        try call.add(attributes, marker: marker)
        if let checksum {
            call.headers.append(HeaderField("x-amz-checksum-algorithm", checksum.rawValue))
            // Only a checksum of all bytes can be compared by who reads them; of SHA-256 there is none.
            if checksum == .crc32c { call.headers.append(HeaderField("x-amz-checksum-type", "FULL_OBJECT")) }
        }
        return try await client.send(call) { answer throws(AnswerError) in
            MultipartUpload(key: key, id: try UploadStart(answer.body).uploadID, begun: answer.details.serverDate)
        }
    }

    /// Stores a part; a part of the same number is replaced. One PUT. Parts may be sent in any order and at once.
    /// - Parameters:
    ///   - number: 1 to 10,000. Numbers may have gaps.
    ///   - body: Of known length; 5 MiB to 5 GiB, the last one from nothing.
    ///   - checksum: The one that ``beginUpload(_:_:checksum:marker:)`` was given. Nil is the client's, and none for a stream, whose
    ///     checksum comes behind it, which not every server knows: of an upload with SHA-256 it must be given.
    ///   - customerKey: The one of the attributes, if there was one.
    /// - Throws: `s3.not_found` after the upload was completed or aborted.
    public func uploadPart(
        _ number: Int, of upload: MultipartUpload, _ body: ObjectBody, checksum: ChecksumAlgorithm? = nil,
        customerKey: CustomerKey? = nil
    ) async throws -> S3Part {
        var call = try partCall("UploadPart", number, upload, customerKey)
        guard let length = body.length else {
            throw S3Error(
                .invalid, "the length of part \(number) of '\(upload.key)' is not known",
                remedy: "give it, or use upload", details: call.subject().details)
        }
        try SizeRules.checkPut(bytes: length)
        var checksums: [ChecksumAlgorithm: String] = [:]
        if let bytes = try await call.whole(body) {
            call.body = .bytes(bytes)
            if let algorithm = checksum ?? client.options.checksum {
                let checksum = Checksum(algorithm, of: bytes)
                checksums[algorithm] = checksum.text
                call.headers.append(checksum.headerField)
            }
        } else {
            call.body = .stream(body.chunks, length: length, isReplayable: body.isReplayable)
            call.checksum = checksum
        }
        return try await aboutUpload {
            try await client.send(call) { answer throws(AnswerError) in
                let etag = try AnswerError.looking { () throws(S3Error) in try self.etag(answer) }
                var part = S3Part(number: number, etag: etag, size: length, checksums: checksums)
                for algorithm in ChecksumAlgorithm.allCases {
                    if let told = answer.headers[algorithm.field] { part.checksums[algorithm] = told }
                }
                return part
            }
        }
    }

    /// Makes a part of bytes of an object on the same server, of this bucket or another. One PUT; the bytes stay on the server.
    /// - Parameters:
    ///   - range: Which bytes of the source, 5 GiB at most; nil for all.
    ///   - options: Of the source, ``S3CopyOptions/sourceIfMatch`` and what else is named so; the rest has no meaning here.
    /// - Throws: `s3.no_such_key` for the source, `s3.precondition_failed` when it is another version, `s3.range`.
    public func copyPart(
        _ number: Int, of upload: MultipartUpload, from source: String, in bucket: S3Bucket? = nil,
        range: Range<Int>? = nil, _ options: S3CopyOptions = S3CopyOptions(), customerKey: CustomerKey? = nil
    ) async throws -> S3Part {
        var call = try partCall("UploadPartCopy", number, upload, customerKey)
        try call.add(source: source, in: bucket ?? self, options)
        if let range {
            guard range.lowerBound >= 0, !range.isEmpty, range.count <= SizeRules.maximumPartBytes else {
                throw S3Error(
                    .invalid, "part \(number) of '\(upload.key)' cannot be bytes \(range) of '\(source)'",
                    remedy: "give 1 byte to 5 GiB", details: call.subject().details)
            }
            try call.add("x-amz-copy-source-range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
        }
        call.patience = S3Bucket.joinPatience
        return try await client.send(call) { answer throws(AnswerError) in
            let result = try CopyResult(answer.body, isPart: true)
            return S3Part(number: number, etag: ETag(rawValue: result.etag), size: range?.count ?? 0)
        }
    }

    /// The parts stored so far, by number. One request for each 1,000.
    /// - Parameter customerKey: The one of the attributes, if there was one.
    /// - Throws: `s3.not_found` after the upload was completed or aborted.
    public func parts(of upload: MultipartUpload, customerKey: CustomerKey? = nil) async throws -> [S3Part] {
        var parts: [S3Part] = []
        var last: Int?
        repeat {
            var query = [(name: "uploadId", value: upload.id)]
            if let last { query.append((name: "part-number-marker", value: String(last))) }
            var call = try call("ListParts", "GET", upload.key, query: query)
            try call.add(customerKey)
            let page = try await aboutUpload {
                try await client.send(call) { answer throws(AnswerError) in
                    let page = try PartPage(answer.body)
                    // A page that leads back would be asked for again, and again.
                    if let next = page.nextNumber, next <= last ?? 0 {
                        throw .malformed(XMLError("the list of parts goes on where it was", at: 0))
                    }
                    return page
                }
            }
            parts += page.parts.map(S3Part.init)
            last = page.nextNumber
        } while last != nil
        return parts.sorted { $0.number < $1.number }
    }

    /// Drops an upload and its parts. One DELETE. Dropping one that is gone succeeds.
    ///
    /// A part that is still on its way may be stored afterwards (S3 API reference, "AbortMultipartUpload"): end those first.
    public func abortUpload(_ upload: MultipartUpload) async throws {
        let query = [(name: "uploadId", value: upload.id)]
        do {
            let call = try call("AbortMultipartUpload", "DELETE", upload.key, query: query)
            _ = try await aboutUpload { try await client.send(call) }
        } catch let error as S3Error where error.isNoSuchUpload {}
    }

    /// Uploads that were begun and neither completed nor aborted, by key and age, as an asynchronous sequence. One request for each
    /// 1,000, made as the loop needs them.
    public func uploads(prefix: String = "") -> S3Sequence<MultipartUpload> {
        S3Sequence {
            PageReader { (marker: UploadMarker?) in
                try client.options.keyRules.check(prefix: prefix, bucket: name)
                var query = [(name: "uploads", value: ""), (name: "encoding-type", value: "url")]
                if !prefix.isEmpty { query.append((name: "prefix", value: prefix)) }
                if let marker {
                    query.append((name: "key-marker", value: marker.key))
                    if let id = marker.uploadID { query.append((name: "upload-id-marker", value: id)) }
                }
                return try await client.send(call("ListMultipartUploads", "GET", query: query)) {
                    answer throws(AnswerError) in
                    let page = try UploadPage(answer.body)
                    let next = page.nextKey.map { UploadMarker(key: $0, uploadID: page.nextUploadID) }
                    if let next, next == marker {
                        throw .malformed(XMLError("the list of uploads goes on where it was", at: 0))
                    }
                    let uploads = page.uploads.map {
                        MultipartUpload(key: $0.key, id: $0.uploadID, begun: $0.initiated.map { .init($0) })
                    }
                    return (uploads, page.isTruncated ? next : nil)
                }
            }
        }
    }

    /// Ceph 16 calls an upload that is gone a key. These calls need no object.
    private func aboutUpload<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as S3Error where error.code == .noSuchKey {
            throw S3Error.noSuchUpload(error)
        }
    }

    private struct UploadMarker: Sendable, Equatable {
        let key: String
        let uploadID: String?
    }

    private func partCall(
        _ operation: String, _ number: Int, _ upload: MultipartUpload, _ customerKey: CustomerKey?
    ) throws(S3Error) -> S3Call {
        let query = [(name: "partNumber", value: String(number)), (name: "uploadId", value: upload.id)]
        var call = try call(operation, "PUT", upload.key, query: query)
        guard (1...SizeRules.maximumParts).contains(number) else {
            throw S3Error(
                .invalid, "there is no part \(number) of '\(upload.key)'",
                remedy: "numbers of parts are from 1 to \(SizeRules.maximumParts)", details: call.subject().details)
        }
        try call.add(customerKey)
        return call
    }
}

extension S3Error {
    /// Whether the upload was ended, given up, or never begun.
    var isNoSuchUpload: Bool { code == .notFound && S3Error.uploadCodes.contains(details.serverCode) }

    /// Whether the server said so, also when nobody knows whether it was this call that ended it.
    var foundNoUpload: Bool {
        isNoSuchUpload || (code == .outcomeUnknown && S3Error.uploadCodes.contains(details.serverCode))
    }

    private static let uploadCodes: [String?] = ["NoSuchUpload", "NoSuchKey"]

    /// The same error about an upload that a server called a key.
    static func noSuchUpload(_ cause: S3Error) -> S3Error {
        var error = S3Error(
            .notFound, "there is no such upload of '\(cause.details.key ?? "")'",
            remedy: "the upload was ended or given up; begin it again", details: cause.details)
        error.mayHaveTakenEffect = cause.mayHaveTakenEffect
        return error
    }
}

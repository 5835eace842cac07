/// The bytes of an upload, as far as they are known before they are read.
struct UploadSource: Sendable {
    let stream: ByteStream
    /// How many bytes there are; nil: nobody knows.
    let length: Int?
    /// The bytes, where they are in memory anyway.
    let whole: [UInt8]?
    /// Called when all bytes were read: throws when they are not what they were at the beginning.
    let check: @Sendable () throws -> Void

    init(_ body: ObjectBody) {
        stream = body.chunks
        length = body.length
        whole = body.whole
        check = {}
    }

    init(_ stream: ByteStream, length: Int, check: @escaping @Sendable () throws -> Void) {
        self.stream = stream
        self.length = length
        self.check = check
        whole = nil
    }
}

/// Cuts a stream into parts of one size, the last one of what is left.
///
/// Asked for one part after the other, never for two at once. Holds one part, and what is left of a chunk.
actor PartReader {
    private let source: UploadSource
    private let partBytes: Int
    private let subject: RequestSubject
    private var iterator: ByteStream.Iterator?
    private var received = 0
    /// What is left of the last chunk.
    private var rest: ArraySlice<UInt8> = []

    init(_ source: UploadSource, partBytes: Int, _ subject: RequestSubject) {
        self.source = source
        self.partBytes = partBytes
        self.subject = subject
    }

    /// The next part; nil behind the last.
    /// - Throws: What the stream throws; `s3.invalid` when it has another length than announced.
    func next() async throws -> [UInt8]? {
        var part: [UInt8] = []
        while part.count < partBytes {
            if rest.isEmpty {
                guard let chunk = try await read() else { break }
                // The source may know the size of the parts: then nothing is copied.
                if part.isEmpty, chunk.count == partBytes { return chunk }
                rest = chunk[...]
            }
            if part.isEmpty { part.reserveCapacity(min(partBytes, source.length ?? partBytes)) }
            let piece = rest.prefix(partBytes - part.count)
            part += piece
            rest = rest.dropFirst(piece.count)
        }
        return part.isEmpty ? nil : part
    }

    /// All parts as one.
    func collect() async throws -> [UInt8] {
        let first = try await next() ?? []
        // The length was announced, and is that of a part: what follows can only be the end, or too much.
        while try await next() != nil {}
        return first
    }

    private func read() async throws -> [UInt8]? {
        if iterator == nil { iterator = source.stream.makeAsyncIterator() }
        // A copy reads on where the other was: what is read is behind it.
        var iterator = iterator
        let chunk = try await iterator?.next()
        received += chunk?.count ?? 0
        if let length = source.length, received > length || (chunk == nil && received < length) {
            let what = chunk == nil ? "ended after \(received)" : "has more than"
            throw S3Error(
                .invalid, "the body for \(subject.name) \(what) of the \(length) bytes that were announced",
                remedy: "give the length the stream has, or none", details: subject.details)
        }
        return chunk
    }
}

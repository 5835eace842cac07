/// The chunks of a body on its way out: as they come, or wrapped and signed in pieces of one size.
///
/// Asked for one chunk after the other, never for two at once.
actor BodySource {
    /// Bytes of every signed chunk but the last.
    static let chunkBytes = 64 * 1024

    private let stream: ByteStream
    private let length: Int
    private let subject: RequestSubject
    private var encoder: ChunkEncoder?
    private let checksum: ChecksumAlgorithm?
    private var hasher: ChecksumHasher?
    private var iterator: ByteStream.Iterator?
    private var received = 0
    /// What was read and not sent, behind the offset.
    private var pending: [UInt8] = []
    private var offset = 0
    private var isComplete = false

    init(
        _ stream: ByteStream, length: Int, encoder: ChunkEncoder?, checksum: ChecksumAlgorithm?,
        _ subject: RequestSubject
    ) {
        self.stream = stream
        self.length = length
        self.encoder = encoder
        self.checksum = checksum
        self.subject = subject
        if let checksum { hasher = ChecksumHasher(checksum) } else { hasher = nil }
    }

    /// The next bytes to send; nil at the end.
    func next() async throws -> [UInt8]? {
        guard encoder != nil else { return try await read() }
        while !isComplete, pending.count - offset < BodySource.chunkBytes {
            // Less than a chunk is moved, whatever the size of what comes.
            pending.removeFirst(offset)
            offset = 0
            if let chunk = try await read() { pending += chunk } else { isComplete = true }
        }
        if offset < pending.count {
            let chunk = Array(pending[offset...].prefix(BodySource.chunkBytes))
            offset += chunk.count
            if checksum != nil { chunk.withUnsafeBytes { hasher?.update($0) } }
            return (encoder?.chunkStart(chunk) ?? []) + chunk + ChunkEncoder.chunkEnd
        }
        var trailer: [HeaderField] = []
        if let hasher = hasher.take() { trailer = [hasher.finish().headerField] }
        defer { encoder = nil }
        return encoder?.end(trailer: trailer)
    }

    /// The next chunk of the stream, which must have the length that was announced.
    private func read() async throws -> [UInt8]? {
        if isComplete { return nil }
        if iterator == nil { iterator = stream.makeAsyncIterator() }
        // A copy reads on where the other was: what is read is behind it.
        var iterator = iterator
        let chunk = try await iterator?.next()
        received += chunk?.count ?? 0
        if received > length || (chunk == nil && received < length) {
            let what = chunk == nil ? "ended after \(received)" : "has more than"
            throw S3Error(
                .invalid, "the body for \(subject.name) \(what) of the \(length) bytes that were announced",
                remedy: "give the length the stream has", details: subject.details)
        }
        return chunk
    }
}

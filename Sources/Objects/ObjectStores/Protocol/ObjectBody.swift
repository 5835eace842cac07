/// The bytes of an object on their way into a store: whole, or as a stream.
public struct ObjectBody: Sendable {
    enum Content: Sendable {
        case bytes([UInt8])
        case stream(ByteStream)
    }

    let content: Content
    /// How many bytes they are, if that is known before they are read. A stream that turns out to have another length
    /// fails the write.
    public let length: Int?
    /// Whether the bytes can be read again, and so the write be repeated.
    public let isReplayable: Bool

    /// Bytes that are there.
    public static func bytes(_ bytes: [UInt8]) -> ObjectBody {
        ObjectBody(content: .bytes(bytes), length: bytes.count, isReplayable: true)
    }

    /// The UTF-8 bytes of a text.
    public static func text(_ text: String) -> ObjectBody { .bytes(Array(text.utf8)) }

    /// Bytes that come chunk by chunk.
    /// - Parameters:
    ///   - length: How many there will be, if that is known. Some stores need it, or hold the bytes in memory without it.
    ///   - isReplayable: Whether the stream can be read again from its beginning.
    public static func stream(_ stream: ByteStream, length: Int? = nil, isReplayable: Bool = false) -> ObjectBody {
        ObjectBody(content: .stream(stream), length: length, isReplayable: isReplayable)
    }

    /// The bytes, chunk by chunk.
    public var chunks: ByteStream {
        switch content {
        case .bytes(let bytes): ByteStream(chunks: [bytes])
        case .stream(let stream): stream
        }
    }

    /// The bytes, if they are there without waiting.
    public var whole: [UInt8]? {
        if case .bytes(let bytes) = content { bytes } else { nil }
    }

    /// The same bytes through another stream; bytes that are there already stay as they are.
    package func mapStream(_ change: (ByteStream) -> ByteStream) -> ObjectBody {
        guard case .stream(let stream) = content else { return self }
        return ObjectBody(content: .stream(change(stream)), length: length, isReplayable: isReplayable)
    }
}

/// An object that is being read: what the store knows of it, and its bytes.
public struct GetResult: Sendable {
    /// What the store knows of the object.
    public let info: ObjectInfo
    /// Which bytes of the object these are.
    public let range: Range<Int>
    /// The bytes as they came from the store.
    package let content: ObjectBody

    /// An object being read.
    /// - Parameters:
    ///   - range: Which bytes `body` has; nil for all of the object. A body of another length fails its reader.
    public init(info: ObjectInfo, range: Range<Int>? = nil, body: ObjectBody) {
        self.info = info
        self.range = range ?? 0..<info.size
        content = body
    }

    /// The bytes, chunk by chunk. Can be read once. What is left unread costs no memory.
    /// - Throws: while reading, `object.network` when the body has another length than the store said.
    public var body: ByteStream { content.chunks.checked(info.key, count: range.count) }

    /// The bytes at once.
    /// - Throws: `object.network` when the body has another length than the store said.
    public func bytes() async throws -> [UInt8] {
        if let whole = content.whole, whole.count == range.count { return whole }
        return try await body.collect()
    }
}

/// Bytes that come one chunk after the other.
///
/// The next chunk is made when it is asked for, so a slow reader slows the maker down. Chunks may have any size, also none.
public struct ByteStream: AsyncSequence, Sendable {
    /// Gives the next chunk; nil after the last.
    public typealias Source = () async throws -> [UInt8]?

    private let start: @Sendable () -> Source

    /// A stream by what begins it. Called once for each loop over the stream; if it can begin only once, so can the stream.
    public init(_ start: @escaping @Sendable () -> Source) {
        self.start = start
    }

    /// A stream of chunks that are there already.
    public init(chunks: [[UInt8]]) {
        self.init {
            var rest = chunks.makeIterator()
            return { rest.next() }
        }
    }

    /// The chunks of any sequence.
    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks) where Chunks.Element == [UInt8] {
        self.init {
            var iterator = chunks.makeAsyncIterator()
            return { try await iterator.next(isolation: #isolation) }
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(source: start()) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        let source: Source

        /// The next chunk; nil after the last.
        public mutating func next() async throws -> [UInt8]? { try await source() }
    }

    /// All bytes at once.
    public func collect() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let chunk = try await iterator.next() {
            // Most bodies are one chunk: it is not copied.
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
        }
        return bytes
    }

    /// The same chunks, each shown to `look` before it is handed on.
    package func observed(_ look: @escaping @Sendable ([UInt8]) -> Void) -> ByteStream {
        ByteStream { [start] in
            let source = start()
            return {
                let chunk = try await source()
                if let chunk { look(chunk) }
                return chunk
            }
        }
    }

    /// The same chunks; fails at the end when they were not as many bytes as announced, and at once when they are more.
    func checked(_ key: String, count: Int) -> ByteStream {
        ByteStream { [start] in
            let source = start()
            var rest = count
            return {
                let chunk = try await source()
                rest -= chunk?.count ?? 0
                guard rest >= 0, chunk != nil || rest == 0 else {
                    throw ObjectStoreError.wrongLength(key, announced: count, found: count - rest)
                }
                return chunk
            }
        }
    }
}

import CairnSchema

/// The records of a query as an asynchronous sequence: `for try await city in query.rows { … }`.
///
/// All rows are of one moment, the one when the loop begins. A few are read at a time where the key, or an index, brings them in their order;
/// where they must be sorted first, as ``RepositoryQuery/explain(run:)`` says, all that match are in memory on every driver but SQLite.
/// Leaving the loop early lets go of the rest.
public struct RowSequence<Item: RowReadable>: AsyncSequence, Sendable {
    let session: Session
    let query: Query

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator {
        Iterator(RowStream(session: session, query: query))
    }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        private let stream: RowStream<Item>

        init(_ stream: RowStream<Item>) {
            self.stream = stream
        }

        /// The next record; nil after the last.
        /// - Throws: what reading throws; the sequence has ended then.
        public func next() async throws -> Item? {
            try await stream.next()
        }
    }
}

/// The state of one loop over a ``RowSequence``. A class, so that it ends with the loop, however that is left.
final class RowStream<Item: RowReadable> {
    private let session: Session
    private let query: Query
    private var cursor: (any RowCursor)?
    private var buffer: [Item] = []
    private var place = 0
    private var hasMore = true

    /// How many records are read at a time.
    private static var portion: Int { 256 }

    init(session: Session, query: Query) {
        self.session = session
        self.query = query
    }

    deinit {
        cursor?.close()
    }

    func next() async throws -> Item? {
        if place == buffer.count, hasMore {
            do {
                try await fill()
            } catch {
                end()
                throw error
            }
        }
        guard place < buffer.count else { return nil }
        place += 1
        return buffer[place - 1]
    }

    private func fill() async throws {
        try Deadline.check()
        let cursor: any RowCursor
        if let open = self.cursor {
            cursor = open
        } else {
            cursor = try await session.cursor(query)
            self.cursor = cursor
        }
        buffer.removeAll(keepingCapacity: true)
        place = 0
        while buffer.isEmpty, hasMore {
            hasMore = try await cursor.next(Self.portion) { row in
                buffer.append(try Item(row: row))
                return true
            }
        }
        if !hasMore { cursor.close() }
    }

    private func end() {
        hasMore = false
        buffer = []
        place = 0
        cursor?.close()
    }
}

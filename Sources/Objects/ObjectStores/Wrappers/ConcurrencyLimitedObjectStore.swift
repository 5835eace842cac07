import CairnCore

/// Lets only so many calls be under way at once; the others wait in the order they came.
///
/// A GET is under way until its body has been read, or nobody holds its result any more. A task that reads one and calls
/// the store again meanwhile needs two places. Waiting suspends and blocks no thread; who is cancelled leaves the line.
public struct ConcurrencyLimitedObjectStore: ObjectStoreWrapper {
    /// The store inside.
    public let base: any ObjectStore
    let queue: FairQueue
    private let patience: Duration

    /// A store with so many places.
    /// - Parameters:
    ///   - limit: How many calls may be under way at once; at least 1.
    ///   - patience: How long a call waits at most; `object.timeout` then, or when the deadline of its task passes.
    public init(_ base: any ObjectStore, limit: Int, patience: Duration = .seconds(60)) {
        self.base = base
        self.patience = patience
        queue = FairQueue(timeout: patience, places: max(1, limit))
    }

    /// A place among those under way; given up once.
    private final class Place: Sendable {
        private let queue: FairQueue
        private let isTaken = Lock(true)

        init(_ queue: FairQueue) {
            self.queue = queue
        }

        deinit { giveUp() }

        func giveUp() {
            let wasTaken = isTaken.withLock { isTaken in
                defer { isTaken = false }
                return isTaken
            }
            if wasTaken { queue.release() }
        }
    }

    private func place(_ call: ObjectCall) async throws -> Place {
        do {
            _ = try await queue.wait(nil)
            return Place(queue)
        } catch let error as StorageError {
            throw ObjectStoreError.timeout(
                "waiting for other calls before '\(call)'", key: call.key, mayHaveTakenEffect: false, underlying: error)
        }
    }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let place = try await place(call)
        defer { place.giveUp() }
        return try await body()
    }

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let place = try await place(ObjectCall(.get, key))
        let result = try await base.get(key, options)
        if result.content.whole != nil {
            place.giveUp()
            return result
        }
        let body = result.content.mapStream { stream in
            ByteStream {
                var body = stream.makeAsyncIterator()
                return {
                    do {
                        let chunk = try await body.next()
                        if chunk == nil { place.giveUp() }
                        return chunk
                    } catch {
                        place.giveUp()
                        throw error
                    }
                }
            }
        }
        return GetResult(info: result.info, range: result.range, body: body)
    }
}

/// The result of a query, now and whenever it has changed: `for try await cities in atlas.cities.where { … }.observe() { … }`.
///
/// Each result is of one moment. Changes that come while a result is being read or used are taken together: the next result is of the
/// newest moment, and the last state is never missed. Nothing is read while nothing is committed. A loop begins with the result of
/// now, ends when the store is closed, and is left with `CancellationError` by a cancelled task. Any number of loops may run at once;
/// each reads for itself.
public struct ResultSequence<Value: Sendable>: AsyncSequence, Sendable {
    /// A result.
    public typealias Element = Value

    /// What is observed, and how.
    struct Source: Sendable {
        let core: StoreCore
        /// The positions of the tables on which the result depends; nil: any.
        let tables: Set<Int>?
        let read: @Sendable (Session) async throws -> Value
        let isSame: @Sendable (Value, Value) -> Bool
        /// Why nothing can be observed.
        var problem: StorageError?
    }

    let source: Source

    /// Begins to observe.
    public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        let source: Source
        private var subscription: Subscription?
        private var last: Value?
        private var isOver = false

        init(source: Source) {
            self.source = source
        }

        /// The result, at once the first time, later when it has changed; nil when the store was closed.
        /// - Throws: what reading throws; `storage.timeout`; `CancellationError`; what ended the store. The sequence is over then.
        public mutating func next() async throws -> Value? {
            if isOver { return nil }
            do {
                let value = try await changedValue()
                isOver = value == nil
                last = value
                return value
            } catch {
                isOver = true
                throw error
            }
        }

        private mutating func changedValue() async throws -> Value? {
            if let problem = source.problem { throw problem }
            try TransactionContext.refuseOutside(source.core, "this waits for commits of the store")
            guard let subscription else {
                // Before the first reading, so that no commit falls between the two.
                let subscription = try Subscription(.tables(source.tables), to: source.core.storage)
                self.subscription = subscription
                return try await value(.latest, subscription.listener)
            }
            while try await subscription.listener.awaitChange() {
                // What was told is known here: an object store need not be asked whether there is more.
                guard let value = try await value(.cached, subscription.listener) else { return nil }
                if let last, source.isSame(last, value) { continue }
                return value
            }
            return nil
        }

        /// Reads; nil when the store is closed meanwhile.
        private func value(_ freshness: Freshness, _ listener: ChangeListener) async throws -> Value? {
            do {
                return try await source.core.snapshot(freshness, source.read)
            } catch let error as StorageError where error.code == .closed && listener.isClosed {
                return nil
            }
        }
    }
}

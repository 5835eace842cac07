/// Moments that are over, of stores in folders and buckets. Memory and SQLite keep the present only.
extension Store {
    /// The number of the newest commit, for ``snapshot(asOf:_:)``: from 1 without gaps, 0 in an empty store. One GET.
    /// - Throws: `storage.unsupported` where the driver keeps no moments that are over.
    public func currentCommit() async throws -> Int { try await core.past().currentCommit() }

    /// Runs `body` with a view of the store as a commit left it.
    ///
    /// Moments are kept for a day, and longer while a pin is older. They are read by the schema the store has now: none of before its
    /// last migration can be.
    ///
    /// Requests: a GET for a moment that this process has followed; otherwise also a LIST, a GET for each halving of the number of
    /// checkpoints of the last day, and about fifty for the log. Then reading is as from any snapshot; a record that has changed since
    /// costs one GET more for each change. The budget of a query counts what the query takes, not these.
    /// - Parameter commit: Its number, as ``currentCommit()``, a pin or a commit of ``changes(buffer:)`` tells it.
    /// - Throws: `storage.invalid` for a number that is none yet; `storage.snapshot_expired` for a moment that is no longer kept, also
    ///   from reading when it ceases to be kept meanwhile; `storage.schema_mismatch` when the store had another schema then;
    ///   `storage.unsupported` where the driver keeps no moments that are over; what `body` throws.
    public func snapshot<Result>(
        asOf commit: Int, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        try await core.lend(try await core.past().snapshot(asOf: commit), body)
    }

    /// Runs `body` with a view of the store as a pin keeps it. Two GETs, and reading as from ``snapshot(asOf:_:)``.
    /// - Throws: `storage.not_found` when there is no such pin; `storage.invalid` for a text that is no name of one;
    ///   `storage.snapshot_expired` from reading, when the pin is removed meanwhile; `storage.schema_mismatch` when the store had
    ///   another schema then; `storage.unsupported` where the driver keeps no moments that are over; what `body` throws.
    public func snapshot<Result>(
        pinned name: String, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        try await core.lend(try await core.past().snapshot(pinned: name), body)
    }

    /// Keeps the store as it is now, under a name, until ``unpin(_:)``.
    ///
    /// What is kept are the index files of the moment, and from then on the whole commit log, by which changed records are read
    /// as they were. So a pin that is forgotten makes the store grow with every write.
    ///
    /// Requests: a GET and a PUT, and a checkpoint unless one was just made.
    /// - Parameter name: 1 to 100 of `a-z A-Z 0-9 - _ .`, not beginning with a point.
    /// - Returns: The pin. Its commit is the newest there was, or a newer one.
    /// - Throws: `storage.invalid` for another name, and when the task is inside a transaction of the store, which is not in it yet;
    ///   `storage.duplicate` when there is a pin of that name; `storage.unsupported` where the driver keeps no moments that are over;
    ///   `storage.maintenance` while another process has closed the store; `storage.read_only`; `storage.busy`.
    @discardableResult
    public func pin(_ name: String) async throws -> StorePin {
        try TransactionContext.refuseOutside(core, "this pins the store")
        return try await core.past().pin(name)
    }

    /// Lets go of what a pin keeps: ``maintain()`` removes it. Two GETs and a DELETE.
    /// - Throws: `storage.not_found` when there is no such pin; `storage.invalid` for a text that is no name of one, and when the task
    ///   is inside a transaction of the store; `storage.unsupported` where the driver keeps no moments that are over;
    ///   `storage.maintenance` while another process has closed the store; `storage.read_only`.
    public func unpin(_ name: String) async throws {
        try TransactionContext.refuseOutside(core, "this removes a pin of the store")
        try await core.past().unpin(name)
    }

    /// All pins, by name. A LIST, and a GET for each.
    /// - Throws: `storage.damaged` for one that cannot be read; `storage.unsupported` where the driver keeps no moments that are over.
    public func pins() async throws -> [StorePin] { try await core.past().pins() }
}

extension Database {
    /// The number of the newest commit, for ``snapshot(asOf:_:)``. See ``Store/currentCommit()``.
    /// - Throws: `storage.unsupported` where the driver keeps no moments that are over.
    public func currentCommit() async throws -> Int { try await store.currentCommit() }

    /// Runs `body` with a view of the store as a commit left it: `atlas.snapshot(asOf: 4711) { try await $0.cities.get(1) }`.
    ///
    /// Moments are kept for a day, and longer while a pin is older; for requests see ``Store/snapshot(asOf:_:)``.
    /// - Throws: `storage.invalid` for a number that is none yet; `storage.snapshot_expired` for a moment that is no longer kept, also
    ///   from reading when it ceases to be kept meanwhile; `storage.schema_mismatch` when the store had another schema then;
    ///   `storage.unsupported` where the driver keeps no moments that are over; what `body` throws.
    public func snapshot<Result>(
        asOf commit: Int, _ body: (SnapshotScope) async throws -> Result
    ) async throws -> Result {
        try await store.snapshot(asOf: commit) { session in try await body(SnapshotScope(session: session)) }
    }

    /// Runs `body` with a view of the store as a pin keeps it. Two GETs, and reading as from ``snapshot(asOf:_:)``.
    /// - Throws: `storage.not_found` when there is no such pin; `storage.invalid` for a text that is no name of one; else as
    ///   ``snapshot(asOf:_:)``.
    public func snapshot<Result>(
        pinned name: String, _ body: (SnapshotScope) async throws -> Result
    ) async throws -> Result {
        try await store.snapshot(pinned: name) { session in try await body(SnapshotScope(session: session)) }
    }

    /// Keeps the store as it is now, under a name, until ``unpin(_:)``; it grows with every write until then. See ``Store/pin(_:)``.
    /// - Throws: `storage.invalid` for a text that is no name of one; `storage.duplicate` when there is a pin of that name;
    ///   `storage.unsupported` where the driver keeps no moments that are over; `storage.read_only`; what ``Store/pin(_:)`` throws.
    @discardableResult
    public func pin(_ name: String) async throws -> StorePin { try await store.pin(name) }

    /// Lets go of what a pin keeps. See ``Store/unpin(_:)``.
    /// - Throws: `storage.not_found` when there is no such pin; else as ``pin(_:)``.
    public func unpin(_ name: String) async throws { try await store.unpin(name) }

    /// All pins, by name. See ``Store/pins()``.
    /// - Throws: `storage.damaged`; `storage.unsupported` where the driver keeps no moments that are over.
    public func pins() async throws -> [StorePin] { try await store.pins() }
}

extension StoreCore {
    /// The moments that are over.
    fileprivate func past() throws -> any StoragePast {
        guard let past = storage.past else { throw StorageError.keepsNoPast(storage.capabilities) }
        return past
    }
}

extension StorageError {
    /// The driver keeps the present only.
    fileprivate static func keepsNoPast(_ capabilities: StorageCapabilities) -> StorageError {
        StorageError(
            .unsupported, "the driver '\(capabilities.driver)' keeps no moments that are over, and no pins",
            remedy:
                "use a store in a folder (file:) or a bucket (s3:), or copy this one at the moments that will be needed"
        )
    }
}

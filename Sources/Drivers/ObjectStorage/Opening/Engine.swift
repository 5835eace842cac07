import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// What the parts of an open store share.
struct EngineParts: Sendable {
    let access: StoreAccess
    let schema: Schema
    let tip: Tip
    let log: LogReader
    let follower: Follower
    let records: RecordReader
    let indexes: IndexReader
    let surroundings: Surroundings
    let faults: ObjectStorageFaults

    /// The bytes of the file of a record.
    func file(_ image: RecordImage, _ table: Table, _ key: Key) -> [UInt8] {
        RecordFile.encode(image, records.columns[table.position], key: key, schema: schema.id)
    }

    /// The time of day.
    ///
    /// This machine's, unless its clock was far from the store's when that was last heard: then the store's.
    func now() -> Timestamp {
        let local = surroundings.now()
        guard let ahead = (try? tip.confirmed())?.confirmation?.ahead, abs(ahead) > EngineParts.tolerance else {
            return local
        }
        return local.adding(microseconds: ahead) ?? local
    }

    /// Microseconds that the machine's clock may differ from the store's.
    private static let tolerance: Int64 = 60_000_000
}

/// An open store: the parts, and how they work together.
final class Engine: Sendable {
    let parts: EngineParts
    let options: ObjectStorageOptions
    let preparation: Preparation
    let attributes: RecordAttributes
    let materialiser: Materialiser
    let checkpointer: Checkpointer
    let windows: MaintenanceWindows
    private let committer: Committer

    init(_ parts: EngineParts, _ options: ObjectStorageOptions) {
        self.parts = parts
        self.options = options
        attributes = RecordAttributes(options, parts.access)
        preparation = Preparation(records: parts.records, indexes: parts.indexes, faults: parts.faults)
        let materialiser = Materialiser(parts, options)
        let checkpointer = Checkpointer(parts, materialiser, options)
        self.materialiser = materialiser
        self.checkpointer = checkpointer
        windows = MaintenanceWindows(parts)
        committer = Committer(parts) { record, view in
            materialiser.take(record, view)
            checkpointer.heard(of: record, view)
        }
    }

    var tip: Tip { parts.tip }
    var follower: Follower { parts.follower }
    var records: RecordReader { parts.records }
    var indexes: IndexReader { parts.indexes }

    /// The time for a transaction that begins now.
    func now() -> Timestamp { parts.now() }

    // MARK: Reading

    /// A view that is current enough.
    ///
    /// A view needs no age at which it expires: as long as its manifest stands, which is a day and longer for a pin, its index files do,
    /// and what a file had before is in the log. What is no longer kept is found out where it is missed
    /// (``RecordReader/checkKept(_:)``), so a reader is never told what was not so.
    func view(_ freshness: Freshness) async throws -> View {
        switch freshness {
        case .latest: return try await follower.follow()
        // A view is kept for a day.
        case .cached, .bounded:
            if try follower.isManifestOld(at: nil) { return try await follower.follow() }
        }
        let (view, confirmation) = try tip.confirmed()
        guard case .bounded(let seconds) = freshness else { return view }
        if let confirmation, parts.surroundings.uptime() - confirmation.uptime <= .seconds(seconds) { return view }
        return try await follower.follow()
    }

    func reader(_ view: View) -> ViewReader { ViewReader(view, records, indexes) }

    // MARK: Committing

    /// How the commit of a workspace ended.
    enum Outcome {
        case committed(number: Int, time: Timestamp, transaction: String)
        case repeated(Manifest.KeptReceipt)
        case conflict(Table?)
    }

    /// Commits what a workspace has written, if nothing it read has changed.
    /// - Throws: `storage.outcome_unknown`; otherwise nothing was written.
    func commit(
        _ workspace: Workspace, idempotency: LoggedTransaction.Idempotency?
    ) async throws -> Outcome {
        var timeout = options.timeout
        if let deadline = Deadline.current {
            timeout = min(timeout, ContinuousClock.now.duration(to: deadline))
        }
        try attributes.check(workspace.operations)
        try Deadline.check()
        try await materialiser.waitForRoom(timeout)
        try Deadline.check()
        let transaction = Hex.encode(withUnsafeBytes(of: parts.surroundings.random().bigEndian, Array.init))
        let proposal = Proposal(
            transaction: transaction, base: workspace.base, reads: workspace.reads, operations: workspace.operations,
            idempotency: idempotency, time: workspace.time)
        switch try await committer.commit(proposal, timeout: timeout) {
        case .committed(let number, let time):
            if options.durability == .materialised { _ = await materialiser.flush() }
            return .committed(number: number, time: time, transaction: transaction)
        case .repeated(let kept): return .repeated(kept)
        case .conflict(let table): return .conflict(table)
        }
    }

    func token(_ number: Int, _ transaction: String, _ time: Timestamp) -> OutcomeToken {
        OutcomeToken(
            store: tip.storeID, number: number, transaction: transaction, time: time)
    }

    /// Puts a record that closes or opens the store at the next number. See ``Committer``.
    func mark(
        _ kind: CommitRecord.Kind, _ note: MaintenanceNote?, _ check: (View) throws -> Void
    ) async throws -> Int {
        var timeout = options.timeout
        if let deadline = Deadline.current { timeout = min(timeout, ContinuousClock.now.duration(to: deadline)) }
        return try await committer.mark(kind, note, at: now(), timeout: timeout, check).number
    }

    /// Puts the record that changes the schema at the next number. See ``Committer``.
    func change(
        _ schema: SchemaID, at time: Timestamp, _ change: SchemaCommit, _ check: (View) throws -> Void
    ) async throws -> (record: CommitRecord, bytes: [UInt8]) {
        let complete = { (record: inout CommitRecord) in
            record.schema = schema
            record.change = change
        }
        let made = try await committer.mark(
            .schema, nil, at: time, timeout: options.timeout, completing: complete, check)
        return (made.record, made.bytes)
    }

    /// Puts a record that does nothing at a number, so that nothing else can come to stand there.
    func settle(_ number: Int) async throws { try await committer.settle(number) }

    /// The records whose files a view does not rely on, with their newest images: the manifest's pending ones, and those of the tail.
    func recent(in view: View) -> [Workspace.RecordID: RecordImage] {
        var recent: [Workspace.RecordID: RecordImage] = [:]
        func add(_ table: Table, _ key: Key) {
            let overlay = view.tables[table.position]
            let id = Workspace.RecordID(table: table.position, key: overlay.keyLayout.encode(key))
            recent[id] = overlay.records.get(id.key)
        }
        for record in view.manifest.manifest.pending { add(record.table, record.key) }
        let covers = view.manifest.manifest.covers
        let commits = (try? tip.whileOpen { Array($0.history.commits(after: covers)) }) ?? []
        for commit in commits where commit.number <= view.number {
            for transaction in commit.record.transactions {
                for operation in transaction.operations { add(operation.table, operation.key) }
            }
        }
        return recent
    }

    /// Waits for what is under way: record files, a checkpoint.
    func finish() async {
        await committer.finish()
        for problem in await materialiser.flush() { options.verbose?("not written: \(problem)") }
        await checkpointer.finish()
    }
}

extension StorageError {
    /// The store is closed for writing.
    static func underMaintenance(_ note: MaintenanceNote) -> StorageError {
        let command = MigrationCommand(in: note.reason)
        return StorageError(
            .maintenance, "\(note.by) has closed the store for writing until about \(note.until): \(note.reason)",
            remedy: Utf8.equal(note.by, SchemaMigration.author)
                ? "\((command ?? .apply).whoGoesOn); if its process died, \(command?.goingOn ?? MigrationCommand.unknownGoingOn)"
                : "try again later; cairn maintain --open ends a window that was left open", isRetryable: true)
    }
}

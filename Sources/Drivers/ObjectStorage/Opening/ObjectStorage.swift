public import CairnCore
import CairnSchema
public import ObjectStores

/// Tables on an object store: S3 and what speaks like it, a folder, memory.
///
/// Each record is a readable JSON file; transactions are serializable, also between processes, with no server beside the store.
/// A numbered, create-only log decides what happened; record files and indexes follow it. The store must be able to create an object
/// on the condition that there is none, and to replace one on the condition that it has not changed.
///
/// Requests: a read is one that proves that nothing newer was committed, beside those for what is read; a commit is one PUT, and
/// one more for each record later. An idle store makes none.
public final class ObjectStorage: Storage {
    enum Stage {
        /// Nothing is there yet, as of a moment of the store's clock.
        case empty(StoreDate?)
        /// There is a store; no program has said how it sees the tables.
        case found(StoreCreation.Held)
        case attached(Engine, StoreCreation.Held)
        case closed
    }

    let access: StoreAccess
    let options: ObjectStorageOptions
    let surroundings: Surroundings
    private let faults: ObjectStorageFaults
    let stage: Lock<Stage>
    let hub = ChangeHub()

    static let driver = "object"
    /// How often a store is made while others make it and remove it, or the store is too slow.
    private static let creations = 4

    // MARK: Opening

    /// Opens the tables that an object store keeps, or a place for some.
    /// - Parameter objects: The store, or a part of it: everything in it is Cairn's.
    /// - Throws: `storage.unsupported` when it cannot keep the promises of a driver; `storage.not_a_store`, by the mode, when there is
    ///   nothing; `storage.damaged`; `storage.upgrade_required`; `storage.access_denied`; `storage.unavailable`.
    public static func open(
        _ objects: any ObjectStore, _ options: ObjectStorageOptions = ObjectStorageOptions()
    ) async throws -> ObjectStorage {
        try await open(objects, options, surroundings: .machine())
    }

    /// Opens with surroundings, and with faults, of a test's own.
    package static func open(
        _ objects: any ObjectStore, _ options: ObjectStorageOptions = ObjectStorageOptions(),
        surroundings: Surroundings, faults: ObjectStorageFaults = []
    ) async throws -> ObjectStorage {
        let can = objects.capabilities
        let needsLooks = options.isSingleWriter && !(can.canCreate && can.canCompareAndSwap)
        let access = StoreAccess(
            objects: BudgetedObjectStore(base: needsLooks ? SingleWriterObjectStore(objects) : objects), faults: faults)
        try check(access.capabilities, options)
        try RecordAttributes.check(options, access)
        let creation = StoreCreation(
            access: access, surroundings: surroundings, mayWrite: options.mode != .readOnly)
        let finding = try await creation.find()
        let stage: Stage
        switch finding {
        case .store(let held): stage = .found(held)
        case .nothing(let date):
            guard options.mode == .create else {
                throw StorageError(
                    .notAStore, "there is no store at \(access.capabilities.location)",
                    remedy: "check the address; the program that has the schema makes one")
            }
            stage = .empty(date)
        }
        return ObjectStorage(access, options, surroundings, faults, stage)
    }

    private init(
        _ access: StoreAccess, _ options: ObjectStorageOptions, _ surroundings: Surroundings,
        _ faults: ObjectStorageFaults, _ stage: Stage
    ) {
        self.access = access
        self.options = options
        self.surroundings = surroundings
        self.faults = faults
        self.stage = Lock(stage)
    }

    /// Refuses a store on which two writers would lose each other's commits.
    private static func check(_ capabilities: ObjectStoreCapabilities, _ options: ObjectStorageOptions) throws {
        guard capabilities.isListingOrdered else {
            throw StorageError(
                .unsupported,
                "\(capabilities.location) does not list names in order, by which the newest state is found",
                remedy: "use a general purpose bucket")
        }
        if options.mode == .readOnly || options.isSingleWriter { return }
        guard capabilities.canCreate, capabilities.canCompareAndSwap else {
            throw StorageError(
                .unsupported,
                "\(capabilities.location) ignores the conditions of writes: two writers would lose each other's commits",
                remedy: "use a store with conditional writes, or promise to be the only writer (single_writer=true)")
        }
    }

    public var capabilities: StorageCapabilities {
        var capabilities = StorageCapabilities(
            driver: ObjectStorage.driver, location: access.capabilities.location,
            isPersistent: access.capabilities.isPersistent, isShared: true, isWritable: options.mode != .readOnly,
            hasNativeQueries: false)
        capabilities.keepsChanges = true
        return capabilities
    }

    // MARK: Schema

    public func schema() async throws -> Schema? {
        switch stage.withLock({ $0 }) {
        case .empty: return nil
        case .found(let held), .attached(_, let held): return held.schema
        case .closed: throw StorageError.closed("store")
        }
    }

    public func apply(_ change: SchemaChange) async throws {
        switch change {
        case .migrate(let migration): try await migrate(migration)
        case .create(let schema):
            try checkTags(schema)
            guard case .empty(let date) = stage.withLock({ $0 }) else {
                if case .closed = stage.withLock({ $0 }) { throw StorageError.closed("store") }
                throw StorageError.hasSchema()
            }
            try await create(schema, at: date)
        }
    }

    /// Makes a store where there was none at `date`.
    private func create(_ schema: Schema, at date: StoreDate?) async throws {
        let creation = StoreCreation(access: access, surroundings: surroundings)
        var date = date
        var attempts = 0
        while true {
            attempts += 1
            var outrun: StorageError?
            var refusal: StorageError?
            do {
                try await creation.create(schema, at: date)
            } catch let error as StorageError where error.code == .busy {
                outrun = error
            } catch let error as StorageError where error.code == .schemaMismatch {
                refusal = error
            }
            switch try await creation.find() {
            case .store(let held):
                stage.withLock { stage in
                    if case .empty = stage { stage = .found(held) }
                }
                // What another made is what there is.
                if outrun != nil || refusal != nil { throw refusal ?? .hasSchema() }
                return
            case .nothing(let newer):
                if let refusal { throw refusal }
                guard let outrun else {
                    throw StorageError(
                        .damaged, "the store that was just made at \(access.capabilities.location) is not there",
                        remedy: "somebody removes its objects: find out who")
                }
                guard attempts < ObjectStorage.creations else { throw outrun }
                // The place was looked at too long ago, or what another made has been removed since.
                date = newer
            }
        }
    }

    public func attach(_ schema: Schema) async throws {
        switch stage.withLock({ $0 }) {
        case .closed: throw StorageError.closed("store")
        case .empty: throw StorageError(.schemaMismatch, "the store holds no schema yet")
        case .attached(let engine, _):
            guard engine.parts.schema == schema,
                engine.parts.schema.tables.elementsEqual(schema.tables, by: { $0.isAlike($1) })
            else {
                throw StorageError(
                    .unsupported, "this store is open with the same schema, its columns in another order",
                    remedy: "open it once for each schema file")
            }
        case .found(let held):
            guard held.schema == schema else {
                throw StorageError(.schemaMismatch, "the store does not hold this schema")
            }
            let engine = try await engine(held, schema)
            let isFirst = stage.withLock { stage in
                guard case .found = stage else { return false }
                stage = .attached(engine, held)
                return true
            }
            // Another task was quicker.
            if !isFirst { try await attach(schema) }
        }
    }

    /// Reads the tail of the log and proves the tip.
    func engine(_ held: StoreCreation.Held, _ schema: Schema) async throws -> Engine {
        try checkTags(schema)
        let manifest = try ManifestJSON.decode(held.manifest, name: held.manifestName) { id in
            guard id == schema.id else { throw StorageError(.schemaMismatch, "the store does not hold this schema") }
            return schema
        }
        let tip = Tip(
            View(manifest, schema), seen: held.date, cacheBytes: options.recordCacheBytes, surroundings, hub: hub)
        tip.confirm(manifest.covers, held.date, asked: surroundings.uptime())
        let log = LogReader(access, schema, of: manifest.store)
        let shapes = RecordShapes(access, schema, manifest.eras)
        let follower = Follower(tip, log, surroundings, storeRead: held.date, faults: faults)
        let indexes = IndexReader(
            indexFiles(of: manifest.store),
            cache: IndexBlockCache(bytes: options.indexCacheBytes, sleep: surroundings.sleep))
        let parts = EngineParts(
            access: access, schema: schema, tip: tip, log: log, follower: follower,
            records: RecordReader(tip, log, indexes, shapes), indexes: indexes, surroundings: surroundings,
            faults: faults)
        try await follower.read(held.numbers)
        _ = try await follower.follow()
        return Engine(parts, options)
    }

    func checkTags(_ schema: Schema) throws {
        try options.recordTags?.check(schema, beside: options.recordAttributes.tags?.count ?? 0)
    }

    private func indexFiles(of store: String) -> any IndexFileSource {
        let files = ObjectIndexFiles(access.objects, of: store)
        guard let folder = options.cacheFolder else { return files }
        return CachedIndexFiles(
            base: files, cache: IndexDiskCache(folder: folder, store: store, bytes: options.cacheFolderBytes))
    }

    func engine() throws -> Engine {
        switch stage.withLock({ $0 }) {
        case .attached(let engine, _): return engine
        case .closed: throw StorageError.closed("store")
        case .empty, .found: throw StorageError.misuse("the store is not open", remedy: "open it through Store.open")
        }
    }

    // MARK: Reading

    public func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        let engine = try engine()
        guard let image = try await engine.newest(table, key), let values = image.values else { return false }
        try body(RecordRow(table: table, values: values, metadata: image.metadata))
        return true
    }

    public func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await reader().get(table, keys, body)
    }

    public func rows(_ query: Query) async throws -> any RowCursor { try await reader().rows(query) }
    public func count(_ query: Query) async throws -> Int { try await reader().count(query) }
    public func explain(_ query: Query) async throws -> QueryPlan { try await reader().explain(query) }
    public func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try await reader().aggregate(query) }
    public func explain(_ query: AggregateQuery) async throws -> QueryPlan { try await reader().explain(query) }

    private func reader() async throws -> ViewReader {
        let engine = try engine()
        return engine.reader(try await engine.view(options.freshness))
    }

    public func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot {
        let engine = try engine()
        return ObjectSnapshot(engine.reader(try await engine.view(freshness)))
    }

    // MARK: Writing

    public func transaction() async throws -> any StorageTransaction {
        let engine = try engine()
        try checkWritable()
        return try ObjectTransaction(engine)
    }

    public func commit(_ batch: Batch) async throws -> Receipt {
        let engine = try engine()
        try checkWritable()
        return try await engine.commit(batch)
    }

    func checkWritable() throws {
        guard options.mode != .readOnly else {
            throw StorageError(
                .readOnly, "the store at \(access.capabilities.location) was opened for reading",
                remedy: "open it without mode=read_only")
        }
    }

    public func outcome(of token: OutcomeToken) async throws -> CommitOutcome {
        try await engine().outcome(of: token)
    }

    // MARK: Housekeeping

    /// Waits until all record files are written.
    /// - Throws: `storage.unavailable` when some cannot be written now; the log has them, and they are tried again.
    public func flush() async throws {
        let problems = await (try engine()).materialiser.flush()
        if let first = problems.first {
            throw StorageError(
                .unavailable, "\(problems.count) record files are not written yet: \(first)",
                remedy: "look at the error; the commits are safe in the log", isRetryable: true)
        }
    }

    public func maintain() async throws -> MaintenanceReport {
        let engine = try engine()
        try checkWritable()
        return try await engine.maintain()
    }

    public func close() async throws {
        let engine = stage.withLock { stage -> Engine? in
            defer { stage = .closed }
            if case .attached(let engine, _) = stage { return engine }
            return nil
        }
        guard let engine else { return hub.finish() }
        await engine.finish()
        // Which ends those who listen, too.
        engine.tip.end(StorageError.closed("store"))
    }
}

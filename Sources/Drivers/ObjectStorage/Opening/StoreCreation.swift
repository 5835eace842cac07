import CairnCore
import CairnSchema
import ObjectStores

/// Looks whether there is a store, and makes one.
///
/// A store comes to be in steps, and is there when `_store.json` is: it is written last, and names the store that manifest 1 names.
/// Two that create at once agree by what each finds created already; one that was killed leaves what the next one goes on with.
struct StoreCreation: Sendable {
    let access: StoreAccess
    let surroundings: Surroundings
    /// Whether what a migration that was cut short has decided is published.
    var mayWrite = false

    /// What is at the place.
    enum Finding: Sendable {
        case store(Held)
        /// Nothing, as of a moment of the store's clock.
        case nothing(StoreDate?)
    }

    /// A store that is there.
    struct Held: Sendable {
        let file: StoreFile
        /// The schema, with its tables and columns in the canonical order.
        let schema: Schema
        /// The newest manifest when it was opened.
        let manifest: [UInt8]
        let manifestName: String
        /// The store's date when that was the newest manifest.
        let date: StoreDate?
        /// The numbers of the log behind the manifest, when it was opened.
        let numbers: [Int]
    }

    // MARK: Looking

    /// What is at the place. Six requests for a store.
    /// - Throws: `storage.damaged` for what is left of one; `storage.upgrade_required`.
    func find() async throws -> Finding {
        var reading = try await access.read(ObjectNames.store)
        if case .absent = reading, let remains = try await remains() {
            // Another may have created the store between the two looks.
            reading = try await access.read(ObjectNames.store)
            if case .absent = reading { throw remains }
        }
        let object: StoreAccess.StoredObject
        switch reading {
        case .found(let found): object = found
        case .absent(let date): return .nothing(date)
        }
        let file: StoreFile
        switch try await access.decoded(ObjectNames.store, object, { try StoreFileJSON.decode($0.bytes) }) {
        case .value(let decoded): file = decoded
        case .absent: return try await find()
        }
        let unknown = file.needs.filter { !StoreFormat.features.contains($0) }
        guard unknown.isEmpty else {
            throw StorageError(
                .upgradeRequired, "the store needs \(unknown.joined(separator: ", ")), which this Cairn does not know",
                remedy: "use a newer version of Cairn")
        }
        var known: Schema?
        if case .found(let schema) = try await access.read(ObjectNames.schema) {
            known = try? Schema(stored: String(decoding: schema.bytes, as: UTF8.self), file: ObjectNames.schema)
        }
        let owner = Ownership(access: access, store: file.id)
        let readable = known
        for _ in 0..<3 {
            let newest = try await access.newestManifest(of: owner) { object, name in
                let (schema, manifest) = try await decode(object.bytes, name, readable)
                try owner.check(manifest.store, name)
                return (schema, manifest, object.bytes)
            }
            guard let newest else { break }
            let (name, date) = (newest.name, newest.date)
            let (schema, manifest, bytes) = newest.value
            let log = LogReader(access, schema, of: file.id)
            let (numbers, last) = try await log.withoutStrays(log.numbers(after: manifest.covers))
            if let last, let id = LogReader.schema(ofRecord: last), id != schema.id {
                let settlement = SchemaSettlement(
                    access: access, surroundings: surroundings, notAfter: date?.addingTimeInterval(Committer.fence))
                let decision = try await SchemaSettlement.decision(numbers, access)
                guard let decision else { throw StorageError.otherSchema(id, than: schema) }
                if mayWrite {
                    try await settlement.publish(decision)
                    continue
                }
                return .store(
                    Held(
                        file: file, schema: decision.schema, manifest: ManifestJSON.encode(decision.manifest),
                        manifestName: ObjectNames.manifest(decision.manifest.version), date: date,
                        numbers: numbers.filter { $0 > decision.number }))
            }
            return .store(
                Held(file: file, schema: schema, manifest: bytes, manifestName: name, date: date, numbers: numbers))
        }
        throw StorageError(
            .damaged, "the store has no manifest: its objects '\(ObjectNames.checkpoints)…' are gone",
            remedy: "run cairn rebuild, which makes log and indexes again from the record files")
    }

    /// The manifest, and the schema it names: the courtesy copy if that is it, else the one kept under its id.
    private func decode(_ bytes: [UInt8], _ name: String, _ known: Schema?) async throws -> (Schema, Manifest) {
        struct Needed: Error { let id: SchemaID }
        do {
            var found: Schema?
            let manifest = try ManifestJSON.decode(bytes, name: name) { id in
                guard let known, known.id == id else { throw Needed(id: id) }
                found = known
                return known
            }
            if let found { return (found, manifest) }
            throw Needed(id: manifest.schema)
        } catch let needed as Needed {
            let schema = try await access.schema(needed.id)
            return (schema, try ManifestJSON.decode(bytes, name: name) { _ in schema })
        }
    }

    /// Why a place without `_store.json` is not empty; nil when it is, but for what a creation that was killed has left. One LIST.
    private func remains() async throws -> StorageError? {
        // A creation leaves less than a page: the schema, manifest 1, a file for each table.
        let names = try await access.names("", limit: 1000)
        guard let name = names.first(where: { !isLeftByCreation($0) }) else { return nil }
        let own = [
            ObjectNames.log, ObjectNames.parts, ObjectNames.checkpoints, ObjectNames.indexes, ObjectNames.pins,
            ObjectNames.tables, ObjectNames.migrations, ObjectNames.trash,
        ]
        guard own.contains(where: { name.hasPrefix($0) }) else {
            return StorageError(
                .notAStore, "there are objects of another program, such as '\(name)', and no store",
                remedy: "choose an empty place, such as a prefix of its own")
        }
        return StorageError(
            .damaged, "there are objects of a store, such as '\(name)', and no '\(ObjectNames.store)'",
            remedy:
                "run cairn rebuild if it was Cairn's, cairn adopt if another program wrote it, or choose an empty place"
        )
    }

    private func isLeftByCreation(_ name: String) -> Bool {
        name == ObjectNames.schema || name.hasPrefix(ObjectNames.schemas) || name == ObjectNames.manifest(1)
            || name.hasPrefix(ObjectNames.tables) && name.hasSuffix("/_metadata.json")
    }

    // MARK: Making

    /// Makes a store.
    /// - Parameter date: The store's date when there was none. The first time of a store is the store's own: every later one follows it.
    /// - Throws: `storage.schema_mismatch` when one of another schema is made or there; `storage.busy` when another was quicker, or the look
    ///   at the place is too old.
    func create(_ schema: Schema, at date: StoreDate?) async throws {
        let now = date.flatMap(Timestamp.init) ?? surroundings.now()
        // A creator that slept must not go on in a store that another one has made and worked with since.
        let fence = date?.addingTimeInterval(Committer.fence)
        let random = (0..<2).map { _ in
            Hex.encode(withUnsafeBytes(of: surroundings.random().bigEndian, Array.init))
        }
        let attributes = access.attributes()
        _ = try await write(ObjectNames.schema(schema.id), SchemaFile.encode(schema), fence)
        let mine = Manifest(
            store: random.joined(), version: 1, covers: 0, head: CommitRecord.noHash, collected: 0, schema: schema.id,
            time: now,
            tables: schema.tables.map { table in
                let names = [""] + table.indexes.map(\.name)
                return Manifest.TableState(
                    name: table.name, since: 0, count: 0, indexes: names.map { Manifest.IndexState(name: $0) })
            })
        let name = ObjectNames.manifest(1)
        var store = mine.store
        if try await !write(name, ManifestJSON.encode(mine), fence) {
            // Another is at it, or was killed at it: whoever comes last finishes the same store. The manifest is collected when that is long
            // done, and this machine has stood still.
            guard case .found(let object) = try await access.read(name) else { throw outrun() }
            let first = try ManifestJSON.decode(object.bytes, name: name) { id in
                guard id == schema.id else { throw StorageError.hasSchema() }
                return schema
            }
            store = first.store
        }
        do {
            _ = try await access.write(
                ObjectNames.schema, SchemaFile.encode(schema), .overwrite, notAfter: fence, attributes)
            _ = try await schema.tables.concurrently(LogReader.width) { table in
                try await access.write(
                    ObjectNames.metadata(of: table.name), TableMetadataJSON.encode(table, created: now), .overwrite,
                    notAfter: fence, attributes)
            }
        } catch {
            throw StoreAccess.translated(error)
        }
        let file = StoreFile(id: store, location: access.capabilities.location, created: now)
        if try await !write(ObjectNames.store, StoreFileJSON.encode(file), fence) { throw outrun() }
    }

    /// Another has made the store meanwhile; it may have been removed since.
    private func outrun() -> StorageError {
        StorageError(
            .busy, "another makes the store at \(access.capabilities.location) at the same time", remedy: "try again",
            isRetryable: true)
    }

    /// Creates an object.
    /// - Returns: Whether it is what was to be created: not, when another one was there before.
    private func write(_ name: String, _ bytes: [UInt8], _ fence: StoreDate?) async throws -> Bool {
        switch try await access.create(name, bytes, notAfter: fence, surroundings) {
        case .created: return true
        case .taken: return false
        case .expired: throw StoreAccess.translated(ExpiredClaim())
        }
    }
}

extension StorageError {
    /// A store that should be made is there.
    static func hasSchema() -> StorageError { StorageError(.schemaMismatch, "the store has a schema already") }
}

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

    /// What is at the place.
    enum Finding: Sendable {
        case store(Held)
        case nothing
    }

    /// A store that is there.
    struct Held: Sendable {
        let file: StoreFile
        /// The schema, with its tables and columns in the canonical order.
        let schema: Schema
        /// The newest manifest when it was opened.
        let manifest: [UInt8]
        let manifestName: String
        let date: StoreDate?
    }

    // MARK: Looking

    /// What is at the place. Four requests for a store.
    /// - Throws: `storage.damaged` for what is left of one; `storage.upgrade_required`.
    func find() async throws -> Finding {
        guard case .found(let object) = try await access.read(ObjectNames.store) else {
            try await refuseRemains()
            return .nothing
        }
        let file = try StoreFileJSON.decode(object.bytes)
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
        for _ in 0..<3 {
            guard let name = try await LogReader.newestManifestName(access) else { break }
            guard case .found(let object) = try await access.read(name) else { continue }
            let (schema, manifest) = try await decode(object.bytes, name, known)
            guard Utf8.equal(manifest.store, file.id) else {
                throw StorageError(
                    .damaged, "manifest \(manifest.version) is of the store '\(manifest.store)', not of '\(file.id)'",
                    remedy: "somebody mixed the objects of two stores: restore one of them from a backup")
            }
            return .store(
                Held(
                    file: file, schema: schema, manifest: object.bytes, manifestName: name, date: object.serverDate))
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
            let file = ObjectNames.schema(needed.id)
            let schema = try SchemaFile.decode(try await access.bytes(file), name: file, id: needed.id)
            return (schema, try ManifestJSON.decode(bytes, name: name) { _ in schema })
        }
    }

    /// Refuses a place that has objects of a store but no `_store.json`: it must not be taken for an empty one.
    private func refuseRemains() async throws {
        for prefix in [ObjectNames.log, ObjectNames.tables] {
            guard let name = try await access.names(prefix, limit: 1).first,
                !name.hasSuffix("/_metadata.json")
            else { continue }
            throw StorageError(
                .damaged, "there are objects of a store, such as '\(name)', and no '\(ObjectNames.store)'",
                remedy:
                    "run cairn rebuild if it was Cairn's, cairn adopt if another program wrote it, or choose an empty place"
            )
        }
    }

    // MARK: Making

    /// Makes a store.
    /// - Throws: `storage.schema_mismatch` when there is one by now.
    func create(_ schema: Schema) async throws {
        let now = surroundings.now()
        let random = (0..<2).map { _ in
            Hex.encode(withUnsafeBytes(of: surroundings.random().bigEndian, Array.init))
        }
        let attributes = access.attributes()
        _ = try await write(ObjectNames.schema(schema.id), SchemaFile.encode(schema))
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
        if try await !write(name, ManifestJSON.encode(mine)) {
            // Another is at it, or was killed at it: whoever comes last finishes the same store.
            let first = try ManifestJSON.decode(try await access.bytes(name), name: name) { id in
                guard id == schema.id else { throw StoreCreation.taken() }
                return schema
            }
            store = first.store
        }
        do {
            _ = try await access.write(
                ObjectNames.schema, SchemaFile.encode(schema), .overwrite, notAfter: nil, attributes)
            _ = try await schema.tables.concurrently(LogReader.width) { table in
                try await access.write(
                    ObjectNames.metadata(of: table.name), TableMetadataJSON.encode(table, created: now), .overwrite,
                    notAfter: nil, attributes)
            }
        } catch {
            throw StoreAccess.translated(error)
        }
        let file = StoreFile(id: store, location: access.capabilities.location, created: now)
        if try await !write(ObjectNames.store, StoreFileJSON.encode(file)) { throw StoreCreation.taken() }
    }

    /// Creates an object.
    /// - Returns: Whether it was not there before.
    private func write(_ name: String, _ bytes: [UInt8]) async throws -> Bool {
        var claim = NumberClaim(bytes)
        var pause = Duration.milliseconds(50)
        for _ in 0..<12 {
            switch claim.step {
            case .end(.won): return true
            case .end(.lost): return false
            case .end(.refused(let error)), .end(.unknown(let error)): throw StoreAccess.translated(error)
            case .put: claim.take(await access.claim(name, bytes, notAfter: nil))
            case .read: claim.take(await access.look(name))
            case .pause:
                try await surroundings.sleep(pause)
                pause = pause * 2
                claim.take(.paused)
            }
        }
        claim.take(.late)
        if case .end(.refused(let error)) = claim.step { throw StoreAccess.translated(error) }
        if case .end(.unknown(let error)) = claim.step { throw StoreAccess.translated(error) }
        return true
    }

    private static func taken() -> StorageError {
        StorageError(.schemaMismatch, "the store has a schema already")
    }
}

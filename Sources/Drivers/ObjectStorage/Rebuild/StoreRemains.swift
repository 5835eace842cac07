import CairnCore
import CairnSchema
import ObjectStores

/// What is left of a store beside its record files: `_store.json`, manifests, the names of the log, the schema.
struct StoreRemains: Sendable {
    /// `_store.json`; nil when it is gone.
    let store: StoreAccess.StoredObject?
    /// The ids that the store has or had.
    let ids: StoreIDs
    /// Whether a manifest or a commit record has one of them: then whatever has another is of another store.
    let isKnown: Bool
    /// The newest manifest of the store that can be read; if there is none of it, and no commit record either, of any. nil when there
    /// is none.
    let manifest: Manifest?
    /// The highest version a manifest has, be it readable or not; 0 when there is none.
    let version: Int
    /// The numbers of the log, ascending.
    let numbers: [Int]
    /// The names of manifests and records that came late, from a store that was here before.
    let strays: [String]
    /// The highest number that any of these has or speaks of.
    let highest: Int
    let schema: Schema
    /// The migrations of the store, by the manifest or by what is stored of each.
    let eras: [SchemaEra]
    /// A migration that was cut short behind its record; nil when there is none.
    let decision: SchemaSettlement.Decision?

    /// Numbers from this on are none that a store reaches: somebody made them up. Below it there is room for the numbers of this rebuild
    /// and for those of a store that goes on behind it.
    static let limit = StoreFormat.largest - 2 * Rebuild.distance

    /// Whether another program may have the store open.
    var mayBeOpen: Bool { store != nil || version > 0 || !numbers.isEmpty }

    // MARK: Looking

    /// Looks for all of it.
    /// - Parameters:
    ///   - schema: The schema of the store, if the caller knows it.
    ///   - ids: Those of the store, if `_store.json` has the one that it is to get by now.
    /// - Throws: `storage.not_a_store` when there is nothing; `storage.upgrade_required`; `storage.damaged` when nothing tells the
    ///   schema; `storage.conflict` when somebody changes `_store.json` meanwhile.
    static func find(
        _ access: StoreAccess, schema: Schema?, of ids: StoreIDs? = nil
    ) async throws -> StoreRemains {
        let shelf = SchemaShelf(access)
        let store = try await readStore(access)
        let versions = try await access.names(ObjectNames.checkpoints, limit: .max).compactMap {
            ObjectNames.version(ofManifest: $0)
        }.filter { $0 < limit }
        let ids = ids ?? StoreIDs(store.flatMap { try? StoreFileJSON.decode($0.bytes) })
        let (found, isOwn, others) = try await newest(versions, ids, access, shelf)
        var (manifest, strays) = (found, others)
        let all = try await access.names(ObjectNames.log, limit: .max).compactMap {
            ObjectNames.number(ofRecord: $0)
        }.filter { $0 < limit }
        var numbers = all
        let late = try await removeStrays(from: &numbers, behind: isOwn ? manifest : nil, ids, access)
        var isKnown = isOwn
        if !isOwn { isKnown = try await ids.areOf(numbers.last, access) }
        if !isOwn, manifest != nil {
            // Where the log is of this store, a manifest of another one says nothing of it.
            if isKnown { manifest = nil } else { strays = [] }
        }
        strays += late
        if !strays.isEmpty {
            // Another store may have been made meanwhile, and they be its own.
            guard case .found(let again) = try await access.read(ObjectNames.store), again.bytes == store?.bytes
            else { throw Rebuild.disturbed(ObjectNames.store) }
        }
        let pins = (try? await PinFiles(access: access).all()) ?? []
        let known: Schema
        if let schema { known = schema } else { known = try await find(shelf, manifest, numbers.last) }
        var decision: SchemaSettlement.Decision?
        if let covered = manifest?.covers, manifest?.schema != known.id,
            let found = try await SchemaSettlement.decision(numbers.filter { $0 > covered }, access)
        {
            decision = found
            manifest = found.manifest
        }
        let eras: [SchemaEra]
        if let manifest { eras = manifest.eras } else { eras = try await migrations(access, to: known) }
        return StoreRemains(
            store: store, ids: ids, isKnown: isKnown, manifest: manifest,
            version: (versions + pins.map(\.manifest)).filter { $0 < limit }.max() ?? 0, numbers: numbers,
            strays: strays,
            highest: ([manifest?.covers ?? 0, found?.covers ?? 0, all.last ?? 0] + pins.map(\.commit)).filter {
                $0 < limit
            }.max() ?? 0,
            schema: known, eras: eras, decision: decision)
    }

    /// The migrations that led to a schema, the oldest first.
    private static func migrations(_ access: StoreAccess, to schema: Schema) async throws -> [SchemaEra] {
        let numbers = try await access.names(ObjectNames.migrations, limit: .max).compactMap {
            ObjectNames.number(ofMigration: $0)
        }
        let files = try await numbers.filter { $0 < limit }.concurrently(LogReader.width) {
            try await access.migration($0)
        }
        return files.filter { $0.to == schema.id }.isEmpty ? [] : files.map(\.era)
    }

    private static func readStore(_ access: StoreAccess) async throws -> StoreAccess.StoredObject? {
        guard case .found(let object) = try await access.read(ObjectNames.store) else { return nil }
        do {
            _ = try StoreFileJSON.decode(object.bytes)
        } catch let error as StorageError where error.code == .damaged {
            // It says nothing, and is replaced.
        }
        return object
    }

    /// The newest manifest: of the id the store has, else of one that it had, else of any; and the names of those of other stores.
    private static func newest(
        _ versions: [Int], _ ids: StoreIDs, _ access: StoreAccess, _ shelf: SchemaShelf
    ) async throws -> (manifest: Manifest?, isOwn: Bool, strays: [String]) {
        var earlier: (place: Int, manifest: Manifest)?
        var other: Manifest?
        var strays: [String] = []
        for version in versions.sorted(by: >) {
            let name = ObjectNames.manifest(version)
            guard case .found(let object) = try await access.read(name) else { continue }
            do {
                let manifest = try await shelf.manifest(object.bytes, name)
                guard manifest.covers < limit else { continue }
                if ids.all.isEmpty { return (manifest, false, []) }
                if let place = ids.place(of: manifest.store) {
                    if place == 0 { return (manifest, true, strays) }
                    if place < earlier?.place ?? .max { earlier = (place, manifest) }
                } else {
                    other = other ?? manifest
                    if !ids.has(manifest.store) { strays.append(name) }
                }
            } catch let error as StorageError where error.mayBeOfAStray {
                // Its schema may have gone with its store.
                if ids.stray(name, object.bytes) != nil {
                    strays.append(name)
                } else if error.code != .damaged {
                    throw error
                }
            }
        }
        return (earlier?.manifest ?? other, earlier != nil, strays)
    }

    /// Leaves out records of other stores at the end of the log.
    /// - Parameter manifest: The newest one of the store, if there is one.
    /// - Returns: Their names.
    private static func removeStrays(
        from numbers: inout [Int], behind manifest: Manifest?, _ ids: StoreIDs, _ access: StoreAccess
    ) async throws -> [String] {
        let names = numbers.filter { $0 > manifest?.covers ?? 0 }.map(ObjectNames.record)
        guard let place = try await Ownership.start(of: names, where: { try await ids.stray($0, access) != nil })
        else { return [] }
        // What continues the log is of it, whatever it names. Without a manifest, a log that is none of the store's may be that of before
        // a rebuild that did not note the ids.
        guard place > 0 || manifest != nil else { return [] }
        if let stray = try await ids.stray(names[place], access) {
            var head = manifest?.head
            if place > 0 {
                guard case .found(let object) = try await access.read(names[place - 1]) else { return [] }
                head = SHA256.digest(object.bytes)
            }
            if let head, stray.continues(head) { return [] }
        }
        numbers.removeLast(names.count - place)
        return Array(names[place...])
    }

    // MARK: The schema

    private static func find(_ shelf: SchemaShelf, _ manifest: Manifest?, _ newest: Int?) async throws -> Schema {
        // The log may be ahead of the manifest.
        if let newest, newest > manifest?.covers ?? 0, let id = try await id(in: ObjectNames.record(newest), shelf) {
            return try await shelf.schema(id)
        }
        if let manifest { return try await shelf.schema(manifest.schema) }
        if case .found(let object) = try await shelf.access.read(ObjectNames.schema),
            let schema = try? Schema(stored: String(decoding: object.bytes, as: UTF8.self), file: ObjectNames.schema)
        {
            return schema
        }
        return try await find(shelf)
    }

    /// The schema by record files, which all say it, or the only one that is kept.
    private static func find(_ shelf: SchemaShelf) async throws -> Schema {
        for table in try await shelf.access.listed(ObjectNames.tables, delimiter: "/").prefixes {
            let names = try await shelf.access.names("\(table)objects/", limit: 32)
            for name in names {
                if let id = try await id(in: name, shelf) { return try await shelf.schema(id) }
            }
        }
        let kept = try await shelf.access.names(ObjectNames.schemas, limit: 2)
        if kept.count == 1,
            let text = kept.first?.dropFirst(ObjectNames.schemas.utf8.count).dropLast(".json".utf8.count),
            let id = SchemaID("sha256:\(text)")
        {
            return try await shelf.schema(id)
        }
        guard try await !shelf.access.names(ObjectNames.tables, limit: 1).isEmpty || !kept.isEmpty else {
            throw StorageError(
                .notAStore, "there is no store at \(shelf.access.capabilities.location), nor what is left of one",
                remedy: "check the address")
        }
        throw StorageError(
            .damaged, "nothing in \(shelf.access.capabilities.location) says what schema its records have",
            remedy: "give the schema file; if another program than Cairn wrote the records, run cairn adopt")
    }

    /// The id of a schema that a JSON object names; nil when it names none.
    private static func id(in name: String, _ shelf: SchemaShelf) async throws -> SchemaID? {
        guard case .found(let object) = try await shelf.access.read(name),
            case .string(let text)? = (try? JSONValue(parsing: object.bytes))?["schema"]
        else { return nil }
        return SchemaID(text)
    }

    // MARK: Health

    /// Whether nothing is missing that a program needs: it can be opened, the log is whole, and every index file is there.
    static func isHealthy(_ access: StoreAccess, _ surroundings: Surroundings) async throws -> Bool {
        do {
            var options = ObjectStorageOptions()
            options.mode = .readOnly
            let storage = try await ObjectStorage.open(access.objects, options, surroundings: surroundings)
            guard let schema = try await storage.schema() else { return false }
            try await storage.attach(schema)
            let manifest = try storage.engine().tip.view().manifest.manifest
            try await storage.close()
            var sizes: [String: Int] = [:]
            for object in try await access.listed(ObjectNames.indexes).objects { sizes[object.key] = object.size }
            return manifest.tables.allSatisfy { table in
                table.indexes.allSatisfy { index in
                    index.runs.allSatisfy { run in
                        let end = max(run.offset + run.length, run.directoryOffset + run.directoryLength)
                        return sizes[ObjectNames.index(run.file)].map { $0 >= end } ?? false
                    }
                }
            }
        } catch let error as StorageError {
            switch error.code {
            case .damaged, .notAStore, .snapshotExpired, .replaced, .schemaMismatch: return false
            default: throw error
            }
        }
    }
}

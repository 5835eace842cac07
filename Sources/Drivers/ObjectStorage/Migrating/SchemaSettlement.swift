import CairnCore
import CairnSchema
import ObjectStores

/// Publishes what a migration has decided: the manifest of the new schema, and the copies for people and other tools.
///
/// The commit record of a migration decides, and says all that is needed; the process that wrote it publishes, and when it died,
/// the next one that opens the store. What several publish at once is the same. Until the manifest is there nobody goes on by it, so it
/// comes last.
struct SchemaSettlement: Sendable {
    let access: StoreAccess
    let surroundings: Surroundings
    /// The store's time past which nothing of it may take effect.
    let notAfter: StoreDate?

    /// What a migration has decided.
    struct Decision: Sendable {
        let number: Int
        let schema: Schema
        let manifest: Manifest
        let file: MigrationFile
    }

    /// The first decision among commits; nil when there is none. A GET for each up to it, and one for the schema.
    /// - Parameter numbers: Those behind the newest manifest.
    static func decision(_ numbers: [Int], _ access: StoreAccess) async throws -> Decision? {
        for number in numbers {
            if let decision = try await decision(number, access) { return decision }
        }
        return nil
    }

    /// What the commit of a number decides; nil when it is no migration, or not there. Two GETs.
    static func decision(_ number: Int, _ access: StoreAccess) async throws -> Decision? {
        let name = ObjectNames.record(number)
        guard case .found(let object) = try await access.read(name) else { return nil }
        let (id, kind) = LogReader.kind(ofRecord: object.bytes)
        guard kind == .schema, let id else { return nil }
        let schema = try await access.schema(id)
        let reading = try CommitRecordJSON.Reading(object.bytes, name: name) { found in
            guard found == id else { throw StoredObject.damaged(name, "it follows two schemas") }
            return schema
        }
        return try decision(reading.record, object.bytes, schema)
    }

    /// What a commit record of kind `schema` decides.
    /// - Throws: `storage.damaged` when it does not say that.
    static func decision(_ record: CommitRecord, _ bytes: [UInt8], _ schema: Schema) throws -> Decision {
        guard let change = record.change, let era = change.manifest.eras.last, era.end == record.number,
            change.manifest.covers == record.number, Utf8.equal(change.manifest.store, record.store)
        else { throw StoredObject.damaged(ObjectNames.record(record.number), "it does not say what it changes") }
        var manifest = change.manifest
        manifest.head = SHA256.digest(bytes)
        return Decision(
            number: record.number, schema: schema, manifest: manifest,
            file: MigrationFile(era: era, to: schema.id, tables: change.tables))
    }

    /// Publishes a decision: a PUT for each table, and four.
    /// - Throws: `storage.busy` when it took too long; `storage.unavailable` and others. It can be done again.
    func publish(_ decision: Decision) async throws {
        let owner = Ownership(access: access, store: decision.manifest.store)
        try await publishFile(decision, of: owner)
        do {
            let attributes = access.attributes()
            let schema = SchemaFile.encode(decision.schema)
            _ = try await access.write(ObjectNames.schema, schema, .overwrite, notAfter: notAfter, attributes)
            let (access, notAfter, time) = (access, notAfter, decision.manifest.time)
            _ = try await decision.schema.tables.concurrently(LogReader.width) { table in
                let metadata = TableMetadataJSON.encode(table, created: time)
                return try await access.write(
                    ObjectNames.metadata(of: table.name), metadata, .overwrite, notAfter: notAfter, attributes)
            }
        } catch {
            throw StoreAccess.translated(error)
        }
        try await create(
            ObjectNames.manifest(decision.manifest.version), ManifestJSON.encode(decision.manifest), of: owner)
    }

    /// Publishes what a migration made of the tables, by which records of before it are read for ever. A PUT.
    /// - Parameter owner: The store that is at the place now.
    /// - Throws: as ``publish(_:)``; `storage.replaced` when there is another one.
    func publishFile(_ decision: Decision, of owner: Ownership) async throws {
        let name = ObjectNames.migration(decision.number)
        guard let taken = try await create(name, decision.file.encoded) else { return }
        do {
            try await replace(name, taken, decision.file, of: owner)
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    /// Creates an object that everybody writes alike.
    /// - Returns: What stands there instead.
    @discardableResult
    private func create(_ name: String, _ bytes: [UInt8], of owner: Ownership? = nil) async throws -> [UInt8]? {
        switch try await access.create(name, bytes, notAfter: notAfter, of: owner, surroundings) {
        case .created: return nil
        case .taken(let found): return found
        case .expired: throw StoreAccess.translated(ExpiredClaim())
        }
    }

    /// Puts what a migration made of the tables in the place of that of a store that was removed, whose request came late.
    private func replace(
        _ name: String, _ found: [UInt8], _ file: MigrationFile, of owner: Ownership
    ) async throws {
        var found = found
        for _ in 0..<SchemaSettlement.attempts {
            // Another version of Cairn may write the same in other bytes.
            if found == file.encoded || (try? MigrationFile(decoding: found, name: name)) == file { return }
            guard case .found(let object) = try await access.read(name) else { break }
            if object.bytes == found {
                // It may be this store that was removed, and what stands there be of the one at its place.
                try await owner.checkPlace()
                switch try await access.write(
                    name, file.encoded, .ifMatch(object.etag), notAfter: notAfter, access.attributes())
                {
                case .written: return
                case .expired: throw ExpiredClaim()
                case .refused: continue
                }
            }
            found = object.bytes
        }
        throw StorageError(
            .busy, "the object '\(name)' is written by others at the same time", remedy: "try again", isRetryable: true)
    }

    private static let attempts = 4
}

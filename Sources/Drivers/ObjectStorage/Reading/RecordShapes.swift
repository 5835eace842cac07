import CairnCore
import CairnSchema

/// Reads record files of every era of a store, as records of its schema.
///
/// A migration leaves the files of a store as they are. Which form a file has follows from its `commit`; what the migrations since have
/// made of its record follows from what is stored of each of them (``MigrationFile``). Both are read when a file of an earlier era is
/// met first, and kept. The record is the same each time it is made.
final class RecordShapes: Sendable {
    /// What reads and writes the files of each table in the form of the schema.
    let columns: [RecordJSON]
    let schema: Schema
    let eras: [SchemaEra]
    private let access: StoreAccess
    private let known = Lock(Known())

    private struct Known {
        var schemas: [SchemaID: Schema] = [:]
        var files: [Int: MigrationFile] = [:]
        var paths: [Place: Path] = [:]
        /// By the number of the migration, and the table it made.
        var kept: [Int: [String: KeptValuesReader]] = [:]
    }

    private struct Place: Hashable {
        let table: Int
        let era: Int
    }

    /// What becomes of the files of a table of an era.
    private enum Path: Sendable {
        /// They are read in this form, and their records made by these migrations.
        case through(RecordJSON, [Step])
        /// They are of another table that had the name.
        case forgotten
    }

    /// What a migration makes of a record, and finds of it among the values that were kept.
    private struct Step: Sendable {
        let migration: RecordMigration
        let kept: KeptValuesReader?
    }

    /// A file that was read.
    struct Reading: Sendable {
        let key: Key
        let image: RecordImage
        /// Whether the file is of another table that had the name: what it has is of no concern, but for its commit.
        var isForgotten = false
    }

    init(_ access: StoreAccess, _ schema: Schema, _ eras: [SchemaEra]) {
        self.access = access
        self.schema = schema
        self.eras = eras
        columns = schema.tables.map { RecordFile.columns(of: $0) }
    }

    /// Reads the file of a record. Two GETs for each migration since it was written, when the first such file is met; a GET more for some
    /// thousand records whose values it has kept, and one before the first.
    /// - Parameter name: The name of the object.
    /// - Throws: `storage.damaged` naming the object; `storage.upgrade_required`; `storage.schema_mismatch` for a file of a schema that
    ///   came after this program's.
    func decode(_ bytes: [UInt8], of table: Table, name: String) async throws -> Reading {
        do { return try await read(bytes, of: table, name: name) } catch let passed as PassedOn { throw passed.error }
    }

    /// Reads the file of a record, as ``decode(_:of:name:)``, and tells apart what is wrong with it and what is wrong with an object that
    /// is needed beside it.
    /// - Throws: ``PassedOn`` for the latter.
    func read(_ bytes: [UInt8], of table: Table, name: String) async throws -> Reading {
        guard let last = eras.last, let commit = RecordFile.origin(of: bytes).commit, commit < last.end,
            let era = eras.firstIndex(where: { commit < $0.end })
        else { return try newest(bytes, table, name) }
        switch try await PassedOn.from({ try await path(table, era) }) {
        case .through(let columns, let steps):
            var (key, image) = try RecordFile.decode(bytes, columns, name: name)
            guard var values = image.values else { return Reading(key: key, image: image) }
            for step in steps {
                let given = try await PassedOn.from { [key] in try await step.kept?.values(of: key) ?? [:] }
                do {
                    values = try step.migration.migrate(values, given: given)
                } catch let error as StorageError {
                    // What was there when the store was migrated was looked at then.
                    throw StoredObject.damaged(
                        name, "it does not fit the schema of the store any more: \(error.message)")
                }
            }
            image.values = values
            return Reading(key: key, image: image)
        case .forgotten:
            guard let text = ObjectNames.keyText(ofFile: name, of: table.name) else {
                throw StoredObject.damaged(name, "its name is that of no record")
            }
            let metadata = RecordMetadata(revision: 1, createdAt: .epoch, updatedAt: .epoch)
            return Reading(
                key: try KeyText.decode(text, of: table),
                image: RecordImage(values: nil, metadata: metadata, commit: commit), isForgotten: true)
        }
    }

    private func newest(_ bytes: [UInt8], _ table: Table, _ name: String) throws -> Reading {
        do {
            let (key, image) = try RecordFile.decode(bytes, columns[table.position], name: name)
            return Reading(key: key, image: image)
        } catch let error as StorageError where error.code == .damaged {
            guard let other = RecordFile.origin(of: bytes).schema, other != schema.id,
                !eras.contains(where: { $0.schema == other })
            else { throw error }
            throw StorageError.otherSchema(other, than: schema)
        }
    }

    // MARK: Eras

    private func path(_ table: Table, _ era: Int) async throws -> Path {
        let place = Place(table: table.position, era: era)
        if let path = known.withLock({ $0.paths[place] }) { return path }
        var (newer, current) = (schema, table)
        var steps: [Step] = []
        var path: Path?
        for step in eras[era...].reversed() {
            let older = try await schema(step.schema)
            let file = try await file(step, to: newer.id)
            // Files of a table that was renamed were copied, and are of the era after.
            guard let succession = file.tables.first(where: { Utf8.equal($0.new, current.name) }),
                Utf8.equal(succession.old, succession.new)
            else {
                path = .forgotten
                break
            }
            let pair: TablePair
            do {
                pair = try succession.pair(older, newer)
            } catch let damage as Damage {
                throw StoredObject.damaged(ObjectNames.migration(step.end), damage.message)
            }
            steps.insert(
                Step(
                    migration: RecordMigration(repeating: pair, at: step.time, seed: "\(step.end)"),
                    kept: succession.values.map { kept(step.end, $0, pair) }), at: 0)
            (newer, current) = (older, pair.old)
        }
        let found = path ?? .through(RecordFile.columns(of: current), steps)
        known.withLock { $0.paths[place] = found }
        return found
    }

    /// What finds the values that a migration has kept of a table: one for files of all eras before it.
    private func kept(_ number: Int, _ values: KeptValues, _ pair: TablePair) -> KeptValuesReader {
        known.withLock { known in
            if let reader = known.kept[number]?[pair.new.name] { return reader }
            let reader = KeptValuesReader(access, values, pair)
            known.kept[number, default: [:]][pair.new.name] = reader
            return reader
        }
    }

    private func schema(_ id: SchemaID) async throws -> Schema {
        if let schema = known.withLock({ $0.schemas[id] }) { return schema }
        let schema = try await access.schema(id)
        known.withLock { $0.schemas[id] = schema }
        return schema
    }

    private func file(_ era: SchemaEra, to schema: SchemaID) async throws -> MigrationFile {
        if let file = known.withLock({ $0.files[era.end] }) { return file }
        let file = try await access.migration(era.end) { $0.isThat(of: era, to: schema) }
        known.withLock { $0.files[era.end] = file }
        return file
    }
}

extension StoreAccess {
    /// What a migration made of the tables. One GET; three for one that is decided and not published, which only readers meet.
    /// - Parameter isThat: Whether it is the one that is meant: it may have come late from a store that was removed.
    /// - Throws: `storage.damaged` when it is not there; `storage.upgrade_required`.
    func migration(
        _ number: Int, where isThat: (MigrationFile) -> Bool = { _ in true }
    ) async throws -> MigrationFile {
        let name = ObjectNames.migration(number)
        var isOther = false
        if case .found(let object) = try await read(name) {
            let file = try MigrationFile(decoding: object.bytes, name: name)
            if isThat(file) { return file }
            isOther = true
        }
        guard let file = try await SchemaSettlement.decision(number, self)?.file, isThat(file) else {
            throw isOther ? MigrationFile.other(name) : StoreAccess.missing(name)
        }
        return file
    }
}

extension MigrationFile {
    /// Whether it is of the migration that ended an era and made a schema.
    func isThat(of era: SchemaEra, to schema: SchemaID) -> Bool {
        self.era.schema == era.schema && self.era.end == era.end && self.era.time == era.time && to == schema
    }

    fileprivate static func other(_ name: String) -> StorageError {
        StoredObject.damaged(name, "it is of another migration than the store's")
    }
}

extension StorageError {
    /// The store follows another schema than the program.
    static func otherSchema(_ id: SchemaID, than schema: Schema) -> StorageError {
        StorageError(
            .schemaMismatch,
            "the store was migrated: it follows schema \(id.short) there, and this program was made for \(schema.id.short)",
            remedy: "run a program that was generated from the schema of the store, or migrate")
    }
}

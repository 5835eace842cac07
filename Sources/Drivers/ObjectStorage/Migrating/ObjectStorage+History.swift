public import CairnCore
import CairnSchema
import ObjectStores

extension ObjectStorage {
    public func migrations() async throws -> [PastMigration] {
        let (eras, held) = try eras()
        var schemas: [Schema] = []
        for era in eras { schemas.append(try await access.schema(era.schema)) }
        if let held { schemas.append(held) }
        var migrations: [PastMigration] = []
        for (place, era) in eras.enumerated() {
            migrations.append(
                PastMigration(
                    number: place + 1, time: era.time, from: schemas[place], to: schemas[place + 1],
                    names: try await access.migration(era.end).names, kept: try await kept(by: era)))
        }
        return migrations
    }

    public func dropped(
        by migration: PastMigration, of table: Table, _ body: ([DroppedRecord]) async throws -> Void
    ) async throws {
        let (eras, _) = try eras()
        guard let columns = migration.dropped.first(where: { $0.table.name == table.name })?.columns,
            eras.indices.contains(migration.number - 1)
        else { return }
        let folder = "\(ObjectNames.trash(ofMigration: eras[migration.number - 1].end))\(table.name)/"
        for object in try await access.listed(folder).objects {
            let bytes = try await access.bytes(object.key)
            try await body(try MigrationTrash.decode(bytes, of: table, columns, name: object.key))
        }
    }

    /// Which of some records were written before a migration: by the number of the commit that wrote each, whatever its times say. A record
    /// that is not there was not.
    ///
    /// Requests: as reading the records; none for those that were just read.
    package func precede(_ migration: PastMigration, _ table: Table, _ keys: [Key]) async throws -> [Bool] {
        let (eras, _) = try eras()
        guard eras.indices.contains(migration.number - 1) else { return keys.map { _ in false } }
        let end = eras[migration.number - 1].end
        let engine = try engine()
        let images = try await engine.parts.records.images(table, keys, in: engine.view(options.freshness))
        return images.map { image in image.map { $0.isLive && $0.commit < end } ?? false }
    }

    /// The eras of the store as it was opened, and the schema of the one that lasts; none where nothing is there yet.
    private func eras() throws -> (ended: [SchemaEra], schema: Schema?) {
        switch stage.withLock({ $0 }) {
        case .closed: throw StorageError.closed("store")
        case .empty: return ([], nil)
        case .found(let held), .attached(_, let held):
            let manifest = try ManifestJSON.decode(held.manifest, name: held.manifestName) { _ in held.schema }
            return (manifest.eras, held.schema)
        }
    }

    /// The tables of which all is kept: what is older may be collected at any time, one object after the other. One LIST for a thousand.
    private func kept(by era: SchemaEra) async throws -> [String] {
        let age = surroundings.now().microseconds - era.time.microseconds
        guard age < Int64(MigrationTrash.days - 1) * 86_400_000_000 else { return [] }
        let folder = ObjectNames.trash(ofMigration: era.end)
        return try await access.listed(folder, delimiter: "/").prefixes.map {
            String($0.dropFirst(folder.utf8.count).dropLast())
        }
    }
}

extension MigrationFile {
    /// What tables and columns were called before, where that was another name.
    fileprivate var names: FormerNames {
        var names = FormerNames()
        for table in tables {
            names.add(table.old, table.new)
            for column in table.columns where column.count == 2 { names.add(column[0], column[1], in: table.new) }
            if !table.made.isEmpty { names.conversions[table.new] = table.made }
        }
        return names
    }
}

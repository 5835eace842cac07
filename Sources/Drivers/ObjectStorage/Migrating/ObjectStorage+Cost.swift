public import CairnCore
import CairnSchema
import ObjectStores

extension ObjectStorage {
    /// Asks for the end of the log, as opening does; nothing is written.
    /// - Throws: `migration.unsupported`, as ``apply(_:)``, for names that two tables would have in turn; what reading the log throws.
    public func cost(of migration: Migration) async throws -> MigrationCost? {
        guard case .found(let held) = stage.withLock({ $0 }), held.schema == migration.from else { return nil }
        try checkTags(migration.to)
        try SchemaMigration.check(migration)
        let engine = try await engine(held, migration.from)
        let view = try engine.tip.view()
        // Of what was committed lately it is looked whether its files are written.
        let recent = engine.recent(in: view).count
        engine.tip.end(StorageError.closed("store"))
        let isFolder = access.capabilities.name == "folder"
        return ObjectMigrationCost(migration, recent: recent, isFolder: isFolder) { view.tables[$0.position].count }
            .cost
    }
}

/// What a migration of a folder or a bucket does, by the schemas and the numbers of records alone.
struct ObjectMigrationCost {
    private let migration: Migration
    private let recent: Int
    /// Whether its requests are reads and writes of files, for which nobody is paid.
    private let isFolder: Bool
    /// How many records a table of the old schema has.
    private let count: (Table) -> Int

    init(_ migration: Migration, recent: Int, isFolder: Bool, count: @escaping (Table) -> Int) {
        self.migration = migration
        self.recent = recent
        self.isFolder = isFolder
        self.count = count
    }

    var cost: MigrationCost {
        let read = migration.recordsToRead(count)
        let found = migration.recordsToLookUp(count)
        let written = migration.filesToWrite(count)
        let kept = migration.valuesToWrite(count)
        // To look, to close, to publish; a file of indexes for each few hundred thousand records.
        let steps = (gets: 20, puts: 10 + migration.to.tables.count + read / 200_000)
        let gets = read + found + recent + steps.gets
        let puts = written + kept + steps.puts
        let prices = PriceTable.s3Standard.nanodollars
        let nanodollars = gets * (prices[.get] ?? 0) + puts * (prices[.put] ?? 0)
        let inTurn = steps.gets + steps.puts
        return MigrationCost(
            recordsRead: read, recordsWritten: written, requests: gets + puts,
            dollars: isFolder ? 0 : Double(nanodollars) / 1e9,
            seconds: seconds(inTurn: inTurn, atOnce: gets + puts - inTurn),
            work: migration.diff.operations.map(text))
    }

    /// By requests of 20 ms to a bucket, as many at once as are sent, and 5000 files a second of a folder: an order of magnitude.
    private func seconds(inTurn: Int, atOnce: Int) -> Double {
        isFolder ? Double(inTurn + atOnce) / 5000 : 0.02 * (Double(inTurn) + Double(atOnce) / Double(LogReader.width))
    }

    /// What is done for an operation.
    private func text(_ operation: SchemaOperation) -> String {
        if operation.kind == .dropTable, let table = operation.table.flatMap(migration.from.table(named:)) {
            return "\(records(table)) read, and kept under _trash/"
        }
        guard let pair = migration.pairs.first(where: { $0.new.name == operation.table }) else {
            return ObjectMigrationCost.schemaAlone
        }
        switch operation.kind {
        case .renameTable: return "\(records(pair.old)) copied under the new name"
        case .dropColumn: return "\(records(pair.old)) read, and what the column has is kept under _trash/"
        case .addIndex, .addUniqueIndex:
            let index = operation.name.flatMap(pair.new.index(named:)).flatMap(pair.new.indexes.firstIndex(of:))
            let isBuilt = index.map { TableMigrationPlan(pair, in: migration).built.contains($0) } ?? true
            return isBuilt
                ? "built from \(number(pair.old))" : "its entries are those of an index that is there"
        case .dropIndex, .dropUniqueIndex: return "named no more; 'cairn maintain' removes its files"
        case .addConvertedColumn where !pair.lookups.isEmpty:
            return "\(records(pair.old)) read, and what is looked up is kept beside the record files"
        case let kind where RecordMigration.looks.contains(kind):
            return "\(records(pair.old)) looked at; no record file is written"
        case .addColumn, .renameColumn: return "made whenever a record is read; no record file is written"
        default: return ObjectMigrationCost.schemaAlone
        }
    }

    private static let schemaAlone = "what the store says of its schema changes, no record is read"

    private func number(_ table: Table) -> String { count(table) == 1 ? "1 record" : "\(count(table)) records" }
    private func records(_ table: Table) -> String { "\(number(table)) \(count(table) == 1 ? "is" : "are")" }
}

import CSQLite
public import CairnCore
import CairnSchema

extension SQLiteStorage {
    /// Counts the records of the tables that change; nothing is written.
    /// - Throws: `migration.unsupported` for a table with columns that somebody added by hand, as ``apply(_:)``.
    public func cost(of migration: Migration) async throws -> MigrationCost? {
        try await reading { access in
            guard try storedSchema(access) == migration.from else { return nil }
            let unknown = UnknownColumns(access, place: file.place)
            for pair in migration.pairs { try unknown.check(pair, in: migration) }
            var counts: [String: Int] = [:]
            for table in migration.pairs.map(\.old) + migration.diff.dropped {
                counts[table.name] = try access.with("SELECT count(*) FROM \(TableSQL.quoted(table.name))") {
                    statement in
                    try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 0
                }
            }
            return SQLiteMigrationCost(migration, counts).cost
        }
    }
}

/// What a migration of a SQLite file does, by the schemas and the numbers of records alone.
struct SQLiteMigrationCost {
    private let migration: Migration
    /// How many records each table of the old schema has, by its name.
    private let counts: [String: Int]
    /// The pairs and how their tables change, by the new names.
    private let tables: [String: (pair: TablePair, form: TableForm.Change)]

    init(_ migration: Migration, _ counts: [String: Int]) {
        self.migration = migration
        self.counts = counts
        tables = Dictionary(
            migration.pairs.map { ($0.new.name, ($0, TableForm.change($0, in: migration))) },
            uniquingKeysWith: { first, _ in first })
    }

    var cost: MigrationCost {
        var (read, written) = (0, 0)
        for (pair, form) in tables.values {
            let count = counts[pair.old.name] ?? 0
            if case .everything = form {
                read += count
                written += count + (pair.dropped.isEmpty ? 0 : count)
            } else {
                if RecordMigration.hasRules(pair, in: migration) { read += count }
                let built = migration.diff.operations.count {
                    $0.table == pair.new.name && [.addIndex, .addUniqueIndex].contains($0.kind)
                }
                read += count * built
            }
        }
        for table in migration.diff.dropped {
            read += counts[table.name] ?? 0
            written += counts[table.name] ?? 0
        }
        return MigrationCost(
            recordsRead: read, recordsWritten: written, requests: 0, dollars: 0,
            seconds: Double(read) / SQLiteMigrationCost.readRate + Double(written) / SQLiteMigrationCost.writeRate,
            work: migration.diff.operations.map(text))
    }

    /// Records a second that are read, and that are written with their indexes: an order of magnitude, on any disk of today.
    private static let readRate = 200_000.0
    private static let writeRate = 50_000.0

    /// What is done for an operation.
    private func text(_ operation: SchemaOperation) -> String {
        switch operation.kind {
        case .createTable: return "the table is made"
        case .dropTable:
            return "\(records(operation.table)) copied aside, then the table goes"
        default: break
        }
        guard let (pair, form) = operation.table.flatMap({ tables[$0] }) else { return SQLiteMigrationCost.schemaAlone }
        if case .everything = form {
            let kept = operation.kind == .dropColumn ? ", and what the column has is copied aside" : ""
            return "the table is made anew, with \(number(pair.old.name))\(kept)"
        }
        switch operation.kind {
        case .renameTable, .renameColumn: return "renamed in place"
        case .addColumn: return "added in place, no record is written"
        case .addIndex, .addUniqueIndex: return "built in place, from \(number(pair.old.name))"
        case .dropIndex, .dropUniqueIndex: return "removed in place"
        case let kind where RecordMigration.looks.contains(kind):
            return "\(records(pair.old.name)) looked at, none is written"
        default: return SQLiteMigrationCost.schemaAlone
        }
    }

    private static let schemaAlone = "what the file says of its schema changes, no record is read"

    private func count(_ table: String?) -> Int { table.flatMap { counts[$0] } ?? 0 }
    private func number(_ table: String?) -> String { count(table) == 1 ? "1 record" : "\(count(table)) records" }
    private func records(_ table: String?) -> String { "\(number(table)) \(count(table) == 1 ? "is" : "are")" }
}

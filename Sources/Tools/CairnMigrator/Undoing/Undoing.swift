package import CairnCore
package import CairnSchema

/// One migration that is taken back.
package struct Undoing: Sendable {
    package let past: PastMigration
    /// The schema between the two; nil when it dropped nothing, or when there would be none.
    package let bridge: Schema?
    /// Whether the store stands at the bridge.
    package internal(set) var isUnderWay = false
    /// The tables of before whose records were made anew by taking back a later migration, and until when: nil for this run. What
    /// is older by its time was there before.
    var remade: [String: Timestamp?] = [:]
    /// The columns that may be missing on the bridge, by their tables of before.
    private let missing: [String: Set<String>]

    /// Days for which drivers keep what was dropped, less one: nobody removes it at the hour.
    private static let days = 29
    /// Microseconds by which the clocks of two programs may differ.
    private static let slack: Int64 = 600_000_000

    init(_ past: PastMigration) {
        self.past = past
        let reversed = past.diff.reversed
        let needed = reversed.operations.filter { $0.kind == .addRequiredColumn || $0.kind == .addReference }
        var bridge = BridgeSchema(mark: "\(BridgeSchema.prefix)\(past.number)")
        for (table, columns) in past.dropped where past.diff.pairs.contains(where: { $0.old === table }) {
            bridge.returning[table.name] = Set(columns.map { table.columns[$0].name })
            let missing = columns.map { table.columns[$0] }.filter { column in
                // An empty list may be too short.
                column.rules.minimumLength ?? 0 > 0 && column.defaultValue == nil
                    || needed.contains { $0.table == table.name && $0.name == column.name }
            }
            bridge.open[table.name] = Set(missing.map(\.name))
        }
        for operation in needed where operation.kind == .addReference {
            guard let table = operation.table, let name = operation.name,
                !bridge.returning[table, default: []].contains(name)
            else { continue }
            bridge.plain[table, default: [:]][name] = Undoing.declaration(of: name, in: table, past)
        }
        missing = bridge.open
        self.bridge =
            past.dropped.isEmpty
            ? nil : bridge.schema(to: past.from, names: past.diff.reversedNames)
    }

    /// How a column of before, which is there still, is declared now.
    private static func declaration(of name: String, in table: String, _ past: PastMigration) -> JSONValue? {
        guard let pair = past.diff.pairs.first(where: { $0.old.name == table }),
            let place = pair.old.column(named: name)?.position,
            let column = pair.sources.firstIndex(of: place)
        else { return nil }
        let now = pair.new.columns[column]
        let declared = past.to.canonicalValue["tables"]?[pair.new.name]?["columns"]?[now.name]
        guard let target = now.referencedTable, case .object(var members)? = declared else { return declared }
        if let old = past.diff.pairs.first(where: { $0.new.name == target })?.old.name {
            members["references"] = .string(old)
        } else {
            // It refers to a table that was not there before.
            members["references"] = nil
            members["on_delete"] = nil
            members["type"] = .string("\(now.valueType)")
        }
        return .object(members)
    }

    /// What is done to the schema, as it is shown.
    package var plan: MigrationPlan {
        // What was dropped comes with its values.
        MigrationPlan(from: past.to, to: past.diff.reversed.new).leavingOut(.addRequiredColumn) { operation in
            past.dropped.contains { table, columns in
                table.name == operation.table && columns.contains { table.columns[$0].name == operation.name }
            }
        }
    }

    /// The columns whose texts come back in the notation of their values, as messages name them.
    package var columnsOfOtherNotation: [String] {
        past.diff.operations.filter(\.losesNotation).compactMap { operation in
            let pair = past.diff.pairs.first { $0.new.name == operation.table }
            guard let pair, let column = operation.name.flatMap(pair.new.column(named:)),
                pair.sources.indices.contains(column.position), let source = pair.sources[column.position]
            else { return nil }
            return "'\(pair.old.columns[source].name)' of '\(pair.old.name)'"
        }
    }

    /// The first change of the schema.
    /// - Throws: as making a migration.
    func first(allowsDestructive: Bool, isRehearsal: Bool = false) throws -> Migration {
        guard bridge != nil || past.dropped.isEmpty else {
            throw StorageError(
                .migrationUnsupported,
                "migration \(past.number) cannot be taken back: the schema between the two, with a table more, would be none",
                remedy: "bring the store to the schema of before with 'cairn migrate apply'")
        }
        return try Migration(
            from: past.to, to: bridge ?? past.diff.reversed.new, allowsDestructive: allowsDestructive,
            isRehearsal: isRehearsal)
    }

    /// - Throws: `migration.not_kept`.
    func checkKept(now: Timestamp) throws {
        // Of what is younger nothing was removed: where nothing is kept, there was no record, or it was never kept.
        let isOld = now.microseconds - past.time.microseconds > Int64(Undoing.days) * 86_400_000_000
        let gone = isOld ? past.dropped.map(\.table.name).filter { !past.kept.contains($0) } : past.lost
        guard let first = gone.first(where: { !$0.hasPrefix(BridgeSchema.prefix) }) else { return }
        let reason =
            isOld
            ? "is not kept any more: it was kept for 30 days"
            : "is not kept: it was dropped by hand, or the table that kept it was"
        throw StorageError(
            .migrationNotKept, "what migration \(past.number) dropped of table '\(first)' \(reason)",
            remedy: "with '--accept-loss' the schema goes back and the data stays away; or restore a backup")
    }

    /// Whether a record is the one of which something was dropped, and not a later one of the same key.
    func isSame(_ record: DroppedRecord, createdAt: Timestamp, in table: String) -> Bool {
        guard let known = record.createdAt else { return true }
        guard let end = remade[table] else { return known == createdAt }
        // Clocks of several machines differ a little.
        return end.map { createdAt.microseconds <= $0.microseconds + Undoing.slack } ?? true
    }

    /// Looks whether each record has a value in each column that must have one.
    /// - Throws: `migration.not_kept` when records were added since.
    func checkRecords(_ storage: any Storage) async throws {
        let pairs = past.diff.pairs.compactMap { pair in
            pair.old.columns.first { missing[pair.old.name, default: []].contains($0.name) && !$0.isNullable }
                .map { (pair, $0) }
        }
        if pairs.isEmpty { return }
        let store = try await Store.open(existing: storage)
        for (pair, column) in pairs {
            guard let table = store.schema.table(named: pair.new.name) else { continue }
            var matched = 0
            try await storage.dropped(by: past, of: pair.old) { records in
                try await storage.get(table, records.map(\.key)) { place, row in
                    if isSame(records[place], createdAt: row.createdAt, in: pair.old.name) { matched += 1 }
                }
            }
            let count = try await storage.count(Query(table))
            guard matched < count else { continue }
            throw StorageError(
                .migrationNotKept,
                "\(count - matched) of \(count) records of table '\(table.name)' have no kept value for '\(column.name)', which must not be null: they were added after migration \(past.number), or what it dropped is not kept any more",
                remedy:
                    "bring the store to a schema file in which '\(column.name)' may be null or has a default ('cairn migrate apply'), and fill it"
            )
        }
    }
}

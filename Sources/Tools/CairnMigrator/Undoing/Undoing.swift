package import CairnCore
package import CairnSchema

/// One migration that is taken back.
package struct Undoing: Sendable {
    package let past: PastMigration
    /// The schema between the two; nil when it dropped nothing.
    package let bridge: Schema?
    /// Whether the store stands at the bridge.
    package internal(set) var isUnderWay = false
    /// The columns that may be missing on the bridge, by their tables of before.
    private let missing: [String: Set<Int>]

    /// Days for which drivers keep what was dropped, less one: nobody removes it at the hour.
    private static let days = 29

    init(_ past: PastMigration) {
        self.past = past
        let reversed = past.diff.reversed
        let needed = reversed.operations.filter { $0.kind == .addRequiredColumn || $0.kind == .addReference }
        var missing: [String: Set<Int>] = [:]
        var returning: [String: Set<Int>] = [:]
        for (table, columns) in past.dropped where past.diff.pairs.contains(where: { $0.old === table }) {
            let unique = table.indexes.filter(\.isUnique).flatMap { $0.parts.map(\.column) }
            returning[table.name] = Set(columns)
            missing[table.name] = Set(
                columns.filter { place in
                    let column = table.columns[place]
                    // An empty list may be too short.
                    return unique.contains(place) || column.rules.minimumLength ?? 0 > 0 && column.defaultValue == nil
                        || needed.contains { $0.table == table.name && $0.name == column.name }
                })
        }
        self.missing = missing
        bridge =
            past.dropped.isEmpty
            ? nil
            : reversed.new.bridge(missing: missing, returning: returning, mark: "\(Undoing.mark)\(past.number)")
    }

    /// What the name of the table begins with that marks a store on its way back.
    private static let mark = "cairn_rollback_"

    /// What is done to the schema, as it is shown.
    package var plan: MigrationPlan { MigrationPlan(from: past.to, to: past.diff.reversed.new) }

    /// The first change of the schema.
    /// - Throws: as making a migration.
    func first(allowsDestructive: Bool, isRehearsal: Bool = false) throws -> Migration {
        // What a store holds is read again as text.
        if let bridge, (try? Schema(stored: bridge.canonicalText, file: "bridge"))?.id != bridge.id {
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
        // Of what is younger nothing was removed: where nothing is kept, there was no record.
        guard now.microseconds - past.time.microseconds > Int64(Undoing.days) * 86_400_000_000 else { return }
        let gone = past.dropped.map(\.table.name).filter { !past.kept.contains($0) && !$0.hasPrefix(Undoing.mark) }
        guard let first = gone.first else { return }
        throw StorageError(
            .migrationNotKept,
            "what migration \(past.number) dropped of table '\(first)' is not kept any more: it was kept for 30 days",
            remedy: "with '--accept-loss' the schema goes back and the data stays away; or restore a backup")
    }

    /// Looks whether each record has a value in each column that must have one.
    /// - Throws: `migration.not_kept` when records were added since.
    func checkRecords(_ storage: any Storage) async throws {
        let pairs = past.diff.pairs.filter { pair in
            missing[pair.old.name, default: []].contains { !pair.old.columns[$0].isNullable }
        }
        if pairs.isEmpty { return }
        let store = try await Store.open(existing: storage)
        for pair in pairs {
            guard let table = store.schema.table(named: pair.new.name) else { continue }
            var matched = 0
            try await storage.dropped(by: past, of: pair.old) { records in
                try await storage.get(table, records.map(\.key)) { _, _ in matched += 1 }
            }
            let count = try await storage.count(Query(table))
            guard matched < count else { continue }
            let column = missing[pair.old.name, default: []].sorted().first { !pair.old.columns[$0].isNullable }
            let name = column.map { pair.old.columns[$0].name } ?? ""
            throw StorageError(
                .migrationNotKept,
                "\(count - matched) of \(count) records of table '\(table.name)' have no kept value for '\(name)', which must not be null: they were added after migration \(past.number), or what it dropped is not kept any more",
                remedy:
                    "bring the store to a schema file in which '\(name)' may be null or has a default ('cairn migrate apply'), and fill it"
            )
        }
    }
}

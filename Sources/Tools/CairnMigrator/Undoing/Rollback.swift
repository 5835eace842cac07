package import CairnCore
package import CairnSchema

/// Takes migrations of a store back, the last first, and puts back what they dropped.
///
/// The problem: what was dropped comes back record by record, which takes as long as it takes, and nobody may take the store for whole
/// meanwhile; and the process may die. The idea: the store says itself how far it is, by its schema. A migration that dropped
/// something is taken back in three steps. The first gives the store a schema between the two (``BridgeSchema``),
/// in which what was dropped may be missing and which no program has; the second puts the values in; the third gives it
/// the schema of before. Steps one and three are migrations like any other, all or nothing; the second does no harm when it is
/// done again. So after any end the same command finds where it was and goes on. A migration that dropped nothing is taken back in
/// one step.
package struct Rollback: Sendable {
    /// What is taken back, in that order: the last migration first. Empty when the store stands there already.
    package let undoings: [Undoing]
    /// Migrations that are not taken back, as the store came to the schema before them in another way, and of which it keeps something
    /// that was never put back.
    package let left: [PastMigration]
    private let acceptsLoss: Bool
    /// What a store says that is closed meanwhile.
    private let command: MigrationCommand

    /// Looks for the way back. Reads nothing but what it is given.
    /// - Parameters:
    ///   - number: The first migration that is taken back.
    ///   - history: All migrations of the store.
    ///   - held: The schema it holds.
    ///   - acceptsLoss: Whether what was dropped may stay away where it is not kept any more, or does not fit any more.
    /// - Throws: `storage.invalid` for a number the store does not have; `storage.schema_mismatch` when its schema is none of those that
    ///   the migrations since left; `migration.unsupported` when programs of two schemas used it meanwhile, and no longer do.
    package init(
        before number: Int, in history: [PastMigration], held: Schema, acceptsLoss: Bool = false
    ) throws {
        guard let first = history.firstIndex(where: { $0.number == number }) else {
            let known = history.last.map { "it has had \($0.number) migrations" } ?? "it remembers none"
            throw StorageError(
                .invalid, "the store has no migration \(number): \(known)",
                remedy: "'cairn migrate history' lists those it has")
        }
        self.acceptsLoss = acceptsLoss
        command = .rollback(before: number)
        let way = Rollback.way(through: history[first...])
        guard (way.last?.to ?? history[first].from) == held else {
            throw StorageError(
                .schemaMismatch,
                "the store holds schema \(held.id.short), which is not what its migrations from \(number) on made",
                remedy: "'cairn migrate history' lists them; 'cairn migrate apply' brings the store to a schema file")
        }
        var undoings = way.reversed().map { Undoing($0) }
        // The last one may have been the first step of taking back the one before it.
        if undoings.count > 1, undoings[1].bridge == held, way.last?.number == history.last?.number {
            undoings.removeFirst()
            undoings[0].isUnderWay = true
        }
        try Rollback.checkWindows(undoings)
        for place in undoings.indices {
            let later = undoings[..<place].filter { !$0.isUnderWay }.reversed().map(\.past)
            undoings[place].remade = Rollback.remade(undoings[place], later, history)
        }
        self.undoings = undoings
        left = Rollback.left(way, history[first...])
    }

    /// The migrations that lead from the first schema to the last: without those that were taken back since, and without whatever else
    /// came to a schema that had been left.
    private static func way(through history: ArraySlice<PastMigration>) -> [PastMigration] {
        var way: [PastMigration] = []
        for migration in history {
            if migration.to == history.first?.from {
                way = []
            } else if let place = way.firstIndex(where: { $0.to == migration.to }) {
                way.removeSubrange((place + 1)...)
            } else {
                way.append(migration)
            }
        }
        return way
    }

    /// What one of two schemas had alone was kept when the use of both ended. What was written since changed the rest only, and the two
    /// would contradict one another.
    private static func checkWindows(_ undoings: [Undoing]) throws {
        guard let ended = undoings.first(where: { !$0.isUnderWay && $0.past.from.window != nil }) else { return }
        throw StorageError(
            .migrationUnsupported,
            "before migration \(ended.past.number) programs of two schemas used the store: what programs wrote since would not reach what comes back",
            remedy: "begin anew with 'cairn migrate start', to the schema that is wanted")
    }

    /// The tables of before a migration whose records taking back a later one made anew, and until when: nil for this run.
    /// - Parameter later: The migrations behind it that are taken back first, the earliest first.
    private static func remade(
        _ undoing: Undoing, _ later: [PastMigration], _ history: [PastMigration]
    ) -> [String: Timestamp?] {
        var remade: [String: Timestamp?] = [:]
        for pair in undoing.past.diff.pairs {
            var name: String? = undoing.isUnderWay ? pair.old.name : pair.new.name
            for migration in later where name != nil {
                name = migration.diff.pairs.first { $0.old.name == name }?.new.name
            }
            guard var name else {
                remade.updateValue(nil, forKey: pair.old.name)
                continue
            }
            for migration in history.reversed().prefix(while: { $0.number != undoing.past.number }) {
                if let next = migration.diff.pairs.first(where: { $0.new.name == name }) {
                    name = next.old.name
                    continue
                }
                guard isUnderWay(migration.to) else { break }
                let end = history.first { $0.number > migration.number && $0.from == migration.to }?.time
                remade.updateValue(end, forKey: pair.old.name)
                break
            }
        }
        return remade
    }

    /// Those that are not on the way, and were not taken back: of which something is kept that there will be a place for.
    private static func left(_ way: [PastMigration], _ history: ArraySlice<PastMigration>) -> [PastMigration] {
        guard let target = history.first?.from else { return [] }
        return history.filter { migration in
            let mark = "\(BridgeSchema.prefix)\(migration.number)"
            return !way.contains { $0.number == migration.number } && !migration.kept.isEmpty
                && !isUnderWay(migration.from)
                && migration.dropped.contains { old, columns in
                    guard let table = target.table(named: old.name) else { return false }
                    return columns.contains { table.column(named: old.columns[$0].name) != nil }
                }
                && !history.contains { $0.from.table(named: mark) != nil && $0.to == migration.from }
        }
    }

    /// Whether a store with a schema stands between two.
    package static func isUnderWay(_ held: Schema) -> Bool {
        held.tables.contains { $0.name.hasPrefix(BridgeSchema.prefix) }
    }

    /// Refuses to change a store that stands between two schemas into another one, as if its data were whole.
    /// - Throws: `migration.unsupported`, which names both ways out.
    package static func checkLeaving(_ held: Schema, _ history: [PastMigration]) throws {
        guard let migration = history.last(where: { held.table(named: "\(BridgeSchema.prefix)\($0.number)") != nil })
        else { return }
        let first = history.last { $0.to == held }.map { " --before \($0.number) --allow-destructive" } ?? ""
        throw StorageError(
            .migrationUnsupported,
            "migration \(migration.number) of the store is being taken back, and what it dropped is not all put back",
            remedy:
                "go on with 'cairn migrate rollback --before \(migration.number)', or go forward again with 'cairn migrate rollback\(first)'"
        )
    }

    /// As ``checkLeaving(_:_:)-(Schema,[PastMigration])``, for a store whose migrations are read only where it stands between two schemas. One
    /// that programs of two schemas use is not left either.
    package static func checkLeaving(_ held: Schema, _ history: () throws -> [PastMigration]) throws {
        if let window = held.window { throw Migration.isOpen(window) }
        if isUnderWay(held) { try checkLeaving(held, history()) }
    }

    /// How a store that stands between two schemas comes back to the later one, with all that it had there.
    static let forward =
        "go forward again with 'cairn migrate rollback' before the last migration that 'cairn migrate history' lists, mend or delete the record, and take the migration back again"

    /// Looks whether all of it can be done, as far as that can be told without records.
    /// - Throws: `migration.destructive` where something was added that would go; `migration.unsupported`, `migration.ambiguous`;
    ///   `migration.not_kept` where what was dropped is not kept any more.
    package func check(allowsDestructive: Bool, now: Timestamp = .now) throws {
        for undoing in undoings {
            if !undoing.isUnderWay { _ = try undoing.first(allowsDestructive: allowsDestructive) }
            if let bridge = undoing.bridge {
                _ = try Migration(from: bridge, to: undoing.past.from, allowsDestructive: true)
            }
            if !acceptsLoss { try undoing.checkKept(now: now) }
        }
    }

    /// Does all of it.
    /// - Parameters:
    ///   - isRehearsal: Whether nothing is to be done: the first migration is tried, and taken back.
    ///   - open: Opens the driver anew: a store changes its schema only before it is attached.
    ///   - progress: Hears how far it is.
    /// - Throws: as ``check(allowsDestructive:now:)``; what stands in the way, naming the record. What was taken back by then stays so,
    ///   and doing it again goes on.
    package func run(
        allowsDestructive: Bool, isRehearsal: Bool = false, open: () async throws -> any Storage,
        progress: @escaping @Sendable (MigrationProgress) -> Void = { _ in }
    ) async throws -> [RestoredTable] {
        try check(allowsDestructive: allowsDestructive)
        var restored: [RestoredTable] = []
        for undoing in undoings {
            if !undoing.isUnderWay {
                try await with(open) { try await undoing.checkRecords($0) }
                var migration = try undoing.first(allowsDestructive: allowsDestructive, isRehearsal: isRehearsal)
                migration.progress = progress
                migration.command = command
                try await with(open) { [migration] in try await $0.apply(.migrate(migration)) }
            }
            // What follows is done to a store that this one would have left.
            if isRehearsal { return [] }
            guard let bridge = undoing.bridge else { continue }
            restored += try await with(open) { storage in
                let store = try await Store.open(storage, schema: bridge)
                var restorer = Restorer(store, storage, undoing, acceptsLoss: acceptsLoss, progress: progress)
                return try await restorer.run()
            }
            var last = try Migration(from: bridge, to: undoing.past.from, allowsDestructive: true)
            last.progress = progress
            last.command = command
            do {
                try await with(open) { [last] in try await $0.apply(.migrate(last)) }
            } catch let error as StorageError where error.details.id != nil {
                throw StorageError(
                    error.code, error.message,
                    remedy: "the store stands between two schemas: \(Rollback.forward)",
                    details: error.details)
            }
        }
        return restored
    }

    private func with<Result>(
        _ open: () async throws -> any Storage, _ body: (any Storage) async throws -> Result
    ) async throws -> Result {
        let storage = try await open()
        do {
            let result = try await body(storage)
            try await storage.close()
            return result
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }
}

extension StorageError.Code {
    /// What a migration dropped, and is to come back, is not kept any more.
    package static let migrationNotKept = Self(rawValue: "migration.not_kept")
}

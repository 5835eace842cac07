import CairnCore
import CairnSchema
import ObjectStores

/// Makes what the tables of a new schema need beside what is there, and says what a manifest must say of them.
///
/// Indexes that are the same stay. The records of a table are read only where something must be made of them: an index, copies of
/// files under another name, what is kept of dropped columns; or where they must be looked at.
struct TableMigrations: Sendable {
    private let parts: EngineParts
    private let engine: Engine
    private let migration: Migration
    private let view: View
    private let isRehearsal: Bool
    /// What `now` is for the records.
    private let time: Timestamp
    private let start: Duration

    /// What was made.
    struct Made: Sendable {
        /// In the order of the new schema.
        var tables: [Manifest.TableState]
        let time: Timestamp
    }

    /// Records read at a time.
    private static let batch = 64

    /// - Parameter view: All of it is in index files and record files.
    init(
        _ parts: EngineParts, _ engine: Engine, _ migration: Migration, _ view: View, isRehearsal: Bool
    ) {
        self.parts = parts
        self.engine = engine
        self.migration = migration
        self.view = view
        self.isRehearsal = isRehearsal
        time = max(view.time, engine.now())
        start = parts.surroundings.uptime()
    }

    /// The number of the commit that decides.
    private var number: Int { view.number + 1 }

    // MARK: All tables

    /// - Throws: What stands in the way, naming the record.
    func make() async throws -> Made {
        var count = Count(total: migration.recordsToRead { view.tables[$0.position].count })
        var states: [String: Manifest.TableState] = [:]
        for pair in migration.pairs { states[pair.new.name] = try await make(pair, &count) }
        for table in migration.diff.dropped { try await keep(table, &count) }
        for table in migration.diff.created {
            states[table.name] = Manifest.TableState(
                name: table.name, since: number, count: 0,
                indexes: ([""] + table.indexes.map(\.name)).map { Manifest.IndexState(name: $0) })
        }
        try await checkReferences(states)
        return Made(tables: migration.to.tables.compactMap { states[$0.name] }, time: time)
    }

    /// How many records were read.
    private struct Count {
        var done = 0
        let total: Int
    }

    private func tell(_ table: Table, _ count: Count) {
        migration.progress?(
            MigrationProgress(
                table: table.name, done: count.done, total: count.total,
                elapsed: parts.surroundings.uptime() - start))
    }

    // MARK: One table

    private func make(_ pair: TablePair, _ count: inout Count) async throws -> Manifest.TableState {
        let plan = TableMigrationPlan(pair, in: migration)
        let old = view.tables[pair.old.position]
        let table = pair.new
        var state = Manifest.TableState(
            name: table.name, since: plan.isRenamed ? number : view.manifest.since(pair.old), count: old.count,
            indexes: [Manifest.IndexState(name: "", runs: view.manifest.runs(pair.old, nil))],
            revisionFloor: old.revisionFloor)
        state.indexes += zip(table.indexes, plan.sources).map { index, source in
            Manifest.IndexState(
                name: index.name, runs: source.map { view.manifest.runs(pair.old, pair.old.indexes[$0]) } ?? [])
        }
        if plan.readsRecords { try await read(pair, plan, &state, &count) }
        for place in plan.newlyUnique {
            try await checkUnique(table.indexes[place], of: table, state.indexes[place + 1].runs)
        }
        return state
    }

    private func read(
        _ pair: TablePair, _ plan: TableMigrationPlan, _ state: inout Manifest.TableState, _ count: inout Count
    ) async throws {
        let table = pair.new
        let built = plan.built.map { table.indexes[$0] }
        let layouts = built.map { KeyLayout($0, of: table) }
        let included = built.map { IncludedColumns($0, of: table) }
        let check = RecordMigration(pair, in: migration, at: time)
        let records = RecordMigration(repeating: pair, at: time, seed: "\(number)")
        let copies = plan.isRenamed ? MigrationCopies(parts, engine, table, migration.to.id, number) : nil
        var runs = IndexRunsBuilder(
            parts, built.map { IndexFilterKeys($0, of: table) } + (copies == nil ? [] : [.whole]))
        var trash = isRehearsal ? nil : trash(pair.old, pair.dropped)
        var (read, forgotten) = (0, 0)
        try await eachBatch(of: pair.old, forgotten: &forgotten) { batch in
            var made: [(Key, RecordImage)] = []
            for (key, image) in batch {
                guard let values = image.values else { continue }
                let new = try records.migrate(values)
                if plan.looksAtRecords { try check.look(at: new) }
                made.append((key, RecordImage(values: new, metadata: image.metadata, commit: number)))
                for place in built.indices {
                    guard let entry = layouts[place].entry(of: new) else { continue }
                    let covered = included[place].encode(new, image.metadata)
                    runs.add(place, IndexEntry(key: entry, .present(included: covered)))
                }
                trash?.add(key, image.metadata, values)
            }
            if let copies, !isRehearsal {
                for entry in try await copies.write(made) { runs.add(built.count, entry) }
            }
            try await runs.spill()
            try await trash?.spill()
            read += made.count
            count.done += made.count
            tell(pair.old, count)
        }
        guard read == state.count else {
            throw StorageError.damaged(
                pair.old, "it has \(read) records, and \(state.count) were counted: the migration was given up")
        }
        try await trash?.finish()
        let finished = try await runs.finish()
        for (place, runs) in zip(plan.built, finished) { state.indexes[place + 1].runs = runs }
        if copies != nil, !isRehearsal {
            state.indexes[0].runs = finished.last ?? []
            // Deleted records are not copied: what is inserted under their keys goes on above all of them.
            state.revisionFloor = max(state.revisionFloor, forgotten)
        }
    }

    /// Lends the records of a table, some at a time.
    /// - Parameter forgotten: The highest revision of a deleted one.
    private func eachBatch(
        of table: Table, forgotten: inout Int, _ body: ([(Key, RecordImage)]) async throws -> Void
    ) async throws {
        let overlay = view.tables[table.position]
        var cursor = parts.indexes.passing().merged(
            view.manifest.runs(table, nil), keeping: .allButRemoved, readAhead: .full)
        var keys: [Key] = []
        func lend() async throws {
            try Deadline.check()
            let images = try await parts.records.images(table, keys, in: view)
            try await body(
                try zip(keys, images).map { key, image in
                    guard let image, image.isLive else {
                        throw StorageError.damaged(table, key: key, "the index has the record, and there is none")
                    }
                    return (key, image)
                })
            keys = []
        }
        while let entry = try await IndexReader.live({ try await cursor.next() }) {
            if case .tombstone(let revision, _) = try entry.content() {
                forgotten = max(forgotten, revision)
                continue
            }
            guard let key = overlay.key(entry.key) else {
                throw StorageError.damaged(table, "its primary index has an entry that is no key")
            }
            keys.append(key)
            if keys.count == TableMigrations.batch { try await lend() }
        }
        if !keys.isEmpty { try await lend() }
    }

    // MARK: What is dropped

    /// Keeps all records of a table that is dropped.
    private func keep(_ table: Table, _ count: inout Count) async throws {
        guard !isRehearsal, var trash = trash(table, Array(table.columns.indices)) else { return }
        var forgotten = 0
        try await eachBatch(of: table, forgotten: &forgotten) { batch in
            for (key, image) in batch {
                if let values = image.values { trash.add(key, image.metadata, values) }
            }
            try await trash.spill()
            count.done += batch.count
            tell(table, count)
        }
        try await trash.finish()
    }

    private func trash(_ table: Table, _ columns: [Int]) -> MigrationTrash? {
        columns.isEmpty ? nil : MigrationTrash(parts, table, columns, migration.from.id, window: view.number)
    }

    // MARK: Checking

    private func checkUnique(_ index: Index, of table: Table, _ runs: [IndexRun]) async throws {
        let layout = KeyLayout(index, of: table)
        let overlay = TableOverlay(table, count: 0)
        var cursor = parts.indexes.passing().merged(runs, keeping: .live, readAhead: .full)
        var last: (prefix: ArraySlice<UInt8>, entry: [UInt8])?
        while let entry = try await IndexReader.live({ try await cursor.next() }) {
            // Values with a null among them do not count.
            guard let length = layout.length(ofParts: index.parts.count, in: entry.key) else { continue }
            let prefix = entry.key[..<length]
            if let last, last.prefix == prefix, let key = overlay.key(ofEntry: entry.key, in: index),
                let other = overlay.key(ofEntry: last.entry, in: index)
            {
                throw StorageError.duplicate(table, key, index: index, other: other)
            }
            last = (prefix, entry.key)
        }
    }

    /// Checks the references that are new, each against the keys of the table it refers to.
    private func checkReferences(_ states: [String: Manifest.TableState]) async throws {
        for operation in migration.diff.operations where operation.kind == .addReference {
            guard let table = operation.table.flatMap(migration.to.table(named:)),
                let column = operation.name.flatMap(table.column(named:)),
                let reference = table.references.first(where: { $0.column == column.position }),
                let state = states[table.name]
            else { continue }
            let target = migration.to.tables[reference.target]
            try await check(
                reference, of: table, state.indexes[reference.index.map { $0 + 1 } ?? 0].runs, target,
                states[target.name]?.indexes.first?.runs ?? [])
        }
    }

    /// Goes through the values and the keys side by side, both ascending.
    private func check(
        _ reference: Reference, of table: Table, _ runs: [IndexRun], _ target: Table, _ targetRuns: [IndexRun]
    ) async throws {
        let index = reference.index.map { table.indexes[$0] }
        let overlay = TableOverlay(table, count: 0)
        let layout = overlay.layout(of: index)
        let keys = KeyLayout(keyOf: target)
        let reader = parts.indexes.passing()
        var entries = reader.merged(
            runs, isReversed: layout.parts.first?.isDescending ?? false, keeping: .live, readAhead: .full)
        var targets = reader.merged(targetRuns, keeping: .live, readAhead: .full)
        var present = try await IndexReader.live { try await targets.next() }?.key
        while let entry = try await IndexReader.live({ try await entries.next() }) {
            guard let value = layout.decode(entry.key)?.first, !value.isNull else { continue }
            let wanted = keys.encode(Key(value))
            while let key = present, KeyBytes.isLess(key, wanted) {
                present = try await IndexReader.live { try await targets.next() }?.key
            }
            if present == wanted { continue }
            guard let key = overlay.key(ofEntry: entry.key, in: index) else { continue }
            let column = table.columns[reference.column]
            throw StorageError.danglingReference(
                table, key, column: column, target: Key(value), isSecret: migration.isSecret(column, of: table))
        }
    }
}

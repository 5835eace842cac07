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
    /// What the names of runs of the same code begin with; nil for code that is never gone on with.
    private let tag: String?
    /// The run that values are kept by; nil where none are made.
    private let run: String?

    /// What was made.
    struct Made: Sendable {
        /// In the order of the new schema.
        var tables: [Manifest.TableState]
        /// Where the values are that records got and that are kept beside them, by the names of their tables.
        var values: [String: KeptValues]
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
        tag = FormerValues.tag(of: migration, view)
        let makesValues = migration.maker != nil || migration.pairs.contains { !$0.lookups.isEmpty }
        run = !makesValues ? nil : "\(tag ?? "once")-\(IndexFiles(parts).newID())"
    }

    /// The number of the commit that decides.
    private var number: Int { view.number + 1 }

    // MARK: All tables

    /// - Throws: What stands in the way, naming the record.
    func make() async throws -> Made {
        var count = Count(total: migration.recordsToRead { view.tables[$0.position].count })
        var states: [String: Manifest.TableState] = [:]
        var values: [String: KeptValues] = [:]
        for pair in migration.pairs {
            states[pair.new.name] = try await make(pair, &count, &values[pair.new.name])
        }
        for table in migration.diff.dropped { try await keep(table, &count) }
        for table in migration.diff.created {
            states[table.name] = Manifest.TableState(
                name: table.name, since: number, count: 0,
                indexes: ([""] + table.indexes.map(\.name)).map { Manifest.IndexState(name: $0) })
        }
        try await checkReferences(states)
        return Made(tables: migration.to.tables.compactMap { states[$0.name] }, values: values, time: time)
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

    private func make(
        _ pair: TablePair, _ count: inout Count, _ kept: inout KeptValues?
    ) async throws -> Manifest.TableState {
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
        if plan.readsRecords { kept = try await read(pair, plan, &state, &count) }
        for place in plan.newlyUnique {
            try await checkUnique(table.indexes[place], of: table, state.indexes[place + 1].runs)
        }
        return state
    }

    /// - Returns: Where the values are that the records got; nil where none are kept.
    private func read(
        _ pair: TablePair, _ plan: TableMigrationPlan, _ state: inout Manifest.TableState, _ count: inout Count
    ) async throws -> KeptValues? {
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
        var writer = isRehearsal || !plan.keepsValues ? nil : run.map { KeptValuesWriter(parts, table, run: $0) }
        // What was looked up may be another now, though the record has not changed.
        var former =
            try await writer == nil || !pair.lookups.isEmpty ? nil : FormerValues(parts, pair, tag: tag)
        var lookups = MigrationLookups(engine, view)
        var (read, forgotten) = (0, 0)
        try await eachBatch(of: pair.old, forgotten: &forgotten, isNeeded: plan.needsRecords) { key, commit in
            try await former?.take(key, commit)
        } _: { batch in
            var made: [(Key, RecordImage)] = []
            try await lookups.prepare(batch.flatMap { $0.image?.values.map(check.wanted) ?? [] })
            for row in batch {
                let key = row.key
                guard let image = row.image else {
                    // All of it was looked at by the run that made it.
                    writer?.add(key, row.commit, row.former?.values ?? [:])
                    try await writer?.spill()
                    continue
                }
                guard let values = image.values else { continue }
                let given = try given(values, row, check, records)
                let new = try records.migrate(values, given: given, lookUp: lookups.found)
                if plan.looksAtRecords { try check.look(at: new, given: given) }
                writer?.add(key, image.commit, new.chosen(Array(given.keys) + pair.lookups.keys))
                // Not by the batch: its records may be as large as records can be.
                try await writer?.spill()
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
            read += batch.count
            count.done += batch.count
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
        return try await writer?.finish()
    }

    /// What the code of the migration gives for a record, or gave for it in a run that was cut short.
    /// - Throws: `storage.invalid` when it is other code, which says that it is the same.
    private func given(
        _ values: [Value], _ row: Row, _ check: RecordMigration, _ records: RecordMigration
    ) throws -> [Int: Value] {
        guard let former = row.former else { return try check.given(values) }
        guard former.isSample else { return former.values }
        let given = try check.given(values)
        guard try records.migrate(values, given: given).chosen(Array(given.keys)) == former.values else {
            var details = StorageError.Details()
            details.table = check.pair.old.name
            details.id = KeyText.encode(row.key)
            throw StorageError(
                .invalid,
                "the code of the migration gives other values for record \(KeyText.encode(row.key)) of table '\(check.pair.old.name)' than it did in a run that was cut short, and says that it is the same version '\(migration.maker?.version ?? "")'",
                remedy:
                    "give another 'codeVersion' to code that was changed, and none to code that gives other values each time; nothing was changed",
                details: details)
        }
        return former.values
    }

    /// A record that is lent.
    private struct Row {
        let key: Key
        /// The commit that wrote it, by the index.
        let commit: Int
        /// What an earlier run made of it.
        let former: FormerValues.Found?
        /// Nil where it is not needed.
        var image: RecordImage?
    }

    /// Lends the records of a table, some at a time.
    /// - Parameters:
    ///   - forgotten: The highest revision of a deleted one.
    ///   - isNeeded: Whether records are read of which an earlier run has made all that is asked.
    ///   - former: What an earlier run has made of the record of a key, by the commit that wrote it.
    private func eachBatch(
        of table: Table, forgotten: inout Int, isNeeded: Bool = true,
        _ former: ([UInt8], Int) async throws -> FormerValues.Found?,
        _ body: ([Row]) async throws -> Void
    ) async throws {
        let overlay = view.tables[table.position]
        var cursor = parts.indexes.passing().merged(
            view.manifest.runs(table, nil), keeping: .allButRemoved, readAhead: .full)
        var rows: [Row] = []
        func lend() async throws {
            try Deadline.check()
            let places = rows.indices.filter { isNeeded || rows[$0].former.map(\.isSample) ?? true }
            let images = try await parts.records.images(table, places.map { rows[$0].key }, in: view)
            for (place, image) in zip(places, images) {
                guard let image, image.isLive else {
                    throw StorageError.damaged(
                        table, key: rows[place].key, "the index has the record, and there is none")
                }
                rows[place].image = image
            }
            try await body(rows)
            rows = []
        }
        while let entry = try await IndexReader.live({ try await cursor.next() }) {
            let commit: Int
            switch try entry.content() {
            case .tombstone(let revision, _):
                forgotten = max(forgotten, revision)
                continue
            case .record(_, let number, _): commit = number
            case .present, .removed:
                throw StorageError.damaged(table, "its primary index has an entry that is of another one")
            }
            guard let key = overlay.key(entry.key) else {
                throw StorageError.damaged(table, "its primary index has an entry that is no key")
            }
            rows.append(Row(key: key, commit: commit, former: try await former(entry.key, commit), image: nil))
            if rows.count == TableMigrations.batch { try await lend() }
        }
        if !rows.isEmpty { try await lend() }
    }

    // MARK: What is dropped

    /// Keeps all records of a table that is dropped.
    private func keep(_ table: Table, _ count: inout Count) async throws {
        guard !isRehearsal, var trash = trash(table, Array(table.columns.indices)) else { return }
        var forgotten = 0
        try await eachBatch(of: table, forgotten: &forgotten) { _, _ in
            nil
        } _: { batch in
            for row in batch {
                if let image = row.image, let values = image.values { trash.add(row.key, image.metadata, values) }
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

extension [Value] {
    /// Those of some columns, by their positions, in the form in which they are stored.
    fileprivate func chosen(_ columns: [Int]) -> [Int: Value] {
        Dictionary(columns.map { ($0, self[$0]) }, uniquingKeysWith: { first, _ in first })
    }
}

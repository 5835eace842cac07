import CairnCore
import CairnSchema
import MemoryStorage

/// Tries a migration on memory stores, step by step.
struct Verifier {
    private(set) var report: MigrationVerification
    private let diff: SchemaDiff
    private let seed: UInt64
    private let rows: Int

    init(_ plan: MigrationPlan, seed: UInt64, rows: Int) {
        report = MigrationVerification(plan, seed: seed)
        diff = plan.diff
        self.seed = seed
        self.rows = rows
    }

    /// All records of a store, for each table by its position, in the order of their keys.
    private typealias Content = [[[Value]]]

    mutating func run() async throws {
        let migration = try Migration(from: diff.old, to: diff.new, allowsDestructive: true)
        let maker = RowMaker(diff.old, count: rows, seed: seed, fitting: diff)
        report.tables = zip(diff.old.tables, maker.rows).map { ($0.name, $1.count) }
        report.notes += maker.notes
        let storage = try await store(diff.old, maker.rows)
        let before = try await content(of: storage, diff.old)
        guard let after = try await up(.up, storage, migration, before) else { return }
        if let lowered = try await down(storage, migration, before, after) {
            _ = try await up(.again, storage, migration, lowered)
        }
        if diff.effect >= .verified { try await tryAnyRecords(migration) }
    }

    // MARK: Up

    /// Makes the change, and looks at what it came to.
    /// - Returns: The records then; nil when that was wrong.
    private mutating func up(
        _ name: MigrationVerification.Step.Name, _ storage: MemoryStorage, _ migration: Migration, _ before: Content
    ) async throws -> Content? {
        let time = try await apply(migration, to: storage)
        if let error = time.refusal {
            fail("\(name.rawValue): records that fit both schemas were refused: \(error.message)")
            return nil
        }
        let after = try await content(of: storage, diff.new)
        let count = report.failures.count
        try await checkSchema(storage, diff.new, name)
        checkRecords(diff.pairs.map { ($0, before[$0.old.position], after[$0.new.position]) }, of: before, name)
        for table in diff.created where !after[table.position].isEmpty {
            fail("\(name.rawValue): the new table '\(table.name)' has records")
        }
        try await checkFits(after, name)
        guard report.failures.count == count else { return nil }
        add(name, "schema \(diff.new.id.short), \(after.joined().count) records as they must be", time.milliseconds)
        return after
    }

    /// Compares the records of tables with what they must have become.
    private mutating func checkRecords(
        _ tables: [(pair: TablePair, before: [[Value]], after: [[Value]])], of content: Content,
        _ name: MigrationVerification.Step.Name
    ) {
        for (pair, before, after) in tables {
            guard before.count == after.count else {
                fail("\(name.rawValue): '\(pair.new.name)' had \(before.count) records and has \(after.count)")
                continue
            }
            let sources = pair.sources
            let missing = pair.new.columns.map(\.valueOfOldRecords)
            for (old, new) in zip(before, after) {
                for column in pair.new.columns {
                    let expected: Value? =
                        if let source = sources[column.position] {
                            ValueConversion.exact(old[source], as: column.valueType)
                        } else if let conversion = pair.conversions[column.position] {
                            conversion.expected(of: old, in: content, missing[column.position])
                        } else {
                            missing[column.position]
                        }
                    guard let expected, expected != new[column.position] else { continue }
                    fail(
                        "\(name.rawValue): record \(KeyText.encode(pair.new.key(of: new))) of '\(pair.new.name)' has another value in '\(column.name)' than it must have"
                    )
                    return
                }
            }
        }
    }

    /// Whether a new store takes all records: every rule, key, unique index and reference is checked by it once more.
    private mutating func checkFits(_ content: Content, _ name: MigrationVerification.Step.Name) async throws {
        do {
            let fresh = try await Store.open(MemoryStorage(), schema: diff.new)
            _ = try await fresh.session.write(Verifier.inserts(content, diff.new))
        } catch let error as StorageError {
            fail("\(name.rawValue): a new store of the schema would not take the records: \(error.message)")
        }
    }

    // MARK: Down

    /// Takes the change back, as far as that is possible, and looks at what is there again.
    /// - Returns: The records then; nil when it cannot be done again.
    private mutating func down(
        _ storage: MemoryStorage, _ migration: Migration, _ before: Content, _ after: Content
    ) async throws -> Content? {
        let reversed = diff.reversed
        report.notReversible += reversed.ambiguities.map(\.message)
        report.notReversible += reversed.operations.filter { $0.kind.effect == .refused }
            .map { "this version cannot \($0)" }
        guard report.notReversible.isEmpty else { return nil }
        let back = try migration.reversed(allowsDestructive: true)
        let time = try await apply(back, to: storage)
        if let error = time.refusal {
            if reversed.effect >= .verified {
                report.notReversible.append(error.message)
                try await checkUnchanged(storage, diff.new, after, .down)
            } else {
                fail("down: nothing can stand in its way, and it was refused: \(error.message)")
            }
            return nil
        }
        try await checkSchema(storage, diff.old, .down)
        let lowered = try await content(of: storage, reversed.new)
        let count = report.failures.count
        checkRecords(reversed.pairs.map { ($0, after[$0.old.position], lowered[$0.new.position]) }, of: after, .down)
        checkReturned(before, lowered)
        guard report.failures.count == count else { return nil }
        add(.down, "schema \(diff.old.id.short), \(lowered.joined().count) records as they were", time.milliseconds)
        if diff.effect == .destructive {
            report.notes.append("what is dropped comes back empty here: memory stores keep nothing of it")
        }
        return lowered
    }

    /// Compares what is there again with what was there first: all that was not dropped.
    private mutating func checkReturned(_ before: Content, _ lowered: Content) {
        for pair in diff.pairs {
            let table = pair.old
            let kept = table.columns.indices.filter { !pair.dropped.contains($0) }
            // A text that was written otherwise than its value is has the notation of the value by then.
            func values(_ content: Content) -> [[Value]] {
                content[table.position].map { row in
                    kept.map { column in
                        let later = pair.sources.firstIndex(of: column).map { pair.new.columns[$0].valueType }
                        return later.flatMap { ValueConversion.exact(row[column], as: $0) } ?? row[column]
                    }
                }
            }
            if values(before) != values(lowered) {
                fail("down: the records of '\(table.name)' are not what they were")
            }
        }
    }

    // MARK: Records as they come

    private mutating func tryAnyRecords(_ migration: Migration) async throws {
        let maker = RowMaker(diff.old, count: rows, seed: seed)
        let storage = try await store(diff.old, maker.rows)
        let before = try await content(of: storage, diff.old)
        let time = try await apply(migration, to: storage)
        let count = report.failures.count
        if let error = time.refusal {
            try await checkUnchanged(storage, diff.old, before, .anyRecords)
            guard report.failures.count == count else { return }
            add(.anyRecords, "stopped, and nothing was changed: \(error.message)", time.milliseconds)
            return
        }
        let after = try await content(of: storage, diff.new)
        try await checkSchema(storage, diff.new, .anyRecords)
        checkRecords(
            diff.pairs.map { ($0, before[$0.old.position], after[$0.new.position]) }, of: before, .anyRecords)
        try await checkFits(after, .anyRecords)
        guard report.failures.count == count else { return }
        add(.anyRecords, "none of \(before.joined().count) records stood in the way", time.milliseconds)
    }

    // MARK: Stores

    private func store(_ schema: Schema, _ rows: Content) async throws -> MemoryStorage {
        let storage = MemoryStorage()
        try await storage.apply(.create(schema))
        let transaction = try await storage.transaction()
        do {
            _ = try await transaction.write(Verifier.inserts(rows, schema))
            _ = try await transaction.commit()
        } catch {
            await transaction.rollback()
            throw error
        }
        return storage
    }

    private static func inserts(_ rows: Content, _ schema: Schema) -> [WriteOperation] {
        zip(schema.tables, rows).flatMap { table, rows in rows.map { .insert(table, $0) } }
    }

    /// Reads a store that no program has open.
    private func content(of storage: MemoryStorage, _ schema: Schema) async throws -> Content {
        var content: Content = []
        for table in schema.tables {
            var rows: [[Value]] = []
            let cursor = try await storage.rows(Query(table))
            defer { cursor.close() }
            while try await cursor.next(
                1000,
                { row in
                    rows.append(try row.values())
                    return true
                })
            {}
            content.append(rows)
        }
        return content
    }

    private mutating func checkSchema(
        _ storage: MemoryStorage, _ schema: Schema, _ name: MigrationVerification.Step.Name
    ) async throws {
        let held = try await storage.schema()
        if held?.id != schema.id {
            fail("\(name.rawValue): the store has the schema \(held?.id.short ?? "none"), and not \(schema.id.short)")
        }
    }

    private mutating func checkUnchanged(
        _ storage: MemoryStorage, _ schema: Schema, _ content: Content, _ name: MigrationVerification.Step.Name
    ) async throws {
        try await checkSchema(storage, schema, name)
        if try await self.content(of: storage, schema) != content {
            fail("\(name.rawValue): it was refused, and records were changed all the same")
        }
    }

    // MARK: Reporting

    private mutating func fail(_ message: String) { report.failures.append(message) }

    private mutating func add(
        _ name: MigrationVerification.Step.Name, _ outcome: String, _ milliseconds: Double
    ) {
        report.steps.append(.init(name: name, outcome: outcome, milliseconds: milliseconds))
    }

    /// Makes a change.
    /// - Returns: Why it was refused, if it was, and how long it took.
    private func apply(
        _ migration: Migration, to storage: MemoryStorage
    ) async throws -> (refusal: StorageError?, milliseconds: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        var refusal: StorageError?
        do {
            try await storage.apply(.migrate(migration))
        } catch let error as StorageError {
            refusal = error
        }
        let (seconds, attoseconds) = (clock.now - start).components
        return (refusal, Double(seconds) * 1000 + Double(attoseconds) / 1e15)
    }
}

extension RowLookup {
    /// What the record has that has a value, of records of all tables by their positions; nil when there is none.
    func found(_ value: Value, in content: [[[Value]]]) -> Value? {
        content[table.position].first { $0[unique.position] == value }?[result.position]
    }
}

extension ColumnConversion {
    /// What a record must have got; nil when that is not known.
    fileprivate func expected(of record: [Value], in content: [[[Value]]], _ missing: Value?) -> Value? {
        switch outcome(record, lookUp: { $0.found($1, in: content) }) {
        case .value(let value): value
        case .nothing: nil
        case .unfit: otherwise ?? missing
        }
    }
}

extension Column {
    /// What records that are there have in a column that is added; nil when each gets one of its own.
    fileprivate var valueOfOldRecords: Value? {
        switch defaultValue {
        case .literal(let value): return value
        case .now, .uuid: return nil
        case nil:
            if isNullable { return .null }
            if case .array = valueType { return .array([]) }
            return nil
        }
    }
}

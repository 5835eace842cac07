import CairnCore
import StorageConformance

/// Runs one program on one store and notes what it sees.
///
/// One writer at a time: with two at once drivers may rightly differ in which of them waits and which loses. Snapshots, pages
/// and cursors stay open while it writes.
final class Execution {
    private let driver: any ConformanceDriver
    private let name: String
    private let schema: Schema
    let clock = SimulationClock()
    private(set) var store: Store
    /// What the store reads and writes.
    private(set) var storage: any Storage
    /// The changes that are followed.
    var following = Following()
    private(set) var observations: [Observation] = []
    private var snapshots: [Session] = []
    private var path: [Int] = []
    private var token: OutcomeToken?

    /// The error a body throws on purpose.
    private struct Abandoned: Error {}

    private init(_ driver: any ConformanceDriver, _ name: String, _ schema: Schema) async throws {
        self.driver = driver
        self.name = name
        self.schema = schema
        (store, storage) = try await Execution.open(driver, name, schema, clock)
    }

    /// Whether this is the model: what drivers share is said in other words there.
    var isModel: Bool { driver is ModelDriver }

    private static func open(
        _ driver: any ConformanceDriver, _ name: String, _ schema: Schema, _ clock: SimulationClock
    ) async throws -> (Store, any Storage) {
        let storage = try await driver.open(name) { clock.now }
        do {
            return (try await Store.open(storage, schema: schema), storage)
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }

    /// Opens a fresh store of a driver, runs the program, looks at everything the store holds then, and closes it.
    /// - Throws: What opening or closing a store throws.
    static func run(
        _ steps: [Step], _ schema: Schema, on driver: any ConformanceDriver, name: String
    ) async throws -> [Observation] {
        do {
            let execution = try await Execution(driver, name, schema)
            await execution.attempt(at: [-2]) { try await execution.follow() }
            for (number, step) in steps.enumerated() {
                await execution.run(step, number, in: execution.store.session)
            }
            await execution.sweep()
            await execution.attempt(at: [-2, 0]) { try await execution.changes(since: 0, table: nil, most: .max) }
            try await execution.store.close()
            try await driver.remove(name)
            return execution.observations
        } catch {
            try? await driver.remove(name)
            throw error
        }
    }

    // MARK: Noting

    private func note(_ content: Observation.Content) {
        observations.append(Observation(path: path, content: content))
    }

    private func attempt(at path: [Int], _ body: () async throws -> Observation.Content) async {
        self.path = path
        await attempt(body)
        self.path = []
    }

    private func attempt(_ body: () async throws -> Observation.Content) async {
        do {
            note(try await body())
        } catch {
            note(.failure(Observation.Failure(error)))
        }
    }

    // MARK: Steps

    private func run(_ steps: [Step], in session: Session) async {
        for (number, step) in steps.enumerated() { await run(step, number, in: session) }
    }

    private func run(_ step: Step, _ number: Int, in session: Session) async {
        path.append(number)
        clock.advance(seconds: 1)
        await attempt { try await perform(step, in: session) }
        path.removeLast()
    }

    private func perform(_ step: Step, in session: Session) async throws -> Observation.Content {
        switch step {
        case .write(let writes, let key): return try await write(writes, key, in: session)
        case .read(let read, let from): return try await perform(read, in: reader(from, else: session))
        case .pages(let spec, let size, let from, let between):
            return try await pages(spec, size, reader(from, else: session), between, in: session)
        case .cursor(let spec, let first, let from, let between):
            return try await cursor(spec, first, reader(from, else: session), between, in: session)
        case .update(let spec, let assignments):
            return .count(try await session.update(query(spec), assignments))
        case .delete(let spec): return .count(try await session.delete(query(spec)))
        case .transaction(let steps, let fails):
            try await store.transaction { session in
                await run(steps, in: session)
                if fails { throw Abandoned() }
            }
            return .done("committed")
        case .savepoint(let steps, let fails):
            try await session.savepoint {
                await run(steps, in: session)
                if fails { throw Abandoned() }
            }
            return .done("released")
        case .snapshot(let steps):
            try await store.snapshot { snapshot in
                snapshots.append(snapshot)
                await run(steps, in: session)
                snapshots.removeLast()
            }
            return .done("closed")
        case .position:
            guard session === store.session else { return .done("not in a transaction") }
            return try await remember()
        case .changes(let place, let table, let most):
            guard session === store.session else { return .done("not in a transaction") }
            return try await changes(since: place, table: table, most: most)
        case .wait(let seconds):
            clock.advance(seconds: seconds)
            return .done("waited")
        case .maintain:
            // How many receipts it forgets is for the driver to say: one may have forgotten some before, with a checkpoint.
            _ = try await store.maintain()
            return .done("maintained")
        case .reopen:
            guard driver.isPersistent, path.count == 1 else { return .done("reopened") }
            try await store.close()
            (store, storage) = try await Execution.open(driver, name, schema, clock)
            return .done("reopened")
        case .outcome:
            guard let token else { return .done("no token") }
            return .done(try await store.outcome(of: token).rawValue)
        }
    }

    /// Where a step reads: in an open snapshot if it says so and there is one.
    private func reader(_ from: Int?, else session: Session) -> Session {
        guard let from, snapshots.indices.contains(from) else { return session }
        return snapshots[from]
    }

    func query(_ spec: QuerySpec) -> Query { spec.query(in: store.schema) }

    // MARK: Writing

    private func write(_ writes: [Write], _ key: String?, in session: Session) async throws -> Observation.Content {
        let operations = try writes.map { try $0.operation(in: store.schema) }
        guard session === store.session else { return .written(try await session.write(operations), at: nil) }
        let receipt = try await store.write(idempotencyKey: key) { batch in
            for operation in operations { batch.append(operation) }
        }
        token = receipt.token
        return .written(receipt.results, at: receipt.time)
    }

    // MARK: Reading

    private func perform(_ read: Read, in session: Session) async throws -> Observation.Content {
        switch read {
        case .get(let table, let key):
            return .rows([Self.row(try await records(table, session).get(Key(values: key)))])
        case .find(let table, let keys):
            let found = try await records(table, session).find(keys.map { Key(values: $0) })
            // The order is not defined; the text of the key is as good as any.
            let sorted = found.sorted { Utf8.isLess(KeyText.encode($0.key), KeyText.encode($1.key)) }
            return .rows(sorted.map { Self.row($0.value) })
        case .rows(let spec): return .rows(try await records(spec.table, session).all(query(spec)).map(Self.row))
        case .count(let spec): return .count(try await session.count(query(spec)))
        case .select(let spec, let columns):
            return .results(try await session.select(columns, of: query(spec)))
        case .aggregate(let spec):
            let query = spec.query(in: store.schema)
            // A plan is asked for each time: it must not fail either.
            _ = try await session.explain(query)
            return .results(try await session.aggregate(query))
        case .including(let spec, let inclusions, let size):
            return .results(try await including(spec, inclusions, pageSize: size, session))
        case .explain(let spec):
            // Each driver has its own plans; that there is one is what they share.
            return .done(try await session.explain(query(spec)).table)
        }
    }

    func records(_ table: Int, _ session: Session) throws -> RecordRepository {
        try session.records(store.schema.tables[table].name)
    }

    private static func row(_ record: Record) -> ModelState.Row {
        ModelState.Row(values: record.values, metadata: record.metadata)
    }

    /// Pages are no more than records, or a fault would turn for ever.
    static let mostPages = 200

    private func pages(
        _ spec: QuerySpec, _ size: Int, _ reader: Session, _ between: [Step], in session: Session
    ) async throws -> Observation.Content {
        var rows: [ModelState.Row] = []
        var cursor: PageCursor?
        var number = 0
        repeat {
            let page = try await records(spec.table, reader).page(query(spec), size: size, after: cursor)
            rows += page.items.map(Self.row)
            if between.indices.contains(number) { await run(between[number], number, in: session) }
            cursor = page.next
            number += 1
        } while cursor != nil && number < Self.mostPages
        return .rows(rows)
    }

    private func cursor(
        _ spec: QuerySpec, _ first: Int, _ reader: Session, _ between: [Step], in session: Session
    ) async throws -> Observation.Content {
        var rows: [ModelState.Row] = []
        func take(_ row: RowReader) throws -> Bool {
            // As generated code reads; whole records are read by the other steps.
            rows.append(ModelState.Row(values: try row.typedValues(), metadata: row.metadata))
            return true
        }
        let cursor = try await reader.cursor(query(spec))
        defer { cursor.close() }
        var hasMore = try await cursor.next(first, take)
        await run(between, in: session)
        while hasMore { hasMore = try await cursor.next(7, take) }
        return .rows(rows)
    }

    // MARK: The end

    /// Reads everything: each table by its key, and by each index forwards and backwards, so that an index that lost or kept
    /// an entry shows.
    private func sweep() async {
        for table in store.schema.tables {
            path = [-1, table.position]
            var orders: [[OrderTerm]] = [[], table.key.map { OrderTerm(column: $0, isDescending: true) }]
            for index in table.indexes {
                let terms = index.parts.map { OrderTerm(column: $0.column, isDescending: $0.isDescending) }
                orders.append(terms)
                orders.append(
                    (terms + table.key.map { OrderTerm(column: $0) }).map {
                        OrderTerm(column: $0.column, isDescending: !$0.isDescending)
                    })
            }
            var queries = orders.map { Query(table, order: $0) }
            // An index of some records is asked when they are asked for.
            for index in table.indexes {
                guard let condition = index.condition else { continue }
                let terms = index.parts.map { OrderTerm(column: $0.column, isDescending: $0.isDescending) }
                queries.append(Query(table, where: Condition(condition), order: terms))
            }
            for query in queries {
                await attempt {
                    .rows(try await records(table.position, store.session).all(query).map(Self.row))
                }
            }
        }
    }
}

extension RowReader {
    /// All values, each by the method of its type.
    fileprivate func typedValues() throws -> [Value] {
        try table.columns.map { column in
            let place = column.position
            if try isNull(place) { return .null }
            return switch column.valueType {
            case .string: .string(try string(place))
            case .int: .int(try int(place))
            case .double: .double(try double(place))
            case .bool: .bool(try bool(place))
            case .uuid: .uuid(try uuid(place))
            case .bytes: .bytes(try bytes(place))
            case .timestamp: .timestamp(try timestamp(place))
            case .date: .date(try date(place))
            case .decimal: .decimal(try decimal(place))
            case .json: .json(try json(place))
            case .array: .array(try elements(place))
            }
        }
    }
}

extension Write {
    /// The operation on a table of a schema.
    /// - Throws: `storage.invalid` when a value is not given that must be.
    func operation(in schema: Schema) throws -> WriteOperation {
        let table = schema.tables[table]
        switch self {
        case .insert(_, let values): return .insert(table, try Write.values(values, table))
        case .update(_, let values, let revision):
            return .update(table, try Write.values(values, table), expecting: revision)
        case .upsert(_, let values): return .upsert(table, try Write.values(values, table))
        case .delete(_, let key, let revision): return .delete(table, Key(values: key), expecting: revision)
        }
    }

    private static func values(_ values: [Value?], _ table: Table) throws -> [Value] {
        let given = values.compactMap { $0 }
        if given.count == values.count { return given }
        var named: [String: Value] = [:]
        for (column, value) in zip(table.columns, values) { named[column.name] = value }
        return try Record(table, named).values
    }
}

/// A clock that each step moves, the same way on every driver.
final class SimulationClock: Sendable {
    private let time = Lock(Timestamp("2026-01-02T03:04:05.678901Z") ?? .epoch)

    var now: Timestamp { time.withLock { $0 } }

    func advance(seconds: Int) {
        time.withLock { $0 = $0.adding(microseconds: Int64(seconds) * 1_000_000) ?? $0 }
    }
}

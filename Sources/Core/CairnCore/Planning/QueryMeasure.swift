/// Counts the rows that a query reads while it runs, for ``RepositoryQuery/explain(run:)``.
package final class QueryMeasure: Sendable {
    /// That of the query which the task runs; nil when nobody wants to know.
    @TaskLocal static var current: QueryMeasure?

    fileprivate struct State {
        /// How the rows of the query are read.
        var query: Reading?
        /// How those are read that values are looked up in.
        var related: [RelatedRows: Reading] = [:]
        /// Which of these were read first, and the values that stand in their place in plans; of others those of the first portion.
        var isFirst: [RelatedRows: Bool] = [:]
        var lists: [RelatedRows: [Value]] = [:]
        /// What the engine of a driver counts by.
        var engine: ReadCounter?
        /// Says a plan in the words of the program, where these are not those of the store.
        var presented: @Sendable (QueryPlan) -> QueryPlan = { $0 }
    }

    /// A plan that is run.
    fileprivate struct Reading {
        let plan: AccessPlan
        /// What counts its rows together with those of others; nil where it counts them itself, each part its own.
        var counter: ReadCounter?
    }

    private let state = Lock(State())

    init() {}

    // MARK: Running

    /// The plan of the query with counters: one of its own for each part.
    func counting(_ plan: AccessPlan) -> AccessPlan {
        state.withLock { state in
            guard state.query == nil else { return plan }
            let counting = plan.counting()
            state.query = Reading(plan: counting)
            return counting
        }
    }

    /// The plans that are run one after the other for a query, which count together.
    func counting(_ plans: [AccessPlan]) -> [AccessPlan] {
        state.withLock { state in
            guard state.query == nil, let first = plans.first else { return plans }
            let counter = ReadCounter()
            state.query = Reading(plan: first, counter: counter)
            return plans.map { $0.counting(counter) }
        }
    }

    /// A plan of rows that values are looked up in, which counts together with others of them.
    func counting(_ plan: AccessPlan, of rows: RelatedRows) -> AccessPlan {
        state.withLock { state in
            let counter = state.related[rows]?.counter ?? ReadCounter()
            let counting = plan.counting(counter)
            if state.related[rows] == nil { state.related[rows] = Reading(plan: counting, counter: counter) }
            return counting
        }
    }

    /// Notes whether rows that values are looked up in are all read first.
    func note(_ rows: RelatedRows, isFirst: Bool) { state.withLock { $0.isFirst[rows] = isFirst } }

    /// Notes which values stand in a plan for those that are looked up.
    func note(_ values: [Value], of rows: RelatedRows) {
        state.withLock { $0.lists[rows] = $0.lists[rows] ?? values }
    }

    /// Notes how a program that uses the store with another schema sees a plan.
    func note(presented: @escaping @Sendable (QueryPlan) -> QueryPlan) {
        state.withLock { $0.presented = presented }
    }

    /// What a driver with an engine of its own adds to for each row that this engine looks at; nil when nobody wants to know.
    package static var engineCounter: ReadCounter? {
        current?.state.withLock { state in
            let counter = state.engine ?? ReadCounter()
            state.engine = counter
            return counter
        }
    }

    // MARK: Telling

    /// Adds to a plan what was counted. Where another plan ran than was expected, it says the one that ran.
    func describe(_ description: inout QueryPlan) {
        let state = state.withLock { $0 }
        if let query = state.query { description.become(state.description(of: query, description.driver)) }
        if let engine = state.engine { description.readRows = engine.count }
        if description.readsNothing { description.readRows = description.readRows ?? 0 }
        state.describe(&description.related)
    }
}

extension QueryMeasure.State {
    /// A plan that ran, in the words of the plan that was expected: the values of other rows are what was looked up, not a list.
    fileprivate func description(of reading: QueryMeasure.Reading, _ driver: String) -> QueryPlan {
        var description = reading.plan.description(driver: driver) { $0.naming(lists) }
        if let counter = reading.counter {
            description.readRows = counter.count
        } else {
            QueryMeasure.count(&description, reading.plan)
        }
        return presented(description)
    }

    fileprivate func describe(_ related: inout [QueryPlan.Related]) {
        for place in related.indices {
            if let rows = related[place].rows {
                related[place].isFirst = isFirst[rows] ?? related[place].isFirst
                if let reading = self.related[rows] {
                    related[place].plan.become(description(of: reading, related[place].plan.driver))
                } else {
                    // No row asked for any.
                    related[place].plan.readRows = 0
                }
            }
            describe(&related[place].plan.related)
        }
    }
}

extension QueryMeasure {
    /// Says of a plan and its parts what each by itself has counted.
    fileprivate static func count(_ description: inout QueryPlan, _ plan: AccessPlan) {
        description.readRows = plan.counter?.count
        for (place, part) in plan.parts.enumerated() { count(&description.parts[place], part) }
    }
}

extension QueryPlan {
    /// Whether a query so answered reads no row at all.
    fileprivate var readsNothing: Bool { access == .nothing || access == .count }

    /// Says how rows were found, and how many were read; what was expected stays.
    fileprivate mutating func become(_ ran: QueryPlan) {
        access = ran.access
        bounds = ran.bounds
        filter = ran.filter
        entryFilter = ran.entryFilter
        sort = ran.sort
        sortsTies = ran.sortsTies
        limit = ran.limit
        isCovered = ran.isCovered
        readRows = ran.readRows
        if parts.count == ran.parts.count {
            for place in parts.indices { parts[place].become(ran.parts[place]) }
        } else {
            parts = ran.parts
        }
        // Beside what was expected of one scan stands what all parts have read.
        if estimatedRows != nil, readRows == nil, !parts.isEmpty {
            readRows = parts.reduce(0) { $0 + ($1.readRows ?? 0) }
        }
    }
}

/// How many rows a scan has read.
package final class ReadCounter: Sendable {
    private let read = Lock(0)

    var count: Int { read.withLock { $0 } }
    package func add() { read.withLock { $0 += 1 } }
}

/// Counts the rows of another cursor.
final class CountingCursor: RowCursor {
    private let base: any RowCursor
    private let counter: ReadCounter

    init(_ base: any RowCursor, _ counter: ReadCounter) {
        self.base = base
        self.counter = counter
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        try await base.next(count) { row in
            counter.add()
            return try body(row)
        }
    }

    func close() { base.close() }
}

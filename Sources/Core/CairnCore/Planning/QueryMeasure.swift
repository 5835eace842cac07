/// Counts the rows that a query reads while it runs, for ``RepositoryQuery/explain(run:)``.
package final class QueryMeasure: Sendable {
    /// That of the query which the task runs; nil when nobody wants to know.
    @TaskLocal static var current: QueryMeasure?

    private struct State {
        /// The plan that is run.
        var plan: AccessPlan?
        var related: [RelatedRows: ReadCounter] = [:]
        /// What the engine of a driver counts by.
        var engine: ReadCounter?
    }

    private let state = Lock(State())

    init() {}

    /// The plan with counters. The first one is that of the query; those of rows it looks values up in come by
    /// ``counter(of:)``.
    func counting(_ plan: AccessPlan) -> AccessPlan {
        state.withLock { state in
            guard state.plan == nil else { return plan }
            let counting = plan.counting()
            state.plan = counting
            return counting
        }
    }

    /// What counts the rows that values are looked up in.
    func counter(of rows: RelatedRows) -> ReadCounter {
        state.withLock { state in
            if let counter = state.related[rows] { return counter }
            let counter = ReadCounter()
            state.related[rows] = counter
            return counter
        }
    }

    /// What a driver with an engine of its own adds to for each row that this engine looks at; nil when nobody wants to know.
    package static var engineCounter: ReadCounter? {
        current?.state.withLock { state in
            let counter = state.engine ?? ReadCounter()
            state.engine = counter
            return counter
        }
    }

    /// Adds to a plan what was counted.
    func describe(_ description: inout QueryPlan) {
        let state = state.withLock { $0 }
        if let plan = state.plan { QueryMeasure.describe(&description, plan) }
        if let engine = state.engine { description.readRows = engine.count }
        QueryMeasure.describe(&description, state.related)
    }

    private static func describe(_ description: inout QueryPlan, _ plan: AccessPlan) {
        description.readRows = plan.counter?.count
        // What was expected before other rows were read need not be what was done.
        guard description.parts.count == plan.parts.count else { return }
        for (place, part) in plan.parts.enumerated() { describe(&description.parts[place], part) }
    }

    private static func describe(_ description: inout QueryPlan, _ related: [RelatedRows: ReadCounter]) {
        for place in description.related.indices {
            if let rows = description.related[place].rows {
                description.related[place].plan.readRows = related[rows]?.count
            }
            describe(&description.related[place].plan, related)
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

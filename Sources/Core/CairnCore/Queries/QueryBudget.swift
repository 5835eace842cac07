/// What a query may take before it is stopped: `.budget(requests: 20)`, `.budget(rows: 1_000)`.
public struct QueryBudget: Sendable, Hashable {
    /// Requests to an object store; nil: any number. Memory and SQLite make none.
    public var requests: Int?
    /// Rows of the result; nil: any number. Of aggregates it is groups, those too that a condition or a limit leaves out, as they are all in
    /// memory at once, and likewise the different values that `count(distinct …)` counts, those of all groups together.
    public var rows: Int?

    /// A budget.
    public init(requests: Int? = nil, rows: Int? = nil) {
        self.requests = requests
        self.rows = rows
    }
}

/// Counts the requests that the queries of a task make, while one with a budget runs.
package final class RequestBudget: Sendable {
    /// The budget of the query that the task runs; nil when there is none.
    @TaskLocal package static var current: RequestBudget?

    private let allowed: Int
    private let table: String
    /// The budget of the task when this one began; what is taken out of this one is taken out of that, too.
    private let outer = current
    private let made = Lock(0)

    /// Requests that were made.
    var count: Int { made.withLock { $0 } }

    /// Counts only.
    init(counting table: Table) {
        allowed = .max
        self.table = table.name
    }

    init?(_ query: Query) {
        guard let requests = query.budget?.requests else { return nil }
        allowed = requests
        table = query.table.name
    }

    /// Whether the task may run out of requests.
    package static var isLimited: Bool {
        var budget = current
        while let one = budget {
            if one.allowed < .max { return true }
            budget = one.outer
        }
        return false
    }

    /// Takes a request out of the budget of the task, before it is made.
    /// - Throws: `query.budget` when there is none left.
    package static func take() throws {
        guard let budget = current else { return }
        try budget.take()
    }

    private func take() throws {
        try outer?.take()
        let isWithin = made.withLock { made in
            made += 1
            return made <= allowed
        }
        guard isWithin else {
            throw StorageError.overBudget(
                table, "it needs more than \(allowed) requests",
                remedy: "look at explain(): declare an index, ask for fewer rows, or give it more requests")
        }
    }

    /// Runs `body` within the budget of a query, if it has one.
    static func within<Result>(
        _ budget: RequestBudget?, _ body: () async throws -> Result
    ) async throws -> Result {
        guard let budget else { return try await body() }
        return try await $current.withValue(budget) { try await body() }
    }
}

extension StorageError {
    static func overBudget(_ table: String, _ message: String, remedy: String) -> StorageError {
        var details = Details()
        details.table = table
        return StorageError(
            .budget, "the query of table '\(table)' was stopped: \(message)", remedy: remedy, details: details)
    }
}

extension Query {
    /// How many rows it can hand out: with a budget one more than that allows, which ends it.
    var mostRows: Int {
        let allowed = budget?.rows.map { max(0, $0) } ?? .max
        return min(limit ?? .max, allowed == .max ? .max : allowed + 1)
    }

    /// - Parameter rows: How many rows of its result were read.
    /// - Throws: `query.budget` when these are too many.
    func checkBudget(rows: Int) throws {
        guard let allowed = budget?.rows, rows > allowed else { return }
        throw StorageError.overBudget(
            table.name, "it has more than \(allowed) rows",
            remedy: "ask for the first ones with limit(_:), read them in pages, or allow more")
    }
}

extension AggregateQuery {
    /// - Parameter groups: How many groups are in memory. Without columns to group by there is one, whatever the budget.
    /// - Throws: `query.budget` when these are too many.
    package func checkBudget(groups count: Int) throws {
        guard !groups.isEmpty, let allowed = rows.budget?.rows, count > allowed else { return }
        throw StorageError.overBudget(
            table.name, "it makes more than \(allowed) groups",
            remedy: "group fewer rows, or by columns with fewer values, or allow more; a limit does not make them fewer"
        )
    }

    /// - Parameter values: How many different values were counted, those of all groups together.
    /// - Throws: `query.budget` when these are too many.
    package func checkBudget(values count: Int) throws {
        guard let allowed = rows.budget?.rows, count > allowed else { return }
        throw StorageError.overBudget(
            table.name, "it counts more than \(allowed) different values",
            remedy: "count the values of fewer rows, or allow more")
    }
}

/// Reads the rows of a query within its budget.
final class BudgetedCursor: RowCursor {
    private let base: any RowCursor
    private let query: Query
    private let budget: RequestBudget?
    private var rows = 0

    init(_ base: any RowCursor, _ query: Query, _ budget: RequestBudget?) {
        self.base = base
        self.query = query
        self.budget = budget
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        try await RequestBudget.within(budget) {
            try await base.next(count) { row in
                rows += 1
                try query.checkBudget(rows: rows)
                return try body(row)
            }
        }
    }

    func close() { base.close() }
}

import CairnSchema

/// Reads, for many records together, what is related to each of them.
///
/// The number of reads does not depend on the number of records: those that records refer to are read by their keys at once,
/// those that refer to them by one query. Only beyond ``portion`` records another query is needed.
struct Inclusion<Result: Sendable>: Sendable {
    /// The column of the records that says what is related.
    let column: Int
    /// The positions of the tables it is read from.
    let tables: Set<Int>
    /// Which results are no news beside each other.
    let sameness: Sameness<Result>
    /// Reads what is related to some values of the column, and tells for each value what it is.
    let load: @Sendable (Session, [Value]) async throws -> [Result]
    /// How it is read.
    let explain: @Sendable (Session) async throws -> QueryPlan

    /// How many values one query asks for, within ``Limits/conditionValues``.
    static var portion: Int { 10_000 }

    /// The same reading, its results as something else.
    func map<Other>(
        _ sameness: Sameness<Other>, _ transform: @escaping @Sendable (Result) -> Other
    ) -> Inclusion<Other> {
        Inclusion<Other>(
            column: column, tables: tables, sameness: sameness, load: { try await load($0, $1).map(transform) },
            explain: explain)
    }

    /// The tables that a query, and what is read with its records, are read from.
    private static func tables<Item, Output>(_ query: Query, _ loading: Loading<Item, Output>) -> Set<Int> {
        query.tables.union(loading.tables)
    }
}

// MARK: What a column refers to

extension Inclusion {
    /// The record a column refers to.
    static func one<Related: RelatedQuery>(
        _ column: Int, _ related: Related
    ) -> Inclusion where Result == Related.Output {
        let (query, loading) = (related.records.query, related.loading)
        return Inclusion(
            column: column, tables: tables(query, loading), sameness: loading.sameness
        ) { session, values in
            let found = try await find(values, query, loading, in: session)
            return try values.map { value in
                // A transaction checks references at its end; until then they may point to nothing.
                guard let record = found[value] else { throw missing(query.table) }
                return record
            }
        } explain: { session in
            try await plan(query, loading, in: session)
        }
    }

    /// The record a column refers to, if it is not null.
    static func optional<Related: RelatedQuery>(
        _ column: Int, _ related: Related
    ) -> Inclusion where Result == Related.Output? {
        optional(column, related.records.query, related.loading)
    }

    /// The record a column refers to, if it is not null.
    static func optional<Item, Output>(
        _ column: Int, _ query: Query, _ loading: Loading<Item, Output>
    ) -> Inclusion where Result == Output? {
        Inclusion(
            column: column, tables: tables(query, loading), sameness: loading.sameness.ofOptionals
        ) { session, values in
            let found = try await find(values.filter { !$0.isNull }, query, loading, in: session)
            return try values.map { value in
                if value.isNull { return nil }
                guard let record = found[value] else { throw missing(query.table) }
                return record
            }
        } explain: { session in
            try await plan(query, loading, in: session)
        }
    }

    private static func find<Item, Output>(
        _ values: [Value], _ query: Query, _ loading: Loading<Item, Output>, in session: Session
    ) async throws -> [Value: Output] {
        try checkWhole(query)
        let keys = Set(values)
        try query.checkBudget(rows: keys.count)
        let found = try await RequestBudget.within(RequestBudget(query)) {
            try await loading.find(keys.map { Key($0) }, of: query.table, in: session)
        }
        return Dictionary(found.map { ($0.key, $0.output) }) { first, _ in first }
    }

    private static func plan<Item, Output>(
        _ query: Query, _ loading: Loading<Item, Output>, in session: Session
    ) async throws -> QueryPlan {
        try checkWhole(query)
        let key = query.table.columns[query.table.key[0]].name
        var plan = QueryPlan(
            driver: session.core.storage.capabilities.driver, table: query.table.name, access: .key,
            bounds: ["\(key) in (what the records refer to)"])
        plan.included = try await loading.explain(session)
        return plan
    }

    private static func checkWhole(_ query: Query) throws {
        guard query.condition == nil, query.order.isEmpty, query.limit == nil else {
            throw StorageError(
                .query,
                "the record of table '\(query.table.name)' that a reference names is one: it has no condition, order or limit",
                remedy: "put the condition on the query itself")
        }
    }

    /// The record is not named: the column that names it may be sensitive.
    private static func missing(_ table: Table) -> StorageError {
        var details = StorageError.Details()
        details.table = table.name
        return StorageError(
            .reference, "a record refers to one that table '\(table.name)' does not have yet",
            remedy: "insert it before you read the record with what it refers to", details: details)
    }
}

// MARK: What refers to a record

extension Inclusion {
    /// The records whose reference names a record, in the order of their query; with a limit the first ones for each.
    static func many<Related: RelatedQuery>(
        _ column: Int, _ related: Related, by reference: Int
    ) -> Inclusion where Result == [Related.Output] {
        many(column, related.records.query, related.loading, by: reference)
    }

    /// The records whose reference names a record, in the order of their query; with a limit the first ones for each.
    static func many<Item, Output>(
        _ column: Int, _ query: Query, _ loading: Loading<Item, Output>, by reference: Int
    ) -> Inclusion where Result == [Output] {
        Inclusion(
            column: column, tables: tables(query, loading), sameness: loading.sameness.ofLists
        ) { session, values in
            try checkLimit(query)
            // One budget for all portions; it is of the records that are kept.
            return try await RequestBudget.within(RequestBudget(query)) {
                try await many(values, query, loading, by: reference, in: session)
            }
        } explain: { session in
            try checkLimit(query)
            var query = query
            query.columns = loading.needed(with: reference)
            var plan = try await plan(query, by: reference, in: session)
            plan.included = try await loading.explain(session)
            return plan
        }
    }

    private static func checkLimit(_ query: Query) throws {
        guard query.limit ?? 0 >= 0 else {
            throw StorageError(.query, "a limit is at least 0, found \(query.limit ?? 0)")
        }
    }

    private static func many<Item, Output>(
        _ values: [Value], _ query: Query, _ loading: Loading<Item, Output>, by reference: Int, in session: Session
    ) async throws -> [[Output]] {
        let limit = query.limit ?? .max
        var counts: [Value: Int] = [:]
        var count = 0
        var found: [Value: [Output]] = [:]
        for start in stride(from: 0, to: values.count, by: portion) {
            let part = Array(values[start..<min(start + portion, values.count)])
            let rows = try await loading.rows(
                in: session, portion(of: query, .isIn(column: reference, part)), keyedBy: reference
            ) { key in
                guard counts[key, default: 0] < limit else { return false }
                counts[key, default: 0] += 1
                count += 1
                try query.checkBudget(rows: count)
                return true
            }
            for (key, output) in rows { found[key, default: []].append(output) }
        }
        return values.map { found[$0] ?? [] }
    }

    /// The query for the records that refer to some, without what is for all of these.
    private static func portion(of query: Query, _ isPart: Condition) -> Query {
        var portion = query
        portion.condition = query.condition.map { isPart && $0 } ?? isPart
        portion.limit = nil
        // Of all that is read of a portion is kept, unless there is a limit for each record. Requests are counted for all portions.
        portion.budget = query.limit == nil ? query.budget?.rows.map { QueryBudget(rows: $0) } : nil
        return portion
    }

    /// How one portion is read. Which records it is for is not known before the query runs, so what is expected of it is not told.
    private static func plan(_ query: Query, by reference: Int, in session: Session) async throws -> QueryPlan {
        let table = query.table
        let sample = table.columns[reference].valueType.sample()
        let isPart = Condition.isIn(column: reference, [sample])
        var plan = try await session.explain(portion(of: query, isPart))
        let wanted = "\(table.columns[reference].name) in (the records)"
        let text = ConditionText(table)
        for found in [isPart, .compare(column: reference, .equal, sample)].map(text.describe) {
            plan.bounds = plan.bounds.map { $0 == found ? wanted : $0 }
            if plan.filter == found { plan.filter = wanted }
        }
        plan.limit = query.limit
        plan.estimatedRows = nil
        plan.requests = 0
        plan.dollars = 0
        return plan
    }
}

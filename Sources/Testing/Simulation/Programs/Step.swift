package import CairnCore

/// What a seed makes: a schema, and what to do to a store that has it. Plain values, so that it can be taken apart and
/// printed.
package struct Program: Sendable, Hashable {
    package var schema: SchemaPlan
    package var steps: [Step]

    /// How many steps there are, those inside others counted.
    package var stepCount: Int { steps.reduce(0) { $0 + $1.count } }
}

/// One thing to do. Steps inside a step run while what it opened is open.
package indirect enum Step: Sendable, Hashable {
    /// Writes, in one commit outside of a transaction, as part of it inside.
    case write([Write], idempotencyKey: String?)
    /// Reads in the store or the transaction; with `from`, in that open snapshot, the outermost being 0.
    case read(Read, from: Int?)
    /// Reads page after page; the steps run one after each page.
    case pages(QuerySpec, size: Int, from: Int?, [Step])
    /// Opens a cursor, reads the first rows, runs the steps, reads the rest.
    case cursor(QuerySpec, first: Int, from: Int?, [Step])
    /// Changes columns of all records of a query.
    case update(QuerySpec, [Assignment])
    /// Deletes all records of a query.
    case delete(QuerySpec)
    /// A transaction; one that fails throws at its end.
    case transaction([Step], fails: Bool)
    /// A savepoint; one that fails throws at its end.
    case savepoint([Step], fails: Bool)
    /// Steps beside an open snapshot, which they may read.
    case snapshot([Step])
    /// Remembers where the changes of the store stand, and nothing inside a transaction.
    case position
    /// Reads changes behind a place that was remembered, those of a table or of all, and goes on from there the next time: at most so
    /// many commits, or changes of the table. Nothing inside a transaction.
    case changes(since: Int, table: Int?, most: Int)
    /// Time passes.
    case wait(seconds: Int)
    /// Forgets what is too old.
    case maintain
    /// Asks whether the last commit that gave a receipt happened.
    case outcome
    /// Closes the store and opens it again, if its driver keeps it. Inside other steps nothing happens.
    case reopen

    /// The steps inside.
    package var inner: [Step] {
        get {
            switch self {
            case .pages(_, _, _, let steps), .cursor(_, _, _, let steps), .transaction(let steps, _),
                .savepoint(let steps, _), .snapshot(let steps):
                steps
            default: []
            }
        }
        set {
            switch self {
            case .pages(let query, let size, let from, _): self = .pages(query, size: size, from: from, newValue)
            case .cursor(let query, let first, let from, _): self = .cursor(query, first: first, from: from, newValue)
            case .transaction(_, let fails): self = .transaction(newValue, fails: fails)
            case .savepoint(_, let fails): self = .savepoint(newValue, fails: fails)
            case .snapshot: self = .snapshot(newValue)
            default: break
            }
        }
    }

    var count: Int { inner.reduce(1) { $0 + $1.count } }
}

/// One write of one record. A value that is nil is not given, so the record gets the default of the column.
package enum Write: Sendable, Hashable {
    case insert(table: Int, [Value?])
    case update(table: Int, [Value?], expecting: Int?)
    case upsert(table: Int, [Value?])
    case delete(table: Int, [Value], expecting: Int?)

    package var table: Int {
        switch self {
        case .insert(let table, _), .update(let table, _, _), .upsert(let table, _), .delete(let table, _, _): table
        }
    }
}

/// One reading.
package enum Read: Sendable, Hashable {
    case get(table: Int, [Value])
    case find(table: Int, [[Value]])
    case rows(QuerySpec)
    case count(QuerySpec)
    case explain(QuerySpec)
    case select(QuerySpec, [Int])
    case aggregate(AggregateSpec)
    /// Records with others that are related to them; with a size, page by page.
    case including(QuerySpec, [InclusionSpec], pageSize: Int?)
}

/// A query, by positions.
package struct QuerySpec: Sendable, Hashable {
    package var table: Int
    package var condition: Condition?
    package var order: [OrderTerm] = []
    package var limit: Int?

    package func query(in schema: Schema) -> Query {
        Query(schema.tables[table], where: condition, order: order, limit: limit)
    }
}

/// What is read with the records of a query, by positions.
package struct InclusionSpec: Sendable, Hashable {
    /// Which records are added to each.
    package enum Kind: Sendable, Hashable {
        /// The one that a column refers to.
        case one(column: Int)
        /// Those of another table whose column refers to it.
        case many(QuerySpec, by: Int)
    }

    package var kind: Kind
    /// What is read with the records that are added.
    package var inner: [InclusionSpec] = []

    /// How many relations lie behind one another.
    var depth: Int { 1 + (inner.map(\.depth).max() ?? 0) }

    func inclusion(in schema: Schema) -> RecordInclusion {
        let inner = inner.map { $0.inclusion(in: schema) }
        return switch kind {
        case .one(let column): .one(column, including: inner)
        case .many(let spec, let column): .many(spec.query(in: schema), by: column, including: inner)
        }
    }
}

/// Aggregates of a query, by positions.
package struct AggregateSpec: Sendable, Hashable {
    package var rows: QuerySpec
    package var groups: [Int] = []
    package var aggregates: [Aggregate] = []
    package var having: Condition?
    package var order: [OrderTerm] = []
    package var limit: Int?

    package func query(in schema: Schema) -> AggregateQuery {
        AggregateQuery(
            rows.query(in: schema), groups: groups, aggregates: aggregates, having: having, order: order, limit: limit)
    }
}

extension Key {
    /// A key of values; of none it is that of null, which no record has.
    package init(values: [Value]) {
        self.init(values.first ?? .null, Array(values.dropFirst()))
    }
}

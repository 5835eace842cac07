import CairnSchema

/// A query whose records are read, with or without records related to them: what ``RepositoryQuery/including(_:_:)`` takes for the
/// related ones.
public protocol RelatedQuery<Output>: Sendable {
    /// Where the records are.
    associatedtype Base: ReadableRepository
    /// What is read of each record.
    associatedtype Row: RowReadable
    /// What each record becomes.
    associatedtype Output: Sendable
    /// The records.
    var records: RepositoryQuery<Base> { get }
    /// What is read with them.
    var loading: Loading<Row, Output> { get }
}

/// What is read with records that were read.
public struct Loading<Item: RowReadable, Output: Sendable>: Sendable {
    /// The columns of the records that say what to read.
    let columns: [Int]
    /// The columns that the records are made of; nil: all.
    var reading: Set<Int>?
    /// Reads it for all records together. Of each record there are the values of the columns.
    let load: @Sendable (Session, [Item], [[Value]]) async throws -> [Output]
}

extension RepositoryQuery: RelatedQuery {
    /// A record alone.
    public typealias Output = Base.Item

    /// The query itself.
    public var records: RepositoryQuery<Base> { self }

    /// Nothing is read with the records.
    public var loading: Loading<Base.Item, Base.Item> { Loading(columns: []) { _, items, _ in items } }
}

extension RelatedQuery {
    /// Runs the query: reads the records, then what is read with them, all of one moment and within one budget.
    func results() async throws -> [Output] {
        let session = records.base.session
        guard session.isStore else { return try await results(in: session) }
        // To find out what the latest moment is can take a request, too.
        return try await RequestBudget.within(RequestBudget(records.query)) {
            try await session.core.snapshot(.latest) { try await results(in: $0) }
        }
    }

    /// Runs the query in a transaction or a snapshot.
    /// - Parameter restricting: Changes the query of the records.
    func results(in session: Session) async throws -> [Output] {
        try await rows(in: session, records.query).map(\.output)
    }

    /// Reads the records of a query of the same table, and what is read with them. With each comes the value of a column.
    func rows(
        in session: Session, _ query: Query, keyedBy column: Int? = nil
    ) async throws -> [(key: Value, output: Output)] {
        let loading = loading
        var query = query
        query.columns = loading.reading?.union(loading.columns + [column].compactMap(\.self))
        var items: [Row] = []
        var keys: [Value] = []
        var values: [[Value]] = []
        let outputs = try await RequestBudget.within(RequestBudget(query)) {
            try await session.read(query) { row in
                items.append(try Row(row: row))
                keys.append(try column.map(row.value) ?? .null)
                values.append(try loading.columns.map(row.value))
                return true
            }
            return try await loading.load(session, items, values)
        }
        return zip(keys, outputs).map { ($0, $1) }
    }
}

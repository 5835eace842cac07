import CairnSchema

/// What is read with the records of a query that has no generated code: as ``RepositoryQuery/including(_:_:)`` of typed queries.
public struct RecordInclusion: Sendable, Hashable {
    private enum Kind: Hashable {
        case one(column: Int)
        case many(Query, by: Int)
    }

    private let kind: Kind
    private let inner: [RecordInclusion]

    /// The record that a column refers to, with what is related to that.
    /// - Parameter column: The position of a reference of the table.
    public static func one(_ column: Int, including inner: [RecordInclusion] = []) -> RecordInclusion {
        RecordInclusion(kind: .one(column: column), inner: inner)
    }

    /// The records that refer to each record of the query, with what is related to them.
    /// - Parameters:
    ///   - query: Which of them, in what order, and how many for each record.
    ///   - column: The position, in the table of `query`, of a reference to the table.
    public static func many(_ query: Query, by column: Int, including inner: [RecordInclusion] = []) -> RecordInclusion
    {
        RecordInclusion(kind: .many(query, by: column), inner: inner)
    }
}

/// A record and what is related to it.
public struct RelatedRecord: Sendable, Hashable {
    /// The record.
    public let record: Record
    /// For each inclusion of the query, in their order, the records it adds: of a reference one, or none where it is null.
    public let related: [[RelatedRecord]]
}

extension RecordRepository {
    /// The records of a query with others that are related to them, of one moment: a read for the records, and one for each relation.
    /// - Throws: `query.invalid` for a column that is no reference, or one to another table; `storage.reference` in a transaction that wrote a
    ///   reference before the record it names.
    public func all(_ query: Query, including inclusions: [RecordInclusion]) async throws -> [RelatedRecord] {
        try check(query.table)
        return try await RecordInclusion.loading(inclusions, of: table, in: session).all(in: session, query)
    }

    /// A page of a query with others that are related to its records: see ``page(_:size:after:)``.
    /// - Throws: `query.cursor` for the cursor of another query; as ``all(_:including:)``.
    public func page(
        _ query: Query, including inclusions: [RecordInclusion], size: Int, after cursor: PageCursor? = nil
    ) async throws -> Page<RelatedRecord> {
        try check(query.table)
        return try await RecordInclusion.loading(inclusions, of: table, in: session)
            .page(in: session, of: query, size: size, after: cursor)
    }

    /// How a query is answered, and in ``QueryPlan/included`` how what is related to its records is read.
    /// - Parameter run: Whether it is run, and the plan says what that took, the related records included.
    public func explain(
        _ query: Query, including inclusions: [RecordInclusion], run: Bool = false
    ) async throws -> QueryPlan {
        try check(query.table)
        return try await RecordInclusion.loading(inclusions, of: table, in: session).plan(
            in: session, of: query, run: run)
    }
}

// MARK: Reading

extension RecordInclusion {
    /// What is read with the records of a table.
    fileprivate static func loading(
        _ inclusions: [RecordInclusion], of table: Table, in session: Session
    ) throws -> Loading<Record, RelatedRecord> {
        let parts = try inclusions.map { try $0.inclusion(of: table, in: session) }
        return Loading(
            columns: parts.map(\.column), tables: parts.reduce(into: []) { $0.formUnion($1.tables) }, sameness: .equal,
            item: Record.init(row:)
        ) { session, items, values in
            var related: [[[RelatedRecord]]] = items.map { _ in [] }
            for (place, part) in parts.enumerated() where !items.isEmpty {
                let found = try await part.load(session, values.map { $0[place] })
                for (item, records) in found.enumerated() { related[item].append(records) }
            }
            return zip(items, related).map { RelatedRecord(record: $0, related: $1) }
        } explain: { session in
            var plans: [QueryPlan] = []
            for part in parts { plans.append(try await part.explain(session)) }
            return plans
        }
    }

    private func inclusion(of table: Table, in session: Session) throws -> Inclusion<[RelatedRecord]> {
        switch kind {
        case .one(let column):
            guard let reference = table.references.first(where: { $0.column == column }) else {
                throw RecordInclusion.noReference(column, of: table, to: nil)
            }
            let query = Query(session.schema.tables[reference.target])
            let loading = try RecordInclusion.loading(inner, of: query.table, in: session)
            return Inclusion<RelatedRecord?>.optional(column, query, loading).map(.equal) { $0.map { [$0] } ?? [] }
        case .many(let query, let column):
            let query = try session.checked(query)
            let references = query.table.references
            guard references.contains(where: { $0.column == column && $0.target == table.position }) else {
                throw RecordInclusion.noReference(column, of: query.table, to: table)
            }
            let loading = try RecordInclusion.loading(inner, of: query.table, in: session)
            return Inclusion.many(table.key[0], query, loading, by: column)
        }
    }

    private static func noReference(_ column: Int, of table: Table, to target: Table?) -> StorageError {
        let name =
            table.columns.indices.contains(column) ? "column '\(table.columns[column].name)'" : "column \(column)"
        let target = target.map { "a reference to table '\($0.name)'" } ?? "a reference"
        return StorageError(
            .query, "\(name) of table '\(table.name)' is not \(target)",
            remedy: "related records are those that a reference of the schema names, and those that have one")
    }
}

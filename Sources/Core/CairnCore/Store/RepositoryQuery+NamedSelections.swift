import CairnSchema

/// The values of one row that a named query selects, for generated code.
public struct NamedRow: Sendable {
    private let values: [Value]

    init(_ values: [Value]) {
        self.values = values
    }

    /// The value at a place.
    /// - Throws: `storage.damaged` when it is not of the type.
    public func value<Result: ColumnValue>(_ place: Int) throws -> Result {
        var row = ResultRow(values, CollectionOfOne(place))
        return try row.next(Result.self)
    }
}

extension RepositoryQuery {
    /// For generated code: columns of the records, by their positions.
    public func namedColumns(_ columns: [Int]) async throws -> [NamedRow] {
        try await base.session.select(columns, of: query).map(NamedRow.init)
    }

    /// For generated code: the groups that a named query asks for, each with the values it is grouped by, then the aggregates.
    /// Conditions and orders name places among them.
    /// - Throws: `query.overflow` when a sum does not fit its type.
    public func namedGroups(
        _ groups: [Int], _ aggregates: [Aggregate], having: Condition? = nil, order: [OrderTerm] = [],
        limit: Int? = nil
    ) async throws -> [NamedRow] {
        let query = AggregateQuery(
            query, groups: groups, aggregates: aggregates, having: having?.folded, order: order, limit: limit)
        return try await base.session.aggregate(query).map(NamedRow.init)
    }

    /// For generated code: aggregates of all records together.
    /// - Throws: `query.overflow` when a sum does not fit its type.
    public func namedTotals(_ aggregates: [Aggregate]) async throws -> NamedRow {
        // Without groups there is one result.
        NamedRow(try await base.session.aggregate(AggregateQuery(query, aggregates: aggregates)).first ?? [])
    }
}

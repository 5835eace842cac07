import CairnSchema

/// Reads, for many records together, what is related to each of them.
///
/// The number of reads does not depend on the number of records: those that records refer to are read by their keys at once,
/// those that refer to them by one query. Only beyond ``portion`` records another query is needed.
struct Inclusion<Result: Sendable>: Sendable {
    /// The column of the records that says what is related.
    let column: Int
    /// Reads what is related to some values of the column, and tells for each value what it is.
    let load: @Sendable (Session, [Value]) async throws -> [Result]

    /// How many values one query asks for, within ``Limits/conditionValues``.
    static var portion: Int { 10_000 }
}

extension Inclusion {
    /// The record a column refers to.
    static func one<Related: RelatedQuery>(
        _ column: Int, _ related: Related
    ) -> Inclusion where Result == Related.Output {
        Inclusion(column: column) { session, values in
            let found = try await find(values, related, in: session)
            return try values.map { value in
                // A transaction checks references at its end; until then they may point to nothing.
                guard let record = found[value] else { throw missing(related) }
                return record
            }
        }
    }

    /// The record a column refers to, if it is not null.
    static func optional<Related: RelatedQuery>(
        _ column: Int, _ related: Related
    ) -> Inclusion where Result == Related.Output? {
        Inclusion(column: column) { session, values in
            let found = try await find(values.filter { !$0.isNull }, related, in: session)
            return try values.map { value in
                if value.isNull { return nil }
                guard let record = found[value] else { throw missing(related) }
                return record
            }
        }
    }

    private static func find<Related: RelatedQuery>(
        _ values: [Value], _ related: Related, in session: Session
    ) async throws -> [Value: Related.Output] {
        let query = related.records.query
        guard query.condition == nil, query.order.isEmpty, query.limit == nil else {
            throw StorageError(
                .query,
                "the record of table '\(query.table.name)' that a reference names is one: it has no condition, order or limit",
                remedy: "put the condition on the query itself")
        }
        let loading = related.loading
        var keys: [Value] = []
        var items: [Related.Row] = []
        var columns: [[Value]] = []
        try await session.find(query.table, Set(values).map { Key($0) }) { row in
            keys.append(try row.key().first)
            items.append(try Related.Row(row: row))
            columns.append(try loading.columns.map(row.value))
        }
        let outputs = try await loading.load(session, items, columns)
        return Dictionary(zip(keys, outputs)) { first, _ in first }
    }

    /// The record is not named: the column that names it may be sensitive.
    private static func missing(_ related: some RelatedQuery) -> StorageError {
        let table = related.records.query.table
        var details = StorageError.Details()
        details.table = table.name
        return StorageError(
            .reference, "a record refers to one that table '\(table.name)' does not have yet",
            remedy: "insert it before you read the record with what it refers to", details: details)
    }

    /// The records whose reference names a record, in the order of their query; with a limit the first ones for each.
    static func many<Related: RelatedQuery>(
        _ column: Int, _ related: Related, by reference: Int
    ) -> Inclusion where Result == [Related.Output] {
        Inclusion(column: column) { session, values in
            var query = related.records.query
            let limit = query.limit ?? .max
            guard limit >= 0 else { throw StorageError(.query, "a limit is at least 0, found \(limit)") }
            query.limit = nil
            let condition = query.condition
            var found: [Value: [Related.Output]] = [:]
            for start in stride(from: 0, to: values.count, by: portion) {
                let part = Array(values[start..<min(start + portion, values.count)])
                let isPart = Condition.isIn(column: reference, part)
                query.condition = condition.map { isPart && $0 } ?? isPart
                for (key, output) in try await related.rows(in: session, query, keyedBy: reference)
                where found[key, default: []].count < limit {
                    found[key, default: []].append(output)
                }
            }
            return values.map { found[$0] ?? [] }
        }
    }
}

import CairnCore

// Records with others that are related to them. Drivers read them together, relation by relation; the model reads them one by one.

extension Execution {
    /// - Returns: Each record with how deep it lies, in which relation, its metadata and its values, before those that are related to it.
    func including(
        _ spec: QuerySpec, _ specs: [InclusionSpec], pageSize: Int?, _ session: Session
    ) async throws -> [[Value]] {
        let records = try records(spec.table, session)
        let query = query(spec)
        let inclusions = specs.map { $0.inclusion(in: store.schema) }
        // A plan is asked for each time: it must not fail either, and what is refused is refused by it.
        _ = try await records.explain(query, including: inclusions)
        var results: [[Value]] = []
        guard let pageSize else {
            if isModel {
                for record in try await records.all(query) { results += try await oneByOne(record, specs, in: session) }
            } else {
                for row in try await records.all(query, including: inclusions) { results += Execution.results(row) }
            }
            return results
        }
        var cursor: PageCursor?
        var number = 0
        repeat {
            if isModel {
                let page = try await records.page(query, size: pageSize, after: cursor)
                for record in page.items { results += try await oneByOne(record, specs, in: session) }
                cursor = page.next
            } else {
                let page = try await records.page(query, including: inclusions, size: pageSize, after: cursor)
                for row in page.items { results += Execution.results(row) }
                cursor = page.next
            }
            number += 1
        } while cursor != nil && number < Execution.mostPages
        return results
    }

    private static func results(_ row: RelatedRecord, depth: Int = 0, place: Int = 0) -> [[Value]] {
        [result(row.record, depth, place)]
            + row.related.enumerated().flatMap { place, rows in
                rows.flatMap { results($0, depth: depth + 1, place: place) }
            }
    }

    private static func result(_ record: Record, _ depth: Int, _ place: Int) -> [Value] {
        [.int(depth), .int(place)] + record.observed
    }

    private func oneByOne(
        _ record: Record, _ specs: [InclusionSpec], depth: Int = 0, place: Int = 0, in session: Session
    ) async throws -> [[Value]] {
        var results = [Execution.result(record, depth, place)]
        for (place, spec) in specs.enumerated() {
            for other in try await related(to: record, spec, in: session) {
                results += try await oneByOne(other, spec.inner, depth: depth + 1, place: place, in: session)
            }
        }
        return results
    }

    private func related(to record: Record, _ spec: InclusionSpec, in session: Session) async throws -> [Record] {
        switch spec.kind {
        case .one(let column):
            let value = record.values[column]
            guard let reference = record.table.references.first(where: { $0.column == column }), !value.isNull else {
                return []
            }
            guard let other = try await records(reference.target, session).find(Key(value)) else {
                var details = StorageError.Details()
                details.table = store.schema.tables[reference.target].name
                throw StorageError(.reference, "a record refers to one that is not there yet", details: details)
            }
            return [other]
        case .many(let spec, let column):
            var query = query(spec)
            let refers = Condition.compare(column: column, .equal, record.key.first)
            query.condition = query.condition.map { .and([$0, refers]) } ?? refers
            return try await records(spec.table, session).all(query)
        }
    }
}

extension Record {
    /// Its metadata and its values.
    var observed: [Value] {
        [.int(metadata.revision), .timestamp(metadata.createdAt), .timestamp(metadata.updatedAt)] + values
    }
}

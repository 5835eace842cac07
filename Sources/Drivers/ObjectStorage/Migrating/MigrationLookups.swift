import CairnCore
import CairnSchema

/// What a migration looks up in other tables of the store, as they are before it.
///
/// A query for each value that is asked for first: a GET for the record, and where the column is not the key, what its unique index takes.
struct MigrationLookups: Sendable {
    private let reader: ViewReader
    private var known = LeastRecentlyUsed<Asked, Value?>(limit: MigrationLookups.limit)
    /// Those of the records that are made now.
    private var current: [Asked: Value?] = [:]

    private struct Asked: Hashable, Sendable {
        let lookup: RowLookup
        let value: Value
    }

    /// Bytes of values that are held.
    private static let limit = 16 << 20

    init(_ engine: Engine, _ view: View) {
        reader = engine.reader(view)
    }

    /// Looks up what some records need.
    mutating func prepare(_ wanted: [(lookup: RowLookup, value: Value)]) async throws {
        current = [:]
        var missing: Set<Asked> = []
        for (lookup, value) in wanted {
            let asked = Asked(lookup: lookup, value: value)
            if let found = known.value(asked) { current[asked] = .some(found) } else { missing.insert(asked) }
        }
        let all = Array(missing)
        let found = try await all.concurrently(LogReader.width) { [reader] asked in
            try await MigrationLookups.find(asked, reader)
        }
        for (asked, value) in zip(all, found) {
            current[asked] = .some(value)
            let cost = 128 + ValueSize.bytes(asked.value) + (value.map { ValueSize.bytes($0) } ?? 0)
            known.keep(value, cost: cost, at: asked)
        }
    }

    /// What was found.
    func found(_ lookup: RowLookup, _ value: Value) throws -> Value? {
        guard let found = current[Asked(lookup: lookup, value: value)] else {
            return try RecordMigration.noLookUp(lookup, value)
        }
        return found
    }

    private static func find(_ asked: Asked, _ reader: ViewReader) async throws -> Value? {
        let lookup = asked.lookup
        let query = Query(
            lookup.table, where: .compare(column: lookup.unique.position, .equal, asked.value), limit: 1)
        let cursor = try await reader.rows(query)
        defer { cursor.close() }
        var found: Value?
        while try await cursor.next(
            1,
            { row in
                found = try row.values()[lookup.result.position]
                return true
            })
        {}
        return found
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// What a process that has read nothing yet finds out before it chooses an index.
@Suite("Statistics of indexes")
struct StatisticsTests {
    /// Six hundred pets, five of six in the house, in a process that has read none of them.
    private func fresh() async throws -> (store: Store, counting: CountingObjectStore, pets: Table) {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "pets": { "columns": { "id": "int", "place": "string", "born": "int", "name": "string" },
                  "key": "id", "indexes": { "by_place": ["place"], "by_born": ["born"] } } } }
                """)
        let pets = schema.tables[0]
        let objects = MemoryObjectStore()
        let storage = try await ObjectStorage.open(objects)
        let writer = try await Store.open(storage, schema: schema)
        let rows: [[Value]] = (0..<600).map { id in
            [.int(id), .string(id % 6 == 0 ? "garden" : "house"), .int(id), .string("Pet \(id)")]
        }
        _ = try await writer.session.write(rows.map { .insert(pets, $0) })
        // Before the manifest is made: what is not written by then it carries.
        try await storage.flush()
        try await writer.maintain()
        try await writer.close()
        let counting = CountingObjectStore(objects)
        return (try await Store.open(ObjectStorage.open(counting), schema: schema), counting, pets)
    }

    private func query(_ pets: Table, place: String?, born: Int) -> Query {
        let isLate = Condition.compare(column: 2, .greaterOrEqual, .int(born))
        guard let place else { return Query(pets, where: isLate) }
        return Query(pets, where: .and([.compare(column: 1, .equal, .string(place)), isLate]))
    }

    @Test("Where two indexes have bounds, a request for each tells which has fewer entries between them")
    func choice() async throws {
        let (store, counting, pets) = try await fresh()
        // A value is guessed to be rarer than a range, and this one is not.
        let query = query(pets, place: "house", born: 590)
        let before = counting.counts
        #expect(try await store.records("pets").all(query).count == 9)
        // The tip, the two indexes, and the ten that were born late.
        #expect((counting.counts - before)[.get] == 1 + 2 + 10)
        let plan = try await store.session.explain(query)
        #expect(plan.access == .index("by_born") && plan.estimatedRows == 10, "\(plan)")
        try await store.close()
    }

    @Test("Where one index has bounds, no request is made for any other")
    func single() async throws {
        let (store, counting, pets) = try await fresh()
        let before = counting.counts
        #expect(try await store.records("pets").all(query(pets, place: nil, born: 590)).count == 10)
        #expect((counting.counts - before)[.get] == 1 + 1 + 10)
        try await store.close()
    }

    @Test("A budget of requests is not spent on statistics")
    func budget() async throws {
        let (store, counting, pets) = try await fresh()
        var query = query(pets, place: "hall", born: 590)
        query.budget = QueryBudget(requests: 2)
        let before = counting.counts
        #expect(try await store.records("pets").all(query).isEmpty)
        #expect((counting.counts - before)[.get] == 2)
        try await store.close()
    }
}

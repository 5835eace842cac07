import CairnCore
import MemoryStorage
import Testing

/// What an order by other records reads; which rows it gives is a matter of conformance.
@Suite("Orders by other records")
struct RelatedOrderTests {
    private func store(cities: Int, countries: Int) async throws -> Store {
        let schema = try Schema(
            parsing: """
                { "database": "atlas", "tables": {
                  "countries": { "columns": { "id": "int", "name": "string", "area": "int" }, "key": "id" },
                  "cities": { "columns": { "id": "int", "country": { "references": "countries" } }, "key": "id" } } }
                """)
        let store = try await Store.open(MemoryStorage(), schema: schema)
        let tables = store.schema.tables
        var operations: [WriteOperation] = []
        for id in 0..<countries {
            operations.append(.insert(tables[0], [.int(id), .string("n\(id % 7)"), .int(-id)]))
        }
        for id in 0..<cities { operations.append(.insert(tables[1], [.int(id), .int(id % countries)])) }
        _ = try await store.session.write(operations)
        return store
    }

    private func plan(_ text: String, _ store: Store) async throws -> QueryPlan {
        try await store.session.explain(Query(parsing: text, schema: store.schema), run: true)
    }

    @Test("Each record is read once, however many rows refer to it and however many columns of it count")
    func once() async throws {
        let store = try await store(cities: 5000, countries: 40)
        for limit in ["", " limit 10"] {
            let plan = try await plan("cities order by country.name desc, country.area\(limit)", store)
            #expect(plan.readRows == 5000, "\(plan)")
            #expect(plan.related.map(\.plan.readRows) == [40], "\(plan)")
            #expect(plan.run?.rows == (limit.isEmpty ? 5000 : 10))
        }
    }

    @Test("Of many records only those are read that rows of the query refer to")
    func few() async throws {
        let store = try await store(cities: 5000, countries: 4000)
        let plan = try await plan("cities where id < 30 order by country.name", store)
        #expect(plan.readRows == 30, "\(plan)")
        #expect(plan.related.map(\.plan.readRows) == [30], "\(plan)")
        let none = try await self.plan("cities where id < 0 order by country.name", store)
        #expect(none.related.map(\.plan.readRows) == [0], "\(none)")
        #expect(none.run?.rows == 0)
    }
}

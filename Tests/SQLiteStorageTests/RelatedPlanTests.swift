import CairnCore
import SQLiteStorage
import Testing

/// What a plan says of the rows of other tables that SQLite reads for a query.
@Suite("Plans of SQLite for queries that lead to other tables")
struct RelatedPlanTests {
    private static let schema = """
        { "database": "d", "tables": {
          "zones": { "columns": { "code": "string", "name": "string" }, "key": "code" },
          "places": { "columns": { "id": "int", "name": { "type": "string", "unique": true },
                                   "zone": { "references": "zones" } }, "key": "id" },
          "visits": { "columns": { "id": "int", "place": { "references": "places" },
                                   "next": { "references": "places?" }, "guests": "int" }, "key": "id" } } }
        """

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func store() async throws -> Store { try await Store.open(path: folder.path("related.db"), Self.schema) }

    private func plan(_ text: String, _ store: Store) async throws -> QueryPlan {
        try await store.session.explain(Query(parsing: text, schema: store.schema))
    }

    private func firstLine(_ plan: QueryPlan) -> Substring? { plan.description.split(separator: "\n").first }

    @Test("A table that is read whole for a condition is in the first line, and how it is read is a plan of its own")
    func whole() async throws {
        let store = try await store()
        let plan = try await plan("visits where place.zone.name = 'north' and guests > 3", store)
        #expect(plan.access == .index("reference_place"))
        #expect(firstLine(plan) == "sqlite: visits by index reference_place, reading all of zones")
        #expect(plan.related.map(\.isFirst) == [true])
        let places = try #require(plan.related.first).plan
        #expect(places.table == "places" && places.access == .index("reference_zone"))
        #expect(places.bounds == ["zone in (select code from zones where name = \"north\")"])
        let zones = try #require(places.related.first).plan
        #expect(zones.table == "zones" && zones.access == .table && zones.filter == "name = \"north\"")
        // What is found by an index is not read whole.
        let found = try await self.plan("visits where place.name = 'harbour'", store)
        #expect(firstLine(found) == "sqlite: visits by index reference_place")
        #expect(found.related.map(\.plan.access) == [.index("unique_name")])
        #expect(found.related.first?.plan.bounds == ["name = \"harbour\""])
        try await store.close()
    }

    @Test("Two look-ups in one table are told apart by what they search for; else the bounds are in SQLite's words")
    func twice() async throws {
        let store = try await store()
        let apart = try await plan("visits where place.name = 'harbour' and next.zone.name = 'north'", store)
        #expect(apart.related.map(\.plan.table) == ["places", "places"])
        let bounds = Set(apart.related.map(\.plan.bounds))
        #expect(bounds == [["name = \"harbour\""], ["zone in (select code from zones where name = \"north\")"]])
        #expect(firstLine(apart) == "sqlite: visits by index reference_next, reading all of zones")
        let alike = try await plan("visits where place.name = 'harbour' and next.name = 'pier'", store)
        #expect(alike.related.map(\.plan.access) == [.index("unique_name"), .index("unique_name")])
        #expect(alike.related.map(\.plan.bounds) == [["name=?"], ["name=?"]], "\(alike)")
        try await store.close()
    }

    @Test("The records that an order leads to are read by their keys, one for each row")
    func ordered() async throws {
        let store = try await store()
        let plan = try await plan("visits order by place.zone.name desc, next.name", store)
        #expect(plan.access == .table)
        #expect(plan.related.map(\.plan.table) == ["places", "places"])
        #expect(plan.related.map(\.plan.access) == [.key, .key])
        #expect(plan.related.map(\.isFirst) == [false, false])
        #expect(plan.related.map { $0.plan.related.map(\.plan.table) } == [["zones"], []], "\(plan)")
        try await store.close()
    }

    @Test("How many rows of other tables are expected is known after maintenance")
    func expected() async throws {
        let store = try await store()
        let (zones, places) = (store.schema.tables[0], store.schema.tables[1])
        var operations = (0..<40).map { WriteOperation.insert(zones, [.string("z\($0)"), .string("n\($0 % 4)")]) }
        operations += (0..<80).map {
            .insert(places, [.int($0), .string("p\($0)"), .string("z\($0 % 40)")])
        }
        _ = try await store.session.write(operations)
        let text = "places where zone.name = 'n1'"
        #expect(try await plan(text, store).related.map(\.plan.estimatedRows) == [nil])
        try await store.maintain()
        #expect(try await plan(text, store).related.map(\.plan.estimatedRows) == [40])
        try await store.close()
    }
}

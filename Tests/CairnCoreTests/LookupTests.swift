import CairnSchema
import Testing

@testable import CairnCore

@Suite("Looking values up in other rows")
struct LookupTests {
    private let schema: Schema
    private var cities: Table { schema.tables[1] }

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "d", "tables": {
                  "countries": { "columns": { "id": "int", "name": "string", "boss": { "references": "countries?" } },
                    "key": "id", "indexes": { "by_name": ["name"] } },
                  "cities": { "columns": { "id": "int", "name": "string", "country": { "references": "countries" } },
                    "key": "id", "indexes": { "by_name": ["name"] } } } }
                """)
    }

    /// Tables of given sizes, of which nothing is read.
    private struct Sizes: IndexScanner {
        let sizes: [Int]
        func scan(_ scan: IndexScan) async throws -> any RowCursor { EmptyCursor() }
        func estimatedCount(of table: Table) async throws -> Int { sizes[table.position] }
    }

    private func plan(_ text: String, countries: Int, cities: Int) async throws -> QueryPlan {
        try await Executor(Sizes(sizes: [countries, cities]), driver: "test")
            .explain(try Query(parsing: text, schema: schema))
    }

    @Test("A few records that a condition finds are read first, and an index serves the rows that refer to them")
    func first() async throws {
        let plan = try await plan("cities where country.name = 'France'", countries: 200, cities: 30_000)
        #expect(
            plan.description == """
                test: cities by index reference_country
                  bounds  country in (select id from countries where name = "France")
                  sort    id
                  rows    about 600 read
                  related first, test: countries by index by_name
                    bounds  name = "France"
                    covered by the index: no record is read
                    rows    about 2 read
                """)
    }

    @Test("Of many records those are read that the few rows in question refer to")
    func portions() async throws {
        let plan = try await plan(
            "cities where id = 7 and country.name != 'France'", countries: 1_000_000, cities: 30_000)
        #expect(plan.access == .key)
        #expect(plan.related.map(\.isFirst) == [false])
        #expect(plan.related.first?.plan.access == .index("primary"))
        #expect(plan.filter == "country in (select id from countries where name != \"France\")")
    }

    @Test("Rows with a limit are read first, whatever they cost")
    func limited() async throws {
        let plan = try await plan(
            "cities where id = 7 and country in (select id from countries order by boss limit 5)", countries: 1_000_000,
            cities: 30_000)
        #expect(plan.related.map(\.isFirst) == [true])
    }

    @Test("The records of a small table that rows are ordered by are read first, all of them")
    func smallOrder() async throws {
        let plan = try await plan("cities order by country.name desc limit 10", countries: 200, cities: 30_000)
        #expect(
            plan.description == """
                test: cities by reading the whole table, reading all of countries
                  sort    country.name desc, id
                  limit   10
                  rows    about 30000 read
                  related first, test: countries by index by_name
                    covered by the index: no record is read
                    rows    about 200 read
                """)
    }

    @Test(
        "Of a large table those records are read that the rows to be ordered refer to, one read for all columns of a record"
    )
    func largeOrder() async throws {
        let plan = try await plan(
            "cities where id < 9 order by country.boss.name, country.name, country.id desc", countries: 1_000_000,
            cities: 30_000)
        #expect(plan.bounds == ["id < 9"])
        #expect(plan.sort == ["country.boss.name", "country.name", "country.id desc", "id"])
        #expect(plan.related.map(\.isFirst) == [false, false])
        #expect(plan.related.map(\.plan.access) == [.index("primary"), .index("primary")])
    }

    @Test("No index serves an order by other records: the first rows of a whole table need leave to be read")
    func unindexed() throws {
        func advice(_ text: String) throws -> IndexAdvice { IndexAdvice(try Query(parsing: text, schema: schema)) }
        #expect(try advice("cities order by country.name").isServed)
        #expect(try advice("cities where name = 'x' order by country.name limit 3").isServed)
        let first = try advice("cities order by country.name limit 3")
        #expect(!first.isServed)
        #expect(first.error.message.contains("the order by country.name"), "\(first.error)")
        #expect(first.error.remedy?.contains("unindexed()") == true, "\(first.error)")
        #expect(first.missing.index == nil)
    }

    @Test("Conditions on the record of one reference are looked up together, also below a not")
    func merged() throws {
        func lowered(_ text: String) throws -> Condition? {
            try Query(parsing: text, schema: schema).lowered().condition
        }
        let both = Condition.and([
            .not(.compare(column: 1, .equal, .string("a"))), .compare(column: 0, .greater, .int(5)),
        ])
        #expect(
            try lowered("cities where not country.name = 'a' and name = 'x' and country.id > 5")
                == .and([
                    .isInRows(column: 2, RelatedRows(RelatedTable(0), column: 0, where: both)),
                    .compare(column: 1, .equal, .string("x")),
                ]))
        #expect(
            try lowered("cities where not (country.name = 'a' or name = 'x')")
                == .and([
                    .isInRows(
                        column: 2,
                        RelatedRows(
                            RelatedTable(0), column: 0, where: .not(.compare(column: 1, .equal, .string("a"))))),
                    .not(.compare(column: 1, .equal, .string("x"))),
                ]))
    }

    @Test("Rows without a reference count where nulls satisfy the condition")
    func nulls() throws {
        func lowered(_ text: String) throws -> Condition? {
            try Query(parsing: text, schema: schema).lowered().condition
        }
        let lookup = Condition.isInRows(
            column: 2, RelatedRows(RelatedTable(0), column: 0, where: .isNull(column: 2)))
        #expect(try lowered("countries where boss.boss is null") == .or([lookup, .isNull(column: 2)]))
        #expect(
            try lowered("cities where country.boss is null") == lookup)
        #expect(try lowered("countries where boss.name = 'a'")?.depth == 3)
    }
}

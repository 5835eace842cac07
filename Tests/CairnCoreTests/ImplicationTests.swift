import CairnSchema
import Testing

@testable import CairnCore

@Suite("What an index with a condition has")
struct ImplicationTests {
    private func table(_ condition: String) throws -> Table {
        try Schema(
            parsing: """
                { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "int?", "b": "bool?", "s": "string" }, "key": "id",
                  "indexes": { "i": { "on": ["s"], "where": "\(condition)" } } } } }
                """
        ).tables[0]
    }

    /// Whether a query by a condition finds all its rows in an index with another.
    private func implies(_ query: String, _ index: String) throws -> Bool {
        let table = try table(index)
        let condition = try #require(table.indexes[0].condition)
        return Query(table, where: try Condition(parsing: query, table: table)).implies(condition)
    }

    @Test(
        "What follows from a query is seen",
        arguments: [
            ("a > 5", "a > 5"), ("a > 5 and s = 'x'", "a > 5"), ("a = 7", "a > 5"), ("a in (6, 7)", "a > 5"),
            ("a > 5", "a >= 5"), ("a >= 6", "a > 5"), ("a > 5", "a != 5"), ("a < 5", "a <= 9"), ("a <= 4", "a != 5"),
            ("a = 1", "a is not null"), ("a < 3", "a is not null"), ("a != 3", "a is not null"),
            ("a in (1, 2)", "a in (1, 2, 3)"), ("a = 2", "a in (1, 2)"), ("not b", "b = false"), ("b = false", "not b"),
            ("b != true", "b = false"), ("a = 1 and b", "b and a is not null"), ("a = 1", "a = 1 or b"),
            ("a = 1 or a = 2", "a < 3"), ("(a = 1 and b) or (a = 2 and b)", "b"), ("a = 1 or b", "b or a = 1 or a = 3"),
            ("a is null", "a is null"), ("a between 2 and 3", "a > 1 and a < 4"),
        ])
    func implied(_ query: String, _ index: String) throws {
        #expect(try implies(query, index), "\(query) should imply \(index)")
    }

    @Test(
        "What does not follow is not taken to",
        arguments: [
            ("s = 'x'", "a > 5"), ("a > 4", "a > 5"), ("a >= 5", "a > 5"), ("a >= 5", "a != 5"), ("a != 4", "a != 5"),
            ("a in (5, 6)", "a > 5"), ("a in (1, 2, 4)", "a in (1, 2, 3)"), ("a < 9", "a <= 5"),
            ("a is null", "a is not null"),
            ("not (a > 5)", "a > 5"), ("b is not null", "b = false"), ("a = 1 or b", "b"), ("a = 1", "a = 1 and b"),
            ("not (a is null)", "a > 0"), ("s begins with 'a'", "s = 'a'"),
        ])
    func notImplied(_ query: String, _ index: String) throws {
        #expect(try !implies(query, index), "\(query) does not imply \(index)")
    }

    @Test("An index serves by its condition alone, and what that says is not checked again")
    func served() throws {
        let table = try table("b = false and a > 5")
        let query = Query(table, where: try Condition(parsing: "not b and a > 5 and id != 3", table: table))
        let plan = Planner(query).plan(count: 10_000)
        #expect(plan.scan?.index?.name == "i" && plan.bounds.count == 2)
        #expect(plan.filter == .compare(column: 0, .notEqual, .int(3)))
        #expect(IndexAdvice(query).isServed)
        let other = Query(table, where: try Condition(parsing: "not b and s = 'x'", table: table))
        #expect(Planner(other).plan(count: 10_000).scan?.index == nil && !IndexAdvice(other).isServed)
    }
}

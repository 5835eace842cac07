import CairnCore
import Testing

@Suite("The text of a plan")
struct QueryPlanTests {
    @Test("It says what a query costs where there is a price, and nothing of cost where there is none")
    func cost() {
        var plan = QueryPlan(driver: "sqlite", table: "cities", access: .key, limit: 1)
        #expect(plan.description == "sqlite: cities by key\n  limit   1")
        plan.requests = 3
        #expect(plan.description == "sqlite: cities by key\n  limit   1\n  cost    3 requests, $0")
        plan.dollars = 0.5
        #expect(plan.description == "sqlite: cities by key\n  limit   1\n  cost    3 requests, $0.5")
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// What a plan says of requests, compared with those that are counted between the driver and the store.
@Suite("Requests of plans")
struct PlannedRequestTests {
    /// Compares what a plan expects, what it says after running, and what was counted. To explain proves the tip itself, which is one
    /// request more.
    private func expectAgreement(
        _ explained: (value: QueryPlan, counts: RequestCounts), requests: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (plan, counts) = explained
        #expect(plan.requests == requests, "\(plan)", sourceLocation: sourceLocation)
        #expect(plan.run?.requests == requests, "\(plan)", sourceLocation: sourceLocation)
        expectRequests(counts, get: 1 + requests, "\(plan)", sourceLocation: sourceLocation)
    }

    @Test(
        "A read by the key takes what its plan says, also where nothing of the index is known",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func key(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let id = try trial.column("id")
        let query = Query(trial.cities, where: .compare(column: id, .equal, .int(100)))
        let cold = try await trial.measured { try await trial.store.session.explain(query, run: true) }
        #expect(cold.value.access == .key && cold.value.run?.rows == 1, "\(cold.value)")
        expectAgreement(cold, requests: 1 + trial.firstLook + 1)
        let other = Query(trial.cities, where: .compare(column: id, .equal, .int(102)))
        let warm = try await trial.measured { try await trial.store.session.explain(other, run: true) }
        expectAgreement(warm, requests: 1 + 1)
    }

    @Test(
        "A query by an index takes what its plan says, once the index is known", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func index(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let query = try trial.query(population: 500..<510)
        // To count reads the entries, and no record.
        #expect(try await trial.store.records("cities").count(query) == 10)
        let explained = try await trial.measured { try await trial.store.session.explain(query, run: true) }
        #expect(explained.value.access == .index("by_population") && !explained.value.isCovered, "\(explained.value)")
        #expect(explained.value.run?.rows == 10, "\(explained.value)")
        expectAgreement(explained, requests: 1 + 10)
    }

    @Test(
        "A count that an index answers takes what its plan says, once the directory of the index is known",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func count(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        // Far from what is counted then: the greatest come first.
        #expect(try await trial.store.records("cities").count(try trial.query(population: size - 20..<size)) == 20)
        let query = AggregateQuery(try trial.query(population: 100..<300), aggregates: [.rows])
        let explained = try await trial.measured { try await trial.store.session.explain(query, run: true) }
        let plan = explained.value
        #expect(plan.access == .index("by_population") && plan.isCovered, "\(plan)")
        // Of a large index one block, or two where the range lies in two.
        #expect((1 + trial.nextLook...1 + 2 * trial.nextLook).contains(plan.requests), "\(plan)")
        expectAgreement(explained, requests: plan.requests)
    }

    @Test(
        "What is counted while a query runs is what is counted between the driver and the store",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func cold(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let query = try trial.query(population: 500..<510)
        let explained = try await trial.measured { try await trial.store.session.explain(query, run: true) }
        let run = try #require(explained.value.run)
        // Of an index that nobody has opened the plan can only guess how many entries lie in a range.
        #expect(trial.rangeLook.contains(run.requests - 1 - 10), "\(explained.value)")
        expectRequests(explained.counts, get: 1 + run.requests)
    }
}

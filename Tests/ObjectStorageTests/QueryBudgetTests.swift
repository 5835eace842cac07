import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Requests that a query may make.
@Suite("Budgets of queries")
struct QueryBudgetTests {
    @Test("A query is stopped before it makes more requests than its budget, and runs within it")
    func requests() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(40)
        try await writer.checkpoint()
        try await writer.store.close()
        let counting = CountingObjectStore(site.objects)
        let process = try await site.open(counting)
        var query = Query(site.cities)
        query.budget = QueryBudget(requests: 10)
        let before = counting.counts
        await failing(.budget) { _ = try await process.store.records("cities").all(query) }
        #expect((counting.counts - before).total <= 10)
        let then = counting.counts
        query.budget = QueryBudget(requests: 200)
        #expect(try await process.store.records("cities").all(query).count == 40)
        let needed = (counting.counts - then).total
        #expect(needed > 10)
        // A count needs the proof and nothing else.
        var all = Query(site.cities)
        all.budget = QueryBudget(requests: 1)
        #expect(try await process.store.session.count(all) == 40)
        all.budget = QueryBudget(requests: 0)
        await failing(.budget) { _ = try await process.store.session.count(all) }
        try await process.store.close()
    }

    @Test("A query that waits for the proof of another is not stopped by the budget of that")
    func sharedProof() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.put(1, "Paris")
        var poor = Query(site.cities)
        poor.budget = QueryBudget(requests: 0)
        let (query, store) = (poor, process.store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        await failing(.budget) { _ = try await store.session.count(query) }
                    } else {
                        let count = try await store.session.count(Query(site.cities))
                        #expect(count == 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// What each operation that reads costs in requests, counted between the driver and the store; and that it does not grow with the table.
@Suite("Requests for reading")
struct ReadRequestTests {
    // MARK: By key

    @Test(
        "A record by its key is two requests side by side, and one when it is known", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func get(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        expectRequests(try await trial.requests { try await trial.get(100) }, get: 2)
        expectRequests(try await trial.requests { try await trial.get(100) }, get: 1)
    }

    @Test(
        "A record that may be a while old is one request, and none when it is known", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func bounded(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let clock = MovedClock()
        let trial = try await BudgetTrial(
            size, etags, freshness: .bounded(seconds: 3_600), machine: clock.machine())
        expectRequests(try await trial.requests { try await trial.get(100) }, get: 1)
        expectRequests(try await trial.requests { try await trial.get(100) }, get: 0)
        clock.advance(.seconds(3_601))
        let late = try await trial.requests { try await trial.get(102) }
        expectRequests(late, get: 2, "the last proof of the tip is older than that")
    }

    @Test(
        "A record of whatever age is one request, and none for ever when it is known", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func cached(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let clock = MovedClock()
        let trial = try await BudgetTrial(size, etags, freshness: .cached, machine: clock.machine())
        expectRequests(try await trial.requests { try await trial.get(100) }, get: 1)
        clock.advance(.seconds(3_601))
        expectRequests(try await trial.requests { try await trial.get(100) }, get: 0)
    }

    @Test(
        "Each commit that arrived meanwhile is one request more; where there are many, a LIST finds them",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func arrived(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let other = try await Store.open(ObjectStorage.open(trial.objects), schema: trial.store.schema)
        var next = 2 * size + 100
        for (round, commits) in [1, 2, 3, 7].enumerated() {
            for _ in 0..<commits {
                try await other.records("cities").insert(try BudgetTrial.city(trial.cities, next))
                next += 2
            }
            let counts = try await trial.requests { try await trial.get(100 + 2 * round) }
            expectRequests(counts, get: 2 + commits, list: commits > 3 ? 1 : 0, "\(commits) commits")
        }
        try await other.close()
    }

    // MARK: By an index

    @Test(
        "Rows by an index are one request, those for the index, and one for each row", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func rowsByIndex(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let query = try trial.query(population: 500..<510)
        let first = try await trial.measured { try await trial.store.records("cities").all(query) }
        #expect(first.value.count == 10)
        #expect(trial.rangeLook.contains(first.counts[.get] - 1 - 10), "\(first.counts)")
        #expect(first.counts.total == first.counts[.get], "\(first.counts)")
        let second = try await trial.requests { _ = try await trial.store.records("cities").all(query) }
        expectRequests(second, get: 1, "index and rows are known")
    }

    @Test(
        "Rows that an index has whole are one request, and those for the index", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func covered(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        var query = try trial.query(population: 500..<510)
        query.restrict(to: .compare(column: try trial.column("country"), .equal, .string("FR")))
        let name = try trial.column("name")
        let first = try await trial.measured { try await trial.store.records("cities").select([name], of: query) }
        let names = (500..<510).map { [Value.string("City \(2 * $0)")] }
        #expect(Set(first.value) == Set(names))
        #expect(trial.rangeLook.contains(first.counts[.get] - 1), "\(first.counts)")
        #expect(first.counts.total == first.counts[.get], "\(first.counts)")
        let second = try await trial.requests {
            _ = try await trial.store.records("cities").select([name], of: query)
        }
        expectRequests(second, get: 1, "the index is known")
    }

    @Test(
        "The first rows in the order of an index are one request, those for the index, and one for each row",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func topRows(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let order = [OrderTerm(column: try trial.column("population"), isDescending: true)]
        let query = Query(trial.cities, order: order, limit: 5)
        let first = try await trial.measured { try await trial.store.records("cities").all(query).map(\.key) }
        #expect(first.value == (0..<5).map { Key(.int(2 * (size - 1 - $0))) })
        expectRequests(first.counts, get: 1 + trial.firstLook + 5)
    }

    @Test(
        "Of rows that are equal in an order against that of the index only those that are asked for are read, and none before a page",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func equalRows(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let cities = try trial.store.records("cities")
        // No city has a mayor, so all of them are equal.
        let query = Query(trial.cities, order: [OrderTerm(column: try trial.column("mayor"), isDescending: true)])
        let first = try await trial.measured { try await cities.page(query, size: 5) }
        #expect(first.value.items.map(\.key) == (0..<5).map { Key(.int(2 * $0)) })
        // The end of the index, where they are found, which may lie in two blocks, and the beginning, where the first ones are. One row
        // more tells of a page behind.
        let index = trial.firstLook...trial.firstLook + 2 * trial.nextLook
        #expect(index.contains(first.counts[.get] - 1 - 6), "\(first.counts)")
        let cursor = try #require(first.value.next)
        let second = try await trial.measured { try await cities.page(query, size: 5, after: cursor) }
        #expect(second.value.items.map(\.key) == (5..<10).map { Key(.int(2 * $0)) })
        expectRequests(second.counts, get: 1 + 5, "the index and the row behind the first page are known")
    }

    @Test(
        "Equal rows are sorted with those that were written since the index files", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func equalOverlaidRows(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        try await trial.insert(3)
        try await trial.delete(0)
        var query = Query(trial.cities, order: [OrderTerm(column: try trial.column("mayor"), isDescending: true)])
        query.limit = 4
        let plan = try await trial.store.session.explain(query, run: true)
        #expect(plan.access == .index("one_mayor") && plan.sortsTies && plan.readRows == 4, "\(plan)")
        let found = try await trial.store.records("cities").all(query).map(\.key)
        #expect(found == [2, 3, 4, 6].map { Key(.int($0)) })
    }

    // MARK: Counting

    @Test("The count of a table is one request", arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func count(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let whole = try await trial.measured { try await trial.store.records("cities").count() }
        #expect(whole.value == size)
        expectRequests(whole.counts, get: 1)
    }

    @Test(
        "The count of a range of an index is one request, and those for the index, at most eight",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func countOfRange(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let short = try trial.query(population: 100..<300)
        let first = try await trial.measured { try await trial.store.records("cities").count(short) }
        #expect(first.value == 200)
        #expect(trial.rangeLook.contains(first.counts[.get] - 1), "\(first.counts)")
        #expect(first.counts.total == first.counts[.get], "\(first.counts)")
        let all = try trial.query(population: 0..<size)
        let whole = try await trial.measured { try await trial.store.records("cities").count(all) }
        #expect(whole.value == size)
        #expect((1...1 + 8).contains(whole.counts[.get]), "\(whole.counts)")
        #expect(whole.counts.total == whole.counts[.get], "\(whole.counts)")
    }
}

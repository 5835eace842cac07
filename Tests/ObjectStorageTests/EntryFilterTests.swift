import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// Conditions that entries of an index can answer, where every record is a request.
@Suite("Conditions on entries")
struct EntryFilterTests {
    private func suffix(_ site: Site, _ text: String) throws -> Condition {
        .text(column: try #require(site.cities.column(named: "name")).position, .hasSuffix, text, ignoringCase: false)
    }

    /// A hundred cities, of the ids from 1000 on, and a process that has read none of them.
    private func hundredCities() async throws -> (Site, CountingObjectStore, SiteProcess) {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(100)
        try await writer.checkpoint()
        try await writer.store.close()
        let counting = CountingObjectStore(site.objects)
        return (site, counting, try await site.open(counting))
    }

    private func ids(_ records: [Record]) -> [Int] {
        records.compactMap { record in
            if case .int(let id) = record.values[0] { id } else { nil }
        }
    }

    @Test("Of the records whose entries tell that they do not match none is read")
    func requests() async throws {
        let (site, counting, process) = try await hundredCities()
        let session = process.store.session
        let query = Query(site.cities, where: try suffix(site, "7"))
        let plan = try await session.explain(query)
        #expect(plan.access == .index("one_name") && plan.filter == nil)
        #expect(plan.entryFilter == "name ends with \"7\"", "\(plan)")
        #expect(plan.description.contains("\n  entries name ends with"))
        let before = counting.counts
        let found = try await process.store.records("cities").all(query)
        #expect(ids(found) == (0..<10).map { 1007 + 10 * $0 })
        // The tip, two for the index, and ten records.
        #expect((counting.counts - before)[.get] <= 13)
        let run = try await session.explain(query, run: true)
        #expect(run.readRows == 10 && run.run?.rows == 10)
        try await process.store.close()
    }

    @Test("What is left of a condition on the key is told by the entries of the primary index")
    func key() async throws {
        let (site, counting, process) = try await hundredCities()
        let session = process.store.session
        let id = site.cities.key[0]
        let condition = Condition.and([
            .compare(column: id, .greater, .int(1040)), .compare(column: id, .less, .int(1050)),
            .compare(column: id, .notEqual, .int(1045)),
        ])
        let query = Query(site.cities, where: condition)
        let plan = try await session.explain(query)
        #expect(plan.access == .index("primary") && plan.bounds.count == 2 && plan.filter == nil, "\(plan)")
        #expect(plan.entryFilter == "id != 1045", "\(plan)")
        let before = counting.counts
        #expect(
            ids(try await process.store.records("cities").all(query)) == [
                1041, 1042, 1043, 1044, 1046, 1047, 1048, 1049,
            ])
        // The tip, two for the index, and eight records.
        #expect((counting.counts - before)[.get] <= 11)
        #expect(try await session.explain(query, run: true).readRows == 8)
        try await process.store.close()
    }

    @Test("What entries cannot tell is checked on the records that are left")
    func rest() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(100)
        try await process.checkpoint()
        // Each of the two indexes can tell one of them.
        let position = try #require(site.cities.column(named: "population")).position
        let late = Condition.not(.isIn(column: position, (1000...1050).map(Value.int)))
        let query = Query(site.cities, where: .and([try suffix(site, "7"), late]))
        let session = process.store.session
        let plan = try await session.explain(query)
        #expect(plan.entryFilter != nil && plan.filter != nil, "\(plan)")
        #expect(ids(try await process.store.records("cities").all(query)) == [1057, 1067, 1077, 1087, 1097])
        try await process.store.close()
    }

    @Test("A limit ends the search behind the entries that match, in the order of the index")
    func limit() async throws {
        let (site, counting, process) = try await hundredCities()
        let position = try #require(site.cities.column(named: "population")).position
        let odd = Condition.not(.isIn(column: position, (1000..<1099).map(Value.int)))
        var query = Query(site.cities, where: odd)
        query.order = [OrderTerm(column: position, isDescending: true)]
        query.limit = 2
        let before = counting.counts
        #expect(ids(try await process.store.records("cities").all(query)) == [1099])
        // The tip, two for the index, and the record.
        #expect((counting.counts - before)[.get] <= 4)
        query.condition = .not(.isIn(column: position, (1001..<1099).map(Value.int)))
        #expect(ids(try await process.store.records("cities").all(query)) == [1099, 1000])
        query.limit = 1
        #expect(ids(try await process.store.records("cities").all(query)) == [1099])
        try await process.store.close()
    }

    @Test("A transaction finds what it has written itself, and conflicts with what another writes into its search")
    func transaction() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40)
        try await process.checkpoint()
        let storage = process.storage
        let query = Query(site.cities, where: try suffix(site, "7"))
        func row(_ id: Int, _ name: String) throws -> [Value] {
            try Record(site.cities, ["id": .int(id), "name": .string(name), "population": .int(1)]).values
        }
        func found(_ reader: any StorageReader) async throws -> [Int] {
            var ids: [Int] = []
            let cursor = try await reader.rows(query)
            defer { cursor.close() }
            while try await cursor.next(
                .max,
                { row in
                    ids.append(try row.int(0))
                    return true
                })
            {}
            return ids.sorted()
        }
        let tx = try await storage.transaction()
        _ = try await tx.write([
            .insert(site.cities, try row(1, "Town 7")), .update(site.cities, try row(1007, "Town"), expecting: nil),
        ])
        #expect(try await found(tx) == [1, 1017, 1027, 1037])
        // Another process, through the same bucket.
        let other = try await site.open()
        try await other.put(2, "Village 7")
        let error = await #expect(throws: StorageError.self) { _ = try await tx.commit() }
        #expect(error?.code == .conflict)
        #expect(try await found(storage.snapshot(.latest)) == [2, 1007, 1017, 1027, 1037])
        try await process.store.close()
        try await other.store.close()
    }
}

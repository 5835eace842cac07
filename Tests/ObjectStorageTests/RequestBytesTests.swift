import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// What operations send and receive, to the byte: what they are about, and never more of a larger table.
@Suite("Bytes of requests")
struct RequestBytesTests {
    /// What rows of a table of operations took, with each size of the table of cities.
    private struct Sizes {
        private var bytes: [String: [Int]] = [:]

        mutating func add(_ row: String, _ counts: RequestCounts) {
            bytes["\(row), sent", default: []].append(counts.bytesSent)
            bytes["\(row), received", default: []].append(counts.bytesReceived)
        }

        /// Fails the test unless all sizes of the table took the same, but for the digits of numbers.
        func expectAlike(sourceLocation: SourceLocation = #_sourceLocation) {
            for (row, taken) in bytes {
                let (least, most) = (taken.min() ?? 0, taken.max() ?? 0)
                #expect(taken.count == BudgetTrial.sizes.count, "\(row)", sourceLocation: sourceLocation)
                #expect(most * 10 <= least * 12, "\(row): \(taken)", sourceLocation: sourceLocation)
            }
        }
    }

    // MARK: Writing

    @Test("An insert sends its commit record and its file, and receives nothing", arguments: BudgetTrial.etags)
    func inserts(_ etags: BudgetTrial.ETags) async throws {
        var sizes = Sizes()
        for size in BudgetTrial.sizes {
            let trial = try await BudgetTrial(size, etags)
            let run = try trial.run(nil)
            let country = try #require(trial.store.schema.table(named: "countries"))
            let countryBytes = try await trial.objects.bytes(ObjectNames.file(country, Key(.string("FR")))).count
            let first = try await trial.requests { try await trial.insert(101) }
            // All of a small index, of a large one the piece of its filter that has the key.
            #expect(first.bytesReceived == countryBytes + (run.filter?.pieceLength ?? run.length))
            for id in stride(from: 103, through: 113, by: 2) { try await trial.insert(id) }

            let one = try await trial.requests { try await trial.insert(115) }
            let sentByOne = try await trial.recordBytes() + trial.fileBytes([115])
            #expect(one.bytesSent == sentByOne && one.bytesReceived == 0, "\(one.bytesReceived)")
            sizes.add("insert", one)

            let ids = (0..<10).map { 2 * size + 10 + $0 }
            let batch = try await trial.requests { try await trial.insert(all: ids) }
            let sentByBatch = try await trial.recordBytes() + trial.fileBytes(ids)
            #expect(batch.bytesSent == sentByBatch && batch.bytesReceived == 0, "\(batch.bytesReceived)")
            sizes.add("batch of inserts", batch)
        }
        sizes.expectAlike()
    }

    @Test(
        "A change sends its commit record and its files; it receives each file to know it, and again where its mark is not known",
        arguments: BudgetTrial.etags)
    func changes(_ etags: BudgetTrial.ETags) async throws {
        var sizes = Sizes()
        for size in BudgetTrial.sizes {
            let trial = try await BudgetTrial(size, etags)
            // What an update asks the index is known then.
            try await trial.update(10)

            let before = try await trial.fileBytes([12])
            let updating = try await trial.requests { try await trial.update(12) }
            let sentByUpdate = try await trial.recordBytes() + trial.fileBytes([12])
            #expect(updating.bytesSent == sentByUpdate)
            #expect(updating.bytesReceived == before * (1 + trial.looks))
            sizes.add("read and update", updating)

            let deleted = try await trial.fileBytes([20])
            let deleting = try await trial.requests { try await trial.delete(20) }
            let sentByDelete = try await trial.recordBytes() + trial.fileBytes([20])
            #expect(deleting.bytesSent == sentByDelete)
            #expect(deleting.bytesReceived == deleted * (1 + trial.looks))
            sizes.add("delete", deleting)

            let ids = (0..<40).map { 200 + 2 * $0 }
            let allDeleted = try await trial.fileBytes(ids)
            let batch = try await trial.requests { try await trial.delete(all: ids) }
            let sentByBatch = try await trial.recordBytes() + trial.fileBytes(ids)
            #expect(batch.bytesSent == sentByBatch)
            #expect(batch.bytesReceived == allDeleted * (1 + trial.looks))
            sizes.add("batch of deletes", batch)

            let changed = try await trial.fileBytes([40, 42, 44])
            let transaction = try await trial.requests {
                try await trial.store.transaction { tx in
                    for id in [40, 42, 44] {
                        var record = try await tx.records("cities").get(Key(.int(id)))
                        try record.set("population", .int(7))
                        try await tx.records("cities").update(record)
                    }
                }
            }
            let sentByTransaction = try await trial.recordBytes() + trial.fileBytes([40, 42, 44])
            #expect(transaction.bytesSent == sentByTransaction)
            #expect(transaction.bytesReceived == changed * (1 + trial.looks))
            sizes.add("transaction", transaction)
        }
        sizes.expectAlike()
    }

    @Test(
        "The first update receives the part of the index that knows the file, beside the file",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func firstUpdate(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let run = try trial.run(nil)
        let file = try await trial.fileBytes([10])
        let counts = try await trial.requests { try await trial.update(10) }
        let ofIndex = counts.bytesReceived - file * (1 + trial.looks)
        if try trial.storage.engine().indexes.isWhole(run) {
            #expect(ofIndex == run.length)
        } else {
            #expect(run.directoryLength < ofIndex && ofIndex <= run.directoryLength + IndexBlockFormat.blockBytes)
        }
    }

    // MARK: Reading

    @Test("Of records their files are received, of a count and of a covered query none", arguments: BudgetTrial.etags)
    func reads(_ etags: BudgetTrial.ETags) async throws {
        var sizes = Sizes()
        for size in BudgetTrial.sizes {
            let trial = try await BudgetTrial(size, etags)
            let records = try trial.store.records("cities")
            let file = try await trial.fileBytes([100])
            let get = try await trial.requests { try await trial.get(100) }
            #expect(get.bytesReceived == file && get.bytesSent == 0)
            sizes.add("get", get)
            let again = try await trial.requests { try await trial.get(100) }
            #expect(again.bytesReceived == 0)

            let range = try trial.query(population: 500..<510)
            let counting = try await trial.requests { _ = try await records.count(range) }
            let run = try trial.run("by_population")
            // Of a large index the directory and the blocks of the range, which may be two.
            #expect(counting.bytesReceived >= trial.openingBytes(run))
            #expect(
                counting.bytesReceived <= trial.openingBytes(run) + 2 * trial.nextLook * IndexBlockFormat.blockBytes)
            let rows = try await trial.requests { _ = try await records.all(range) }
            let files = try await trial.fileBytes((500..<510).map { 2 * $0 })
            #expect(rows.bytesReceived == files)
            sizes.add("rows by an index that is known", rows)

            let whole = try await trial.requests { _ = try await records.count() }
            #expect(whole.bytesReceived == 0)
            sizes.add("count", whole)

            var named = range
            named.restrict(to: .compare(column: try trial.column("country"), .equal, .string("FR")))
            let (query, name) = (named, try trial.column("name"))
            let covering = try trial.run("by_country")
            let covered = try await trial.requests { _ = try await records.select([name], of: query) }
            #expect(covered.bytesReceived >= trial.openingBytes(covering))
            #expect(
                covered.bytesReceived
                    <= trial.openingBytes(covering) + 2 * trial.nextLook * IndexBlockFormat.blockBytes)
        }
        sizes.expectAlike()
    }

    @Test(
        "The first rows in the order of an index receive its first block and their files", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func topRows(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let order = [OrderTerm(column: try trial.column("population"), isDescending: true)]
        let query = Query(trial.cities, order: order, limit: 5)
        let counts = try await trial.requests { _ = try await trial.store.records("cities").all(query) }
        let run = try trial.run("by_population")
        var expected = trial.openingBytes(run)
        if case .blocks(let directory)? = try trial.storage.engine().indexes.cachedSection(run) {
            expected += directory.range(0).count
        }
        expected += try await trial.fileBytes((1...5).map { 2 * (size - $0) })
        #expect(counts.bytesReceived == expected)
    }

    @Test(
        "The count of a range receives as many bytes as its entries take, and at most two blocks more",
        arguments: BudgetTrial.etags)
    func countOfRange(_ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(100_000, etags)
        let run = try trial.run("by_population")
        func received(_ range: Range<Int>) async throws -> Int {
            let query = try trial.query(population: range)
            return try await trial.requests { _ = try await trial.store.records("cities").count(query) }.bytesReceived
        }
        // The directory, once.
        #expect(try await received(99_990..<100_000) > run.directoryLength)
        // None shares a block with another.
        for range in [10_000..<10_100, 20_000..<21_000, 30_000..<60_000] {
            let bytes = try await received(range)
            let entries = run.length * range.count / run.count
            #expect(bytes * 10 >= entries * 9, "\(range.count) entries")
            #expect(bytes * 10 <= entries * 12 + 20 * IndexBlockFormat.blockBytes, "\(range.count) entries")
            #expect(try await received(range) == 0)
        }
    }

    // MARK: Opening

    @Test("Opening receives as much of a large table as of a small one", arguments: BudgetTrial.etags)
    func coldOpen(_ etags: BudgetTrial.ETags) async throws {
        var sizes = Sizes()
        for size in BudgetTrial.sizes {
            let trial = try await BudgetTrial(size, etags)
            for place in 0..<13 { try await trial.insert(2 * size + 100 + 2 * place) }
            await (try trial.storage.engine()).finish()
            let counting = CountingObjectStore(trial.objects)
            let store = try await Store.open(ObjectStorage.open(counting), schema: trial.store.schema)
            _ = try await store.records("cities").get(Key(.int(100)))
            sizes.add("open", counting.counts)
        }
        sizes.expectAlike()
    }
}

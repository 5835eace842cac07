import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Requests for index files")
struct IndexRequestTests {
    /// A run that is read at once.
    private func small(_ shelf: IndexShelf, file: String = "small") async throws -> (IndexRun, [IndexEntry]) {
        var random = IndexRandom(23)
        let entries = IndexSamples.entries(500, payload: 100..<400, &random)
        return (try await shelf.add(entries, file: file), entries)
    }

    /// A run with a directory, of some forty blocks.
    private func large(_ shelf: IndexShelf, file: String = "large") async throws -> (IndexRun, [IndexEntry]) {
        var random = IndexRandom(29)
        let entries = IndexSamples.entries(1000, payload: 2000..<3000, &random)
        return (try await shelf.add(entries, file: file), entries)
    }

    private func directory(_ reader: IndexReader, _ run: IndexRun) async throws -> IndexDirectory {
        guard case .blocks(let directory) = try await reader.section(run) else {
            throw StorageError(.invalid, "the run is read at once")
        }
        return directory
    }

    // MARK: How many

    @Test("A small run is read in one request, and never again")
    func smallRun() async throws {
        let shelf = IndexShelf()
        let (run, entries) = try await small(shelf)
        for entry in entries.prefix(50) { _ = try await shelf.reader.find(entry.key, in: [run]) }
        _ = try await shelf.reader.count([run])
        #expect(shelf.gets == 1)
        #expect(shelf.objects.counts.bytesReceived == run.length)
    }

    @Test("A key of a large run takes two requests, one when the directory is cached, none when the block is")
    func largeRun() async throws {
        let shelf = IndexShelf()
        let (run, entries) = try await large(shelf)
        let keys = [entries[0].key, entries[500].key, entries[500].key]
        let gets = [2, 3, 3]
        for (key, wanted) in zip(keys, gets) {
            _ = try await shelf.reader.find(key, in: [run])
            #expect(shelf.gets == wanted)
        }
    }

    @Test("A key or bounds beside a run take no request")
    func beside() async throws {
        let shelf = IndexShelf()
        let run = try await shelf.add([IndexEntry(key: [5], .removed), IndexEntry(key: [7], .removed)], file: "f")
        #expect(try await shelf.reader.find([4], in: [run]) == nil)
        #expect(try await shelf.reader.find([7, 0], in: [run]) == nil)
        for bounds in [
            IndexBounds(lower: [7, 0]), IndexBounds(upper: [5]), IndexBounds(lower: [6], upper: [6]),
            IndexBounds(lower: [6], upper: [5]),
        ] {
            var cursor = shelf.reader.cursor(run, bounds)
            #expect(try await cursor.next() == nil)
            #expect(try await shelf.reader.count([run], bounds) == 0)
        }
        #expect(shelf.gets == 0)
    }

    @Test("Bounds inside a block read that block", arguments: [false, true])
    func oneBlock(_ isReversed: Bool) async throws {
        let shelf = IndexShelf()
        let (run, entries) = try await large(shelf)
        let directory = try await directory(shelf.reader, run)
        let before = directory.entries(0) + directory.entries(1)
        let bounds = IndexBounds(lower: entries[before + 1].key, upper: entries[before + 4].key)
        let start = shelf.objects.counts
        var cursor = shelf.reader.merged([run], bounds, isReversed: isReversed)
        #expect(try await cursor.all() == entries.between(bounds, isReversed: isReversed))
        #expect((shelf.objects.counts - start)[.get] == 1)
        #expect((shelf.objects.counts - start).bytesReceived == directory.range(2).count)
    }

    @Test("A scan that stops early reads no more than one block", arguments: [false, true])
    func earlyEnd(_ isReversed: Bool) async throws {
        let shelf = IndexShelf()
        let (run, _) = try await large(shelf)
        _ = try await directory(shelf.reader, run)
        let start = shelf.gets
        var cursor = shelf.reader.merged([run], isReversed: isReversed)
        _ = try await cursor.nextBatch(upTo: 5)
        #expect(shelf.gets == start + 1)
    }

    @Test(
        "A whole scan reads each byte once, in requests that grow or are as large as may be", arguments: [false, true])
    func wholeScan(_ isReversed: Bool) async throws {
        for (readAhead, wanted) in [(IndexReadAhead.none, nil), (.growing, 6), (.full, 3)] as [(IndexReadAhead, Int?)] {
            let shelf = IndexShelf()
            let (run, entries) = try await large(shelf)
            let blocks = try await directory(shelf.reader, run).count
            let start = shelf.objects.counts
            var cursor = shelf.reader.merged([run], isReversed: isReversed, readAhead: readAhead)
            #expect(try await cursor.all().count == entries.count)
            let made = shelf.objects.counts - start
            #expect(made[.get] == wanted ?? blocks, "\(readAhead), \(blocks) blocks")
            #expect(made.bytesReceived == run.length)
        }
    }

    @Test("The pieces of a base are opened as a scan comes to them")
    func pieces() async throws {
        let shelf = IndexShelf()
        let (run, _) = try await large(shelf)
        var number = 0
        let pieces = try await shelf.reader.merge([run], dropsRemoved: true, store: "store", splitBytes: 200_000) {
            number += 1
            return "piece\(number)"
        } save: {
            try await shelf.save($0, $1)
        }
        #expect(pieces.count > 5)
        let start = shelf.gets
        var cursor = shelf.cold().merged(pieces)
        _ = try await cursor.nextBatch(upTo: 5)
        #expect(shelf.gets == start + 1)
        _ = try await cursor.all()
        #expect(shelf.gets == start + pieces.count)
    }

    @Test("A merge leaves nothing in the cache, and uses what is there")
    func mergeAndCache() async throws {
        let shelf = IndexShelf()
        let (large, _) = try await large(shelf)
        let (small, _) = try await small(shelf)
        _ = try await shelf.reader.count([small])
        let start = shelf.gets
        let merged = try await shelf.reader.merge([large, small], dropsRemoved: true, store: "store") {
            "merged"
        } save: {
            try await shelf.save($0, $1)
        }
        #expect(merged.count == 1)
        let mergeGets = shelf.gets - start
        #expect(mergeGets == 4)
        _ = try await shelf.reader.count([large])
        #expect(shelf.gets - start - mergeGets == 4)
    }

    // MARK: Estimates

    @Test("What is said to be exact is how many requests a scan makes", arguments: 0..<30)
    func estimates(_ seed: UInt64) async throws {
        var random = IndexRandom(seed)
        let shelf = IndexShelf()
        let (large, entries) = try await large(shelf)
        let (small, _) = try await small(shelf)
        let runs = [[large], [large, small], [small], [small, large]][random.below(4)]
        if random.below(4) > 0 { _ = try await directory(shelf.reader, large) }
        for _ in 0..<random.below(5) { _ = try await shelf.reader.find(entries[random.below(1000)].key, in: [large]) }
        let ends = [random.below(1000), random.below(1000)].sorted().map { entries[$0].key }
        let bounds = random.below(3) == 0 ? .all : IndexBounds(lower: ends[0], upper: ends[1])
        let readAhead = [IndexReadAhead.none, .growing, .full][random.below(3)]
        let isReversed = random.below(2) == 0
        let estimate = shelf.reader.estimate(runs, bounds, isReversed: isReversed, readAhead: readAhead)
        let start = shelf.gets
        var cursor = shelf.reader.merged(runs, bounds, isReversed: isReversed, readAhead: readAhead)
        _ = try await cursor.all()
        let made = shelf.gets - start
        if estimate.isExact {
            #expect(estimate.requests == made, "seed \(seed)")
        } else {
            #expect(estimate.requests <= 2 * made + 2 && made <= 2 * estimate.requests + 2, "seed \(seed)")
        }
        let again = shelf.reader.estimate(runs, bounds, isReversed: isReversed, readAhead: readAhead)
        #expect(again == IndexReadEstimate(requests: 0, isExact: true), "seed \(seed)")
    }

    @Test("A limit makes an estimate smaller, and says that it is one")
    func limitedEstimate() async throws {
        let shelf = IndexShelf()
        let (run, _) = try await large(shelf)
        let unopened = shelf.reader.estimate([run], limit: 10)
        #expect(unopened == IndexReadEstimate(requests: 2, isExact: false))
        _ = try await directory(shelf.reader, run)
        #expect(shelf.reader.estimate([run], limit: 10) == IndexReadEstimate(requests: 1, isExact: false))
        #expect(shelf.reader.estimate([run]) == IndexReadEstimate(requests: 6, isExact: true))
    }
}

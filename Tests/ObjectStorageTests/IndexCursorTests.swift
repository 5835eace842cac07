import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Reading a run of an index")
struct IndexCursorTests {
    /// Sizes that make a run of one block, of several read at once, and of several with a directory.
    enum Size: CaseIterable {
        case oneEntry
        case oneBlock
        case fewBlocks
        case manyBlocks
        case largeEntries

        func entries(_ random: inout IndexRandom) -> [IndexEntry] {
            switch self {
            case .oneEntry: IndexSamples.entries(1, payload: 0..<9, &random)
            case .oneBlock: IndexSamples.entries(60, payload: 0..<30, &random)
            case .fewBlocks: IndexSamples.entries(600, payload: 100..<400, &random)
            case .manyBlocks: IndexSamples.entries(2000, payload: 100..<600, &random)
            case .largeEntries: IndexSamples.entries(12, payload: 30_000..<120_000, &random)
            }
        }
    }

    @Test("Runs of these sizes are read in these ways")
    func ways() async throws {
        for size in Size.allCases {
            var random = IndexRandom(7)
            let shelf = IndexShelf()
            let run = try await shelf.add(size.entries(&random), file: "f")
            #expect(shelf.reader.isWhole(run) == ![.manyBlocks, .largeEntries].contains(size), "\(size)")
            #expect((run.directoryLength == 0) == [.oneEntry, .oneBlock].contains(size), "\(size)")
        }
    }

    @Test(
        "Between any bounds, in both directions, a run gives what an array gives", arguments: Size.allCases,
        [IndexReadAhead.none, .growing, .full])
    func bounds(_ size: Size, _ readAhead: IndexReadAhead) async throws {
        let seed: UInt64 = 11
        var random = IndexRandom(seed)
        let entries = size.entries(&random)
        let shelf = IndexShelf()
        let run = try await shelf.add(entries, file: "f")
        let places = [0, entries.count - 1, random.below(entries.count), random.below(entries.count)]
        let edges = IndexSamples.edges(entries, places)
        for lower in edges {
            for upper in edges.map(Optional.some) + [nil] where random.below(size == .manyBlocks ? 4 : 1) == 0 {
                let bounds = IndexBounds(lower: lower, upper: upper)
                for isReversed in [false, true] {
                    var cursor = shelf.reader.cursor(run, bounds, isReversed: isReversed, readAhead: readAhead)
                    let found = try await cursor.all()
                    #expect(
                        found == entries.between(bounds, isReversed: isReversed), "seed \(seed), \(size), \(bounds)")
                    #expect(try await cursor.next() == nil)
                }
            }
        }
    }

    @Test("Bounds at the edges of blocks give what an array gives", arguments: [IndexReadAhead.none, .growing])
    func blockEdges(_ readAhead: IndexReadAhead) async throws {
        var random = IndexRandom(13)
        let entries = Size.manyBlocks.entries(&random)
        let shelf = IndexShelf()
        let run = try await shelf.add(entries, file: "f")
        guard case .blocks(let directory) = try await shelf.reader.section(run) else {
            Issue.record("the run has no directory")
            return
        }
        var place = 0
        var places: [Int] = []
        for block in 0..<directory.count {
            places += [place - 1, place]
            place += directory.entries(block)
        }
        let keys = IndexSamples.edges(entries, places)
        for (index, lower) in keys.enumerated() {
            for upper in [keys[random.below(keys.count)], keys[min(index + 3, keys.count - 1)]] {
                let bounds = IndexBounds(lower: lower, upper: upper)
                for isReversed in [false, true] {
                    var cursor = shelf.reader.cursor(run, bounds, isReversed: isReversed, readAhead: readAhead)
                    let found = try await cursor.all()
                    #expect(found == entries.between(bounds, isReversed: isReversed), "\(bounds)")
                }
            }
        }
    }

    @Test("Sections of one file do not disturb one another", arguments: 0..<10)
    func sections(_ seed: UInt64) async throws {
        var random = IndexRandom(seed)
        let sections = (0..<8).map { _ in
            IndexSamples.entries(1 + random.below(400), payload: 0..<1 + random.below(2000), &random)
        }
        let shelf = IndexShelf()
        let (bytes, runs) = IndexShelf.file(sections, file: "f")
        try await shelf.save("f", bytes)
        for (entries, run) in zip(sections, runs) {
            let run = try #require(run)
            var cursor = shelf.reader.cursor(run)
            #expect(try await cursor.all() == entries, "seed \(seed)")
        }
    }

    @Test("A cache too small for anything changes no answer", arguments: [0, 70_000])
    func smallCache(_ bytes: Int) async throws {
        var random = IndexRandom(17)
        let entries = Size.manyBlocks.entries(&random)
        let shelf = IndexShelf(cacheBytes: bytes)
        let run = try await shelf.add(entries, file: "f")
        for isReversed in [false, true] {
            var cursor = shelf.reader.cursor(run, isReversed: isReversed)
            #expect(try await cursor.all() == entries.between(.all, isReversed: isReversed))
        }
        for entry in entries.prefix(20) { #expect(try await shelf.reader.find(entry.key, in: [run]) == entry) }
    }

    @Test("A key is found in a run exactly when it is there", arguments: Size.allCases)
    func find(_ size: Size) async throws {
        var random = IndexRandom(19)
        let entries = size.entries(&random)
        let shelf = IndexShelf()
        let run = try await shelf.add(entries, file: "f")
        let byKey = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0) })
        for key in IndexSamples.edges(entries, Array(entries.indices.prefix(300))) {
            let found = try await shelf.reader.find(key, in: [run])
            #expect(found == byKey[key], "\(size), \(key)")
        }
    }
}

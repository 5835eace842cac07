import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Reading and merging several runs of an index")
struct IndexMergeTests {
    /// An index in runs, beside a dictionary that holds what it must hold.
    private struct Pair {
        let shelf = IndexShelf()
        let seed: UInt64
        let isPrimary: Bool
        var random: IndexRandom
        var runs: [IndexRun] = []
        var model: [[UInt8]: IndexEntry] = [:]
        /// The entries of the model in ascending order.
        var sorted: [IndexEntry] = []
        var files = 0

        init(_ seed: UInt64) {
            self.seed = seed
            isPrimary = seed.isMultiple(of: 2)
            random = IndexRandom(seed)
        }

        /// How many different keys there are.
        var span: Int { [12, 100, 800][Int(seed % 3)] }

        mutating func payload() -> [UInt8] {
            let isGone = random.below(3) == 0
            if isPrimary {
                let (revision, commit) = (random.below(1000), random.below(1_000_000))
                let payload: IndexPayload =
                    isGone
                    ? .tombstone(revision: revision, commit: commit)
                    : .record(revision: revision, commit: commit, digest: random.bytes(16))
                return payload.encoded
            }
            let payload: IndexPayload = isGone ? .removed : .present(included: random.bytes(random.below(700)))
            return payload.encoded
        }

        /// Changes, newer than all so far, in ascending order.
        mutating func changes() -> [IndexEntry] {
            var changes: [[UInt8]: IndexEntry] = [:]
            for _ in 0..<1 + random.below(span) {
                let key = IndexSamples.key(span: span, &random)
                changes[key] = IndexEntry(key: key, payload: payload())
            }
            return changes.values.sorted { IndexOrder.isLess($0.key, $1.key) }
        }

        mutating func file() -> String {
            files += 1
            return "file\(files)"
        }

        /// Adds a run of changes.
        mutating func addRun() async throws {
            let changes = changes()
            runs.append(try await shelf.add(changes, file: file()))
            learn(changes)
        }

        mutating func learn(_ changes: [IndexEntry]) {
            for entry in changes { model[entry.key] = entry }
            sorted = model.values.sorted { IndexOrder.isLess($0.key, $1.key) }
        }

        /// Merges runs from a place on into files of about so many bytes.
        mutating func merge(from first: Int, splitBytes: Int) async throws {
            var names: [String] = []
            let (shelf, start) = (shelf, files)
            let merged = try await shelf.reader.merge(
                Array(runs[first...]), dropsRemoved: first == 0, store: "store", splitBytes: splitBytes
            ) {
                names.append("file\(start + names.count + 1)")
                return names.last ?? ""
            } save: {
                try await shelf.save($0, $1)
            }
            files += names.count
            runs.replaceSubrange(first..., with: merged)
        }

        /// What a scan must give.
        func expected(_ bounds: IndexBounds, isReversed: Bool, _ keeping: IndexKeeping) -> [IndexEntry] {
            sorted.between(bounds, isReversed: isReversed).filter {
                keeping.keeps($0.payload.first.flatMap(IndexPayload.Kind.init))
            }
        }

        mutating func bounds() -> IndexBounds {
            let lower = random.below(4) == 0 ? [] : IndexSamples.key(span: span, &random)
            return IndexBounds(lower: lower, upper: random.below(4) == 0 ? nil : IndexSamples.key(span: span, &random))
        }

        /// Compares scans between random bounds, with an overlay over the runs.
        mutating func compare(_ times: Int, overlay: [IndexEntry] = []) async throws {
            for _ in 0..<times {
                let bounds = bounds()
                for isReversed in [false, true] {
                    let entries = IndexEntries(overlay.between(bounds, isReversed: isReversed))
                    let reader = random.below(10) == 0 ? shelf.cold() : shelf.reader
                    let wanted = expected(bounds, isReversed: isReversed, .live)
                    var cursor = reader.merged(runs, bounds, isReversed: isReversed, overlay: entries)
                    #expect(try await cursor.all() == wanted, "seed \(seed), \(bounds), \(runs.count) runs")
                    #expect(try await cursor.next() == nil)
                }
                let count = try await shelf.reader.count(runs, bounds, overlay: IndexEntries(overlay.between(bounds)))
                #expect(count == expected(bounds, isReversed: false, .live).count, "seed \(seed), \(bounds)")
            }
        }
    }

    @Test("Runs and an overlay give what a dictionary gives, between any bounds, both ways", arguments: 0..<24)
    func model(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        for _ in 0..<1 + Int(seed % 9) {
            try await pair.addRun()
            try await pair.compare(2)
        }
        let overlay = pair.changes()
        pair.learn(overlay)
        try await pair.compare(8, overlay: overlay)
    }

    @Test("Merging runs changes nothing that readers see", arguments: 0..<15)
    func merging(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        for _ in 0..<5 {
            for _ in 0..<1 + pair.random.below(3) { try await pair.addRun() }
            let first = pair.random.below(pair.runs.count)
            // Small pieces, so that a base of several stands below the next runs.
            let splitBytes = [pair.span < 20 ? 1 : 500, 2000, 100_000, 1 << 30][pair.random.below(4)]
            try await pair.merge(from: first, splitBytes: splitBytes)
            try await pair.compare(3)
        }
        try await pair.merge(from: 0, splitBytes: 1 << 30)
        #expect(pair.runs.count <= 1)
        try await pair.compare(3)
    }

    @Test("A merge with the oldest run forgets what was removed and keeps tombstones", arguments: 0..<8)
    func forgetting(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        for _ in 0..<4 { try await pair.addRun() }
        try await pair.merge(from: 2, splitBytes: 1 << 30)
        try await pair.merge(from: 0, splitBytes: 3000)
        var cursor = pair.shelf.reader.merged(pair.runs, keeping: .all)
        let found = try await cursor.all()
        #expect(found == pair.expected(.all, isReversed: false, .allButRemoved), "seed \(seed)")
        #expect(found.count == pair.runs.reduce(0) { $0 + $1.count })
    }

    @Test("A merge without the oldest run keeps what was removed", arguments: 0..<8)
    func remembering(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        try await pair.addRun()
        pair.model = [:]
        for _ in 0..<3 { try await pair.addRun() }
        try await pair.merge(from: 1, splitBytes: 3000)
        var cursor = pair.shelf.reader.merged(Array(pair.runs[1...]), keeping: .all)
        #expect(try await cursor.all() == pair.expected(.all, isReversed: false, .all), "seed \(seed)")
    }

    @Test("A merge of pieces gives runs that ascend without overlap, each but the last full", arguments: 0..<6)
    func pieces(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        for _ in 0..<4 { try await pair.addRun() }
        try await pair.merge(from: 0, splitBytes: 2000)
        for (run, next) in zip(pair.runs, pair.runs.dropFirst()) {
            #expect(IndexOrder.isLess(run.last, next.first), "seed \(seed)")
            #expect(run.length >= 2000, "seed \(seed)")
        }
    }

    @Test("New entries can be merged with runs before they are one themselves", arguments: 0..<8)
    func mergingOverlay(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        for _ in 0..<3 { try await pair.addRun() }
        let changes = pair.changes()
        pair.learn(changes)
        var writer = IndexFileWriter(store: "store")
        writer.begin()
        try await pair.shelf.reader.merge(
            pair.runs, newest: IndexEntries(changes), dropsRemoved: true, into: &writer)
        let run = writer.endSection(file: "merged")
        try await pair.shelf.save("merged", writer.finish())
        pair.runs = run.map { [$0] } ?? []
        try await pair.compare(4)
    }

    @Test("A merge in which nothing is left gives no run and writes nothing")
    func nothingLeft() async throws {
        let shelf = IndexShelf()
        let old = try await shelf.add([IndexEntry(key: [1], .present(included: []))], file: "a")
        let new = try await shelf.add([IndexEntry(key: [1], .removed)], file: "b")
        let merged = try await shelf.reader.merge([old, new], dropsRemoved: true, store: "store") {
            "c"
        } save: { _, _ in
            Issue.record("a file was written")
        }
        #expect(merged.isEmpty)
    }

    @Test("A batch has as many entries as asked for, and fewer only at the end")
    func batches() async throws {
        var pair = Pair(2)
        for _ in 0..<5 { try await pair.addRun() }
        let wanted = pair.expected(.all, isReversed: false, .live)
        var cursor = pair.shelf.reader.merged(pair.runs)
        var found: [IndexEntry] = []
        while true {
            let batch = try await cursor.nextBatch(upTo: 7)
            #expect(batch.count == min(7, wanted.count - found.count))
            found += batch
            if batch.isEmpty { break }
        }
        #expect(found == wanted)
    }

    @Test("The newest entry of a key is found, also one that says that it is gone", arguments: 0..<12)
    func find(_ seed: UInt64) async throws {
        var pair = Pair(seed)
        for _ in 0..<5 { try await pair.addRun() }
        try await pair.merge(from: 2, splitBytes: 2000)
        for _ in 0..<3 { try await pair.addRun() }
        for key in (0..<200).map({ _ in IndexSamples.key(span: pair.span, &pair.random) }) + [[], [0xFF, 0xFF]] {
            #expect(try await pair.shelf.reader.find(key, in: pair.runs) == pair.model[key], "seed \(seed), \(key)")
        }
    }

    @Test("No runs and no overlay give nothing")
    func nothing() async throws {
        let reader = IndexShelf().reader
        var cursor = reader.merged([])
        #expect(try await cursor.next() == nil)
        #expect(try await reader.count([]) == 0)
        #expect(try await reader.find([1], in: []) == nil)
    }
}

import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

/// Random numbers that are the same for the same seed.
struct IndexRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// A number below a limit.
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &self) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}

/// A store with index files in it, and what reads them.
struct IndexShelf {
    let memory = MemoryObjectStore()
    let objects: CountingObjectStore
    let reader: IndexReader

    init(cacheBytes: Int = 32 << 20) {
        objects = CountingObjectStore(memory)
        reader = IndexReader(ObjectIndexFiles(objects), cache: IndexBlockCache(bytes: cacheBytes))
    }

    /// A reader of the same files that knows nothing yet.
    func cold() -> IndexReader { IndexReader(ObjectIndexFiles(objects)) }

    /// Reads made so far.
    var gets: Int { objects.counts[.get] }

    func save(_ file: String, _ bytes: [UInt8]) async throws {
        try await memory.put(ObjectNames.index(file), bytes)
    }

    /// Stores a file with one section of some entries in ascending order.
    func add(_ entries: [IndexEntry], file: String) async throws -> IndexRun {
        let (bytes, runs) = IndexShelf.file([entries], file: file)
        try await save(file, bytes)
        return try #require(runs[0])
    }

    /// The bytes of a file with a section for each list of entries.
    static func file(_ sections: [[IndexEntry]], file: String) -> (bytes: [UInt8], runs: [IndexRun?]) {
        var writer = IndexFileWriter(store: "store")
        let runs = sections.map { entries in
            writer.begin()
            for entry in entries { writer.append(entry) }
            return writer.endSection(file: file)
        }
        return (writer.finish(), runs)
    }
}

/// Kinds of entries to test with.
enum IndexSamples {
    /// Entries in ascending order, with keys that share beginnings, begin with others, and differ in length.
    static func entries(_ count: Int, payload: Range<Int>, _ random: inout IndexRandom) -> [IndexEntry] {
        var byKey: [[UInt8]: IndexEntry] = [:]
        while byKey.count < count {
            let key = key(span: count * 4, &random)
            let included = random.bytes(Int.random(in: payload, using: &random))
            byKey[key] = IndexEntry(key: key, .present(included: included))
        }
        return byKey.values.sorted { IndexOrder.isLess($0.key, $1.key) }
    }

    /// A key of about so many different ones.
    static func key(span: Int, _ random: inout IndexRandom) -> [UInt8] {
        let number = random.below(span)
        switch number % 4 {
        case 0: return Array("common beginning of many/\(number)".utf8)
        case 1: return [UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
        case 2: return Array(String(number, radix: 2).utf8)
        default: return [0xFF, 0x00] + Array(String(number).utf8)
        }
    }

    /// Keys at, before and behind some entries, and at both ends.
    static func edges(_ entries: [IndexEntry], _ places: [Int]) -> [[UInt8]] {
        let near = places.filter(entries.indices.contains).flatMap { place -> [[UInt8]] in
            let key = entries[place].key
            return [key, key + [0], Array(key.dropLast())]
        }
        return near + [[], [0xFF, 0xFF, 0xFF, 0xFF]]
    }
}

extension MergedIndexCursor {
    /// The next entries, at most `count`; fewer only at the end.
    mutating func nextBatch(upTo count: Int) async throws -> [IndexEntry] {
        var entries: [IndexEntry] = []
        while entries.count < count, let entry = try await next() { entries.append(entry) }
        return entries
    }

    /// All entries that are still to come.
    mutating func all() async throws -> [IndexEntry] { try await nextBatch(upTo: .max) }
}

extension IndexRunCursor {
    /// All entries that are still to come.
    mutating func all() async throws -> [IndexEntry] {
        var entries: [IndexEntry] = []
        while let entry = try await next() { entries.append(entry) }
        return entries
    }
}

extension [IndexEntry] {
    /// What a scan between bounds gives of these entries, which ascend.
    func between(_ bounds: IndexBounds, isReversed: Bool = false) -> [IndexEntry] {
        let first = firstIndex { !IndexOrder.isLess($0.key, bounds.lower) } ?? count
        let end = bounds.upper.flatMap { upper in firstIndex { !IndexOrder.isLess($0.key, upper) } } ?? count
        let met = self[first..<Swift.max(first, end)]
        return isReversed ? met.reversed() : Array(met)
    }
}

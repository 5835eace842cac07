import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Index files in a folder of this machine")
struct DiskCacheTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path("cache") }

    private func cache(_ store: String = "store", bytes: Int = 64 << 20) -> IndexDiskCache {
        IndexDiskCache(folder: path, store: store, bytes: bytes)
    }

    /// A file with one large section, in a store that counts.
    private func shelf(_ count: Int = 8_000) async throws -> (shelf: IndexShelf, run: IndexRun, entries: [IndexEntry]) {
        let shelf = IndexShelf()
        var random = IndexRandom(4)
        let entries = IndexSamples.entries(count, payload: 40..<60, &random)
        return (shelf, try await shelf.add(entries, file: "f"), entries)
    }

    private func reader(_ shelf: IndexShelf, _ cache: IndexDiskCache) -> IndexReader {
        IndexReader(CachedIndexFiles(base: ObjectIndexFiles(shelf.objects), cache: cache))
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }

    private func size() throws -> Int {
        let root = try Files.root(path)
        return try names().reduce(0) { $0 + (try Files.status(root, $1)?.size ?? 0) }
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        let root = try Files.root(path)
        try? Files.remove(root, name)
        try Files.write(try Files.create(root, name), bytes[...], at: 0)
    }

    @Test("What one process read the next one need not ask the store for, in whatever portions it reads")
    func restart() async throws {
        let (shelf, run, entries) = try await shelf()
        var first = reader(shelf, cache()).cursor(run)
        #expect(try await first.all() == entries)
        let gets = shelf.gets
        #expect(gets > 1)
        for readAhead in [IndexReadAhead.none, .growing, .full] {
            var cursor = reader(shelf, cache()).cursor(run, readAhead: readAhead)
            #expect(try await cursor.all() == entries)
        }
        var backwards = reader(shelf, cache()).cursor(run, isReversed: true)
        #expect(try await backwards.all() == entries.reversed())
        #expect(shelf.gets == gets)
    }

    @Test("What is missing of a part is asked for, and no more")
    func missing() async throws {
        let (shelf, run, entries) = try await shelf()
        let reader = reader(shelf, cache())
        _ = try await reader.find(entries[0].key, in: [run])
        let before = shelf.objects.counts
        var cursor = self.reader(shelf, cache()).cursor(run, readAhead: .full)
        #expect(try await cursor.all() == entries)
        let made = shelf.objects.counts - before
        #expect(made[.get] == 1 && made.bytesReceived < run.length, "\(made)")
    }

    @Test("Damage, and what somebody else put there, is not taken for a block")
    func damage() async throws {
        let (shelf, run, entries) = try await shelf(4_000)
        var first = reader(shelf, cache()).cursor(run)
        _ = try await first.all()
        let root = try Files.root(path)
        let names = try names()
        var random = IndexRandom(6)
        for round in 0..<20 {
            for name in names {
                let file = try Files.reading("\(path)/\(name)")
                var bytes = try Files.read(file, at: 0, count: try Files.status(file).size)
                switch round % 4 {
                case 0: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
                case 1: bytes = Array(bytes.prefix(random.below(bytes.count)))
                case 2: bytes = []
                default: bytes = random.bytes(bytes.count)
                }
                try write(name, bytes)
            }
            var cursor = reader(shelf, cache()).cursor(run)
            #expect(try await cursor.all() == entries, "round \(round)")
        }
        // One block under the name of another.
        if names.count > 1 {
            let file = try Files.reading("\(path)/\(names[0])")
            let bytes = try Files.read(file, at: 0, count: try Files.status(file).size)
            for name in names.dropFirst() { try write(name, bytes) }
        }
        var cursor = reader(shelf, cache()).cursor(run)
        #expect(try await cursor.all() == entries)
        _ = root
    }

    @Test("Another store with files of the same names gets nothing of it")
    func otherStore() async throws {
        let (shelf, run, entries) = try await shelf(2_000)
        var first = reader(shelf, cache("one")).cursor(run)
        _ = try await first.all()
        let gets = shelf.gets
        var second = reader(shelf, cache("two")).cursor(run)
        #expect(try await second.all() == entries)
        #expect(shelf.gets > gets)
    }

    @Test("The folder stays in its bounds: what was read longest ago goes, and nobody else's files do")
    func bounded() async throws {
        let limit = 1 << 20
        _ = cache(bytes: limit)
        try Files.makeFolders(path)
        try write("letter.txt", [1, 2, 3])
        var random = IndexRandom(8)
        let shelf = IndexShelf()
        for number in 0..<12 {
            let run = try await shelf.add(IndexSamples.entries(3_000, payload: 40..<60, &random), file: "f\(number)")
            var cursor = reader(shelf, cache(bytes: limit)).cursor(run)
            _ = try await cursor.all()
            #expect(try size() <= limit + limit / 8)
        }
        #expect(try names().contains("letter.txt"))
        #expect(try names().count > 4)
    }

    @Test("A folder that cannot be written or read fails no read", arguments: ["/proc/no/such", "/dev/null/x"])
    func unwritable(path: String) async throws {
        let (shelf, run, entries) = try await shelf(2_000)
        for _ in 0..<12 {
            let cache = IndexDiskCache(folder: path, store: "store", bytes: 64 << 20)
            var cursor = reader(shelf, cache).cursor(run)
            #expect(try await cursor.all() == entries)
        }
    }

    @Test("Damage of the store is told, and not kept")
    func damagedStore() async throws {
        let (shelf, run, entries) = try await shelf(4_000)
        let name = ObjectNames.index("f")
        let good = try await shelf.memory.get(name).bytes()
        var bad = good
        bad[run.offset + 40] ^= 1
        try await shelf.save("f", bad)
        await failing(.damaged) {
            var cursor = reader(shelf, cache()).cursor(run)
            _ = try await cursor.all()
        }
        try await shelf.save("f", good)
        var cursor = reader(shelf, cache()).cursor(run)
        #expect(try await cursor.all() == entries)
    }

    @Test("Several that read and write at the same time read what is right")
    func concurrent() async throws {
        let (shelf, run, entries) = try await shelf()
        let caches = (0..<4).map { _ in cache(bytes: 512 << 10) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for cache in caches + caches {
                group.addTask {
                    var cursor = reader(shelf, cache).cursor(run)
                    return try await cursor.all() == entries
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("A store opened with a folder answers a query after a restart without a request for the index")
    func storage() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(64)
        try await process.store.close()
        var options = ObjectStorageOptions()
        options.cacheFolder = path
        let counting = CountingObjectStore(site.objects)
        var gets: [Int] = []
        for _ in 0..<2 {
            let again = try await site.open(counting, options: options)
            let before = counting.counts
            #expect(try await again.storage.byPopulation(site.cities).count == 64)
            gets.append((counting.counts - before)[.get])
            try await again.store.close()
        }
        #expect(gets[1] < gets[0], "\(gets)")
        #expect(gets[1] == 1 + 64, "the proof of the tip, and the records: \(gets)")
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Filters of index files")
struct IndexFilterTests {
    /// Keys as those of records: short, and some with a common beginning.
    private static func keys(_ count: Int, seed: UInt64 = 1) -> [[UInt8]] {
        var random = IndexRandom(seed)
        var keys: Set<[UInt8]> = []
        while keys.count < count { keys.insert(random.bytes(8 + random.below(3) * 8)) }
        return keys.sorted(by: IndexOrder.isLess)
    }

    private static func entries(_ keys: [[UInt8]]) -> [IndexEntry] {
        keys.map { IndexEntry(key: $0, .record(revision: 1, commit: 1, digest: [UInt8](repeating: 7, count: 16))) }
    }

    /// A file with one section that has a filter.
    private static func file(
        _ entries: [IndexEntry], _ keys: IndexFilterKeys = .whole, file: String = "f"
    ) throws -> (bytes: [UInt8], run: IndexRun) {
        var writer = IndexFileWriter(store: "store")
        writer.begin(filter: keys)
        for entry in entries { writer.append(entry) }
        let run = writer.endSection(file: file)
        return (writer.finish(), try #require(run))
    }

    private static func pieces(_ bytes: [UInt8], _ run: IndexRun) throws -> [IndexFilterPiece] {
        let filter = try #require(run.filter)
        return try (0..<filter.pieces).map { number in
            let start = filter.offset + number * filter.pieceLength
            let piece = Array(bytes[start..<start + filter.pieceLength])
            return try #require(IndexFilterPiece(piece, of: run, filter, piece: number))
        }
    }

    private static func mayHave(_ key: [UInt8], _ run: IndexRun, _ pieces: [IndexFilterPiece]) throws -> Bool {
        let hash = XXHash64.hash(key)
        return pieces[try #require(run.filter).piece(of: hash).number].mayHave(hash)
    }

    // MARK: Format

    @Test(
        "The hash is XXH64, as its specification has it",
        arguments: [
            ("", 0xef46_db37_51d8_e999), ("a", 0xd24e_c4f1_a98c_6e5b), ("abc", 0x44bc_2cf5_ad77_0999),
            ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
        ] as [(String, UInt64)])
    func hash(_ text: String, _ expected: UInt64) {
        #expect(XXHash64.hash(Array(text.utf8)) == expected)
    }

    @Test("A filter takes 12 bits a key, never denies a key it has, and lets less than one in a hundred others pass")
    func rate() throws {
        let keys = Self.keys(20_000)
        let known = Set(keys.prefix(10_000))
        let (bytes, run) = try Self.file(Self.entries(known.sorted(by: IndexOrder.isLess)))
        let filter = try #require(run.filter)
        #expect(filter.length * 8 <= known.count * IndexFilter.bitsPerKey * 101 / 100)
        let pieces = try Self.pieces(bytes, run)
        for key in known { #expect(try Self.mayHave(key, run, pieces)) }
        let passed = try keys.filter { try !known.contains($0) && Self.mayHave($0, run, pieces) }.count
        #expect(passed < 100, "\(passed) of 10,000")
    }

    @Test("A large filter has equally long pieces of at most 128 KiB, and each key is in one of them")
    func pieces() throws {
        let keys = Self.keys(90_000)
        let (bytes, run) = try Self.file(Self.entries(keys))
        let filter = try #require(run.filter)
        let second = Array(bytes[(filter.offset + filter.pieceLength)...].prefix(filter.pieceLength))
        #expect(IndexFilterPiece(second, of: run, filter, piece: 0) == nil, "another piece is never believed")
        #expect(filter.pieces == 2 && filter.pieceLength <= IndexFilter.pieceBytes && filter.isPossible)
        #expect(filter.offset + filter.length == bytes.count)
        let pieces = try Self.pieces(bytes, run)
        #expect(try keys.allSatisfy { try Self.mayHave($0, run, pieces) })
    }

    @Test("Nothing is filtered that is read in one request, or that nobody asks for")
    func small() throws {
        let (_, small) = try Self.file(Self.entries(Self.keys(2_000)))
        #expect(small.filter == nil)
        var writer = IndexFileWriter(store: "store")
        writer.begin()
        for entry in Self.entries(Self.keys(20_000)) { writer.append(entry) }
        let large = writer.endSection(file: "f")
        #expect(large != nil && large?.filter == nil)
    }

    @Test("Of a unique index the values are asked for, whoever has them, and nulls never")
    func unique() throws {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string?", "b": "int" }, "key": "id",
                  "indexes": { "one": { "on": ["a desc", "b"], "unique": true }, "many": ["b"] } } } }
                """)
        let table = try #require(schema.table(named: "t"))
        #expect(IndexFilterKeys(table.indexes[1], of: table) == nil)
        let layout = KeyLayout(table.indexes[0], of: table)
        let keys = try #require(IndexFilterKeys(table.indexes[0], of: table))
        let text = String(repeating: "x", count: 40)
        func entry(_ id: Int) -> [UInt8] {
            layout.encode(record: [.int(id), id.isMultiple(of: 10) ? .null : .string("\(text)\(id)"), .int(7)])
        }
        let entries = (0..<15_000).map(entry).sorted(by: IndexOrder.isLess).map {
            IndexEntry(key: $0, .present(included: []))
        }
        let (bytes, run) = try Self.file(entries, keys)
        let pieces = try Self.pieces(bytes, run)
        func values(_ id: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            layout.append(.string("\(text)\(id)"), part: 0, to: &bytes)
            layout.append(.int(7), part: 1, to: &bytes)
            return bytes
        }
        for id in 1..<15_000 where !id.isMultiple(of: 10) { #expect(try Self.mayHave(values(id), run, pieces)) }
        let passed = try (20_000..<30_000).filter { try Self.mayHave(values($0), run, pieces) }.count
        #expect(passed < 100, "\(passed) of 10,000")
        #expect(entry(10).withUnsafeBytes(keys.length) == nil)
    }

    // MARK: Reading

    @Test("An absent key costs one request for its piece of the filter, and none when that is there")
    func requests() async throws {
        let shelf = IndexShelf()
        let keys = Self.keys(12_100)
        let (absent, present) = (Array(keys.suffix(100)), Array(keys.prefix(12_000)))
        let known = Set(present)
        let (bytes, run) = try Self.file(Self.entries(present))
        let asked = Self.keys(300, seed: 9 << 40).filter { !known.contains($0) && run.mayHave($0) }
        try await shelf.save("f", bytes)
        // Behind all that are there: the manifest says so.
        for key in absent { #expect(try await shelf.reader.find(key, in: [run]) == nil) }
        #expect(shelf.gets == 0)
        #expect(try await shelf.reader.find(asked[0], in: [run]) == nil)
        #expect(shelf.gets == 1)
        for key in asked { #expect(try await shelf.reader.find(key, in: [run]) == nil) }
        // The piece, and what one in two hundred costs: a block.
        #expect(shelf.gets <= 1 + 6, "\(shelf.gets)")
        #expect(shelf.objects.counts.bytesReceived <= 128 << 10 + 6 * (64 << 10))
        for key in present.prefix(3) + present.suffix(3) { #expect(try await shelf.reader.find(key, in: [run]) != nil) }
    }

    @Test("Whoever writes a run knows its filter without reading it")
    func keptWhenWritten() async throws {
        let shelf = IndexShelf()
        let keys = Self.keys(9_000)
        let (bytes, run) = try Self.file(Self.entries(keys))
        shelf.reader.keep(run, of: bytes)
        let known = Set(keys)
        let asked = Self.keys(100, seed: 5 << 40).first { !known.contains($0) && run.mayHave($0) }
        #expect(try await shelf.reader.find(try #require(asked), in: [run]) == nil)
        #expect(shelf.gets == 0)
    }

    // MARK: Damage

    @Test("A piece of which any byte was changed is never believed")
    func flips() async throws {
        let keys = Self.keys(9_000)
        let (bytes, run) = try Self.file(Self.entries(keys))
        let filter = try #require(run.filter)
        var random = IndexRandom(3)
        let places =
            Array(filter.offset..<filter.offset + 30)
            + (0..<20).map { _ in filter.offset + random.below(filter.length) }
        for place in places {
            var flipped = bytes
            flipped[place] ^= UInt8(1 << (place % 8))
            let piece = Array(flipped[filter.offset..<filter.offset + filter.pieceLength])
            #expect(IndexFilterPiece(piece, of: run, filter, piece: 0) == nil, "byte \(place)")
            let shelf = IndexShelf()
            try await shelf.save("f", flipped)
            let asked = try #require(Self.keys(50, seed: 8 << 40).first { run.mayHave($0) })
            await failing(.damaged) { _ = try await shelf.reader.find(asked, in: [run]) }
        }
    }

    @Test("A piece of another run is never believed")
    func seal() throws {
        let (bytes, run) = try Self.file(Self.entries(Self.keys(9_000)))
        let filter = try #require(run.filter)
        let first = Array(bytes[filter.offset..<filter.offset + filter.pieceLength])
        #expect(IndexFilterPiece(first, of: run, filter, piece: 0) != nil)
        var other = run
        other.file = "g"
        #expect(IndexFilterPiece(first, of: other, filter, piece: 0) == nil)
        other = run
        other.count += 1
        #expect(IndexFilterPiece(first, of: other, filter, piece: 0) == nil)
    }

    @Test("A run without a filter is read as ever")
    func withoutFilter() async throws {
        let shelf = IndexShelf()
        let keys = Self.keys(9_000)
        let (bytes, filtered) = try Self.file(Self.entries(keys))
        try await shelf.save("f", bytes)
        var run = filtered
        run.filter = nil
        #expect(try await shelf.reader.find(keys[5_000], in: [run]) != nil)
        #expect(try await shelf.reader.find(keys[5_000] + [1], in: [run]) == nil)
    }
}

import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("The format of index files")
struct IndexFormatTests {
    // MARK: Payloads

    static let payloads: [(IndexPayload, [UInt8])] = [
        (.removed, [0]),
        (.present(included: []), [1]),
        (.present(included: [7, 0, 255]), [1, 7, 0, 255]),
        (.record(revision: 1, commit: 127, digest: []), [2, 1, 127]),
        (.record(revision: 128, commit: 300, digest: Array(1...16)), [2, 0x80, 1, 0xAC, 2] + Array(1...16)),
        (.tombstone(revision: 0, commit: 16_384), [3, 0, 0x80, 0x80, 1]),
        (
            .tombstone(revision: .max, commit: 5),
            [3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 5]
        ),
    ]

    @Test("Payloads have these bytes, and come back from them", arguments: payloads)
    func payload(_ payload: IndexPayload, _ bytes: [UInt8]) throws {
        #expect(payload.encoded == bytes)
        #expect(try IndexEntry(key: [], payload: bytes).content() == payload)
    }

    @Test(
        "Bytes that are no payload are found out",
        arguments: [
            [], [4], [255, 1, 1], [0, 0], [2], [2, 1], [2, 0x80], [2, 1, 1, 9], [3, 1, 1, 0], [3, 0x80, 0x00, 1],
            [3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1],
        ] as [[UInt8]])
    func noPayload(_ bytes: [UInt8]) {
        #expect(IndexPayload(decoding: bytes) == nil)
        #expect(throws: StorageError.self) { try IndexEntry(key: [], payload: bytes).content() }
    }

    @Test("No bytes trap the decoding of a payload, and what is decoded has these bytes again")
    func randomPayloads() {
        var random = IndexRandom(1)
        for step in 0..<100_000 {
            var bytes = random.bytes(random.below(28))
            if !bytes.isEmpty, random.below(4) > 0 { bytes[0] &= 3 }
            guard let payload = IndexPayload(decoding: bytes) else { continue }
            #expect(payload.encoded == bytes, "step \(step): \(bytes)")
        }
    }

    // MARK: Files

    @Test("A file has these bytes")
    func golden() throws {
        let entries = [
            IndexEntry(key: Array("apple".utf8), .present(included: [1, 2])),
            IndexEntry(key: Array("apply".utf8), .removed),
            IndexEntry(key: Array("apply!".utf8), .record(revision: 1, commit: 2, digest: [])),
        ]
        let (bytes, runs) = IndexShelf.file([entries], file: "f")
        let header: [UInt8] = Array("CairnIdx".utf8) + [8, 0, 0, 0] + [0, 0, 0, 0] + [1, 0, 5] + Array("store".utf8)
        let body: [UInt8] =
            [0, 3, 0, 0, 0, 23, 0, 0, 0] + [0, 5, 3] + Array("apple".utf8) + [1, 1, 2]
            + [4, 1, 1] + Array("y".utf8) + [0] + [5, 1, 3] + Array("!".utf8) + [2, 1, 2]
        let block = [UInt8(body.count), 0, 0, 0] + [0, 0, 0, 0] + body
        func checked(_ frame: [UInt8], at place: Int) -> [UInt8] {
            let sum = CRC32C.of(Array(frame[place..<place + 4] + frame[(place + 8)...]))
            return Array(frame[..<(place + 4)]) + withUnsafeBytes(of: sum.littleEndian, Array.init)
                + Array(frame[(place + 8)...])
        }
        #expect(bytes == checked(header, at: 8) + checked(block, at: 0))
        #expect(
            runs == [
                IndexRun(
                    file: "f", offset: header.count, length: block.count, directoryOffset: 0, directoryLength: 0,
                    count: 3, first: entries[0].key, last: entries[2].key)
            ])
    }

    @Test("The header says which store a file belongs to")
    func header() throws {
        let (bytes, _) = IndexShelf.file([], file: "f")
        #expect(try IndexFileHeader(decoding: bytes, file: "f") == IndexFileHeader(store: "store"))
    }

    @Test("A newer format and an unknown feature ask for an upgrade")
    func upgrade() {
        let newer = [
            IndexFileHeader(format: StoreFormat.current + 1, store: "store"),
            IndexFileHeader(needs: ["columns"], store: "store"),
        ]
        for header in newer {
            let error = #expect(throws: StorageError.self) {
                try IndexFileHeader(decoding: header.encoded, file: "f")
            }
            #expect(error?.code == .upgradeRequired, "\(header)")
        }
    }

    @Test("A header with any other byte, or cut anywhere, is damaged")
    func damagedHeader() {
        let bytes = IndexFileHeader(store: "store").encoded
        var broken = bytes.indices.map { Array(bytes[..<$0]) }
        for place in bytes.indices {
            for bit in 0..<8 {
                broken.append(bytes)
                broken[broken.count - 1][place] ^= 1 << bit
            }
        }
        for bytes in broken {
            let error = #expect(throws: StorageError.self) { try IndexFileHeader(decoding: bytes, file: "f") }
            #expect(error?.code == .damaged, "\(bytes)")
        }
    }

    @Test("A section without entries is no run, and takes no bytes")
    func emptySection() {
        let (bytes, runs) = IndexShelf.file([[], []], file: "f")
        #expect(runs == [nil, nil])
        #expect(bytes == IndexFileHeader(store: "store").encoded)
    }

    @Test("A block takes no more than 64 KiB, in the file and in memory, unless it has one entry", arguments: 0..<20)
    func blockSize(_ seed: UInt64) throws {
        var random = IndexRandom(seed)
        let largest = [1, 20, 300, 20_000, 70_000][Int(seed % 5)]
        let entries = IndexSamples.entries(seed % 5 > 2 ? 40 : 3000, payload: 0..<largest, &random)
        let (bytes, runs) = IndexShelf.file([entries], file: "f")
        let run = try #require(runs[0])
        var found: [IndexEntry] = []
        var place = run.offset
        while place < run.offset + run.length {
            let (block, length) = try bytes.withUnsafeBytes { try IndexBlockFormat.decode($0, at: place, .entries) }
            let own = (0..<block.count).map(block.entry)
            let size = own.reduce(0) { $0 + $1.key.count + $1.payload.count }
            #expect(own.count == 1 || (length <= 64 << 10 && size <= 64 << 10), "seed \(seed)")
            found += own
            place += length
        }
        #expect(found == entries, "seed \(seed)")
        #expect(run.count == entries.count)
        #expect(run.first == entries.first?.key)
        #expect(run.last == entries.last?.key)
    }

    // MARK: Damage

    /// A block of a few entries.
    private func block() throws -> (bytes: [UInt8], entries: [IndexEntry]) {
        var random = IndexRandom(5)
        let entries = IndexSamples.entries(10, payload: 0..<6, &random)
        let (bytes, runs) = IndexShelf.file([entries], file: "f")
        let run = try #require(runs[0])
        return (Array(bytes[run.offset..<run.offset + run.length]), entries)
    }

    private func decode(_ bytes: [UInt8], limit: Int = IndexBlockFormat.blockBytes) throws -> IndexBlock {
        try bytes.withUnsafeBytes { try IndexBlockFormat.decode($0, at: 0, .entries, limit: limit).block }
    }

    @Test("A block with any other bit, or cut anywhere, is damaged")
    func flippedBlock() throws {
        let (bytes, _) = try block()
        for place in bytes.indices {
            #expect(throws: IndexBlockFormat.Damage.self, "cut at \(place)") { try decode(Array(bytes[..<place])) }
            for bit in 0..<8 {
                var flipped = bytes
                flipped[place] ^= 1 << bit
                #expect(throws: IndexBlockFormat.Damage.self, "byte \(place), bit \(bit)") { try decode(flipped) }
            }
        }
    }

    @Test("No bytes trap the decoding of a block")
    func randomBlocks() {
        var random = IndexRandom(2)
        var decoded = 0
        for _ in 0..<100_000 {
            let bytes = random.bytes(random.below(120))
            if (try? decode(bytes)) != nil { decoded += 1 }
        }
        #expect(decoded == 0)
    }

    @Test("No bytes with a right checksum trap the decoding of a block, and what is decoded ascends")
    func forgedBlocks() throws {
        let (original, entries) = try block()
        var random = IndexRandom(3)
        var decoded = 0
        for step in 0..<100_000 {
            var bytes = Array(original[..<(random.below(3) == 0 ? random.below(original.count) : original.count)])
            guard bytes.count > 8 else { continue }
            for _ in 0..<random.below(4) {
                let place = 8 + random.below(bytes.count - 8)
                bytes[place] = random.below(2) == 0 ? UInt8(random.below(256)) : bytes[place] ^ 1
            }
            let length = withUnsafeBytes(of: UInt32(bytes.count - 8).littleEndian, Array.init)
            let sum = CRC32C.of(length + Array(bytes[8...]))
            bytes.replaceSubrange(0..<8, with: length + withUnsafeBytes(of: sum.littleEndian, Array.init))
            guard let block = try? decode(bytes) else { continue }
            decoded += 1
            let keys = (0..<block.count).map(block.key)
            #expect(block.count <= entries.count)
            #expect(zip(keys, keys.dropFirst()).allSatisfy(IndexOrder.isLess), "step \(step)")
        }
        #expect(decoded > 1000)
    }

    @Test("A block that claims more than it may hold is refused before anything is allocated")
    func hugeClaims() throws {
        let (original, _) = try block()
        for (place, value) in [(9, UInt32.max), (9, 1 << 20), (13, UInt32.max), (13, 65_537)] {
            var bytes = original
            withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
            let sum = CRC32C.of(Array(bytes[..<4] + bytes[8...]))
            withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(4..<8, with: $0) }
            #expect(throws: IndexBlockFormat.Damage.self) { try decode(bytes) }
        }
    }

    @Test("Shared beginnings and prefix numbers agree with comparing byte by byte")
    func order() {
        var random = IndexRandom(4)
        for step in 0..<20_000 {
            let left = random.bytes(random.below(20)).map { $0 & 3 }
            var right = left
            for _ in 0..<random.below(3) where !right.isEmpty {
                right[random.below(right.count)] = UInt8(random.below(4))
            }
            right = Array((right + random.bytes(random.below(9))).prefix(random.below(24)))
            let shared = zip(left, right).prefix { $0 == $1 }.count
            left.withUnsafeBytes { left in
                right.withUnsafeBytes { right in
                    #expect(IndexOrder.shared(left, right) == shared, "step \(step)")
                    #expect(
                        left.lexicographicallyPrecedes(right) == (IndexOrder.compare(left, right) < 0), "step \(step)")
                    if IndexOrder.prefix(left) < IndexOrder.prefix(right) {
                        #expect(IndexOrder.compare(left, right) < 0, "step \(step)")
                    }
                }
            }
        }
    }
}

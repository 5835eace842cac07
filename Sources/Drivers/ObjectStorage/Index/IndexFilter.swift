import ObjectStores

/// Filters: small sets of hashes that say of a key that a run does not have it, or that it may.
///
/// The problem: whoever inserts must know that the key, and each unique value, is not there yet, and the block that tells is
/// another one for nearly every random key: a request for each insert, in a large table for ever. The idea: beside a run lies
/// a set of the keys it has, 12 bits a key. It is read once, in pieces, and then answers from memory.
///
/// It is a split block Bloom filter as Apache Parquet has it (its specification, BloomFilter.md), with the same hash and the same
/// salts: blocks of eight words of 32 bits, a key sets one bit in each word of one block. Chosen over xor and ribbon filters,
/// which take 9 bits: making it cannot fail, needs one pass over the hashes and gives the same bytes for the same keys; a
/// question touches one cache line; and pieces of it can be read alone.
///
/// Sizes: ``bitsPerKey`` bits for each different key, and 0.5 % of the keys that are not there said to be, which
/// `IndexFilterTests` measures. A piece has at most ``pieceBytes``, whatever the size of the table: so the first question about a run
/// costs one request of at most that, and a table of a million keys is known after twelve. Pieces stay in the cache of blocks,
/// within its bounds.
///
/// Invariants: every key of the run was added, also those that say that something is gone, so that "absent" is never wrong;
/// a piece is believed only if its checksum and its seal are right. The seal is a hash of what the manifest says of the run: the
/// piece of another run, or of another place in the same filter, does not have it.
///
/// The filter stands behind the directory of the run: equally long pieces, each with the frame of a block.
///
/// | bytes | what |
/// |---|---|
/// | 4 | how many bytes the body has |
/// | 4 | CRC-32C of the four bytes before and of the body |
/// | body: 1 | `02` |
/// | 8 | the seal |
/// | 4 | the number of the piece, from 0 |
/// | rest | blocks of 32 bytes: eight words |
///
/// All numbers have their lowest byte first. The block of a key is the high half of its hash times the count of all blocks of the
/// filter, divided by 2^32; pieces have the blocks in their order.
enum IndexFilter {
    /// Bits for each different key.
    static let bitsPerKey = 12
    /// Bytes of the largest piece.
    static let pieceBytes = 128 << 10
    static let kind: UInt8 = 2
    /// Bytes before the first block of a piece.
    static let headBytes = IndexBlockFormat.frameBytes + 13
    static let blockBytes = 32
    static let words = 8

    /// The salts of the specification.
    static let salts: [UInt32] = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31,
    ]

    /// The bit of a hash in a word of its block.
    @inline(__always)
    static func bit(_ hash: UInt64, _ salt: UInt32) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: hash) &* salt) >> 27)
    }

    /// The block of a hash, of so many.
    @inline(__always)
    static func block(_ hash: UInt64, of count: Int) -> Int { Int(((hash >> 32) &* UInt64(count)) >> 32) }

    /// What binds a filter to its run. `run` need not know of the filter.
    static func seal(_ run: IndexRun) -> UInt64 {
        var bytes = Array(run.file.utf8)
        for number in [run.offset, run.length, run.count, run.first.count] {
            withUnsafeBytes(of: UInt64(number).littleEndian) { bytes.append(contentsOf: $0) }
        }
        return XXHash64.hash(bytes + run.first + run.last)
    }
}

/// Makes the filter of a run.
struct IndexFilterBuilder: Sendable {
    private var hashes: [UInt64] = []

    /// Adds a key. Equal ones that follow one another are one.
    mutating func add(_ key: UnsafeRawBufferPointer) {
        let hash = XXHash64.hash(key)
        if hashes.last != hash { hashes.append(hash) }
    }

    /// Appends the filter to the file.
    /// - Returns: Where it lies; nil when it has no key, and nothing was written.
    func write(for run: IndexRun, to bytes: inout [UInt8]) -> IndexRun.Filter? {
        guard !hashes.isEmpty else { return nil }
        let perPiece = (IndexFilter.pieceBytes - IndexFilter.headBytes) / IndexFilter.blockBytes
        let wanted = (hashes.count * IndexFilter.bitsPerKey + 255) / 256
        let pieces = (wanted + perPiece - 1) / perPiece
        let blocks = (wanted + pieces - 1) / pieces
        let words = words(blocks * pieces)
        let offset = bytes.count
        let seal = IndexFilter.seal(run)
        for piece in 0..<pieces {
            let count = blocks * IndexFilter.words
            append(words[(piece * count)..<(piece + 1) * count], seal, piece, to: &bytes)
        }
        return IndexRun.Filter(offset: offset, length: bytes.count - offset, pieces: pieces)
    }

    private func words(_ blocks: Int) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: blocks * IndexFilter.words)
        words.withUnsafeMutableBufferPointer { words in
            for hash in hashes {
                let start = IndexFilter.block(hash, of: blocks) * IndexFilter.words
                for (word, salt) in IndexFilter.salts.enumerated() {
                    words[start + word] |= IndexFilter.bit(hash, salt)
                }
            }
        }
        return words
    }

    private func append(_ words: ArraySlice<UInt32>, _ seal: UInt64, _ piece: Int, to bytes: inout [UInt8]) {
        var body = [IndexFilter.kind]
        withUnsafeBytes(of: seal.littleEndian) { body.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(piece).littleEndian) { body.append(contentsOf: $0) }
        body.reserveCapacity(body.count + words.count * 4)
        for word in words { withUnsafeBytes(of: word.littleEndian) { body.append(contentsOf: $0) } }
        let length = withUnsafeBytes(of: UInt32(body.count).littleEndian, Array.init)
        var checksum = CRC32C()
        length.withUnsafeBytes { checksum.update($0) }
        body.withUnsafeBytes { checksum.update($0) }
        bytes.append(contentsOf: length)
        withUnsafeBytes(of: checksum.value.littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: body)
    }
}

/// A piece of a filter in memory.
final class IndexFilterPiece: Sendable {
    private let words: [UInt32]
    /// The first of its blocks, and how many the whole filter has.
    private let first: Int
    private let blocks: Int

    /// Reads a piece.
    /// - Returns: nil when the bytes are not what was written for this piece of this run.
    init?(_ bytes: [UInt8], of run: IndexRun, _ filter: IndexRun.Filter, piece: Int) {
        let words = bytes.withUnsafeBytes { file -> [UInt32]? in
            var reader = IndexBytesReader(file)
            guard let length = reader.word(), let checksum = reader.word(), length == file.count - reader.place,
                let body = reader.take(length), checksum == Int(IndexBlockFormat.checksum(file, at: 0, body))
            else { return nil }
            var content = IndexBytesReader(body)
            guard content.byte() == IndexFilter.kind, let low = content.word(), let high = content.word(),
                UInt64(low) | UInt64(high) << 32 == IndexFilter.seal(run), content.word() == piece,
                content.rest > 0, content.rest.isMultiple(of: IndexFilter.blockBytes)
            else { return nil }
            let place = content.place
            return (0..<content.rest / 4).map {
                UInt32(littleEndian: body.loadUnaligned(fromByteOffset: place + 4 * $0, as: UInt32.self))
            }
        }
        guard let words else { return nil }
        self.words = words
        let count = words.count / IndexFilter.words
        first = piece * count
        blocks = filter.pieces * count
    }

    /// What it takes of a cache.
    var cost: Int { words.count * 4 + 96 }

    /// Whether the run may have a key of this hash; false: it has not.
    func mayHave(_ hash: UInt64) -> Bool {
        let start = (IndexFilter.block(hash, of: blocks) - first) * IndexFilter.words
        guard start >= 0, start + IndexFilter.words <= words.count else { return true }
        for (word, salt) in IndexFilter.salts.enumerated()
        where words[start + word] & IndexFilter.bit(hash, salt) == 0 {
            return false
        }
        return true
    }
}

extension IndexRun.Filter {
    /// Bytes of a piece; all are equally long.
    var pieceLength: Int { length / pieces }

    /// Where the piece lies that has the block of a hash, and its number.
    func piece(of hash: UInt64) -> (number: Int, range: Range<Int>) {
        let perPiece = (pieceLength - IndexFilter.headBytes) / IndexFilter.blockBytes
        let number = IndexFilter.block(hash, of: perPiece * pieces) / perPiece
        let start = offset + number * pieceLength
        return (number, start..<start + pieceLength)
    }

    /// Whether it can be where the manifest says: pieces of whole blocks, and no more of them than a filter has.
    var isPossible: Bool {
        let limit = Int.max / 4
        guard (1..<limit).contains(offset), (1..<limit).contains(length), pieces > 0, length.isMultiple(of: pieces),
            pieceLength <= IndexFilter.pieceBytes, pieceLength > IndexFilter.headBytes,
            length / IndexFilter.blockBytes <= Int(UInt32.max)
        else { return false }
        return (pieceLength - IndexFilter.headBytes).isMultiple(of: IndexFilter.blockBytes)
    }
}

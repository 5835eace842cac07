import ObjectStores

/// Some entries of a run as they lie in memory: all keys and payloads behind one another, so that a block of a thousand entries
/// costs one allocation, and a search touches no other memory and counts no references.
///
/// Invariant, checked when a block is decoded: keys are strictly ascending, and there is at least one.
///
/// Safety of `@unchecked Sendable`: the memory is allocated and filled in `init`, never written to after it, and freed in `deinit`;
/// no pointer into it leaves the closures that get one.
final class IndexBlock: @unchecked Sendable {
    /// How many entries there are.
    let count: Int
    /// Bytes of all keys and payloads.
    private let total: Int
    /// For each entry where its key ends and where its payload ends, as `UInt32`; then key and payload of the first entry, of the
    /// second, and so on.
    private let memory: UnsafeMutableRawPointer

    /// - Parameter fill: Writes the ends and the bytes, all of them; says whether it could.
    init?(
        count: Int, total: Int,
        _ fill: (_ ends: UnsafeMutableBufferPointer<UInt32>, _ bytes: UnsafeMutableRawBufferPointer) -> Bool
    ) {
        self.count = count
        self.total = total
        let size = count * IndexBlock.endsBytes
        memory = .allocate(byteCount: size + total, alignment: 8)
        let ends = memory.bindMemory(to: UInt32.self, capacity: 2 * count)
        let bytes = UnsafeMutableRawBufferPointer(start: memory + size, count: total)
        guard fill(UnsafeMutableBufferPointer(start: ends, count: 2 * count), bytes) else { return nil }
    }

    /// A block of one entry.
    convenience init?(_ entry: IndexEntry) {
        self.init(count: 1, total: entry.key.count + entry.payload.count) { ends, bytes in
            ends[0] = UInt32(entry.key.count)
            ends[1] = UInt32(bytes.count)
            bytes.copyBytes(from: entry.key)
            UnsafeMutableRawBufferPointer(rebasing: bytes[entry.key.count...]).copyBytes(from: entry.payload)
            return true
        }
    }

    deinit { memory.deallocate() }

    /// Bytes of the two ends of an entry.
    private static let endsBytes = 2 * MemoryLayout<UInt32>.stride

    /// What it takes of a cache.
    var cost: Int { total + count * IndexBlock.endsBytes + 128 }

    /// Where the key of an entry begins, where it ends, and where the payload ends.
    @inline(__always)
    private func places(_ index: Int) -> (start: Int, keyEnd: Int, end: Int) {
        precondition(index >= 0 && index < count, "entry \(index) of \(count)")
        let ends = memory.assumingMemoryBound(to: UInt32.self)
        return (index == 0 ? 0 : Int(ends[2 * index - 1]), Int(ends[2 * index]), Int(ends[2 * index + 1]))
    }

    @inline(__always)
    private func bytes(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + count * IndexBlock.endsBytes + start, count: end - start)
    }

    /// Calls `body` with the bytes of a key, which are valid only inside of it.
    @inline(__always)
    func withKey<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(self) {
            let places = places(index)
            return body(bytes(places.start, places.keyEnd))
        }
    }

    /// Calls `body` with the bytes of a payload, which are valid only inside of it.
    @inline(__always)
    func withPayload<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(self) {
            let places = places(index)
            return body(bytes(places.keyEnd, places.end))
        }
    }

    func key(_ index: Int) -> [UInt8] { withKey(index) { Array($0) } }

    func entry(_ index: Int) -> IndexEntry {
        IndexEntry(key: key(index), payload: withPayload(index) { Array($0) })
    }

    /// What the payload begins with; nil for what Cairn does not write, which decoding lets nothing of in.
    func kind(_ index: Int) -> IndexPayload.Kind? {
        withPayload(index) { $0.first.flatMap(IndexPayload.Kind.init) }
    }

    /// What a key begins with, as a number.
    func prefix(_ index: Int) -> UInt64 { withKey(index, IndexOrder.prefix) }

    /// Negative, zero or positive as an entry sorts before, with or after a key.
    func compare(_ index: Int, _ key: [UInt8]) -> Int {
        key.withUnsafeBytes { key in withKey(index) { IndexOrder.compare($0, key) } }
    }

    /// Negative, zero or positive as an entry sorts before, with or after one of another block.
    func compare(_ index: Int, _ other: IndexBlock, _ otherIndex: Int) -> Int {
        withKey(index) { own in other.withKey(otherIndex) { IndexOrder.compare(own, $0) } }
    }

    /// The first entry not less than a key; `count` when there is none.
    func lowerBound(_ key: [UInt8]) -> Int {
        key.withUnsafeBytes { key in
            IndexOrder.partition(0, count) { index in withKey(index) { IndexOrder.compare($0, key) < 0 } }
        }
    }

    /// The first entry greater than a key; `count` when there is none.
    func upperBound(_ key: [UInt8]) -> Int {
        key.withUnsafeBytes { key in
            IndexOrder.partition(0, count) { index in withKey(index) { IndexOrder.compare($0, key) <= 0 } }
        }
    }
}

/// Blocks as they lie in a file.
///
/// | bytes | what |
/// |---|---|
/// | 4 | how many bytes the body has |
/// | 4 | CRC-32C of the four bytes before and of the body |
/// | body: 1 | `00` entries, `01` a directory |
/// | 4 | how many entries |
/// | 4 | bytes of their keys and payloads, before compression |
/// | rest | the entries |
///
/// All these numbers have their lowest byte first. An entry is three varints and two pieces: how many bytes the key shares with
/// the one before it, how many more it has, how many the payload has; those more bytes; the payload. The first key stands in
/// full, so a block is read without any other; the count of bytes shared is the largest possible, so equal entries make
/// equal blocks. A block says its own length, so a run of several is read in one piece without its directory.
enum IndexBlockFormat {
    enum Kind: UInt8 {
        case entries = 0
        case directory = 1
    }

    /// Bytes of length and checksum.
    static let frameBytes = 8
    /// Bytes before the first entry.
    static let headBytes = frameBytes + 9
    /// Bytes of a block: of what it takes in the file, and of what it holds. Only a block of one entry may be larger.
    static let blockBytes = 64 << 10
    /// What an entry counts beside its key and its payload: at least its three varints in a block of this size.
    static let entryBytes = 9

    /// What is wrong with bytes that should be a block.
    struct Damage: Error {
        let reason: String
    }

    /// The block that begins at a place, and how many bytes it takes of the file.
    /// - Parameter limit: Bytes of keys and payloads that a block of more than one entry may have.
    static func decode(
        _ file: UnsafeRawBufferPointer, at place: Int, _ kind: Kind, limit: Int = blockBytes
    ) throws(Damage) -> (block: IndexBlock, length: Int) {
        let body = try body(file, at: place)
        var reader = IndexBytesReader(body)
        guard let found = reader.byte(), let count = reader.word(), let total = reader.word() else {
            throw Damage(reason: "a block ends in its head")
        }
        guard found == kind.rawValue else { throw Damage(reason: "a block of kind \(found), not \(kind.rawValue)") }
        // An entry takes three bytes at least: nothing is allocated for a count that cannot be.
        guard count > 0, count <= reader.rest / 3, total <= limit || (count == 1 && total <= reader.rest) else {
            throw Damage(reason: "a block of \(count) entries and \(total) bytes in \(reader.rest)")
        }
        return (try entries(&reader, count: count, total: total), frameBytes + body.count)
    }

    /// The body of the block that begins at a place, which is what was written.
    private static func body(
        _ file: UnsafeRawBufferPointer, at place: Int
    ) throws(Damage) -> UnsafeRawBufferPointer {
        var reader = IndexBytesReader(file, from: place)
        guard let length = reader.word(), let checksum = reader.word(), let body = reader.take(length) else {
            throw Damage(reason: "a block ends too early")
        }
        guard checksum == Int(self.checksum(file, at: place, body)) else {
            throw Damage(reason: "the checksum of a block is wrong")
        }
        return body
    }

    /// How many bytes of the file the block takes that begins at a place, of whatever kind; nil when it is not what was written.
    static func frameLength(_ file: UnsafeRawBufferPointer, at place: Int) -> Int? {
        (try? body(file, at: place)).map { frameBytes + $0.count }
    }

    private static func entries(
        _ reader: inout IndexBytesReader, count: Int, total: Int
    ) throws(Damage) -> IndexBlock {
        let block = IndexBlock(count: count, total: total) { ends, bytes in
            var filled = 0
            var last = 0..<0
            for index in 0..<count {
                guard let key = expand(&reader, after: last, isFirst: index == 0, into: bytes, &filled) else {
                    return false
                }
                last = key
                ends[2 * index] = UInt32(key.upperBound)
                ends[2 * index + 1] = UInt32(filled)
            }
            return filled == total && reader.rest == 0
        }
        guard let block else { throw Damage(reason: "the entries of a block make no sense") }
        return block
    }

    /// Puts the next entry behind those that are there; nil when it is none.
    /// - Parameter last: Where the key before it stands.
    /// - Returns: Where its key stands.
    private static func expand(
        _ reader: inout IndexBytesReader, after last: Range<Int>, isFirst: Bool,
        into target: UnsafeMutableRawBufferPointer, _ filled: inout Int
    ) -> Range<Int>? {
        guard let shared = reader.varint(), let more = reader.varint(), let rest = reader.varint(),
            let ending = reader.take(more), let payload = reader.take(rest),
            shared <= last.count, shared + more + rest <= target.count - filled,
            let kind = payload.first, IndexPayload.Kind(rawValue: kind) != nil
        else { return nil }
        // Ascending: it goes on behind what it shares, and with a greater byte where the key before it goes on too.
        if !isFirst {
            guard let next = ending.first, shared == last.count || target[last.lowerBound + shared] < next else {
                return nil
            }
        }
        let start = filled
        copy(UnsafeRawBufferPointer(rebasing: target[last.lowerBound..<last.lowerBound + shared]), to: target, &filled)
        copy(ending, to: target, &filled)
        let end = filled
        copy(payload, to: target, &filled)
        return start..<end
    }

    private static func copy(
        _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, _ filled: inout Int
    ) {
        guard let base = source.baseAddress, !source.isEmpty else { return }
        // In bounds: `expand` looked whether all pieces of the entry fit.
        target.baseAddress?.advanced(by: filled).copyMemory(from: base, byteCount: source.count)
        filled += source.count
    }

    /// The checksum of the block that begins at a place.
    static func checksum(_ file: UnsafeRawBufferPointer, at place: Int, _ body: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(UnsafeRawBufferPointer(rebasing: file[place..<place + 4]))
        checksum.update(body)
        return checksum.value
    }
}

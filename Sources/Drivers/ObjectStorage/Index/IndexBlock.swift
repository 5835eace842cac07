import ObjectStores

/// Some entries of a run as they lie in memory: all keys and payloads behind one another in one array, so that a block of a
/// thousand entries costs two allocations, and a search touches no other memory.
///
/// Invariant, checked when it is decoded: keys are strictly ascending, and there is at least one.
final class IndexBlock: Sendable {
    /// Key and payload of the first entry, of the second, and so on.
    private let bytes: [UInt8]
    /// For each entry where its key ends, and where its payload ends.
    private let ends: [UInt32]

    init(bytes: [UInt8], ends: [UInt32]) {
        self.bytes = bytes
        self.ends = ends
    }

    /// A block of one entry.
    convenience init(_ entry: IndexEntry) {
        self.init(
            bytes: entry.key + entry.payload,
            ends: [UInt32(entry.key.count), UInt32(entry.key.count + entry.payload.count)])
    }

    var count: Int { ends.count / 2 }

    /// What it takes of a cache.
    var cost: Int { bytes.count + ends.count * 4 + 128 }

    private func keyRange(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[2 * index - 1]))..<Int(ends[2 * index])
    }

    private func payloadRange(_ index: Int) -> Range<Int> { Int(ends[2 * index])..<Int(ends[2 * index + 1]) }

    func key(_ index: Int) -> [UInt8] { Array(bytes[keyRange(index)]) }

    func payload(_ index: Int) -> [UInt8] { Array(bytes[payloadRange(index)]) }

    func entry(_ index: Int) -> IndexEntry { IndexEntry(key: key(index), payload: payload(index)) }

    /// What the payload begins with; nil for what Cairn does not write, which decoding let nothing of in.
    func kind(_ index: Int) -> IndexPayload.Kind? {
        let range = payloadRange(index)
        return range.isEmpty ? nil : IndexPayload.Kind(rawValue: bytes[range.lowerBound])
    }

    func withKey<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[keyRange(index)])) }
    }

    func withPayload<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[payloadRange(index)])) }
    }

    /// Negative, zero or positive as an entry sorts before, with or after a key.
    func compare(_ index: Int, _ key: [UInt8]) -> Int {
        withKey(index) { own in key.withUnsafeBytes { IndexOrder.compare(own, $0) } }
    }

    /// The first entry not less than a key; `count` when there is none.
    func lowerBound(_ key: [UInt8]) -> Int { IndexOrder.partition(0, count) { compare($0, key) < 0 } }
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

    private static func entries(
        _ reader: inout IndexBytesReader, count: Int, total: Int
    ) throws(Damage) -> IndexBlock {
        var ends: [UInt32] = []
        ends.reserveCapacity(2 * count)
        var isSound = true
        let bytes = [UInt8](unsafeUninitializedCapacity: total) { bytes, filled in
            let target = UnsafeMutableRawBufferPointer(bytes)
            var last = 0..<0
            for index in 0..<count {
                guard let key = expand(&reader, after: last, isFirst: index == 0, into: target, &filled) else {
                    isSound = false
                    return
                }
                last = key
                ends.append(UInt32(key.upperBound))
                ends.append(UInt32(filled))
            }
            isSound = filled == total && reader.rest == 0
        }
        guard isSound else { throw Damage(reason: "the entries of a block make no sense") }
        return IndexBlock(bytes: bytes, ends: ends)
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

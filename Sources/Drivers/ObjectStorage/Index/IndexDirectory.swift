/// The blocks of a run: where each lies and with which key it begins.
final class IndexDirectory: Sendable {
    /// One block.
    struct Line {
        let first: [UInt8]
        /// Bytes it takes of the file.
        let length: Int
        /// How many entries it has.
        let count: Int

        /// What stands behind the key in the file. The kind byte is there because each entry of a block has one.
        var payload: [UInt8] {
            var bytes = [IndexPayload.Kind.present.rawValue]
            Varint.append(length, to: &bytes)
            Varint.append(count, to: &bytes)
            return bytes
        }
    }

    /// The first keys, one an entry.
    private let keys: IndexBlock
    /// Where each block begins in the file, and where the last one ends.
    private let offsets: [Int]
    /// How many entries each block has.
    private let counts: [Int]

    /// The directory of a run; nil when it does not fit the run.
    init?(_ keys: IndexBlock, of run: IndexRun) {
        var offsets = [run.offset]
        var counts: [Int] = []
        offsets.reserveCapacity(keys.count + 1)
        counts.reserveCapacity(keys.count)
        var entries = 0
        for index in 0..<keys.count {
            let numbers = keys.withPayload(index) { payload -> (length: Int, count: Int)? in
                var reader = IndexBytesReader(payload, from: 1)
                guard let length = reader.varint(), let count = reader.varint(), reader.rest == 0 else { return nil }
                return (length, count)
            }
            guard let numbers, let start = offsets.last, numbers.length > 0, numbers.count > 0,
                numbers.length <= run.offset + run.length - start, numbers.count <= run.count - entries
            else { return nil }
            offsets.append(start + numbers.length)
            counts.append(numbers.count)
            entries += numbers.count
        }
        guard offsets.last == run.offset + run.length, entries == run.count, keys.compare(0, run.first) == 0,
            keys.compare(keys.count - 1, run.last) <= 0
        else { return nil }
        self.keys = keys
        self.offsets = offsets
        self.counts = counts
    }

    var count: Int { counts.count }

    /// What it takes of a cache.
    var cost: Int { keys.cost + offsets.count * 16 + 128 }

    /// Where a block lies in the file.
    func range(_ block: Int) -> Range<Int> { offsets[block]..<offsets[block + 1] }

    /// How many entries a block has.
    func entries(_ block: Int) -> Int { counts[block] }

    /// Negative, zero or positive as the first key of a block sorts before, with or after a key.
    func compare(_ block: Int, _ key: [UInt8]) -> Int { keys.compare(block, key) }

    /// Negative, zero or positive as the first key of a block sorts before, with or after an entry.
    func compare(_ block: Int, _ other: IndexBlock, _ index: Int) -> Int { keys.compare(block, other, index) }

    /// The blocks that may have entries within bounds.
    func blocks(in bounds: IndexBounds) -> Range<Int> {
        bounds.blocks(behind: keys.upperBound(bounds.lower), end: bounds.upper.map(keys.lowerBound) ?? count)
    }

    /// The block that may have a key; nil when all begin behind it.
    func block(of key: [UInt8]) -> Int? {
        let behind = keys.upperBound(key)
        return behind == 0 ? nil : behind - 1
    }
}

import CairnSchema

/// A map from keys to values in the order of the keys' bytes. A copy costs nothing; the first write to a copy costs a list of
/// the blocks and one block.
///
/// Two levels: sorted blocks of sorted entries, each block of at most `blockLimit`. No block is empty, and each key of one
/// sorts before each key of the next.
struct KeyMap<Value> {
    struct Entry {
        let key: [UInt8]
        var value: Value
    }

    private static var blockLimit: Int { 512 }
    private var blocks: [[Entry]] = []

    /// The value of a key.
    subscript(key: [UInt8]) -> Value? {
        get {
            guard let entry = first(from: key), entry.key == key else { return nil }
            return entry.value
        }
        set {
            if let newValue { set(key, newValue) } else { remove(key) }
        }
    }

    /// The entry of the least key that is not less than `bound`.
    func first(from bound: [UInt8]) -> Entry? {
        let block = blockIndex(of: bound)
        guard block < blocks.count else { return nil }
        return blocks[block][entryIndex(of: bound, in: block)]
    }

    /// The first block whose last key is not less than `key`; the count of blocks when there is none.
    private func blockIndex(of key: [UInt8]) -> Int {
        Self.partition(blocks.count) { blocks[$0].last.map { Self.isLess($0.key, key) } ?? false }
    }

    private func entryIndex(of key: [UInt8], in block: Int) -> Int {
        Self.partition(blocks[block].count) { Self.isLess(blocks[block][$0].key, key) }
    }

    private static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBufferPointer { leftBytes in right.withUnsafeBufferPointer { Bytes.compare(leftBytes, $0) < 0 } }
    }

    /// The first of `count` places for which `isBefore` is false. It is true for all before it.
    private static func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func set(_ key: [UInt8], _ value: Value) {
        if blocks.isEmpty { blocks.append([]) }
        // A key behind all others belongs to the last block.
        let block = min(blockIndex(of: key), blocks.count - 1)
        let place = entryIndex(of: key, in: block)
        if place < blocks[block].count, blocks[block][place].key == key {
            blocks[block][place].value = value
            return
        }
        blocks[block].insert(Entry(key: key, value: value), at: place)
        guard blocks[block].count > Self.blockLimit else { return }
        let upper = Array(blocks[block][(Self.blockLimit / 2)...])
        blocks[block].removeSubrange((Self.blockLimit / 2)...)
        blocks.insert(upper, at: block + 1)
    }

    private mutating func remove(_ key: [UInt8]) {
        let block = blockIndex(of: key)
        guard block < blocks.count else { return }
        let place = entryIndex(of: key, in: block)
        guard blocks[block][place].key == key else { return }
        blocks[block].remove(at: place)
        if blocks[block].isEmpty { blocks.remove(at: block) }
    }
}

extension KeyMap.Entry: Sendable where Value: Sendable {}
extension KeyMap: Sendable where Value: Sendable {}

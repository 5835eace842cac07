import CairnCore
import CairnSchema

/// An ordered map from byte keys to values, with copies that cost nothing.
///
/// The problem: snapshots and transactions each need a whole, unchanging view of a table, and making one must not depend on
/// its size. The idea: a B+ tree of reference-counted nodes. Copying the map copies one reference; a write copies only
/// the nodes on its path that another copy still holds, and changes the others in place.
///
/// Invariants: all leaves are equally deep; a node holds at most `nodeLimit` entries; `keys` of a leaf are strictly ascending;
/// the children of an inner node are separated by `keys`, each the least key ever put at the head of the child after it;
/// `prefixes[i]` are the first eight bytes of `keys[i]`, so most comparisons touch no key.
package struct OrderedMap<Value> {
    fileprivate final class Node {
        var prefixes: [UInt64] = []
        var keys: [[UInt8]] = []
        /// The values of a leaf; empty in an inner node.
        var values: [Value] = []
        /// The children of an inner node, one more than keys; empty in a leaf.
        var children: [Node] = []

        var isLeaf: Bool { children.isEmpty }

        func copy() -> Node {
            let copy = Node()
            copy.prefixes = prefixes
            copy.keys = keys
            copy.values = values
            copy.children = children
            return copy
        }
    }

    private static var nodeLimit: Int { 64 }
    /// Below this a node is merged with a neighbour, if both fit in one.
    private static var mergeLimit: Int { 16 }

    fileprivate var root = Node()
    /// How many entries there are.
    package private(set) var count = 0

    /// An empty map.
    package init() {}

    /// The first eight bytes of a key as a number that compares as they do; a shorter key is filled with zeros.
    fileprivate static func prefix(_ key: [UInt8]) -> UInt64 {
        key.withUnsafeBytes { bytes in
            if bytes.count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
            var prefix: UInt64 = 0
            for index in 0..<8 { prefix = prefix << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
            return prefix
        }
    }

    // MARK: Reading

    /// The value of a key.
    package func get(_ key: [UInt8]) -> Value? {
        let prefix = Self.prefix(key)
        // Counting a reference to each node on the way would cost more than the search: `self` keeps all of them alive.
        return withExtendedLifetime(root) {
            var node = Unmanaged.passUnretained(root)
            while let child = node._withUnsafeGuaranteedRef({ Self.child(in: $0, key, prefix) }) { node = child }
            return node._withUnsafeGuaranteedRef { leaf in
                let (place, isFound) = Self.find(key, prefix, in: leaf)
                return isFound ? leaf.values.withUnsafeBufferPointer { $0[place] } : nil
            }
        }
    }

    /// The child of an inner node that has the entries `key` belongs to; nil in a leaf.
    private static func child(in node: Node, _ key: [UInt8], _ prefix: UInt64) -> Unmanaged<Node>? {
        guard !node.isLeaf else { return nil }
        let place = child(of: node, key, prefix)
        return node.children.withUnsafeBufferPointer { .passUnretained($0[place]) }
    }

    /// The first place whose key is not less than `key`.
    fileprivate static func lowerBound(_ node: Node, _ key: [UInt8], _ prefix: UInt64) -> Int {
        find(key, prefix, in: node).place
    }

    /// The child whose entries `key` belongs to.
    fileprivate static func child(of node: Node, _ key: [UInt8], _ prefix: UInt64) -> Int {
        let (place, isFound) = find(key, prefix, in: node)
        return isFound ? place + 1 : place
    }

    /// The first place whose key is not less than `key`, and whether it is `key`.
    private static func find(_ key: [UInt8], _ prefix: UInt64, in node: Node) -> (place: Int, isFound: Bool) {
        let (low, isPrefixThere) = node.prefixes.withUnsafeBufferPointer { prefixes in
            let low = partition(0, prefixes.count) { prefixes[$0] < prefix }
            return (low, low < prefixes.count && prefixes[low] == prefix)
        }
        guard isPrefixThere else { return (low, false) }
        // Only keys that begin with the same bytes are looked at: reaching one costs a miss of the processor's caches.
        return key.withUnsafeBufferPointer { key in
            node.keys.withUnsafeBufferPointer { keys in
                let place = partition(low, keys.count) { index in
                    node.prefixes[index] == prefix && compare(keys[index], key) < 0
                }
                return (place, place < keys.count && node.prefixes[place] == prefix && compare(keys[place], key) == 0)
            }
        }
    }

    /// The first place from `low` to `high` for which `isBefore` is false; it is true for all before that one.
    private static func partition(_ low: Int, _ high: Int, _ isBefore: (Int) -> Bool) -> Int {
        var (low, high) = (low, high)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func compare(_ left: [UInt8], _ right: UnsafeBufferPointer<UInt8>) -> Int {
        left.withUnsafeBufferPointer { Bytes.compare($0, right) }
    }

    /// About how many entries have keys from `lower` to `upper`, itself not included; nil: to the end. It takes as long as finding two
    /// keys; where both lie in one leaf it is exact, else as if all nodes were equally full.
    package func estimatedCount(from lower: [UInt8], to upper: [UInt8]?) -> Int {
        let prefixes = (Self.prefix(lower), upper.map(Self.prefix) ?? 0)
        var (first, last) = (root, root)
        // How many entries a node is guessed to hold, and how many lie between the places that were come to.
        var (firstShare, lastShare) = (Double(count), Double(count))
        var between = 0.0
        while !first.isLeaf, !last.isLeaf {
            let start = Self.child(of: first, lower, prefixes.0)
            let end = upper.map { Self.child(of: last, $0, prefixes.1) } ?? last.children.count - 1
            firstShare /= Double(first.children.count)
            lastShare /= Double(last.children.count)
            between += Double(end) * lastShare - Double(start) * firstShare
            (first, last) = (first.children[start], last.children[end])
        }
        let start = Self.lowerBound(first, lower, prefixes.0)
        let end = upper.map { Self.lowerBound(last, $0, prefixes.1) } ?? last.keys.count
        if first === last { return max(0, end - start) }
        return max(0, Int((between + Double(end) - Double(start)).rounded()))
    }

    // MARK: Writing

    /// Sets the value of a key and gives the one it had.
    @discardableResult
    package mutating func set(_ key: [UInt8], _ value: Value) -> Value? {
        let old = Self.set(&root, key, Self.prefix(key), value)
        if old == nil { count += 1 }
        if root.keys.count > Self.nodeLimit {
            let left = root
            root = Node()
            root.children = [left]
            Self.split(root, child: 0)
        }
        return old
    }

    private static func set(_ node: inout Node, _ key: [UInt8], _ prefix: UInt64, _ value: Value) -> Value? {
        if !isKnownUniquelyReferenced(&node) { node = node.copy() }
        if node.isLeaf {
            let (place, isFound) = find(key, prefix, in: node)
            if isFound {
                let old = node.values[place]
                node.values[place] = value
                return old
            }
            node.prefixes.insert(prefix, at: place)
            node.keys.insert(key, at: place)
            node.values.insert(value, at: place)
            return nil
        }
        let place = child(of: node, key, prefix)
        let old = set(&node.children[place], key, prefix, value)
        if node.children[place].keys.count > nodeLimit { split(node, child: place) }
        return old
    }

    /// Splits a child in two. A child that grew at its end is split there: entries that come in order fill nodes.
    private static func split(_ node: Node, child place: Int) {
        let left = node.children[place]
        let isAppending = place == node.children.count - 1
        let middle = isAppending ? left.keys.count - 4 : left.keys.count / 2
        let right = Node()
        if left.isLeaf {
            right.prefixes = Array(left.prefixes[middle...])
            right.keys = Array(left.keys[middle...])
            right.values = Array(left.values[middle...])
            left.values.removeSubrange(middle...)
            node.prefixes.insert(right.prefixes[0], at: place)
            node.keys.insert(right.keys[0], at: place)
        } else {
            right.prefixes = Array(left.prefixes[(middle + 1)...])
            right.keys = Array(left.keys[(middle + 1)...])
            right.children = Array(left.children[(middle + 1)...])
            left.children.removeSubrange((middle + 1)...)
            node.prefixes.insert(left.prefixes[middle], at: place)
            node.keys.insert(left.keys[middle], at: place)
        }
        left.prefixes.removeSubrange(middle...)
        left.keys.removeSubrange(middle...)
        node.children.insert(right, at: place + 1)
    }

    /// Removes a key and gives the value it had.
    @discardableResult
    package mutating func remove(_ key: [UInt8]) -> Value? {
        let old = Self.remove(&root, key, Self.prefix(key))
        if old != nil { count -= 1 }
        while root.children.count == 1 { root = root.children[0] }
        return old
    }

    private static func remove(_ node: inout Node, _ key: [UInt8], _ prefix: UInt64) -> Value? {
        if !isKnownUniquelyReferenced(&node) { node = node.copy() }
        if node.isLeaf {
            let (place, isFound) = find(key, prefix, in: node)
            guard isFound else { return nil }
            node.prefixes.remove(at: place)
            node.keys.remove(at: place)
            return node.values.remove(at: place)
        }
        let place = child(of: node, key, prefix)
        let old = remove(&node.children[place], key, prefix)
        if old != nil, node.children[place].size < mergeLimit { mergeIfSmall(node, child: place) }
        return old
    }

    /// Joins a child with a neighbour, if both fit in one node.
    private static func mergeIfSmall(_ node: Node, child place: Int) {
        let left = max(0, min(place, node.children.count - 2))
        guard node.children.count > 1,
            node.children[left].size + node.children[left + 1].size <= nodeLimit
        else { return }
        if !isKnownUniquelyReferenced(&node.children[left]) { node.children[left] = node.children[left].copy() }
        let merged = node.children[left]
        let right = node.children.remove(at: left + 1)
        let separator = node.keys.remove(at: left)
        let separatorPrefix = node.prefixes.remove(at: left)
        if !merged.isLeaf {
            merged.keys.append(separator)
            merged.prefixes.append(separatorPrefix)
        }
        merged.keys += right.keys
        merged.prefixes += right.prefixes
        merged.values += right.values
        merged.children += right.children
    }
}

extension OrderedMap.Node {
    /// Entries of a leaf, children of an inner node.
    fileprivate var size: Int { isLeaf ? keys.count : children.count }
}

/// Safety of `@unchecked Sendable`: nodes are changed only by `set` and `remove` of a map that alone refers to them
/// (`isKnownUniquelyReferenced`, whose count is atomic); a node two maps share is never changed again.
extension OrderedMap: @unchecked Sendable where Value: Sendable {}

extension OrderedMap {
    /// A place in a map, moving over its entries. It keeps its own view: writes to the map meanwhile are not seen.
    package struct Cursor {
        /// The nodes from the root down, with the place in each; in inner nodes the child being visited.
        private var path: [(node: Node, place: Int)] = []

        /// Before the first entry whose key is not less than `key`; nil: before the first entry of all.
        package init(_ map: OrderedMap, before key: [UInt8]?) {
            var node = map.root
            let prefix = key.map(OrderedMap.prefix) ?? 0
            while !node.isLeaf {
                let place = key.map { OrderedMap.child(of: node, $0, prefix) } ?? 0
                path.append((node, place))
                node = node.children[place]
            }
            path.append((node, key.map { OrderedMap.lowerBound(node, $0, prefix) } ?? 0))
        }

        /// After the last entry whose key is less than `key`; nil: after the last entry of all.
        package init(_ map: OrderedMap, after key: [UInt8]?) {
            if let key {
                self = Cursor(map, before: key)
                return
            }
            var node = map.root
            while !node.isLeaf {
                path.append((node, node.children.count - 1))
                node = node.children[node.children.count - 1]
            }
            path.append((node, node.keys.count))
        }

        /// The entry after this place, which moves behind it.
        package mutating func next() -> (key: [UInt8], value: Value)? {
            while let (node, place) = path.last {
                if node.isLeaf, place < node.keys.count {
                    path[path.count - 1].place += 1
                    return (node.keys[place], node.values[place])
                }
                if !node.isLeaf, place + 1 < node.children.count {
                    path[path.count - 1].place += 1
                    descend(to: node.children[place + 1], atEnd: false)
                } else if path.count == 1 {
                    return nil
                } else {
                    path.removeLast()
                }
            }
            return nil
        }

        /// The entry before this place, which moves before it.
        package mutating func previous() -> (key: [UInt8], value: Value)? {
            while let (node, place) = path.last {
                if node.isLeaf, place > 0 {
                    path[path.count - 1].place -= 1
                    return (node.keys[place - 1], node.values[place - 1])
                }
                if !node.isLeaf, place > 0 {
                    path[path.count - 1].place -= 1
                    descend(to: node.children[place - 1], atEnd: true)
                } else if path.count == 1 {
                    return nil
                } else {
                    path.removeLast()
                }
            }
            return nil
        }

        private mutating func descend(to child: Node, atEnd: Bool) {
            var node = child
            while !node.isLeaf {
                path.append((node, atEnd ? node.children.count - 1 : 0))
                node = node.children[atEnd ? node.children.count - 1 : 0]
            }
            path.append((node, atEnd ? node.keys.count : 0))
        }
    }
}

/// Safety of `@unchecked Sendable`: a cursor reads nodes and changes none; nodes that it refers to are shared with it, so no map
/// changes them either.
extension OrderedMap.Cursor: @unchecked Sendable where Value: Sendable {}

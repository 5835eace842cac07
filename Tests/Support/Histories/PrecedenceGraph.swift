/// Which transactions came before which, and whether that can be.
struct PrecedenceGraph {
    enum Kind: String {
        case writeWrite = "ww"
        case writeRead = "wr"
        case readWrite = "rw"
        case time
    }

    struct Edge {
        let from: Int
        let kind: Kind
        let to: Int
        /// About what.
        let what: String
    }

    /// Behind the transactions there are moments: they carry the order of time, which would else be an edge for every pair.
    private var edges: [[Edge]]
    private let count: Int

    init(count: Int) {
        self.count = count
        edges = Array(repeating: [], count: count)
    }

    mutating func add(_ from: Int, _ kind: Kind, _ to: Int, _ what: String) {
        edges[from].append(Edge(from: from, kind: kind, to: to, what: what))
    }

    /// Whoever has ended comes before whoever began later.
    mutating func addTimes(of times: [(began: UInt64, ended: UInt64)]) {
        let ends = times.indices.sorted { times[$0].ended < times[$1].ended }
        let first = edges.count
        edges += Array(repeating: [], count: ends.count)
        for (place, transaction) in ends.enumerated() {
            add(transaction, .time, first + place, "")
            if place > 0 { add(first + place - 1, .time, first + place, "") }
        }
        for (transaction, time) in times.enumerated() {
            // The last moment that lies before its beginning.
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if times[ends[middle]].ended < time.began { low = middle + 1 } else { high = middle }
            }
            if low > 0 { add(first + low - 1, .time, transaction, "") }
        }
    }

    // MARK: Cycles

    /// The shortest cycle through some transaction, without the moments; nil when there is none.
    func cycle() -> [Edge]? {
        var shortest: [Edge]?
        for component in components() where component.count > 1 {
            let members = Set(component)
            for start in component.filter({ $0 < count }).prefix(50) {
                if let found = cycle(from: start, in: members), found.count < shortest?.count ?? .max {
                    shortest = found
                }
            }
        }
        return shortest
    }

    /// A shortest way from a node back to itself.
    private func cycle(from start: Int, in members: Set<Int>) -> [Edge]? {
        var cameBy: [Int: Edge] = [:]
        var line = [start]
        var head = 0
        while head < line.count {
            let node = line[head]
            head += 1
            for edge in edges[node] where members.contains(edge.to) && cameBy[edge.to] == nil {
                cameBy[edge.to] = edge
                if edge.to == start { return joined(path(to: start, cameBy)) }
                line.append(edge.to)
            }
        }
        return nil
    }

    private func path(to end: Int, _ cameBy: [Int: Edge]) -> [Edge] {
        var path: [Edge] = []
        var node = end
        repeat {
            guard let edge = cameBy[node] else { break }
            path.append(edge)
            node = edge.from
        } while node != end
        return path.reversed()
    }

    /// A path with the edges over moments made one.
    private func joined(_ path: [Edge]) -> [Edge] {
        var joined: [Edge] = []
        var from: Int?
        for edge in path {
            if edge.to >= count {
                if edge.from < count { from = edge.from }
            } else if edge.from >= count {
                joined.append(Edge(from: from ?? edge.from, kind: .time, to: edge.to, what: ""))
            } else {
                joined.append(edge)
            }
        }
        return joined
    }

    /// Nodes that can all be reached from one another (Tarjan 1972, without recursion).
    private func components() -> [[Int]] {
        var index = [Int?](repeating: nil, count: edges.count)
        var low = [Int](repeating: 0, count: edges.count)
        var isOnStack = [Bool](repeating: false, count: edges.count)
        var stack: [Int] = []
        var next = 0
        var components: [[Int]] = []
        for root in edges.indices where index[root] == nil {
            var work = [(node: root, edge: 0)]
            while let (node, edge) = work.last {
                if edge == 0 {
                    index[node] = next
                    low[node] = next
                    next += 1
                    stack.append(node)
                    isOnStack[node] = true
                }
                if edge < edges[node].count {
                    work[work.count - 1].edge += 1
                    let target = edges[node][edge].to
                    if let found = index[target] {
                        if isOnStack[target] { low[node] = min(low[node], found) }
                    } else {
                        work.append((target, 0))
                    }
                    continue
                }
                work.removeLast()
                if let parent = work.last?.node { low[parent] = min(low[parent], low[node]) }
                guard low[node] == index[node] else { continue }
                var component: [Int] = []
                repeat {
                    guard let member = stack.popLast() else { break }
                    isOnStack[member] = false
                    component.append(member)
                } while component.last != node
                components.append(component)
            }
        }
        return components
    }
}

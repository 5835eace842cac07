import CairnCore

/// Whether the appends to lists could have happened one after the other, told from the lists alone.
///
/// Each append reads lists and adds its own number to some of them; so the order in a list is the order of its writers, and
/// what a reader saw says between which of them it stands. Cycles of who must come before whom are what must not be
/// (Adya's G0 of writes alone, G1 with reads of writes, G-single and G2 with writes after reads).
struct ListCheck {
    private(set) var violations: [Violation] = []

    private enum Edge: Int, Comparable {
        /// One wrote what the other wrote over.
        case write
        /// One wrote what the other read.
        case read
        /// One read what the other wrote over.
        case anti

        static func < (left: Edge, right: Edge) -> Bool { left.rawValue < right.rawValue }
    }

    init(_ deeds: [Deed], _ tables: SimulationSchema, _ end: ModelState) {
        var done: [Int: Deed] = [:]
        for deed in deeds where deed.kind == "append" {
            if case .done = deed.outcome { done[deed.id] = deed }
        }
        var edges: [Int: [(to: Int, edge: Edge)]] = [:]
        for (key, row) in end.tables[tables.lists.position] {
            let order = row.ints(1)
            if Set(order).count != order.count {
                violations.append(Violation("lists", "list \(key) has a number twice: \(order)"))
            }
            for (one, next) in zip(order, order.dropFirst()) { edges[one, default: []].append((next, .write)) }
            for deed in done.values.sorted(by: { $0.id < $1.id }) {
                addReads(of: deed, key, order, tables, &edges)
            }
        }
        findCycle(edges)
    }

    private mutating func addReads(
        of deed: Deed, _ key: Key, _ order: [Int], _ tables: SimulationSchema,
        _ edges: inout [Int: [(to: Int, edge: Edge)]]
    ) {
        for note in deed.reads {
            guard case .key(let table, let read) = note.what, table === tables.lists, read == key,
                case .rows(let rows) = note.result
            else { continue }
            let seen = rows.first?.ints(1) ?? []
            guard order.starts(with: seen) else {
                violations.append(
                    Violation("lists", "\(deed.text) read \(seen) in list \(key), which became \(order) (G1)"))
                continue
            }
            if let writer = seen.last, writer != deed.id { edges[writer, default: []].append((deed.id, .read)) }
            if seen.count < order.count, order[seen.count] != deed.id {
                edges[deed.id, default: []].append((order[seen.count], .anti))
            }
        }
    }

    /// Finds a cycle, and names it by the weakest dependency it needs.
    private mutating func findCycle(_ edges: [Int: [(to: Int, edge: Edge)]]) {
        for (weakest, name) in [(Edge.write, "G0"), (.read, "G1c"), (.anti, "G2")] {
            if let cycle = ListCheck.cycle(edges.mapValues { $0.filter { $0.edge <= weakest }.map(\.to) }) {
                violations.append(Violation("lists", "\(name): each comes before the next: \(cycle)"))
                return
            }
        }
    }

    private static func cycle(_ edges: [Int: [Int]]) -> [Int]? {
        var done: Set<Int> = []
        for start in edges.keys.sorted() where !done.contains(start) {
            var path: [Int] = [start]
            var rest: [[Int]] = [edges[start] ?? []]
            while let top = path.last {
                guard let next = rest[rest.count - 1].popLast() else {
                    done.insert(top)
                    path.removeLast()
                    rest.removeLast()
                    continue
                }
                if let place = path.firstIndex(of: next) { return Array(path[place...]) + [next] }
                if done.contains(next) { continue }
                path.append(next)
                rest.append(edges[next] ?? [])
            }
        }
        return nil
    }
}

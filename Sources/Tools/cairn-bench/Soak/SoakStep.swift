import Cairn

/// The kinds of operations of a soak.
enum SoakWork: String, CaseIterable {
    case get, range, pages, stream, count, update, swap, swapInTransaction, move, collide, visit
    /// Several of the others in a task that is cancelled.
    case cancelled
    /// Several of the others under a deadline.
    case late

    private var weight: UInt64 {
        switch self {
        case .get: 10
        case .range, .update, .swap, .move, .collide: 4
        case .pages, .stream, .swapInTransaction, .visit: 2
        case .count, .cancelled, .late: 1
        }
    }

    static func pick(_ random: inout SplitMix) -> SoakWork {
        var rest = random.next() % allCases.reduce(0) { $0 + $1.weight }
        for work in allCases {
            if rest < work.weight { return work }
            rest -= work.weight
        }
        return .get
    }
}

/// The operations of a soak on the slots of ``SoakLoad``.
struct SoakStep {
    let bench: Bench
    let slots: Int
    /// The number of the task, which tells its own record from those of others.
    let task: Int

    static func item(of slot: Int, isSecond: Bool, quantity: Int, _ random: inout SplitMix) -> Item {
        item("slot-\(slot)-\(isSecond ? 2 : 1)", rank: slot, quantity: quantity, &random)
    }

    private static func item(_ id: String, rank: Int, quantity: Int, _ random: inout SplitMix) -> Item {
        Item(
            id: Item.ID(id), title: random.text(), author: random.text(), city: random.text(), note: note(&random),
            quantity: quantity, rank: rank, price: 1.5, isOpen: true, seenAt: .epoch)
    }

    /// Notes differ in length, so that records grow and shrink in their pages.
    private static func note(_ random: inout SplitMix) -> String {
        String(repeating: random.text(), count: Int(random.next() % 10))
    }

    func run(_ work: SoakWork, _ random: inout SplitMix) async throws {
        let slot = Int(random.next() % UInt64(slots))
        switch work {
        case .get: _ = try await record(of: slot)
        case .range: try await readRange(from: slot)
        case .pages: try await readPages(from: slot)
        case .stream: try await readStream(from: slot)
        case .count: _ = try await bench.items.where { $0.rank >= slot }.count()
        case .update:
            let note = Self.note(&random)
            try await bench.items.update(try await record(of: slot).id) { $0.note = note }
        case .swap: try await swap(slot, &random)
        case .swapInTransaction: try await swapInTransaction(slot, &random)
        case .move: try await move(from: slot, to: (slot + 1) % slots)
        // So few that others change them at the same time.
        case .collide: try await move(from: slot % 4, to: (slot + 1) % 4)
        case .visit: try await visit(&random)
        case .cancelled, .late: break
        }
    }

    // MARK: Reading

    private func record(of slot: Int) async throws -> Item {
        let found = try await bench.items.find(["slot-\(slot)-1", "slot-\(slot)-2"].map(Item.ID.init))
        guard found.count == 1, let item = found.values.first else {
            throw SoakFailure("slot \(slot) has \(found.count) records")
        }
        return item
    }

    private func readRange(from slot: Int) async throws {
        let end = min(slot + 50, slots)
        let found = try await bench.items.where { $0.rank >= slot && $0.rank < end }.order { $0.rank }.all()
        guard found.map(\.rank) == Array(slot..<end) else { throw SoakFailure("a range from \(slot) is not whole") }
    }

    private func readPages(from slot: Int) async throws {
        var cursor: PageCursor?
        for _ in 0..<3 {
            let page = try await bench.items.where { $0.rank >= slot }.order { $0.rank }.page(size: 20, after: cursor)
            cursor = page.next
            if cursor == nil { return }
        }
    }

    /// Leaves the loop before its end, as often as not.
    private func readStream(from slot: Int) async throws {
        var count = 0
        for try await item in bench.items.where({ $0.rank >= slot }).rows {
            count += item.isOpen ? 1 : 0
            if count == 300 { return }
        }
    }

    // MARK: Writing

    private func swap(_ slot: Int, _ random: inout SplitMix) async throws {
        let old = try await record(of: slot)
        let new = Self.successor(of: old, &random)
        try await bench.write { batch in
            try batch.delete(old)
            try batch.insert(new)
        }
    }

    private static func successor(of old: Item, _ random: inout SplitMix) -> Item {
        item(of: old.rank, isSecond: old.id.value.hasSuffix("-1"), quantity: old.quantity, &random)
    }

    private func swapInTransaction(_ slot: Int, _ random: inout SplitMix) async throws {
        var next = random
        try await bench.transaction { tx in
            guard let old = try await tx.items.where({ $0.rank == slot }).first() else { return }
            try await tx.items.delete(old)
            try await tx.items.insert(Self.successor(of: old, &next))
        }
        random = next
    }

    private func move(from: Int, to: Int) async throws {
        try await bench.transaction { tx in
            for (slot, change) in [(from, -1), (to, 1)] {
                guard var item = try await tx.items.where({ $0.rank == slot }).first() else {
                    throw SoakFailure("slot \(slot) has no record")
                }
                item.quantity += change
                await Task.yield()
                try await tx.items.update(item)
            }
        }
    }

    private var visitor: Item.ID { Item.ID("visitor-\(task)") }

    /// A record that comes and goes.
    private func visit(_ random: inout SplitMix) async throws {
        _ = try await bench.items.upsert(Self.item(visitor.value, rank: -1 - task, quantity: 0, &random))
        try await bench.items.delete(visitor)
        if try await bench.items.exists(visitor) { throw SoakFailure("\(visitor.value) was deleted and is there") }
    }

    /// Removes the record of a visit that was cut short.
    func leave() async throws {
        if try await bench.items.exists(visitor) { try await bench.items.delete(visitor) }
    }
}

/// Values whose costs together stay below a limit: the least recently used go first.
///
/// A ring through an array instead of linked objects: `slots[0]` stands between the most and the least recently used.
struct LeastRecentlyUsed<Key: Hashable, Value> {
    fileprivate struct Slot {
        var key: Key?
        var value: Value?
        var cost = 0
        /// The slot used next more recently, and the one used next less recently.
        var newer = 0
        var older = 0
    }

    private let limit: Int
    private var places: [Key: Int] = [:]
    private var slots = [Slot()]
    private var free: [Int] = []
    /// What all values cost.
    private(set) var cost = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { places.count }

    /// Whether there is a value, which is not used by asking.
    func has(_ key: Key) -> Bool { places[key] != nil }

    /// A value, which thereby becomes the most recently used.
    mutating func value(_ key: Key) -> Value? {
        guard let slot = places[key] else { return nil }
        unlink(slot)
        link(slot)
        return slots[slot].value
    }

    /// Keeps a value, unless it alone costs more than all may.
    mutating func keep(_ value: Value, cost: Int, at key: Key) {
        remove(key)
        guard cost <= limit else { return }
        while self.cost + cost > limit, let oldest = slots[slots[0].newer].key { remove(oldest) }
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot()) }
        slots[slot] = Slot(key: key, value: value, cost: cost)
        places[key] = slot
        self.cost += cost
        link(slot)
    }

    private mutating func remove(_ key: Key) {
        guard let slot = places.removeValue(forKey: key) else { return }
        cost -= slots[slot].cost
        unlink(slot)
        slots[slot] = Slot()
        free.append(slot)
    }

    /// Makes a slot the most recently used.
    private mutating func link(_ slot: Int) {
        let before = slots[0].older
        slots[slot].older = before
        slots[slot].newer = 0
        slots[before].newer = slot
        slots[0].older = slot
    }

    private mutating func unlink(_ slot: Int) {
        slots[slots[slot].older].newer = slots[slot].newer
        slots[slots[slot].newer].older = slots[slot].older
    }
}

extension LeastRecentlyUsed: Sendable where Key: Sendable, Value: Sendable {}
extension LeastRecentlyUsed.Slot: Sendable where Key: Sendable, Value: Sendable {}

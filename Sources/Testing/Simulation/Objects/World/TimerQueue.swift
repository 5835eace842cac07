/// What is to happen, by time: a heap. Of several at one moment the first planned comes first.
struct TimerQueue {
    struct Timer {
        let due: World.Moment
        let id: Int
        let action: @Sendable () -> Void

        func isBefore(_ other: Timer) -> Bool { due != other.due ? due < other.due : id < other.id }
    }

    private var heap: [Timer] = []
    /// Those that are to happen.
    private var planned: Set<Int> = []
    private var nextID = 0

    mutating func add(due: World.Moment, _ action: @escaping @Sendable () -> Void) -> Int {
        nextID += 1
        planned.insert(nextID)
        heap.append(Timer(due: due, id: nextID, action: action))
        var place = heap.count - 1
        while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
        return nextID
    }

    /// Forgets a timer. One that was taken already is none of them.
    mutating func remove(_ id: Int) { planned.remove(id) }

    mutating func popFirst() -> Timer? {
        while let timer = popTop() {
            if planned.remove(timer.id) != nil { return timer }
        }
        return nil
    }

    private mutating func popTop() -> Timer? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            if least == place { return top }
            heap.swapAt(place, least)
            place = least
        }
    }
}

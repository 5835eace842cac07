import CairnCore
import Foundation

/// Something that happens once, and that tasks and threads can wait for.
package final class Signal: Sendable {
    private struct State {
        var hasFired = false
        var tasks: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Lock(State())
    private let threads = DispatchSemaphore(value: 0)

    package init() {}

    package func fire() {
        let tasks = state.withLock { state in
            state.hasFired = true
            defer { state.tasks = [] }
            return state.tasks
        }
        for task in tasks { task.resume() }
        threads.signal()
    }

    package var hasFired: Bool { state.withLock { $0.hasFired } }

    package func wait() async {
        await withCheckedContinuation { task in
            let hasFired = state.withLock { state in
                if !state.hasFired { state.tasks.append(task) }
                return state.hasFired
            }
            if hasFired { task.resume() }
        }
    }

    /// For a thread of a test server; never on a task.
    package func waitOnThread() {
        threads.wait()
        threads.signal()
    }
}

/// A number that tasks and threads count up, and that tasks can wait for.
package final class Counter: Sendable {
    private struct State {
        var value = 0
        var highest = 0
        var waiters: [(Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Lock(State())

    package init() {}

    package var value: Int { state.withLock { $0.value } }
    package var highest: Int { state.withLock { $0.highest } }

    @discardableResult
    package func add(_ amount: Int = 1) -> Int {
        let (value, reached) = state.withLock { state in
            state.value += amount
            state.highest = max(state.highest, state.value)
            let value = state.value
            let reached = state.waiters.filter { $0.0 <= value }.map(\.1)
            state.waiters.removeAll { $0.0 <= value }
            return (value, reached)
        }
        for waiter in reached { waiter.resume() }
        return value
    }

    /// Waits until it was at least this.
    package func wait(for wanted: Int) async {
        await withCheckedContinuation { waiter in
            let isThere = state.withLock { state in
                if state.highest < wanted { state.waiters.append((wanted, waiter)) }
                return state.highest >= wanted
            }
            if isThere { waiter.resume() }
        }
    }
}

/// What a script of a server is given after it was made.
package final class Box<Value: Sendable>: Sendable {
    private let state = Lock<Value?>(nil)

    package init() {}

    package var value: Value? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

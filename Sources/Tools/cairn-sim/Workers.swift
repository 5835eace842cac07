import CairnCore
import Dispatch
import Foundation

/// Works on several things at once, each from its beginning to its end on one thread.
///
/// Threads and not tasks: a simulated world counts every step that comes from another thread than the one it was made on.
struct Workers: Sendable {
    private let width: Int

    /// - Parameter width: Things that are worked on at a time.
    init(_ width: Int) {
        self.width = width
    }

    /// How many there are when nobody says: as many as the machine has cores for.
    static var usual: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Does `work` for the numbers from 0 below `count`, the least first, and hands on what each came to, in the order of their ends.
    /// - Parameter take: Called by the caller's thread. Whether the rest is still wanted.
    /// - Throws: What `work` throws first.
    func run<Result: Sendable>(
        _ count: Int, _ work: @escaping @Sendable (Int) throws -> Result, _ take: (Int, Result) throws -> Bool
    ) throws {
        let line = Line<Result>(count, workers: min(width, count))
        for _ in 0..<min(width, count) {
            let thread = Thread { line.work(work) }
            // Tasks run on it as on a main thread.
            thread.stackSize = 8 << 20
            thread.start()
        }
        defer { line.stop() }
        while let (place, result) = line.next() {
            if try !take(place, result.get()) { return }
        }
    }
}

/// What is to be done, and what came of it.
private final class Line<Result: Sendable>: Sendable {
    private typealias Ending = (place: Int, result: Swift.Result<Result, any Error>)

    private struct State {
        var next = 0
        var count: Int
        var endings: [Ending] = []
        /// Threads that are at work.
        var workers: Int
    }

    private let state: Lock<State>
    /// One for each ending, and one for each thread that stops.
    private let news = DispatchSemaphore(value: 0)

    init(_ count: Int, workers: Int) {
        state = Lock(State(count: count, workers: workers))
    }

    /// What a thread does.
    func work(_ work: (Int) throws -> Result) {
        while let place = takePlace() {
            let result = Swift.Result { try work(place) }
            state.withLock { $0.endings.append((place, result)) }
            news.signal()
        }
        state.withLock { $0.workers -= 1 }
        news.signal()
    }

    private func takePlace() -> Int? {
        state.withLock { state in
            guard state.next < state.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    /// The next ending; nil when there will be none.
    func next() -> (place: Int, result: Swift.Result<Result, any Error>)? {
        while true {
            let (ending, isOver) = state.withLock { state -> (Ending?, Bool) in
                (state.endings.isEmpty ? nil : state.endings.removeFirst(), state.workers == 0)
            }
            if let ending { return ending }
            if isOver { return nil }
            news.wait()
        }
    }

    /// Begins nothing more, and waits for what is under way.
    func stop() {
        state.withLock { $0.count = 0 }
        while next() != nil {}
    }
}

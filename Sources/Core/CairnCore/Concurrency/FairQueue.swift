/// A queue for something only one at a time may have, or only a few: first come, first served.
///
/// Waiting suspends the task and blocks no thread. A waiter that is cancelled, or whose deadline passes, leaves the
/// queue and fails. A waiter may bring a batch; the one in possession may take the batches at the head of the queue and commit
/// them for their owners, which is how concurrent commits share one.
///
/// Invariant, checked in `Lock`: a waiter is resumed exactly once, by whoever removes it from `line`.
///
/// Not generic over what is waited for: the compiler specialises such a class in no other module, and half the time of a
/// shared commit went into that.
package final class FairQueue: Sendable {
    /// What a waiter may bring.
    package typealias Job = Batch
    /// How a job ended.
    package typealias Outcome = Result<Receipt, any Error>

    /// What waiting ends with.
    package enum Turn: Sendable {
        /// The waiter has possession and must call `release`.
        case possession
        /// Another one did the waiter's job, with this outcome.
        case done(Outcome)
    }

    /// A job taken from the queue, to be finished by whoever took it.
    package struct Ticket: Sendable {
        package let job: Job
        fileprivate let continuation: CheckedContinuation<Turn, any Error>

        /// Tells the owner how its job ended.
        package func finish(_ outcome: Outcome) { continuation.resume(returning: .done(outcome)) }
    }

    private struct Waiter {
        let id: Int
        /// nil: the waiter wants possession and nothing else.
        let job: Job?
        let deadline: ContinuousClock.Instant
        /// Whether the deadline is the task's own, and not the queue's.
        let isTaskDeadline: Bool
        let continuation: CheckedContinuation<Turn, any Error>
    }

    private struct State {
        /// How many may still take possession.
        var free: Int
        var line = WaitingLine<Waiter>()
        var nextID = 0
        /// Waiters cancelled before they were in the line.
        var cancelled: Set<Int> = []
        /// When the next look at deadlines is due; nil when nobody is set to look.
        var nextLook: ContinuousClock.Instant?
    }

    /// What becomes of one who comes to wait.
    private enum Action { case wait, look, takePossession, cancel }

    private let state: Lock<State>
    private let timeout: Duration

    /// - Parameters:
    ///   - timeout: How long one waits at most, whatever the deadline of the task.
    ///   - places: How many may have possession at once.
    package init(timeout: Duration, places: Int = 1) {
        self.timeout = timeout
        state = Lock(State(free: places))
    }

    /// How many wait.
    package var lineCount: Int { state.withLock { $0.line.count } }

    /// Takes possession if nobody has it and nobody waits.
    package func takeIfFree() -> Bool {
        state.withLock { state in
            guard state.free > 0, state.line.isEmpty else { return false }
            state.free -= 1
            return true
        }
    }

    /// Waits for possession, or for another one to do `job`.
    /// - Throws: `CancellationError`; `StorageError` with `storage.timeout` or `storage.busy`.
    package func wait(_ job: Job?) async throws -> Turn {
        if takeIfFree() { return .possession }
        let taskDeadline = Deadline.current
        let deadline = Deadline.earliest(within: timeout)
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A cancellation that came after the waiter was resumed leaves its id behind.
        defer { state.withLock { state in _ = state.cancelled.remove(id) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(
                    Waiter(
                        id: id, job: job, deadline: deadline, isTaskDeadline: deadline == taskDeadline,
                        continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func enqueue(_ waiter: Waiter) {
        let action = state.withLock { state -> Action in
            if state.cancelled.remove(waiter.id) != nil { return .cancel }
            if state.free > 0, state.line.isEmpty {
                state.free -= 1
                return .takePossession
            }
            state.line.append(waiter)
            if let nextLook = state.nextLook, nextLook <= waiter.deadline { return .wait }
            state.nextLook = waiter.deadline
            return .look
        }
        switch action {
        case .wait: break
        case .look: watchDeadlines(from: waiter.deadline)
        case .takePossession: waiter.continuation.resume(returning: .possession)
        case .cancel: waiter.continuation.resume(throwing: CancellationError())
        }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            if let waiter = state.line.removeFirst(where: { $0.id == id }) { return waiter }
            state.cancelled.insert(id)
            return nil
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    /// Takes the jobs at the head of the line, up to the first waiter without one. Only for the one in possession.
    /// - Parameter accepts: Asked for each job in order; the first refused ends the taking.
    package func takeJobs(_ accepts: (Job) -> Bool) -> [Ticket] {
        state.withLock { state in
            var tickets: [Ticket] = []
            while let waiter = state.line.first, let job = waiter.job, accepts(job) {
                tickets.append(Ticket(job: job, continuation: waiter.continuation))
                _ = state.line.popFirst()
            }
            return tickets
        }
    }

    /// Gives possession up, to the first waiter if there is one.
    package func release() {
        let next = state.withLock { state -> Waiter? in
            let next = state.line.popFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.continuation.resume(returning: .possession)
    }

    // MARK: Deadlines

    /// Fails waiters when their time is up: one task for the queue while anyone waits, not one for each waiter.
    private func watchDeadlines(from first: ContinuousClock.Instant) {
        Task.detached { [self] in
            var look: ContinuousClock.Instant? = first
            while let due = look {
                try? await Task.sleep(until: due, clock: .continuous)
                let (expired, next) = removeExpired(lookedAt: due)
                for waiter in expired {
                    let error = waiter.isTaskDeadline ? StorageError.timeout() : StorageError.waitedTooLong(timeout)
                    waiter.continuation.resume(throwing: error)
                }
                look = next
            }
        }
    }

    /// The waiters whose time is up, and when to look again; nil when another task looks earlier, or nobody waits.
    private func removeExpired(lookedAt due: ContinuousClock.Instant) -> ([Waiter], ContinuousClock.Instant?) {
        state.withLock { state in
            let now = ContinuousClock.now
            let expired = state.line.removeAll { $0.deadline <= now }
            guard state.nextLook == due else { return (expired, nil) }
            state.nextLook = state.line.lazy.map(\.deadline).min()
            return (expired, state.nextLook)
        }
    }
}

/// A first-in, first-out list that also lets one leave from the middle.
struct WaitingLine<Element>: Sequence {
    private var elements: [Element?] = []
    private var head = 0

    var first: Element? { head < elements.count ? elements[head] : nil }
    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        // Moving the rest to the front costs as much as was taken since the last time.
        if head > 64, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeFirst(where matches: (Element) -> Bool) -> Element? {
        let index = elements[head...].firstIndex { element in element.map(matches) ?? false }
        return index.flatMap { elements.remove(at: $0) }
    }

    mutating func removeAll(where matches: (Element) -> Bool) -> [Element] {
        let removed = compactMap { matches($0) ? $0 : nil }
        guard !removed.isEmpty else { return [] }
        elements = filter { !matches($0) }
        head = 0
        return removed
    }

    func makeIterator() -> AnyIterator<Element> {
        var rest = elements[head...].makeIterator()
        return AnyIterator { rest.next() ?? nil }
    }
}

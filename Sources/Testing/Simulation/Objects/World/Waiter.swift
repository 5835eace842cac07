import CairnCore

/// One result that one task waits for. The first end counts: a result, a cancellation, or the end of the world.
final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case idle
        // Not a checked one: tasks of dead processes are never resumed, on purpose.
        case waiting(UnsafeContinuation<Value, any Error>)
        case ended(Result<Value, any Error>)
    }

    private let process: SimulatedProcess
    private let state = Lock(State.idle)

    init(_ process: SimulatedProcess) {
        self.process = process
    }

    /// Waits for the end.
    func value() async throws -> Value {
        if process.world.isTornDown { throw CancellationError() }
        let id = process.register { [self] in finish(.failure(CancellationError())) }
        defer { process.unregister(id) }
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    if case .ended(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    /// Ends it, unless it has ended.
    func finish(_ result: Result<Value, any Error>) {
        let continuation = state.withLock { state -> UnsafeContinuation<Value, any Error>? in
            switch state {
            case .ended: return nil
            case .idle:
                state = .ended(result)
                return nil
            case .waiting(let continuation):
                state = .ended(result)
                return continuation
            }
        }
        continuation?.resume(with: result)
    }
}

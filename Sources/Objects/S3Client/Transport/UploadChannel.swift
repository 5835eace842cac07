import CairnCore

/// The body of a request between a stream that makes it and the thread of the loop that sends it.
///
/// The stream is asked for a chunk only when the request is being sent and fewer than `TransportLimits.unsentChunks` wait. So a
/// request that never reached a server has used nothing of its stream, and memory is bounded by two chunks.
final class UploadChannel: Sendable {
    /// What the loop gets when it wants bytes.
    enum Reading: Sendable, Equatable {
        case bytes(Int)
        /// Nothing yet: the transfer must pause until it is told to go on.
        case pause
        case end
        /// The stream failed, or is not as long as announced; `failure` says how.
        case failure
    }

    private struct State {
        var chunks: [[UInt8]] = []
        /// How much of the first chunk was sent.
        var offset = 0
        /// Bytes of all chunks that the stream gave.
        var given = 0
        var hasBegun = false
        var isPaused = false
        /// Whether the stream gives nothing more.
        var isComplete = false
        /// Whether nobody wants more.
        var isOver = false
        var failure: Failure?
        var producer: CheckedContinuation<Bool, Never>?
        var task: Task<Void, Never>?

        var wantsMore: Bool { hasBegun && chunks.count < TransportLimits.unsentChunks }

        /// Whether the next chunk is the last one announced and the stream has not said that it ends there. Sent before, it would
        /// complete the body, and a longer stream would be cut off without a word.
        func mustHold(_ length: Int?) -> Bool { given == length && !isComplete && chunks.count == 1 }
    }

    /// Why the stream is of no use.
    struct Failure: Sendable {
        let detail: String
        let cause: (any Error)?
    }

    private let length: Int?
    private let state = Lock(State())

    /// - Parameter length: How many bytes the stream gives; nil: not known.
    init(length: Int?) { self.length = length }

    // MARK: The loop's side

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        let (reading, producer) = state.withLock { state -> (Reading, CheckedContinuation<Bool, Never>?) in
            state.hasBegun = true
            // Before what still waits: that could complete a body that is wrong.
            if state.failure != nil { return (.failure, nil) }
            var count = 0
            while let chunk = state.chunks.first, count < buffer.count, !state.mustHold(length) {
                let part = min(chunk.count - state.offset, buffer.count - count)
                UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + part])
                    .copyBytes(from: chunk[state.offset..<state.offset + part])
                count += part
                state.offset += part
                if state.offset == chunk.count {
                    state.chunks.removeFirst()
                    state.offset = 0
                }
            }
            let producer = state.wantsMore ? state.producer : nil
            if producer != nil { state.producer = nil }
            if count > 0 { return (.bytes(count), producer) }
            if state.isComplete { return (.end, producer) }
            state.isPaused = true
            return (.pause, producer)
        }
        producer?.resume(returning: true)
        return reading
    }

    var failure: Failure? { state.withLock { $0.failure } }

    /// Whether the loop has got all there is.
    var isTaken: Bool { state.withLock { $0.isComplete && $0.chunks.isEmpty } }

    /// Whether a byte was asked for: then the stream cannot be sent again.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// The transfer is over: nothing more is wanted.
    func end() {
        let (producer, task) = state.withLock { state in
            state.isOver = true
            state.chunks = []
            defer {
                state.producer = nil
                state.task = nil
            }
            return (state.producer, state.task)
        }
        producer?.resume(returning: false)
        task?.cancel()
    }

    // MARK: The stream's side

    /// Starts to ask the stream.
    /// - Parameter resume: Called when the loop must be told to go on.
    func start(_ next: @escaping @Sendable () async throws -> [UInt8]?, resume: @escaping @Sendable () -> Void) {
        let task = Task {
            while await isWanted() {
                let mustResume: Bool
                do {
                    mustResume = put(try await next())
                } catch {
                    mustResume = fail(Failure(detail: "the stream of the body failed: \(error)", cause: error))
                }
                if mustResume { resume() }
            }
        }
        let isOver = state.withLock { state in
            if !state.isOver { state.task = task }
            return state.isOver
        }
        if isOver { task.cancel() }
    }

    /// Waits until a chunk is wanted; false when none ever will be.
    private func isWanted() async -> Bool {
        await withCheckedContinuation { producer in
            let answer = state.withLock { state -> Bool? in
                if state.isOver || state.isComplete || state.failure != nil { return false }
                if state.wantsMore { return true }
                state.producer = producer
                return nil
            }
            if let answer { producer.resume(returning: answer) }
        }
    }

    /// Takes the next chunk; nil is the end.
    /// - Returns: Whether the loop must be told to go on.
    private func put(_ chunk: [UInt8]?) -> Bool {
        let (given, isOver) = state.withLock { state in
            state.given += chunk?.count ?? 0
            return (state.given, state.isOver)
        }
        if isOver { return false }
        if let length, given > length {
            return fail(Failure(detail: "the stream gave more than the \(length) bytes announced.", cause: nil))
        }
        guard let chunk else {
            if let length, given < length {
                return fail(Failure(detail: "the stream gave \(given) of the \(length) bytes announced.", cause: nil))
            }
            return update { $0.isComplete = true }
        }
        return chunk.isEmpty
            ? false
            : state.withLock { state in
                state.chunks.append(chunk)
                guard !state.mustHold(length) else { return false }
                defer { state.isPaused = false }
                return state.isPaused
            }
    }

    private func fail(_ failure: Failure) -> Bool { update { $0.failure = failure } }

    private func update(_ change: @Sendable (inout State) -> Void) -> Bool {
        state.withLock { state in
            change(&state)
            defer { state.isPaused = false }
            return state.isPaused
        }
    }
}

import CairnCore

/// The body of an answer between the thread of the loop, which fills it, and the reader, who empties it.
///
/// What waits is bounded: beyond `TransportLimits.unread` the loop stops reading from the server until the reader has taken
/// all.
final class ResponseChannel: Sendable {
    typealias Chunk = Result<[UInt8]?, TransportError>
    private typealias Reader = CheckedContinuation<Chunk, Never>

    private struct State {
        var unread: [UInt8] = []
        /// Whether the loop was told to stop, and must be told to go on.
        var isPaused = false
        /// How it ended; what is unread is still to be read.
        var end: Result<Void, TransportError>?
        /// Those who wait: one, unless a body is read by several.
        var readers: [Reader] = []
    }

    private let state = Lock(State())

    // MARK: The loop's side

    /// - Returns: Whether the bytes were taken; false: the transfer must pause and offer them again.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let chunk = Array(bytes)
        let (reader, isTaken) = state.withLock { state -> (Reader?, Bool) in
            if !state.readers.isEmpty { return (state.readers.removeFirst(), true) }
            if state.unread.count >= TransportLimits.unread {
                state.isPaused = true
                return (nil, false)
            }
            if state.unread.isEmpty { state.unread = chunk } else { state.unread.append(contentsOf: chunk) }
            return (nil, true)
        }
        reader?.resume(returning: .success(chunk))
        return isTaken
    }

    /// No byte comes any more.
    func end(_ result: Result<Void, TransportError>) {
        let readers = state.withLock { state in
            if state.end == nil { state.end = result }
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.resume(returning: result.map { nil }) }
    }

    // MARK: The reader's side

    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// Takes all that is unread, or waits for more; nil at the end.
    /// - Parameter resume: Called when the loop must be told to go on.
    func next(resume: () -> Void) async -> Chunk {
        if let chunk = take(orWait: nil, resume) { return chunk }
        return await withCheckedContinuation { reader in
            // Something may have come since.
            if let chunk = take(orWait: reader, resume) { reader.resume(returning: chunk) }
        }
    }

    private func take(orWait reader: Reader?, _ resume: () -> Void) -> Chunk? {
        let (chunk, mustResume) = state.withLock { state -> (Chunk?, Bool) in
            guard state.unread.isEmpty else {
                defer {
                    state.unread = []
                    state.isPaused = false
                }
                return (.success(state.unread), state.isPaused)
            }
            if let end = state.end { return (end.map { nil }, false) }
            if let reader { state.readers.append(reader) }
            return (nil, false)
        }
        if mustResume { resume() }
        return chunk
    }
}

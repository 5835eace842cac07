import CairnCore

/// Blocks and directories that were read, the least recently used of which go when there are too many.
///
/// Index files never change, so what is here is never stale. Whoever wants a block that another task is reading waits for
/// it instead of asking the store again.
///
/// Invariants, checked in `Lock`: a place is in `loading` exactly while one task reads it, and that task removes it, however
/// the reading ends; a waiter is resumed exactly once, by whoever takes it out of `loading`.
package final class IndexBlockCache: Sendable {
    /// Where something begins.
    struct Place: Hashable, Sendable {
        let file: String
        let offset: Int
    }

    /// What may begin there.
    enum Content: Sendable {
        /// A block; all blocks of a run that is read at once.
        case blocks([IndexBlock])
        case directory(IndexDirectory)
        case filter(IndexFilterPiece)

        var cost: Int {
            switch self {
            case .blocks(let blocks): blocks.reduce(64) { $0 + $1.cost }
            case .directory(let directory): directory.cost
            case .filter(let piece): piece.cost
            }
        }
    }

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Content?, any Error>
    }

    private struct State {
        var kept: LeastRecentlyUsed<Place, Content>
        var loading: [Place: [Waiter]] = [:]
        /// Those who want to wait no longer, and did not wait yet when they said so.
        var gone: [Int: any Error] = [:]
        var nextID = 0
    }

    /// What becomes of one who wants the content of some places.
    private enum Claim {
        case found([Content])
        /// Another task is reading the first one.
        case underWay
        /// The caller is to read so many of them, from the first on.
        case load(Int)
    }

    private let state: Lock<State>
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - bytes: What the content may take of memory. More than that is read and not kept.
    ///   - sleep: Waits; throws when its task is cancelled.
    package init(
        bytes: Int = 32 << 20,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.sleep = sleep
        state = Lock(State(kept: LeastRecentlyUsed(limit: bytes)))
    }

    /// How many bytes the content takes.
    package var cost: Int { state.withLock { $0.kept.cost } }

    /// How many wait for what another task reads.
    var waiterCount: Int { state.withLock { $0.loading.values.reduce(0) { $0 + $1.count } } }

    /// What is at a place, if it is here. Never waits.
    func content(_ place: Place) -> Content? {
        state.withLock { $0.kept.value(place) }
    }

    /// Whether something is here, without making it more recently used.
    func has(_ place: Place) -> Bool {
        state.withLock { $0.kept.has(place) }
    }

    /// Keeps what is at a place, for whoever comes.
    func keep(_ content: Content, at place: Place) {
        state.withLock { $0.kept.keep(content, cost: content.cost, at: place) }
    }

    /// What is at some places: at the first of them, and at as many of those behind it as come at no further cost.
    /// - Parameters:
    ///   - places: At least one. `load` must be able to read any number of them, from the first on, at once.
    ///   - keeps: Whether what is read is to stay here.
    ///   - load: Reads what is at the first so many places.
    func contents(
        _ places: [Place], keeps: Bool, _ load: (Int) async throws -> [Content]
    ) async throws -> [Content] {
        switch state.withLock({ IndexBlockCache.claim(places, &$0) }) {
        case .found(let contents):
            return contents
        case .underWay:
            if let content = try await wait(for: places[0]) { return [content] }
            // The other one failed, perhaps for reasons of its own, such as its deadline.
            let contents = try await load(1)
            if keeps { state.withLock { IndexBlockCache.keep(contents, at: places, &$0) } }
            return contents
        case .load(let count):
            return try await fill(Array(places.prefix(count)), keeps: keeps, load)
        }
    }

    private static func claim(_ places: [Place], _ state: inout State) -> Claim {
        var found: [Content] = []
        for place in places {
            guard let content = state.kept.value(place) else { break }
            found.append(content)
        }
        if !found.isEmpty { return .found(found) }
        if state.loading[places[0]] != nil { return .underWay }
        let claimed = places.prefix { state.loading[$0] == nil && !state.kept.has($0) }
        for place in claimed { state.loading[place] = [] }
        return .load(claimed.count)
    }

    /// Reads what this task has claimed, for itself and all who wait for it.
    private func fill(
        _ places: [Place], keeps: Bool, _ load: (Int) async throws -> [Content]
    ) async throws -> [Content] {
        do {
            let contents = try await load(places.count)
            finish(places, contents, keeps: keeps)
            return contents
        } catch {
            finish(places, [], keeps: false)
            throw error
        }
    }

    /// Gives up what this task has claimed.
    /// - Parameter contents: What it read, at these places in their order; empty when that failed.
    private func finish(_ places: [Place], _ contents: [Content], keeps: Bool) {
        let waiters = state.withLock { state -> [(Waiter, Content?)] in
            if keeps { IndexBlockCache.keep(contents, at: places, &state) }
            return places.enumerated().flatMap { index, place in
                let content = index < contents.count ? contents[index] : nil
                return (state.loading.removeValue(forKey: place) ?? []).map { ($0, content) }
            }
        }
        for (waiter, content) in waiters { waiter.continuation.resume(returning: content) }
    }

    private static func keep(_ contents: [Content], at places: [Place], _ state: inout State) {
        for (place, content) in zip(places, contents) { state.kept.keep(content, cost: content.cost, at: place) }
    }

    // MARK: Waiting

    /// Waits for what another task is reading, no longer than this one has time; nil when that fails.
    private func wait(for place: Place) async throws -> Content? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        defer { state.withLock { _ = $0.gone.removeValue(forKey: id) } }
        return try await Deadline.wait(sleep, expire: { [self] in leave(id, at: place, StorageError.timeout()) }) {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    enqueue(Waiter(id: id, continuation: continuation), at: place)
                }
            } onCancel: {
                leave(id, at: place, CancellationError())
            }
        }
    }

    private func enqueue(_ waiter: Waiter, at place: Place) {
        let result = state.withLock { state -> Result<Content?, any Error>? in
            if let error = state.gone[waiter.id] { return .failure(error) }
            guard state.loading[place] != nil else { return .success(state.kept.value(place)) }
            state.loading[place]?.append(waiter)
            return nil
        }
        if let result { waiter.continuation.resume(with: result) }
    }

    private func leave(_ id: Int, at place: Place, _ error: any Error) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.loading[place]?.firstIndex(where: { $0.id == id }) else {
                state.gone[id] = error
                return nil
            }
            return state.loading[place]?.remove(at: index)
        }
        waiter?.continuation.resume(throwing: error)
    }
}

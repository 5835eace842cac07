import CairnCore
import ObjectStores

/// The sign of life of a process that migrates: an object that it writes again and again.
///
/// It decides nothing. Who takes it for dead that lives takes the store over by a commit record, and the other one fails at its next
/// one: time is lost, and nothing else.
struct MigrationLease: Sendable {
    private let parts: EngineParts
    /// How often it is written: some signs may come late, or be lost, before others take the process for dead.
    private let interval: Duration

    /// - Parameter patience: How long others wait for a sign.
    init(_ parts: EngineParts, patience: Duration) {
        self.parts = parts
        interval = patience / 6
    }

    /// Runs `body`, and gives signs of life meanwhile.
    func held<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        let (parts, interval) = (parts, interval)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    // What takes no time needs no sign.
                    try await parts.surroundings.sleep(interval)
                    let text = "{\"process\":\"\(parts.surroundings.process)\",\"at\":\"\(parts.now())\"}\n"
                    _ = try? await parts.access.write(
                        ObjectNames.lease, Array(text.utf8), .overwrite, notAfter: nil, parts.access.attributes())
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// What the object is now; nil when there is none. One GET.
    func sign() async throws -> ETag? {
        guard case .found(let object) = try await parts.access.read(ObjectNames.lease) else { return nil }
        return object.etag
    }

    /// For how long nothing was heard of another process.
    struct Watch {
        private var window: Int?
        private var sign: ETag?
        private var since = Duration.zero

        init() {}

        /// This is how it looks at a moment.
        mutating func see(_ window: Int, _ sign: ETag?, at now: Duration) {
            guard window != self.window || sign != self.sign else { return }
            (self.window, self.sign, since) = (window, sign, now)
        }

        func silence(at now: Duration) -> Duration { now - since }
    }
}

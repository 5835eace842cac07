import CairnCore

/// Shows how long something still waits, second by second, where somebody looks.
enum Countdown {
    /// Runs `body`, and shows what it hears of seconds that are left.
    static func shown<Result>(
        _ progress: Progress, _ body: (_ hear: @escaping @Sendable (Double) -> Void) async throws -> Result
    ) async throws -> Result {
        let end = Lock<ContinuousClock.Instant?>(nil)
        let ticking = progress.isVisible ? Task { await tick(progress, end) } : nil
        do {
            let result = try await body { seconds in end.withLock { $0 = .now + .seconds(seconds) } }
            await stop(ticking, progress)
            return result
        } catch {
            await stop(ticking, progress)
            throw error
        }
    }

    private static func tick(_ progress: Progress, _ end: Lock<ContinuousClock.Instant?>) async {
        while !Task.isCancelled {
            if let end = end.withLock({ $0 }) {
                let seconds = max(0, Int(((end - .now) / .seconds(1)).rounded(.up)))
                progress.show("waits until nobody else can change anything: \(text(seconds)) left")
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private static func stop(_ ticking: Task<Void, Never>?, _ progress: Progress) async {
        ticking?.cancel()
        await ticking?.value
        progress.end()
    }

    /// `29 min 5 s`, `12 s`.
    static func text(_ seconds: Int) -> String {
        seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
    }
}

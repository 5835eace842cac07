package import CairnCore

extension WriterProgram {
    /// Lets writers take steps of their programs, all at once, while readers look on.
    /// - Parameters:
    ///   - starts: `WRITER:STEP,…`: who writes, and the step that each begins with.
    ///   - count: The steps that each takes.
    ///   - readers: How many tasks read meanwhile.
    ///   - say: Hears `WRITER STEP TOKEN` after each step.
    /// - Throws: ``Watcher/SawPart`` when a reader met a part of a commit.
    package static func run(
        on store: Store, seed: UInt64, starts: String, count: Int, readers: Int,
        say: @escaping @Sendable (String) -> Void
    ) async throws {
        let starts = starts.split(separator: ",").map { $0.split(separator: ":").compactMap { Int($0) } }
        let writing = Lock(starts.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in starts where start.count == 2 {
                group.addTask {
                    defer { writing.withLock { $0 -= 1 } }
                    let program = WriterProgram(writer: start[0], seed: seed)
                    for step in start[1]..<start[1] + count {
                        let token = try await program.step(step, on: store)
                        say("\(start[0]) \(step) \(token?.rawValue ?? "")")
                    }
                }
            }
            for _ in 0..<readers {
                group.addTask {
                    while writing.withLock({ $0 }) > 0 { try await Watcher(store).look() }
                }
            }
            try await group.waitForAll()
        }
    }
}

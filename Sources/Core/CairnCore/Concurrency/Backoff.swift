/// How long to wait before another attempt: random, growing, bounded, so that those who collided part ways.
package struct Backoff: Sendable {
    private var ceiling: Duration
    private let largest: Duration

    package init(first: Duration, largest: Duration) {
        ceiling = first
        self.largest = largest
    }

    /// The next pause: between nothing and a ceiling that doubles each time ("full jitter").
    package mutating func next() -> Duration {
        let pause = ceiling * Double.random(in: 0...1)
        ceiling = min(ceiling * 2, largest)
        return pause
    }

    /// How those wait who lost a race. A simulation puts a time of its own in the place of the machine's, for all that a task does.
    @TaskLocal package static var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
}

import Testing

@testable import CairnCore

@Suite("The hub of changes")
struct ChangeHubTests {
    @Test(
        "Who listens again after a failure is watched for, also when others it ended have not left yet",
        .timeLimit(.minutes(2)))
    func failure() async throws {
        let hub = ChangeHub()
        let (starts, start) = AsyncStream<Int>.makeStream()
        @Sendable func watch(_ number: Int) -> @Sendable () async -> Void {
            return { _ = start.yield(number) }
        }
        let (first, again) = (ChangeListener(.tables(nil)), ChangeListener(.tables(nil)))
        try hub.add(first, watching: watch(1))
        var iterator = starts.makeAsyncIterator()
        #expect(await iterator.next() == 1)
        // It is back before it has left.
        first.onLeave { try? hub.add(again, watching: watch(2)) }
        hub.fail(StorageError(.damaged, "the log has a gap", remedy: nil))
        #expect(await iterator.next() == 2)
        hub.tell(tables: [0])
        #expect(try await again.awaitChange())
        await #expect(throws: StorageError.self) { _ = try await first.awaitChange() }
    }
}

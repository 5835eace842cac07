import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Machines whose clock is wrong")
struct WrongClockTests {
    private let scene = Scene()

    static let day = Duration.seconds(86_400)
    static let wrong = [day, .zero - day]

    /// Whether a time is the store's, give or take a minute.
    private func isNow(_ time: Timestamp) -> Bool {
        abs(time.microseconds - scene.clock.now.microseconds) <= 60_000_000
    }

    private func times(_ store: Store, _ id: Int) async throws -> [Timestamp] {
        var times: [Timestamp] = []
        try await store.session.get(store.schema.tables[0], Key(.int(id))) { times = [$0.createdAt, $0.updatedAt] }
        return times
    }

    @Test("A machine whose clock is a day wrong writes and reads, by the time of the store", arguments: wrong)
    func writing(wrong: Duration) async throws {
        try await scene.fill()
        let store = try await scene.open(wrong: wrong)
        for id in 10..<60 {
            try await store.insertRow(id, id)
            scene.clock.advance(.seconds(7))
        }
        #expect(try await times(store, 59).allSatisfy(isNow))
        try await store.close()
        let right = try await scene.open()
        #expect(try await right.allRows().count == 53)
        try await right.setRow(10, 11)
        #expect(try await times(right, 10).last.map(isNow) == true)
    }

    @Test("A store that such a machine made, or keeps house in, has its own time all the same", arguments: wrong)
    func making(wrong: Duration) async throws {
        let store = try await scene.open(wrong: wrong)
        try await store.insertRow(1)
        #expect(try await times(store, 1).allSatisfy(isNow))
        try await store.maintain()
        try await store.close()
        let right = try await scene.open()
        try await right.insertRow(2)
        #expect(try await times(right, 2).allSatisfy(isNow))
    }

    @Test("Receipts and outcomes are kept as long for such a machine as for others", arguments: wrong)
    func receipts(wrong: Duration) async throws {
        let right = try await scene.open()
        let store = try await scene.open(wrong: wrong)
        let table = right.schema.tables[0]
        func send(_ store: Store, _ id: Int, _ key: String) async throws -> Receipt {
            try await store.write(idempotencyKey: key) { $0.append(.insert(table, [.int(id), .int(0), .null])) }
        }
        let first = try await send(right, 1, "one")
        scene.clock.advance(.seconds(3600))
        #expect(try await send(store, 1, "one") == first)
        #expect(try await store.outcome(of: first.token) == .committed)
        let second = try await send(store, 2, "two")
        #expect(try await send(right, 2, "two") == second)
        #expect(try await right.outcome(of: second.token) == .committed)
        try await store.maintain()
        #expect(try await send(right, 1, "one") == first)
        scene.clock.advance(.seconds(6 * 86_400))
        #expect(try await store.outcome(of: second.token) == .committed)
    }
}

import CairnCore
import Foundation
import ObjectStores
import Testing

@Suite("Retry policy")
struct RetryPolicyTests {
    private let policy = RetryPolicy()

    /// The decision as text: the longest pause it allows, or the code the caller gets.
    private func decide(
        _ code: ObjectStoreError.Code, on operation: ObjectCall.Operation = .get, conditional: Bool = false,
        fenced: Bool = false, replayable: Bool = true, retryable: Bool = true, lost: Bool = false, attempts: Int = 1,
        quota: Int = 500, retryAfter: Duration? = nil, timeLeft: Duration? = nil, random: Double = 1
    ) -> String {
        let call = ObjectCall(
            operation, "key", isConditional: conditional, isFenced: fenced, isReplayable: replayable)
        let error = ObjectStoreError(
            code, "x", isRetryable: retryable, mayHaveTakenEffect: lost, retryAfter: retryAfter)
        let failure = RetryPolicy.Failure(
            call: call, error: error, attempts: attempts, quota: quota, timeLeft: timeLeft)
        switch policy.decision(failure, random: random) {
        case .fail(let error): return error.code.rawValue
        case .retry(let delay, let cost): return "\(delay) for \(cost)"
        }
    }

    @Test("Pauses double up to the longest, are random parts of it, and longer when the store asks for fewer requests")
    func pauses() {
        #expect(decide(.network) == "0.05 seconds for 14")
        #expect(decide(.network, attempts: 2) == "0.1 seconds for 14")
        #expect(decide(.network, attempts: 2, random: 0.5) == "0.05 seconds for 14")
        #expect(decide(.network, random: 0) == "0.0 seconds for 14")
        #expect(decide(.throttled) == "1.0 seconds for 5")
        #expect(decide(.throttled, attempts: 2) == "2.0 seconds for 5")
        var many = RetryPolicy()
        many.maximumAttempts = 1000
        let call = ObjectCall(.get, "key")
        for attempts in [20, 64, 999] {
            let error = ObjectStoreError(.throttled, "x", isRetryable: true)
            let failure = RetryPolicy.Failure(call: call, error: error, attempts: attempts, quota: 500)
            guard case .retry(let delay, _) = many.decision(failure, random: 1) else {
                Issue.record("attempt \(attempts) was the last")
                continue
            }
            #expect(delay == .seconds(20))
        }
    }

    @Test("A pause the store asks for is kept, up to five seconds more than usual")
    func retryAfter() {
        #expect(decide(.throttled, retryAfter: .seconds(3)) == "3.0 seconds for 5")
        #expect(decide(.throttled, retryAfter: .seconds(60)) == "6.0 seconds for 5")
        #expect(decide(.throttled, retryAfter: .milliseconds(1)) == "1.0 seconds for 5")
    }

    @Test("After three attempts, without quota, without time or for good reasons a call fails as it failed")
    func ends() {
        #expect(decide(.network, attempts: 3) == "object.network")
        #expect(decide(.network, quota: 13) == "object.network")
        #expect(decide(.throttled, quota: 5) == "1.0 seconds for 5")
        #expect(decide(.throttled, quota: 4) == "object.throttled")
        #expect(decide(.network, timeLeft: .milliseconds(50)) == "object.network")
        #expect(decide(.network, timeLeft: .milliseconds(51)) == "0.05 seconds for 14")
        #expect(decide(.notFound, retryable: false) == "object.not_found")
        #expect(decide(.network, on: .put, replayable: false, lost: true) == "object.network")
    }

    @Test("A write with a condition whose answer was lost is never made again: nobody knows what became of it")
    func lostAnswers() {
        #expect(decide(.network, on: .put, conditional: true, lost: true) == "object.outcome_unknown")
        #expect(decide(.unavailable, on: .copy, conditional: true, lost: true) == "object.outcome_unknown")
        #expect(decide(.conflict, on: .delete, conditional: true, lost: true) == "object.outcome_unknown")
        #expect(decide(.timeout, on: .completeUpload, conditional: true, lost: true) == "object.outcome_unknown")
        #expect(decide(.network, on: .put, conditional: true, retryable: false, lost: true) == "object.outcome_unknown")
        #expect(decide(.throttled, on: .put, conditional: true) == "1.0 seconds for 5")
        #expect(decide(.network, on: .put, lost: true) == "0.05 seconds for 14")
        #expect(decide(.network, on: .delete, lost: true) == "0.05 seconds for 14")
    }

    @Test("A write with a condition that was in conflict is left to its caller, who looks what is there")
    func conflict() {
        #expect(decide(.conflict, on: .put, conditional: true) == "object.conflict")
        #expect(decide(.conflict, on: .delete, conditional: true) == "object.conflict")
        #expect(decide(.conflict, on: .put) != "object.conflict")
        #expect(decide(.conflict, on: .get, conditional: true) != "object.conflict")
    }

    @Test("A write that must not take effect past a time is made by its caller alone")
    func fenced() {
        #expect(decide(.throttled, on: .put, fenced: true) == "object.throttled")
        #expect(decide(.network, on: .put, fenced: true, lost: true) == "object.outcome_unknown")
        #expect(decide(.network, on: .delete, fenced: true, lost: true) == "object.outcome_unknown")
    }
}

@Suite("Retrying")
struct RetryingTests {
    private let memory = MemoryObjectStore()
    private let slept = Lock([Duration]())

    private func retrying(_ faulty: FaultInjectingObjectStore, _ policy: RetryPolicy = RetryPolicy())
        -> RetryingObjectStore
    {
        let slept = slept
        return RetryingObjectStore(
            faulty, policy, random: { 1 }, sleep: { pause in slept.withLock { $0.append(pause) } })
    }

    @Test("A call is made again after a pause until it succeeds")
    func succeeds() async throws {
        let faulty = FaultInjectingObjectStore(
            memory, .script(.put, [.dropRequest, .throttle(retryAfter: .seconds(4)), nil]))
        let store = retrying(faulty)
        try await store.put("key", .text("text"))
        #expect(try await memory.text("key") == "text")
        #expect(slept.withLock { $0 } == [.milliseconds(50), .seconds(4)])
        #expect(faulty.fired == [.dropRequest: 1, .throttle: 1])
    }

    @Test("A create that happened and whose answer was lost is not refused because of itself")
    func lostCreate() async throws {
        let faulty = FaultInjectingObjectStore(memory, .script(.put, [.dropAnswer]))
        let error = try await expectError(.outcomeUnknown) {
            try await retrying(faulty).put("key", Array("mine".utf8), mode: .create)
        }
        #expect(error.mayHaveTakenEffect)
        #expect((error.underlying as? ObjectStoreError)?.code == .network)
        #expect(try await memory.text("key") == "mine")
        #expect(faulty.fired == [.dropAnswer: 1])
        #expect(slept.withLock { $0 } == [])
    }

    @Test("A page of a listing that failed is asked for again, and no entry is lost or doubled")
    func pages() async throws {
        for number in 0..<10 { try await memory.put("key-\(number)", []) }
        let faulty = FaultInjectingObjectStore(
            memory, .script(.list, [.dropRequest, nil, .dropAnswer, .throttle(retryAfter: nil), nil, .failAfter]))
        var names: [String] = []
        for try await entry in retrying(faulty).list(ListOptions(pageSize: 3)) { names.append(entry.name) }
        // An answer that was lost took its page with it: whoever retries must ask for that page again, not for the next.
        #expect(names == (0..<10).map { "key-\($0)" })
        #expect(faulty.fired == [.dropRequest: 1, .dropAnswer: 1, .throttle: 1, .failAfter: 1])
    }

    @Test("A body that breaks off is read on from there, of the same version")
    func bodies() async throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        try await memory.put("key", bytes)
        let faulty = FaultInjectingObjectStore(memory, .script(.get, [.truncate, .truncate, nil]))
        #expect(try await retrying(faulty).bytes("key") == bytes)
        #expect(faulty.fired == [.truncate: 2])
        faulty.follow(.script(.get, [.truncate, .dropAnswer, nil]))
        #expect(try await retrying(faulty).bytes("key", range: .closed(100...899)) == Array(bytes[100..<900]))
        faulty.follow(.script(.get, [.truncate, .truncate, .truncate, nil]))
        try await expectError(.network) { _ = try await retrying(faulty).bytes("key") }
    }

    @Test("When the object changed meanwhile, a body that broke off cannot be read on")
    func changedBody() async throws {
        try await memory.put("key", [UInt8](repeating: 1, count: 100))
        let faulty = FaultInjectingObjectStore(memory, .script(.get, [.truncate]))
        let got = try await retrying(faulty).get("key")
        try await memory.put("key", [UInt8](repeating: 2, count: 100))
        let error = try await expectError(.conflict) { _ = try await got.bytes() }
        #expect(error.isRetryable)
    }

    @Test("A quota for all calls together ends the repeating when most of them fail, and grows again when they succeed")
    func quota() async throws {
        var policy = RetryPolicy()
        policy.quota = 30
        let faulty = FaultInjectingObjectStore(memory, FaultPlan { _ in .failBefore })
        let store = retrying(faulty, policy)
        for _ in 0..<3 { try await expectError(.unavailable) { try await store.put("key", []) } }
        // Two repetitions of the first call spent 28 of 30.
        #expect(faulty.fired == [.failBefore: 5])
        faulty.follow(.none)
        for _ in 0..<12 { try await store.put("key", []) }
        faulty.follow(FaultPlan { _ in .failBefore })
        try await expectError(.unavailable) { try await store.put("key", []) }
        #expect(faulty.fired == [.failBefore: 7])
    }

    @Test("A stream that can be read once is sent once")
    func streams() async throws {
        let faulty = FaultInjectingObjectStore(memory, .script(.put, [.failBefore, .failBefore]))
        let store = retrying(faulty)
        let once = ObjectBody.stream(ByteStream(chunks: [[1]]))
        try await expectError(.unavailable) { try await store.put("key", once) }
        #expect(faulty.fired == [.failBefore: 1])
        try await store.put("key", .stream(ByteStream(chunks: [[1]]), isReplayable: true))
        #expect(faulty.fired == [.failBefore: 2])
    }

    @Test("A cancelled pause ends the call")
    func cancelled() async throws {
        let faulty = FaultInjectingObjectStore(memory, FaultPlan { _ in .failBefore })
        let store = RetryingObjectStore(faulty, sleep: { _ in throw CancellationError() })
        await #expect(throws: CancellationError.self) { try await store.put("key", []) }
    }

    @Test("No pause outlasts the deadline of the task")
    func deadline() async throws {
        let faulty = FaultInjectingObjectStore(memory, FaultPlan { _ in .throttle(retryAfter: .seconds(4)) })
        try await expectError(.throttled) {
            try await withDeadline(after: .seconds(2)) { _ = try await retrying(faulty).put("key", []) }
        }
        #expect(faulty.fired == [.throttle: 1])
    }
}

import CairnCore
import Testing

@testable import Simulation

@Suite("The world of simulated processes")
struct ObjectsWorldTests {
    /// A bit of everything that asynchronous code does.
    private static func run(seed: UInt64) -> (lines: [String], strays: Int, left: Int, end: World.End) {
        let world = World(seed: seed, isTracing: true)
        let done = Lock(0)
        for name in ["a", "b", "c"] {
            let process = world.process(name, seed: seed)
            process.spawn {
                await work(process)
                done.withLock { $0 += 1 }
            }
        }
        let end = world.run { done.withLock { $0 } == 3 }
        return (world.trace.lines, world.strays, world.tearDown(), end)
    }

    private actor Counter {
        var value = 0
        func add() -> Int {
            value += 1
            return value
        }
    }

    private static func work(_ process: SimulatedProcess) async {
        let world = process.world
        let counter = Counter()
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<5 {
                group.addTask {
                    try? await process.sleep(.microseconds(Int(process.random() % 1000)))
                    let value = await counter.add()
                    world.note(process) { "child \(number) got \(value)" }
                    return number
                }
            }
            for await number in group { world.note(process) { "child \(number) ended" } }
        }
        async let first: Void = process.sleep(.milliseconds(3))
        async let second: Void = process.sleep(.milliseconds(2))
        _ = try? await (first, second)
        world.note(process) { "both slept, \(process.uptime)" }
        await Task.yield()
        world.note(process) { "yielded" }
        let cancelled = Task(executorPreference: process) {
            do { try await process.sleep(.seconds(1000)) } catch { world.note(process) { "woken by \(error)" } }
        }
        try? await process.sleep(.seconds(1))
        cancelled.cancel()
        await cancelled.value
        let stream = AsyncStream<Int> { continuation in
            process.spawn {
                for number in 0..<3 {
                    try? await process.sleep(.microseconds(Int(process.random() % 50)))
                    continuation.yield(number)
                }
                continuation.finish()
            }
        }
        for await number in stream { world.note(process) { "stream \(number)" } }
        let value: Int = await withCheckedContinuation { continuation in
            process.spawn { continuation.resume(returning: 7) }
        }
        world.note(process) { "resumed with \(value)" }
    }

    @Test("One seed is one run, and another seed another one")
    func deterministic() {
        let first = Self.run(seed: 1)
        let again = Self.run(seed: 1)
        let other = Self.run(seed: 2)
        #expect(first.end == .done)
        #expect(first.lines.count > 40)
        #expect(first.lines == again.lines)
        #expect(first.lines != other.lines)
        #expect(first.strays == 0)
        #expect(first.left == 0)
    }

    @Test("A day passes at once")
    func time() {
        let world = World(seed: 1)
        let process = world.process("a", seed: 1)
        let woken = Lock(false)
        process.spawn {
            try? await process.sleep(.seconds(86_400))
            woken.withLock { $0 = true }
        }
        #expect(world.run { woken.withLock { $0 } } == .done)
        #expect(process.uptime == .seconds(86_400))
        #expect(process.timeOfDay.description == "2026-11-21T15:06:01.870549Z")
    }

    @Test("A dead process takes no further step, and its tasks end when the world does")
    func death() {
        let world = World(seed: 1, isTracing: true)
        let process = world.process("a", seed: 1)
        let steps = Lock(0)
        process.spawn {
            for _ in 0..<10 {
                try? await process.sleep(.seconds(1))
                if !Task.isCancelled { steps.withLock { $0 += 1 } }
            }
        }
        world.after(3_500_000) { process.kill() }
        #expect(world.run { false } == .stuck)
        #expect(steps.withLock { $0 } == 3)
        #expect(world.tearDown() == 0)
        #expect(steps.withLock { $0 } == 3)
    }

    @Test("A paused process stands still, and its uptime may not see it")
    func pause() {
        let world = World(seed: 1)
        let process = world.process("a", seed: 1)
        let woken = Lock<[Int]>([])
        process.spawn {
            for _ in 0..<2 {
                try? await process.sleep(.seconds(1))
                woken.withLock { $0.append(world.now) }
            }
        }
        world.after(500_000) { process.pause(for: 10_000_000, isSeen: false) }
        #expect(world.run { woken.withLock { $0.count } == 2 } == .done)
        #expect(woken.withLock { $0 } == [10_500_000, 11_500_000])
        #expect(process.uptime == .microseconds(1_500_000))
    }

    @Test("Who is woken goes on at once, and its uptime misses no more than it slept")
    func wake() {
        let world = World(seed: 1)
        let process = world.process("a", seed: 1)
        let woken = Lock<[Int]>([])
        process.spawn {
            process.pause(for: 100_000_000, isSeen: false)
            try? await process.sleep(.microseconds(1))
            woken.withLock { $0.append(world.now) }
        }
        world.after(40_000_000) { process.wake() }
        #expect(world.run { woken.withLock { $0.count } == 1 } == .done)
        #expect(woken.withLock { $0 } == [40_000_000])
        #expect(process.uptime == .zero)
    }

    @Test("Who waits for nothing is stuck, and who never waits is found")
    func stuck() {
        let world = World(seed: 1)
        let process = world.process("a", seed: 1)
        process.spawn { while !Task.isCancelled { await Task.yield() } }
        #expect(world.run { false } == .spinning)
        #expect(world.tearDown() == 0)
    }
}

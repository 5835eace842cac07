import CairnCore
import Testing

@testable import Simulation

@Suite("Migrations of a bucket whose processes die")
struct ObjectMigrationCrashTests {
    /// How an effect ends, and the process with it.
    static let ways: [(name: String, verdict: EffectGate.Verdict)] = [
        ("before", .dieBefore), ("after", .dieAfter), ("soon", .dieAndLand(after: 3_000_000)),
        ("late", .dieAndLand(after: 200_000_000)), ("lost", .vanish), ("unheard", .passUnheard),
    ]

    struct Trial: Sendable, CustomTestStringConvertible {
        let name: String
        let change: MigrationScene.Change
        let hasMD5: Bool
        let hasFence: Bool
        let hasWriter: Bool

        var testDescription: String { name }

        static let all = [
            Trial(name: "much at once", change: .rich, hasMD5: true, hasFence: true, hasWriter: false),
            Trial(name: "much at once, with a writer", change: .rich, hasMD5: false, hasFence: true, hasWriter: true),
            Trial(name: "additive, without a fence", change: .additive, hasMD5: true, hasFence: false, hasWriter: true),
            Trial(name: "made by code, with a writer", change: .coded, hasMD5: true, hasFence: true, hasWriter: true),
        ]
    }

    @Test(
        "Killed at any effect, the store is of the old or of the new schema with nothing lost, and the next one goes on",
        arguments: Trial.all)
    func everyEffect(_ trial: Trial) throws {
        let count = try run(trial, nil)
        #expect(count > 10)
        for effect in 1...count {
            for way in Self.ways {
                _ = try run(trial, (effect, way.verdict, "\(way.name) effect \(effect), \(trial.name)"))
            }
        }
    }

    /// - Returns: How many effects the migration has.
    private func run(
        _ trial: Trial, _ point: (effect: Int, verdict: EffectGate.Verdict, name: String)?
    ) throws -> Int {
        let scene = try MigrationScene(trial.change, seed: 5, hasMD5: trial.hasMD5, hasFence: trial.hasFence)
        try scene.make()
        let comment = point?.name ?? "undisturbed"
        let writer = scene.world.process("writer", seed: 3)
        let writing = trial.hasWriter ? scene.startWriter(writer) : nil
        let counted = Lock(0)
        scene.effects.judge { _, process, _ in
            guard process.name == "m1" else { return .pass }
            let number = counted.withLock { count in
                count += 1
                return count
            }
            return point.map { number == $0.effect ? $0.verdict : .pass } ?? .pass
        }
        let first = scene.world.process("m1", seed: 2)
        do {
            _ = try scene.migrate(first)
        } catch let error as StorageError where point != nil {
            // It lives, and was told that something went wrong.
            #expect([.unavailable, .busy, .maintenance, .timeout].contains(error.code), "\(error): \(comment)")
        }
        try scene.judge("visitor", isNew: point == nil, comment)
        let second = scene.world.process("m2", seed: 4)
        let didIt = try scene.migrate(second)
        if point == nil { #expect(didIt == false) }
        // What was under way arrives.
        scene.world.after(400_000_000) {}
        try scene.judge("last", isNew: true, comment)
        scene.judgeLog(comment)
        if let writing {
            let end = scene.world.run(mostSteps: 5_000_000) { writing.withLock { $0 } != nil }
            #expect(end == .done)
            let error = try writing.withLock { $0 }?.get()
            #expect(error?.code == .schemaMismatch, "\(comment)")
            #expect(error?.message.contains("migrated") == true, "\(String(describing: error)): \(comment)")
        }
        return counted.withLock { $0 }
    }

    @Test("Two that migrate at once: one does it, the other finds it done", arguments: 0..<40)
    func together(_ seed: Int) throws {
        let scene = try MigrationScene(seed % 2 == 0 ? .rich : .additive, seed: UInt64(seed))
        try scene.make()
        let writer = scene.world.process("writer", seed: 3)
        let writing = scene.startWriter(writer)
        // In some runs the first one stands still in the middle, and is overtaken.
        let counted = Lock(0)
        scene.effects.judge { _, process, _ in
            guard process.name == "m1" else { return .pass }
            let number = counted.withLock { count in
                count += 1
                return count
            }
            return seed >= 10 && number == seed - 8 ? .sleepAfter(90_000_000, isSeen: seed % 3 != 0) : .pass
        }
        let processes = ["m1", "m2"].map { scene.world.process($0, seed: UInt64(seed)) }
        let endings = processes.map { scene.startMigration($0) }
        let end = scene.world.run(mostSteps: 10_000_000) { endings.allSatisfy { $0.withLock { $0 } != nil } }
        #expect(end == .done)
        let results = try endings.map { try $0.withLock { $0 }?.get() }
        #expect(results.count { $0 == true } == 1, "\(results)")
        try scene.judge("last", isNew: true, "seed \(seed)")
        scene.judgeLog("seed \(seed)")
        _ = scene.world.run(mostSteps: 5_000_000) { writing.withLock { $0 } != nil }
        #expect(try writing.withLock { $0 }?.get().code == .schemaMismatch)
    }
}

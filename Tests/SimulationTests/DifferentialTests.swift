import CairnCore
import StorageConformance
import Testing

@testable import Simulation

@Suite("Differential runs")
struct DifferentialTests {
    @Test("Memory and SQLite do what the model of the contract does, on the first seeds")
    func clean() async throws {
        let differential = Differential([MemoryDriver(), SQLiteDriver()])
        for seed in 1...60 as ClosedRange<UInt64> {
            let difference = try await differential.run(seed: seed)
            #expect(difference == nil, "\(difference.map(\.description) ?? "")")
        }
    }

    @Test("Each planted fault is found quickly and shrunk to a few steps", arguments: Mutant.all)
    func mutant(_ mutant: Mutant) async throws {
        let differential = Differential([MutantDriver(MemoryDriver(), mutant)])
        var found: Difference?
        var seed: UInt64 = 0
        while found == nil, seed < 400 {
            seed += 1
            found = try await differential.run(seed: seed)
        }
        let difference = try #require(found, "not found in \(seed) seeds: \(mutant.summary)")
        #expect(difference.stepCount <= 5, "\(difference)")
        #expect(difference.driver == "memory with \(mutant.name)")
        // The small program fails again, so a person can run it.
        let again = try await differential.disagreement(difference.program, name: "again")
        #expect(again == difference.disagreement)
    }

    @Test("Planted faults have names of their own")
    func names() {
        #expect(Set(Mutant.all.map(\.name)).count == Mutant.all.count)
        #expect(Mutant.all.count >= 6)
    }

    @Test("A difference tells the seed, what each saw, and the program in Swift")
    func report() async throws {
        let mutant = try #require(Mutant.all.first { $0.name == "revision-check" })
        let differential = Differential([MutantDriver(MemoryDriver(), mutant)])
        var found: Difference?
        for seed in 1...50 as ClosedRange<UInt64> where found == nil { found = try await differential.run(seed: seed) }
        let text = try #require(found).description
        for part in ["seed ", "model:", "storage.conflict", "Schema(parsing:", "await show(\"2\")", ".update(t0,"] {
            #expect(text.contains(part), "\(part) is missing in \(text)")
        }
    }

    @Test("A driver that cannot be opened is an error, not a difference")
    func cannotOpen() async throws {
        await #expect(throws: StorageError.self) {
            _ = try await Differential([ClosedDriver()]).run(seed: 1)
        }
    }
}

/// Gives stores that are closed already.
private struct ClosedDriver: ConformanceDriver {
    let name = "closed"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        let storage = try await MemoryDriver().open(name, clock: clock)
        try await storage.close()
        return storage
    }

    func remove(_ name: String) async throws {}
}

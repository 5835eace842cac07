import CairnCore
import StorageConformance
import Testing

@testable import Simulation

@Suite("Shrinking")
struct ShrinkerTests {
    /// A driver with a fault, and a program that shows it.
    private func failing(_ name: String) async throws -> (Differential, Program) {
        let mutant = try #require(Mutant.all.first { $0.name == name })
        let differential = Differential([MutantDriver(MemoryDriver(), mutant)])
        for seed in 1...100 as ClosedRange<UInt64> {
            let program = try ProgramGenerator.program(seed: seed, steps: 30)
            if try await differential.disagreement(program, name: "seed") != nil { return (differential, program) }
        }
        throw NotFound()
    }

    private struct NotFound: Error {}

    @Test(
        "What is shrunk still fails, and is smaller", arguments: ["null-order", "savepoint-rollback", "unique-check"])
    func stillFails(_ name: String) async throws {
        let (differential, program) = try await failing(name)
        let small = await Shrinker(differential).shrink(program)
        #expect(try await differential.disagreement(small, name: "small") != nil)
        #expect(small.stepCount < program.stepCount)
        #expect(small.schema.tables.count <= program.schema.tables.count)
    }

    @Test("The same program shrinks to the same")
    func determinism() async throws {
        let (differential, program) = try await failing("page-boundary")
        let small = await Shrinker(differential).shrink(program)
        #expect(await Shrinker(differential).shrink(program) == small)
    }

    @Test("A program that is small already stays as it is")
    func fixpoint() async throws {
        let (differential, program) = try await failing("count-limit")
        let small = await Shrinker(differential).shrink(program)
        #expect(await Shrinker(differential).shrink(small) == small)
    }

    @Test("However few attempts there are, what comes out fails", arguments: [0, 1, 5, 40])
    func attempts(_ attempts: Int) async throws {
        let (differential, program) = try await failing("null-order")
        let small = await Shrinker(differential, attempts: attempts).shrink(program)
        #expect(try await differential.disagreement(small, name: "small") != nil)
    }
}

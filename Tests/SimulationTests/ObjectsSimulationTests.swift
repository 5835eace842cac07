import CairnCore
import Foundation
import ObjectStorage
import Testing

@testable import Simulation

/// What is not optimised takes seconds for each seed, so few are run here: `cairn-sim objects` runs thousands, and with a variable all of
/// what is here.
@Suite("Simulated processes on one bucket")
struct ObjectsSimulationTests {
    /// Whether everything is run, which takes an hour.
    static let isWhole = ProcessInfo.processInfo.environment["CAIRN_SIMULATION"] != nil

    @Test("Every promise is kept in the first seeds")
    func clean() throws {
        for seed in 1...(Self.isWhole ? 20 : 2) as ClosedRange<UInt64> {
            let outcome = try ObjectSimulation().run(seed: seed)
            #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.violations.prefix(5))")
            #expect(outcome.commits > 0, "seed \(seed)")
        }
    }

    @Test("One seed is one run, and another seed another one")
    func deterministic() throws {
        for seed in (Self.isWhole ? [3, 8] : [3]) as [UInt64] {
            let first = try ObjectSimulation().run(seed: seed, isTracing: true)
            let again = try ObjectSimulation().run(seed: seed, isTracing: true)
            let other = try ObjectSimulation().run(seed: seed + 100, isTracing: true)
            #expect(first.trace.count > 100)
            #expect(first.trace == again.trace, "seed \(seed)")
            #expect(first.tally == again.tally, "seed \(seed)")
            #expect(first.trace != other.trace, "seed \(seed)")
        }
    }

    @Test(
        "Each fault happens, and no promise is broken by it", .enabled(if: isWhole), arguments: SimulatedFault.allCases)
    func fault(_ fault: SimulatedFault) throws {
        var simulation = ObjectSimulation()
        simulation.mix = .only(fault, rate: fault == .slowDown || fault == .expiredCredentials ? 40 : 400)
        var count = 0
        for seed in 501...504 as ClosedRange<UInt64> {
            let outcome = try simulation.run(seed: seed)
            #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.violations.prefix(5))")
            count += outcome.tally[fault.rawValue] ?? 0
        }
        #expect(count > 0)
    }

    @Test("Processes that stay for days remove what nobody needs any more, by the driver's own collection")
    func tidied() throws {
        var plan = WorkloadPlan()
        plan.processes = 2
        plan.clients = 1
        plan.deeds = 10
        plan.tidies = true
        var simulation = ObjectSimulation()
        simulation.plan = plan
        simulation.mix = FaultMix.none
        // A bucket with a fence, as S3 is.
        let outcome = try simulation.run(seed: 1)
        #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(5))")
        for what in ["manifest", "log_record", "published"] {
            #expect((outcome.tally["driver_collected_\(what)"] ?? 0) > 0, "\(what)")
            #expect(outcome.tally["collected_\(what)"] == nil, "\(what)")
        }
    }

    @Test("What comes late of a store that was removed changes nothing in the one that is there", arguments: [1, 4])
    func strays(seed: UInt64) throws {
        var simulation = ObjectSimulation()
        simulation.focus = .strays
        let outcome = try simulation.run(seed: seed)
        #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(5))")
        #expect((outcome.tally["late_stray"] ?? 0) > 0 && outcome.tally["late_stray"] == outcome.tally["stray"])
    }

    @Test(
        "What is taken for what it is not, or is written over blindly, of a removed store is found",
        arguments: [("stray-records", 1), ("stray-manifests", 1), ("overwrites-strays", 4)] as [(String, UInt64)])
    func strayMutants(_ name: String, seed: UInt64) throws {
        let mutant = try #require(ObjectMutant.all.first { $0.name == name })
        #expect(try !mutant.simulation().run(seed: seed).violations.isEmpty)
    }

    @Test("Each planted mistake is found", .enabled(if: isWhole), arguments: ObjectMutant.all.map(\.name))
    func mutant(_ name: String) throws {
        let mutant = try #require(ObjectMutant.all.first { $0.name == name })
        #expect(try mutant.find() != nil, "not found in \(mutant.seeds) seeds: \(mutant.summary)")
    }

    @Test("Planted mistakes have names of their own")
    func names() {
        #expect(Set(ObjectMutant.all.map(\.name)).count == ObjectMutant.all.count)
        #expect(ObjectMutant.all.count >= 10)
    }

    @Test("Wherever a process is killed, the next one finds all that was acknowledged", .enabled(if: isWhole))
    func crashes() throws {
        let crashes = CrashPoints()
        let survey = try crashes.survey()
        #expect(survey.shortcomings == [])
        // All of them are run by `cairn-sim objects --crash-points`.
        for point in survey.points.enumerated().filter({ $0.offset % 41 == 0 }).map(\.element) {
            let violations = try crashes.run(point)
            #expect(violations.isEmpty, "\(point): \(violations.prefix(5))")
        }
    }
}

import CairnCore
import ObjectStorage
import ObjectStores

/// A planted mistake, and runs in which it should be found.
package struct ObjectMutant: Sendable {
    /// Its name on the command line.
    package let name: String
    /// What is wrong, in words.
    package let summary: String
    /// In how many seeds it must be found.
    package let seeds: UInt64
    private let plant: @Sendable (inout ObjectSimulation) -> Void

    private init(
        _ name: String, _ summary: String, seeds: UInt64 = 300,
        _ plant: @escaping @Sendable (inout ObjectSimulation) -> Void
    ) {
        self.name = name
        self.summary = summary
        self.seeds = seeds
        self.plant = plant
    }

    /// Mistakes of the driver.
    private static func driver(
        _ name: String, _ summary: String, _ faults: ObjectStorageFaults, seeds: UInt64 = 300,
        _ focus: ObjectSimulation.Focus = .none
    ) -> ObjectMutant {
        ObjectMutant(name, summary, seeds: seeds) { simulation in
            simulation.driverFaults = faults
            simulation.focus = focus
        }
    }

    /// Mistakes between the driver and the bucket.
    private static func store(
        _ name: String, _ summary: String, _ mistake: MutantObjectStore.Mistake, seeds: UInt64 = 300,
        _ focus: ObjectSimulation.Focus = .none
    ) -> ObjectMutant {
        ObjectMutant(name, summary, seeds: seeds) { simulation in
            simulation.wrap = { MutantObjectStore($0, mistake) }
            simulation.focus = focus
        }
    }

    /// Mistakes of the collector.
    private static func collector(
        _ name: String, _ summary: String, _ mistakes: Collector.Mistakes, seeds: UInt64 = 300
    ) -> ObjectMutant {
        ObjectMutant(name, summary, seeds: seeds) { simulation in
            simulation.collectorMistakes = mistakes
            simulation.focus = .collection
        }
    }

    /// The simulation with the mistake in it.
    package func simulation(_ base: ObjectSimulation = ObjectSimulation()) -> ObjectSimulation {
        var simulation = base
        plant(&simulation)
        return simulation
    }

    /// Looks for the mistake, seed by seed.
    /// - Returns: The first seed that shows it, and how; nil when none of those does in which it must be found.
    package func find() throws -> (seed: UInt64, violation: Violation)? {
        let simulation = simulation()
        for seed in 1...seeds {
            if let violation = try simulation.run(seed: seed).violations.first { return (seed, violation) }
        }
        return nil
    }

    /// All of them.
    package static let all: [ObjectMutant] = [
        driver(
            "no-fence", "commit records carry no date past which they must not take effect", .noFence, seeds: 40,
            .sleep(.betweenDeeds)),
        driver(
            "hit-confirms", "a commit that was found renews the proof of the tip", .hitConfirms, seeds: 80,
            .sleep(.betweenDeeds)),
        driver(
            "trusts-absence", "an absence is believed however old the last proof is", .trustsAbsence, seeds: 40,
            .sleep(.betweenDeeds)),
        store(
            "late-manifests", "a manifest is published after its index files were collected", .lateManifests, seeds: 40,
            .sleep(.beforeManifest)),
        collector("grace-from-creation", "a manifest is kept for a day from its own creation", .graceFromCreation),
        driver("blind-files", "record files are written without conditions", .blindFiles),
        driver("no-range-check", "ranges that were read are not compared with later commits", .noRangeCheck, .quarrel),
        driver("missing-is-deleted", "the missing file of a deleted record counts as written", .missingIsDeleted),
        driver(
            "trusts-refusals", "a refusal after an uncertain attempt counts as not executed", .trustsRefusals,
            seeds: 200,
            .refusals),
        driver(
            "groups-unordered", "transactions of one record are not compared with one another", .groupsUnordered,
            .quarrel),
        driver("no-pending", "a manifest leaves out what is pending", .noPending),
        driver("skips-loser", "a lost number is tried again without looking who won it", .skipsLoser, .quarrel),
        driver("lost-is-failed", "a commit whose answer was lost is taken for one that failed", .lostIsFailed),
        driver("stale-unique", "unique values are looked for in the index files only", .staleUnique, .quarrel),
        store("overwrites-log", "commit records are written over one another", .overwrites("_log/"), .quarrel),
        store("overwrites-manifests", "manifests are written over one another", .overwrites("_checkpoints/"), .quarrel),
        store("overwrites-files", "record files are written over one another", .overwrites("tables/")),
        store("false-creation", "a number that another one took is reported as won", .falseCreation, .quarrel),
        store("false-refusal", "a commit whose answer was lost is reported as refused", .falseRefusal),
        store("false-file", "a record file whose answer was lost is reported as written", .falseFile),
        store("stale-absence", "the end of the log is answered from a cache", .staleAbsence, .quarrel),
        store("no-tombstones", "files of deleted records are removed", .noTombstones),
        driver(
            "stray-records", "a commit record of a removed store is taken for one of the log", .strayRecords, seeds: 40,
            .strays),
        driver(
            "stray-manifests", "a manifest of a removed store is taken for the newest", .strayManifests, seeds: 40,
            .strays),
        store(
            "overwrites-strays", "records of a removed store are written over blindly", .overwritesStrays, seeds: 80,
            .strays),
        collector("purges-online", "tombstones are removed while others write", .purgesOnline),
        collector("eager-log", "log records go before a manifest says so", .eagerLog),
    ]
}

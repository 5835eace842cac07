import CairnCore
import Foundation
import Simulation

/// `cairn-sim objects --seeds A..B [--processes N] [--mutant NAME] [--trace] [--json]`, `cairn-sim objects --crash-points`,
/// `cairn-sim objects --mutants`.
struct ObjectsCommand {
    /// What is run.
    private enum Work {
        case seeds
        case mutants
        case crashPoints
    }

    private var work = Work.seeds
    private var seeds: ClosedRange<UInt64> = 1...200
    private var processes: Int?
    private var mutant: ObjectMutant?
    private var most = 10
    private var every = 1
    private var workers = Workers(Workers.usual)
    private var isJSON = false
    private var isTracing = false
    private var isTwice = false

    static var usage: String {
        """
        cairn-sim objects runs several processes with the object driver on one simulated bucket, in one thread and with a time of
        its own: requests are lost, late, doubled and refused; processes die, sleep for days and come again; clocks are wrong. Then it
        replays the log and looks whether every promise was kept. One seed is one run.

          cairn-sim objects [--seeds A..B] [--processes N] [--mutant NAME] [--most N] [--jobs N] [--twice] [--trace] [--json]
          cairn-sim objects --mutants [--jobs N] [--json]
          cairn-sim objects --crash-points [--every N] [--jobs N] [--json]

          --seeds A..B    the seeds, both ends included (1..200)
          --processes N   processes at a time, 1 to 9 (2 to 4, by the seed)
          --mutant NAME   plant a mistake, to see that it is found:
                          \(ObjectMutant.all.map(\.name).joined(separator: ", "))
          --mutants       plant each of them in turn: every one must be found in as many seeds as it is allowed
          --crash-points  kill a process at every effect of a fixed piece of work, in every way, and look what the next one finds
          --every N       of the crash points, only each N-th (1)
          --most N        stop after so many seeds that break a promise (10)
          --jobs N        runs at a time (\(Workers.usual), as many as there are cores)
          --twice         run each seed twice, and look whether the same happens
          --trace         print everything that happens in each run
          --json          an object for programs instead of text

        Each fault must happen: of \(ObjectSimulation.seedsForEveryEvent) seeds or more, a fault that none of them has seen is an error.
        There must be \(CrashPoints.fewest) crash points, and some at each kind of effect: fewer are an error, whatever --every leaves out.

        Progress goes to the standard error. Exit codes: 0 all promises kept, 1 some broken, 2 could not run.

        Example: cairn-sim objects --seeds 1..100000
        """
    }

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let argument = rest.popFirst() {
            switch argument {
            case "--seeds": seeds = try SimulationCommand.range(rest.popFirst())
            case "--processes":
                let number = try SimulationCommand.number(rest.popFirst(), argument)
                guard number <= 9 else { throw UsageError(message: "--processes goes up to 9") }
                processes = number
            case "--most": most = try SimulationCommand.number(rest.popFirst(), argument)
            case "--jobs": workers = Workers(try SimulationCommand.number(rest.popFirst(), argument))
            case "--every": every = try SimulationCommand.number(rest.popFirst(), argument)
            case "--mutant": mutant = try ObjectsCommand.mutant(rest.popFirst())
            case "--mutants": work = .mutants
            case "--crash-points": work = .crashPoints
            case "--twice": isTwice = true
            case "--trace": isTracing = true
            case "--json": isJSON = true
            default: throw UsageError(message: "'\(argument)' is not known to 'objects'")
            }
        }
        // Traces of several runs would mix.
        if isTracing { workers = Workers(1) }
    }

    private static func mutant(_ name: String?) throws -> ObjectMutant {
        guard let mutant = ObjectMutant.all.first(where: { $0.name == name }) else {
            throw UsageError(
                message:
                    "'\(name ?? "")' is no mutant; there are \(ObjectMutant.all.map(\.name).joined(separator: ", "))")
        }
        return mutant
    }

    /// - Returns: Whether all promises were kept.
    func run() throws -> Bool {
        switch work {
        case .seeds: try runSeeds()
        case .mutants: try runMutants()
        case .crashPoints: try runCrashPoints()
        }
    }

    // MARK: Seeds

    private func runSeeds() throws -> Bool {
        var simulation = mutant?.simulation() ?? ObjectSimulation()
        simulation.processes = processes
        let count = SimulationCommand.count(of: seeds)
        var progress = Progress(total: count, of: "seeds", finding: "broken promises")
        var report = ObjectsReport(seeds: seeds, needsEveryEvent: mutant == nil && processes == nil)
        try workers.run(count) { [simulation, seeds, isTracing, isTwice] place in
            let seed = seeds.lowerBound + UInt64(place)
            var outcome = try simulation.run(seed: seed, isTracing: isTracing || isTwice)
            if isTwice { outcome.compare(with: try simulation.run(seed: seed, isTracing: true)) }
            // What happened is of interest only where it was wrong.
            if !isTracing, !outcome.violations.isEmpty, outcome.trace.isEmpty {
                outcome.trace = try simulation.run(seed: seed, isTracing: true).trace
            }
            return outcome
        } _: { _, outcome in
            if isTracing, !isJSON { print(outcome.trace.joined(separator: "\n")) }
            report.add(outcome)
            if !outcome.violations.isEmpty, !isJSON {
                print(ObjectsReport.text(of: outcome, mutant: mutant?.name, processes: processes))
            }
            progress.advance(findings: report.broken.count)
            return report.broken.count < most
        }
        progress.end()
        print(isJSON ? report.json : report.summary)
        return report.isClean
    }

    // MARK: Mutants

    /// Looks for each planted mistake, seed by seed, until it is found.
    private func runMutants() throws -> Bool {
        let mutants = ObjectMutant.all
        var progress = Progress(total: mutants.count, of: "planted mistakes", finding: "not found")
        var found: [(place: Int, seed: UInt64, violation: Violation)] = []
        var missed: [Int] = []
        try workers.run(mutants.count) { place in
            try mutants[place].find()
        } _: { place, finding in
            if let finding { found.append((place, finding.seed, finding.violation)) } else { missed.append(place) }
            progress.advance(findings: missed.count)
            return true
        }
        progress.end()
        found.sort { $0.place < $1.place }
        if isJSON {
            let items = found.map { item -> JSONValue in
                [
                    "mutant": .string(mutants[item.place].name), "seed": .string("\(item.seed)"),
                    "violation": .string("\(item.violation)"),
                ]
            }
            let report: JSONValue = [
                "found": .array(items), "missed": .array(missed.sorted().map { .string(mutants[$0].name) }),
            ]
            print(report.description)
        } else {
            for item in found {
                let mutant = mutants[item.place]
                print("\(mutant.name): \(mutant.summary)\n    found in seed \(item.seed): \(item.violation)")
            }
            for place in missed.sorted() {
                print("\(mutants[place].name): not found in \(mutants[place].seeds) seeds")
            }
            print("\(mutants.count) planted mistakes, \(found.count) found")
        }
        return missed.isEmpty
    }

    // MARK: Crash points

    private func runCrashPoints() throws -> Bool {
        let crashes = CrashPoints()
        let survey = try crashes.survey()
        let all = survey.points
        let points = stride(from: 0, to: all.count, by: every).map { all[$0] }
        var progress = Progress(total: points.count, of: "crash points", finding: "broken promises")
        var broken: [(place: Int, violations: [Violation])] = []
        try workers.run(points.count) { place in
            try crashes.run(points[place])
        } _: { place, violations in
            if !violations.isEmpty { broken.append((place, violations)) }
            progress.advance(findings: broken.count)
            return true
        }
        progress.end()
        broken.sort { $0.place < $1.place }
        if isJSON {
            let found = broken.map { item -> JSONValue in
                [
                    "point": .string("\(points[item.place])"),
                    "violations": .array(item.violations.map { .string("\($0)") }),
                ]
            }
            let report: JSONValue = [
                "points": .int(points.count), "all": .int(all.count), "broken": .array(found),
                "shortcomings": .array(survey.shortcomings.map(JSONValue.string)),
            ]
            print(report.description)
        } else {
            for item in broken {
                print("crash \(points[item.place]):\n" + item.violations.prefix(5).map { "    \($0)\n" }.joined())
            }
            print("\(points.count) of \(all.count) crash points, \(broken.count) with broken promises")
            for shortcoming in survey.shortcomings { print("not as it must be: \(shortcoming)") }
        }
        return broken.isEmpty && survey.shortcomings.isEmpty
    }
}

import CairnCore
import Foundation
import Simulation

/// `cairn-sim objects --seeds A..B [--processes N] [--mutant NAME] [--trace] [--json]`, `cairn-sim objects --crash-points`.
struct ObjectsCommand {
    private var seeds: ClosedRange<UInt64> = 1...200
    private var processes: Int?
    private var mutant: ObjectMutant?
    private var most = 10
    private var isJSON = false
    private var isTracing = false
    private var visitsCrashPoints = false

    static var usage: String {
        """
        cairn-sim objects runs several processes with the object driver on one simulated bucket, in one thread and with a time of
        its own: requests are lost, late, doubled and refused; processes die, sleep for days and come again; clocks are wrong. Then it
        replays the log and looks whether every promise was kept. One seed is one run.

          cairn-sim objects [--seeds A..B] [--processes N] [--mutant NAME] [--most N] [--trace] [--json]
          cairn-sim objects --crash-points [--json]

          --seeds A..B    the seeds, both ends included (1..200)
          --processes N   processes at a time, 1 to 9 (2 to 4, by the seed)
          --mutant NAME   plant a mistake, to see that it is found:
                          \(ObjectMutant.all.map(\.name).joined(separator: ", "))
          --most N        stop after so many seeds that break a promise (10)
          --trace         print everything that happens in each run
          --crash-points  kill a process at every effect of a fixed piece of work, in every way, and look what the next one finds
          --json          an object for programs instead of text

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
            case "--mutant": mutant = try ObjectsCommand.mutant(rest.popFirst())
            case "--trace": isTracing = true
            case "--crash-points": visitsCrashPoints = true
            case "--json": isJSON = true
            default: throw UsageError(message: "'\(argument)' is not known to 'objects'")
            }
        }
    }

    private static func mutant(_ name: String?) throws -> ObjectMutant {
        guard let mutant = (ObjectMutant.all + ObjectMutant.elusive).first(where: { $0.name == name }) else {
            throw UsageError(
                message:
                    "'\(name ?? "")' is no mutant; there are \(ObjectMutant.all.map(\.name).joined(separator: ", "))")
        }
        return mutant
    }

    // MARK: Running

    /// - Returns: Whether all promises were kept.
    func run() throws -> Bool { visitsCrashPoints ? try runCrashPoints() : try runSeeds() }

    private func runSeeds() throws -> Bool {
        var simulation = mutant?.simulation() ?? ObjectSimulation()
        simulation.processes = processes
        let last = Int(clamping: seeds.upperBound - seeds.lowerBound)
        var progress = Progress(total: last == .max ? last : last + 1, of: "seeds", finding: "broken promises")
        var report = ObjectsReport(seeds: seeds)
        for seed in seeds {
            let outcome = try simulation.run(seed: seed, isTracing: isTracing)
            if isTracing, !isJSON { print(outcome.trace.joined(separator: "\n")) }
            report.add(outcome)
            if !outcome.violations.isEmpty, !isJSON {
                let traced = try simulation.run(seed: seed, isTracing: true)
                print(ObjectsReport.text(of: traced, mutant: mutant?.name, processes: processes))
            }
            progress.advance(findings: report.broken.count)
            if report.broken.count >= most { break }
        }
        progress.end()
        print(isJSON ? report.json : report.summary)
        return report.broken.isEmpty
    }

    private func runCrashPoints() throws -> Bool {
        let crashes = CrashPoints()
        let points = try crashes.points()
        var progress = Progress(total: points.count, of: "crash points", finding: "broken promises")
        var broken: [(point: CrashPoints.Point, violations: [Violation])] = []
        for point in points {
            let violations = try crashes.run(point)
            if !violations.isEmpty {
                broken.append((point, violations))
                if !isJSON { print("crash \(point):\n" + violations.prefix(5).map { "    \($0)\n" }.joined()) }
            }
            progress.advance(findings: broken.count)
        }
        progress.end()
        if isJSON {
            let found = broken.map { item -> JSONValue in
                [
                    "point": .string("\(item.point)"),
                    "violations": .array(item.violations.map { .string("\($0)") }),
                ]
            }
            let report: JSONValue = ["points": .int(points.count), "broken": .array(found)]
            print(report.description)
        } else {
            print("\(points.count) crash points, \(broken.count) with broken promises")
        }
        return broken.isEmpty
    }
}

/// What the runs of some seeds came to.
struct ObjectsReport {
    private let seeds: ClosedRange<UInt64>
    private var checked = 0
    private var commits = 0
    private var duration = 0
    private var tally: [String: Int] = [:]
    private(set) var broken: [ObjectSimulation.Outcome] = []

    init(seeds: ClosedRange<UInt64>) {
        self.seeds = seeds
    }

    mutating func add(_ outcome: ObjectSimulation.Outcome) {
        checked += 1
        commits += outcome.commits
        duration += outcome.duration / 1_000_000
        for (name, count) in outcome.tally { tally[name, default: 0] += count }
        if !outcome.violations.isEmpty { broken.append(outcome) }
    }

    /// The last events of a run that broke a promise, and which it broke.
    static func text(of outcome: ObjectSimulation.Outcome, mutant: String?, processes: Int?) -> String {
        let options = (processes.map { " --processes \($0)" } ?? "") + (mutant.map { " --mutant \($0)" } ?? "")
        let events = outcome.trace.suffix(40).map { "    \($0)" }.joined(separator: "\n")
        let promises = outcome.violations.prefix(12).map { "    \($0)" }.joined(separator: "\n")
        return """
            seed \(outcome.seed): \(outcome.violations.count) broken promises, \(outcome.commits) commits
            the last events:
            \(events)
            broken:
            \(promises)
            again, with all events: cairn-sim objects --seeds \(outcome.seed)..\(outcome.seed)\(options) --trace

            """
    }

    /// For people.
    var summary: String {
        let counts = tally.sorted { $0.key < $1.key }.map { "    \($0.key) \($0.value)" }.joined(separator: "\n")
        let days = Double(duration) / 86_400
        let head = String(format: "%d seeds, %d commits, %.1f days of simulated time", checked, commits, days)
        let found =
            broken.isEmpty
            ? "all promises kept"
            : "broken promises in \(broken.count): \(broken.map { "\($0.seed)" }.joined(separator: ", "))"
        return "\(head): \(found)\nwhat happened:\n\(counts)"
    }

    /// For programs.
    var json: String {
        let found = broken.map { outcome -> JSONValue in
            [
                "seed": .string("\(outcome.seed)"),
                "violations": .array(
                    outcome.violations.map { ["rule": .string($0.rule), "message": .string($0.message)] }),
            ]
        }
        let counts = JSONObject(tally.map { JSONObject.Member(name: $0.key, value: .int($0.value)) })
        let report: JSONValue = [
            "first": .string("\(seeds.lowerBound)"), "last": .string("\(seeds.upperBound)"), "checked": .int(checked),
            "commits": .int(commits), "simulated_seconds": .int(duration), "happened": .object(counts),
            "broken": .array(found),
        ]
        return report.description
    }
}

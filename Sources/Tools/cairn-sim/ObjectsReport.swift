import CairnCore
import Foundation
import Simulation

/// What the runs of some seeds came to.
struct ObjectsReport {
    private let seeds: ClosedRange<UInt64>
    private var checked = 0
    private var commits = 0
    private var duration = 0
    private var tally: [String: Int] = [:]
    private(set) var broken: [ObjectSimulation.Outcome] = []
    private let needsEveryEvent: Bool

    /// - Parameter needsEveryEvent: Whether everything that may go wrong must have happened, if there are seeds enough.
    init(seeds: ClosedRange<UInt64>, needsEveryEvent: Bool) {
        self.seeds = seeds
        self.needsEveryEvent = needsEveryEvent
    }

    /// What should have happened in so many seeds, and did not.
    private var missing: [String] {
        guard needsEveryEvent, checked >= ObjectSimulation.seedsForEveryEvent else { return [] }
        return ObjectSimulation.events.filter { tally[$0] == nil }
    }

    /// Whether all promises were kept, and nothing is missing.
    var isClean: Bool { broken.isEmpty && missing.isEmpty }

    mutating func add(_ outcome: ObjectSimulation.Outcome) {
        checked += 1
        commits += outcome.commits
        duration += outcome.duration / 1_000_000
        for (name, count) in outcome.tally { tally[name, default: 0] += count }
        guard !outcome.violations.isEmpty else { return }
        let place = broken.firstIndex { $0.seed > outcome.seed } ?? broken.count
        broken.insert(outcome, at: place)
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
        let never = missing.isEmpty ? "" : "\nnever happened, and should: \(missing.joined(separator: ", "))"
        return "\(head): \(found)\nwhat happened:\n\(counts)\(never)"
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
            "broken": .array(found), "never_happened": .array(missing.map(JSONValue.string)),
        ]
        return report.description
    }
}

import CairnCore
import Foundation
import Simulation

/// What a run found.
struct Report {
    let seeds: ClosedRange<UInt64>
    let checked: Int
    let drivers: [String]
    let differences: [Difference]
    let coverage: Coverage

    /// For people.
    var summary: String {
        let counts = coverage.counts.map { "\($0.count) \($0.name.replacing("_", with: " "))" }.joined(separator: ", ")
        return "\(outcome)\namong what was compared: \(counts)"
    }

    private var outcome: String {
        let names = drivers.joined(separator: ", ")
        guard !differences.isEmpty else { return "\(checked) seeds, no difference: model, \(names)" }
        let failed = differences.map { "\($0.seed)" }.joined(separator: ", ")
        return "\(checked) seeds, \(differences.count) with a difference (\(failed)): model, \(names)"
    }

    /// For programs.
    var json: String {
        let found = differences.map { difference -> JSONValue in
            [
                "seed": .string("\(difference.seed)"), "driver": .string(difference.driver),
                "expected": .string(difference.expected), "found": .string(difference.found),
                "steps": .int(difference.stepCount), "program": .string(difference.swift),
            ]
        }
        let report: JSONValue = [
            "first": .string("\(seeds.lowerBound)"), "last": .string("\(seeds.upperBound)"), "checked": .int(checked),
            "drivers": .array(drivers.map(JSONValue.string)), "differences": .array(found),
            "coverage": .object(
                JSONObject(coverage.counts.map { JSONObject.Member(name: $0.name, value: .int($0.count)) })),
        ]
        return report.description
    }
}

/// Shows on the standard error how far a run is, about once a second.
struct Progress {
    private let total: Int
    private let things: String
    private let findings: String
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private(set) var done = 0

    /// - Parameters:
    ///   - things: What there are so many of.
    ///   - findings: What is found in them.
    init(total: Int, of things: String, finding findings: String) {
        self.total = total
        self.things = things
        self.findings = findings
    }

    mutating func advance(findings count: Int) {
        done += 1
        let now = ContinuousClock.now
        // A log gets a line a minute, a person at a terminal one that changes.
        guard now - shown > (isTerminal ? .seconds(1) : .seconds(60)) else { return }
        shown = now
        let rate = Double(done) / seconds(now - start)
        let left = Int(Double(total - done) / max(rate, 0.001))
        let text = String(
            format: "%d of %d %@, %.1f a second, %d:%02d left, %d %@", done, total, things, rate, left / 60, left % 60,
            count, findings)
        FileHandle.standardError.write(Data((isTerminal ? "\r\(text)\u{1B}[K" : "\(text)\n").utf8))
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }

    private func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}

import CairnCore
import Foundation
import Simulation

/// `cairn-sim model [--writers N] [--readers N] [--numbers N] [--requests N] [--mutant NAME] [--json]`.
struct ModelCommand {
    private var size = LogModel.Size()
    /// Mistakes by name; nil for the protocol as it is.
    private var mutants: [String?] = [nil] + LogModel.Mistakes.named.map(\.name)
    private var limit = 20_000_000
    private var workers = Workers(Workers.usual)
    private var isJSON = false

    static var usage: String {
        let usual = LogModel.Size()
        return """
            cairn-sim model looks at every state that the log protocol can come to with few processes and commits, however long they
            take: writers that claim numbers, a reader that sleeps, a checkpointer, a collector, and requests that come late or twice. Then it does the same with each planted
            mistake, which must be found; the trace that shows one is a shortest one.

              cairn-sim model [--writers N] [--readers N] [--numbers N] [--requests N] [--mutant NAME] [--json]

              --writers N     processes that write (\(usual.writers))
              --readers N     processes that only read (\(usual.readers))
              --numbers N     commit records (\(usual.numbers))
              --requests N    requests under way at a time (\(usual.requests))
              --mutant NAME   one planted mistake, or 'none', instead of all:
                              \(LogModel.Mistakes.named.map(\.name).joined(separator: ", "))
              --limit N       states at most (20000000): past that nothing is proven
              --jobs N        searches at a time (\(Workers.usual))
              --json          an object for programs instead of text

            Exit codes: 0 no state of the protocol breaks a promise, and each mistake does; 1 otherwise; 2 could not run.
            """
    }

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let argument = rest.popFirst() {
            switch argument {
            case "--writers": size.writers = try ModelCommand.number(rest.popFirst(), argument, most: 3)
            case "--readers": size.readers = try ModelCommand.number(rest.popFirst(), argument, least: 0, most: 1)
            case "--numbers":
                size.numbers = try ModelCommand.number(rest.popFirst(), argument, most: LogModel.Size.mostNumbers)
            case "--requests":
                size.requests = try ModelCommand.number(rest.popFirst(), argument, most: LogModel.Size.mostRequests)
            case "--limit": limit = try SimulationCommand.number(rest.popFirst(), argument)
            case "--jobs": workers = Workers(try SimulationCommand.number(rest.popFirst(), argument))
            case "--mutant": mutants = [try ModelCommand.mutant(rest.popFirst())]
            case "--json": isJSON = true
            default: throw UsageError(message: "'\(argument)' is not known to 'model'")
            }
        }
    }

    private static func number(_ text: String?, _ option: String, least: Int = 1, most: Int) throws -> Int {
        guard let text, let number = Int(text), (least...most).contains(number) else {
            throw UsageError(message: "\(option) needs a number from \(least) to \(most)")
        }
        return number
    }

    private static func mutant(_ name: String?) throws -> String? {
        if name == "none" { return nil }
        guard let known = LogModel.Mistakes.named.first(where: { $0.name == name }) else {
            let names = LogModel.Mistakes.named.map(\.name).joined(separator: ", ")
            throw UsageError(message: "'\(name ?? "")' is no mutant; there are none, \(names)")
        }
        return known.name
    }

    // MARK: Running

    private typealias Finding = Explorer<LogModel>.Finding

    /// - Returns: Whether the protocol keeps its promises and no mistake does.
    func run() throws -> Bool {
        var findings: [(place: Int, finding: Finding)] = []
        try workers.run(mutants.count) { [mutants, size, limit] place in
            let name = mutants[place]
            let mistakes = LogModel.Mistakes.named.first { $0.name == name }?.mistake ?? []
            var shown = ContinuousClock.now
            return Explorer(LogModel(mistakes, size), limit: limit).run { states in
                guard ContinuousClock.now - shown > .seconds(10) else { return }
                shown = .now
                FileHandle.standardError.write(Data("\(name ?? "the protocol"): \(states) states\n".utf8))
            }
        } _: { place, finding in
            findings.append((place, finding))
            return true
        }
        findings.sort { $0.place < $1.place }
        if isJSON {
            print(json(findings.map(\.finding)))
        } else {
            for (place, finding) in findings { print(text(mutants[place], finding)) }
        }
        return findings.allSatisfy { place, finding in
            mutants[place] == nil ? finding.fault == nil && finding.isWhole : finding.fault != nil
        }
    }

    private func text(_ name: String?, _ finding: Finding) -> String {
        let head = "\(name ?? "the protocol"): \(finding.states) states"
        guard let fault = finding.fault else {
            return head
                + (finding.isWhole ? ", and no promise is broken in any" : ", and there are more: nothing is proven")
        }
        return "\(head), and a promise is broken: \(fault)\n"
            + finding.trace.map { "    \($0)" }.joined(separator: "\n")
    }

    private func json(_ findings: [Finding]) -> String {
        let items = zip(mutants, findings).map { name, finding -> JSONValue in
            [
                "mutant": name.map(JSONValue.string) ?? .null, "states": .int(finding.states),
                "is_whole": .bool(finding.isWhole), "fault": finding.fault.map(JSONValue.string) ?? .null,
                "trace": .array(finding.trace.map(JSONValue.string)),
            ]
        }
        let report: JSONValue = [
            "writers": .int(size.writers), "readers": .int(size.readers), "numbers": .int(size.numbers),
            "requests": .int(size.requests), "searches": .array(items),
        ]
        return report.description
    }
}

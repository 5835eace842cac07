import CairnCore
import Foundation
import Simulation

/// `cairn-sim model [--model NAME] [--writers N] [--readers N] [--numbers N] [--requests N] [--manifests N] [--index-files N]
/// [--changes N] [--mutant NAME] [--json]`.
struct ModelCommand {
    private var sizes = ModelSearch.Sizes()
    private var searches = ModelSearch.all
    private var limit = 20_000_000
    private var workers = Workers(Workers.usual)
    private var isJSON = false

    static var usage: String {
        let usual = ModelSearch.Sizes()
        return """
            cairn-sim model looks at every state that the protocol of an object store can come to with few processes and objects, however
            long they take, in three models. The log: writers that claim numbers, a reader that sleeps, a checkpointer, a collector, and
            requests that come late or twice. Index files: checkpointers that write one and then the manifest that names it, a
            collector that lists, decides and removes, a reader that sleeps. Record files: writers that write the file of a record behind the
            log, manifests that take it for written, and the removal of the file of a deletion in a maintenance window. Then it
            does the same with each planted mistake, which must be found; the trace that shows one is a shortest one.

              cairn-sim model [--model NAME] [--writers N] [--readers N] [--numbers N] [--requests N] [--manifests N]
                              [--index-files N] [--changes N] [--mutant NAME] [--json]

              --model NAME      one of them alone: \(ModelSearch.Subject.allCases.map(\.rawValue).joined(separator: ", "))
              --writers N       processes that write (\(usual.log.writers))
              --readers N       processes that only read, of the log and of index files (\(usual.log.readers))
              --numbers N       commit records of the log (\(usual.log.numbers))
              --requests N      requests of the log under way at a time (\(usual.log.requests))
              --manifests N     manifests that name index files (\(usual.indexFiles.manifests))
              --index-files N   index files (\(usual.indexFiles.files))
              --changes N       commits that change the record of the record file (\(usual.recordFiles.changes))
              --mutant NAME     one planted mistake, or 'none', instead of all:
            \(mutants)
              --limit N         states at most (20000000): past that nothing is proven
              --jobs N          searches at a time (\(Workers.usual))
              --json            an object for programs instead of text

            Exit codes: 0 no state of the protocol breaks a promise, and each mistake does; 1 otherwise; 2 could not run.
            """
    }

    /// The mistakes, a line for each model.
    private static var mutants: String {
        ModelSearch.Subject.allCases.map { subject in
            "                    \(subject.rawValue): \(subject.mutants.joined(separator: ", "))"
        }.joined(separator: "\n")
    }

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let argument = rest.popFirst() {
            switch argument {
            case "--model": try keep(ModelCommand.subject(rest.popFirst()))
            case "--writers":
                let most = min(IndexFileModel.Size.mostCheckpointers, RecordFileModel.Size.mostWriters)
                sizes.log.writers = try ModelCommand.number(rest.popFirst(), argument, most: most)
                sizes.indexFiles.checkpointers = sizes.log.writers
                sizes.recordFiles.writers = sizes.log.writers
            case "--readers":
                sizes.log.readers = try ModelCommand.number(rest.popFirst(), argument, least: 0, most: 1)
                sizes.indexFiles.readers = sizes.log.readers
            case "--numbers":
                sizes.log.numbers = try ModelCommand.number(
                    rest.popFirst(), argument, most: LogModel.Size.mostNumbers)
            case "--requests":
                sizes.log.requests = try ModelCommand.number(
                    rest.popFirst(), argument, most: LogModel.Size.mostRequests)
            case "--manifests":
                sizes.indexFiles.manifests = try ModelCommand.number(
                    rest.popFirst(), argument, most: IndexFileModel.Size.mostManifests)
            case "--index-files":
                sizes.indexFiles.files = try ModelCommand.number(
                    rest.popFirst(), argument, most: IndexFileModel.Size.mostFiles)
            case "--changes":
                sizes.recordFiles.changes = try ModelCommand.number(
                    rest.popFirst(), argument, most: RecordFileModel.Size.mostChanges)
            case "--limit": limit = try SimulationCommand.number(rest.popFirst(), argument)
            case "--jobs": workers = Workers(try SimulationCommand.number(rest.popFirst(), argument))
            case "--mutant": try keep(ModelCommand.mutant(rest.popFirst()))
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

    /// Which searches an option leaves.
    private typealias Choice = (ModelSearch) -> Bool

    private mutating func keep(_ choice: Choice) throws {
        searches = searches.filter(choice)
        if searches.isEmpty { throw UsageError(message: "the model that was named has no such mutant") }
    }

    private static func subject(_ name: String?) throws -> Choice {
        guard let subject = ModelSearch.Subject.allCases.first(where: { $0.rawValue == name }) else {
            let names = ModelSearch.Subject.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError(message: "'\(name ?? "")' is no model; there are \(names)")
        }
        return { $0.subject == subject }
    }

    private static func mutant(_ name: String?) throws -> Choice {
        if name == "none" { return { $0.mutant == nil } }
        guard let name, ModelSearch.all.contains(where: { $0.mutant == name }) else {
            let names = ModelSearch.all.compactMap(\.mutant).joined(separator: ", ")
            throw UsageError(message: "'\(name ?? "")' is no mutant; there are none, \(names)")
        }
        return { $0.mutant == name }
    }

    // MARK: Running

    /// - Returns: Whether the protocol keeps its promises and no mistake does.
    func run() throws -> Bool {
        var findings: [(place: Int, finding: ExplorerFinding)] = []
        try workers.run(searches.count) { [searches, sizes, limit] place in
            let search = searches[place]
            var shown = ContinuousClock.now
            return search.run(sizes, limit: limit) { states in
                guard ContinuousClock.now - shown > .seconds(10) else { return }
                shown = .now
                FileHandle.standardError.write(Data("\(search.title): \(states) states\n".utf8))
            }
        } _: { place, finding in
            findings.append((place, finding))
            return true
        }
        findings.sort { $0.place < $1.place }
        if isJSON {
            print(json(findings.map(\.finding)))
        } else {
            for (place, finding) in findings { print(text(searches[place], finding)) }
        }
        return findings.allSatisfy { place, finding in searches[place].isRight(finding) }
    }

    private func text(_ search: ModelSearch, _ finding: ExplorerFinding) -> String {
        let head = "\(search.title): \(finding.states) states"
        guard let fault = finding.fault else {
            return head
                + (finding.isWhole ? ", and no promise is broken in any" : ", and there are more: nothing is proven")
        }
        return "\(head), and a promise is broken: \(fault)\n"
            + finding.trace.map { "    \($0)" }.joined(separator: "\n")
    }

    private func json(_ findings: [ExplorerFinding]) -> String {
        let items = zip(searches, findings).map { search, finding -> JSONValue in
            [
                "model": .string(search.subject.rawValue), "mutant": search.mutant.map(JSONValue.string) ?? .null,
                "states": .int(finding.states), "is_whole": .bool(finding.isWhole),
                "fault": finding.fault.map(JSONValue.string) ?? .null,
                "trace": .array(finding.trace.map(JSONValue.string)),
            ]
        }
        let report: JSONValue = [
            "writers": .int(sizes.log.writers), "readers": .int(sizes.log.readers), "numbers": .int(sizes.log.numbers),
            "requests": .int(sizes.log.requests), "manifests": .int(sizes.indexFiles.manifests),
            "index_files": .int(sizes.indexFiles.files), "changes": .int(sizes.recordFiles.changes),
            "searches": .array(items),
        ]
        return report.description
    }
}

import CairnGenerator
import CairnSchema

/// Tells what `cairn generate` did, or would have to do.
struct GenerationReport {
    let folder: String
    let isCheck: Bool
    /// What the schema files have to say.
    let diagnostics: [Diagnostic]
    /// What was to be done; nil when it did not come to that.
    var plan: GenerationPlan?

    /// For programs one object on the output; for people the diagnostics on the error output, as compilers do, and what was
    /// done on the output.
    func write(_ console: Console, isJSON: Bool) {
        if isJSON { return console.print(json) }
        DiagnosticReport.write(diagnostics, console, to: .errors)
        if let plan { console.print(text(plan)) }
    }

    private var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.name("diagnostics")
                DiagnosticReport.write(diagnostics, &writer)
                for group in plan.map(groups) ?? [] {
                    writer.member(group.word, .array(group.paths.map(JSONValue.string)))
                }
            }
        }
    }

    /// A line for each file that changed or would change, and a sum.
    private func text(_ plan: GenerationPlan) -> String {
        let changes = groups(plan).filter { $0.word != "unchanged" }
            .flatMap { group in group.paths.map { [group.word, Printable.line($0)] } }
        return (TextTable.lines(changes) + [sum(plan)]).joined(separator: "\n")
    }

    private func groups(_ plan: GenerationPlan) -> [(word: String, paths: [String])] {
        let words =
            isCheck
            ? (missing: "missing", stale: "stale", leftover: "leftover")
            : (missing: "written", stale: "rewritten", leftover: "removed")
        let names = [
            (words.missing, plan.missing.map(\.name)), (words.stale, plan.stale.map(\.name)),
            (words.leftover, plan.leftover), ("unchanged", plan.current.map(\.name)),
        ]
        return names.map { word, names in (word, names.map { Path.join(folder, $0) }) }
    }

    private func sum(_ plan: GenerationPlan) -> String {
        if plan.isDone {
            return plan.current.count == 1
                ? "1 file is as it should be" : "\(plan.current.count) files are as they should be"
        }
        let counts = groups(plan).filter { !$0.paths.isEmpty }.map { "\($0.paths.count) \($0.word)" }
        return counts.joined(separator: ", ") + (isCheck ? "; without --check they are brought up to date" : "")
    }
}

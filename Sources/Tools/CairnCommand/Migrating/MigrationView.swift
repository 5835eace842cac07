import CairnCore
import CairnMigrator
import CairnSchema

/// A plan of a migration, as it is shown.
struct MigrationView {
    private let plan: MigrationPlan
    private let allowsDestructive: Bool
    /// Whether that was said on the command line.
    private let isFlagged: Bool
    /// What became of it.
    var outcome = Outcome.planned
    /// What became of records that had an earlier form; nil where nobody asked for it.
    var rewritten: EagerRewrite.Report?
    /// What the store is found in the middle of, which comes first.
    var underWay: [DriftFinding] = []
    /// The store, as a person gave it.
    var address = ""
    /// Why the store does not take it, though its schema would; nil where it does.
    var refusal: StorageError?
    /// Whether each operation is shown with what the driver does for it, what is looked at first and how it is taken back.
    var showsNotes = false

    /// What becomes of a plan.
    enum Outcome: String {
        /// Nothing was done.
        case planned
        /// It was done and taken back.
        case rehearsed
        /// It was done.
        case applied
    }

    /// - Parameter isFlagged: Whether '--allow-destructive' was given; nil: when it allows what is destructive.
    init(_ plan: MigrationPlan, allowsDestructive: Bool, isFlagged: Bool? = nil) {
        self.plan = plan
        self.allowsDestructive = allowsDestructive
        self.isFlagged = isFlagged ?? allowsDestructive
    }

    /// Whether `apply` would do it.
    var isPossible: Bool {
        switch plan.verdict {
        case .nothing, .additive, .possible: refusal == nil
        case .destructive: allowsDestructive && refusal == nil
        case .ambiguous, .refused: false
        }
    }

    // MARK: Text

    func text(_ console: Console) -> String {
        var lines = [steps(console)].filter { !$0.isEmpty }
        lines += DriftFindings.lines(underWay, address, console)
        lines += shown(plan.findings).map { text($0, console) }
        if let cost = plan.cost, outcome == .planned { lines.append(MigrationView.text(cost)) }
        if let refusal {
            let text = Printable.line(refusal.message + (refusal.remedy.map { "; \($0)" } ?? ""))
            lines.append("\(console.paint("error:", .error)) \(text) [\(refusal.code.rawValue)]")
        }
        lines.append(verdict)
        if let rewritten {
            lines.append(
                "\(rewritten.written) records were written in the new form, of \(rewritten.read) that were looked at.")
        }
        return lines.joined(separator: "\n")
    }

    /// What is asked, and each operation with its findings.
    func steps(_ console: Console) -> String {
        var lines: [String] = []
        for group in AmbiguityGroup.groups(plan.diff.ambiguities) {
            lines.append("\(console.paint("error:", .error)) \(Printable.line(group.message)) [AM101]")
            lines += group.fixes.map { "  \(Printable.line($0))" }
        }
        for (place, step) in plan.steps.enumerated() {
            lines.append("\(Printable.line(step.operation.description)) (\(step.operation.kind.effect.text))")
            if showsNotes, let notes = notes(step, place) { lines.append(notes) }
            lines += shown(step.findings).map { text($0, console) }
        }
        return lines.joined(separator: "\n")
    }

    /// What is still to be said: that records may stand in the way, only before it was seen that none does.
    private func shown(_ findings: [Finding]) -> [Finding] {
        outcome == .planned ? findings : findings.filter { !$0.rule.isAboutRecords }
    }

    /// A finding in a line; one that is allowed with the reason why. What the flag asks for is no error any more.
    private func text(_ finding: Finding, _ console: Console) -> String {
        if let allowance = finding.allowance {
            return
                "  allowed: \(Printable.line(finding.message)) [\(finding.code)]: \(Printable.line(allowance.reason))"
        }
        if isFlagged, [.dropTable, .dropColumn].contains(finding.rule) {
            return
                "  \(console.paint("warning:", .warning)) \(Printable.line(finding.message)), as '--allow-destructive' says; it is kept for 30 days [\(finding.code)]"
        }
        let recipe = finding.recipe.map { "; \($0)" } ?? ""
        let style: Console.Style = finding.level == .error ? .error : .warning
        let level = console.paint("\(finding.level.rawValue):", style)
        return "  \(level) \(Printable.line(finding.message + recipe)) [\(finding.code)]"
    }

    /// How far it is, in a line.
    static func text(_ progress: MigrationProgress) -> String {
        let left = progress.secondsLeft.map { ", \(Int($0.rounded(.up))) s left" } ?? ""
        return
            "table '\(Printable.line(progress.table))': \(progress.done) of \(progress.total) records, \(Int(progress.rate)) a second\(left)"
    }

    /// What the driver does for an operation, what is looked at first and how it is taken back, in a line; nil for what is not done.
    private func notes(_ step: MigrationPlan.Step, _ place: Int) -> String? {
        guard step.operation.kind.effect != .refused else { return nil }
        var notes: [String] = []
        if let work = work(place) { notes.append(work) }
        // What data goes is said by its finding.
        if let check = step.preCheck, step.operation.kind.effect != .destructive { notes.append("only if \(check)") }
        switch step.operation.reverse {
        case .by(let reverse): notes.append("back: \(reverse)")
        case .not(let reason): notes.append("no way back: \(reason)")
        }
        return "  \(Printable.line(notes.joined(separator: "; ")))"
    }

    /// What the driver does for an operation; nil where there is no store.
    private func work(_ place: Int) -> String? {
        plan.cost.flatMap { $0.work.indices.contains(place) ? $0.work[place] : nil }
    }

    private static func text(_ cost: MigrationCost) -> String {
        let time = cost.seconds.map { ", \(duration($0))" } ?? ""
        let read: String
        switch cost.recordsRead {
        case 0: read = "No record is read"
        case 1: read = "1 record is read"
        default: read = "\(cost.recordsRead) records are read"
        }
        guard cost.requests > 0 else {
            let written = cost.recordsWritten == 0 ? "none is written" : "\(cost.recordsWritten) are written"
            return "\(read) and \(written)\(time), in one transaction: others read meanwhile, and nobody writes."
        }
        let written = cost.recordsWritten == 0 ? "no record file is written" : "\(cost.recordsWritten) are copied"
        // Where nothing is paid they are reads and writes of files.
        let requests =
            cost.dollars > 0 ? "requests, $\(MigrationBudget.text(cost.dollars))" : "reads and writes of files"
        return
            "\(read) and \(written): about \(cost.requests) \(requests)\(time). The store is closed for writing meanwhile."
    }

    /// A time that is known to an order of magnitude.
    private static func duration(_ seconds: Double) -> String {
        if seconds < 1 { return "less than a second" }
        if seconds < 120 { return "about \(Int(seconds.rounded(.up))) s" }
        if seconds < 7200 { return "about \(Int((seconds / 60).rounded(.up))) min" }
        return "about \(Int((seconds / 3600).rounded(.up))) h"
    }

    private var verdict: String {
        switch outcome {
        case .applied: return "Done: the schema is \(plan.diff.new.id.short) now."
        case .rehearsed: return "Nothing stands in the way. All of it was done and taken back."
        case .planned: break
        }
        if !underWay.isEmpty { return "A migration is under way: that comes first." }
        if refusal != nil { return "It is not done." }
        switch plan.verdict {
        case .nothing: return "Nothing to do: both have the schema \(plan.diff.new.id.short)."
        case .additive: return "It only adds: nothing is lost, and no record can stand in its way."
        case .possible: return "It can be done, unless a record stands in its way."
        case .destructive:
            return allowsDestructive
                ? "It can be done, and data goes." : "Data would go: it is done only with '--allow-destructive'."
        case .ambiguous: return "It is not done before it is said what is meant."
        case .refused: return "This version does not do it."
        }
    }

    // MARK: JSON

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("from", .string(plan.diff.old.id.description))
                writer.member("to", .string(plan.diff.new.id.description))
                writer.member("verdict", .string(plan.verdict.rawValue))
                writer.member("possible", .bool(isPossible))
                writer.member("outcome", .string(outcome.rawValue))
                if let rewritten {
                    writer.member("records_rewritten", .int(rewritten.written))
                }
                if let cost = plan.cost { writer.member("cost", cost.value) }
                if let refusal {
                    let members: [JSONObject.Member] = [
                        .init(name: "code", value: .string(refusal.code.rawValue)),
                        .init(name: "message", value: .string(refusal.message)),
                        .init(name: "remedy", value: refusal.remedy.map(JSONValue.string) ?? .null),
                    ]
                    writer.member("refusal", .object(JSONObject(members)))
                }
                if outcome == .planned { writer.member("under_way", DriftFindings.json(underWay, address)) }
                writer.members("ambiguities", plan.diff.ambiguities) { ambiguity, writer in
                    writer.member("code", "AM101")
                    writer.member("table", ambiguity.table.map(JSONValue.string) ?? .null)
                    writer.member("old", .string(ambiguity.old))
                    writer.member("new", .string(ambiguity.new))
                    writer.member("message", .string(ambiguity.message))
                    writer.member("fixes", .array(ambiguity.fixes.map(JSONValue.string)))
                }
                writer.members("operations", Array(plan.steps.enumerated())) { element, writer in
                    let (place, step) = element
                    write(step, work(place), to: &writer)
                }
                writer.members("findings", shown(plan.findings), MigrationView.write)
            }
        }
    }

    private func write(_ step: MigrationPlan.Step, _ work: String?, to writer: inout JSONWriter) {
        let operation = step.operation
        func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
        writer.member("kind", .string(operation.kind.rawValue))
        writer.member("table", text(operation.table))
        writer.member("name", text(operation.name))
        writer.member("before", text(operation.before))
        writer.member("after", text(operation.after))
        writer.member("effect", .string(operation.kind.effect.text))
        writer.member("description", .string(operation.description))
        writer.member("work", text(work))
        for (name, value) in step.notes { writer.member(name, value) }
        writer.members("findings", shown(step.findings), MigrationView.write)
    }

    private static func write(_ finding: Finding, to writer: inout JSONWriter) {
        writer.member("code", .string(finding.code))
        writer.member("level", .string(finding.level.rawValue))
        writer.member("message", .string(finding.message))
        writer.member("recipe", finding.recipe.map(JSONValue.string) ?? .null)
        writer.member("allowed", finding.allowance.map { .string($0.reason) } ?? .null)
    }
}

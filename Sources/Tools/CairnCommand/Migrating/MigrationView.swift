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
        case .nothing, .additive, .possible: true
        case .destructive: allowsDestructive
        case .ambiguous, .refused: false
        }
    }

    // MARK: Text

    func text(_ console: Console) -> String {
        var lines = [steps(console)].filter { !$0.isEmpty }
        lines += DriftFindings.lines(underWay, address, console)
        lines += shown(plan.findings).map { text($0, console) }
        if let cost = plan.cost, outcome == .planned { lines.append(MigrationView.text(cost)) }
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
        for ambiguity in plan.diff.ambiguities {
            lines.append("\(console.paint("error:", .error)) \(Printable.line(ambiguity.message)) [AM101]")
            lines += ambiguity.fixes.map { "  \(Printable.line($0))" }
        }
        for step in plan.steps {
            lines.append("\(Printable.line(step.operation.description)) (\(step.operation.kind.effect.text))")
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

    private static func text(_ cost: MigrationCost) -> String {
        let read = cost.recordsRead == 0 ? "No record is read" : "\(cost.recordsRead) records are read"
        let written = cost.recordsWritten == 0 ? "no record file is written" : "\(cost.recordsWritten) are copied"
        let dollars = MigrationBudget.text(cost.dollars)
        return
            "\(read) and \(written): about \(cost.requests) requests, $\(dollars). The store is closed for writing meanwhile."
    }

    private var verdict: String {
        switch outcome {
        case .applied: return "Done: the schema is \(plan.diff.new.id.short) now."
        case .rehearsed: return "Nothing stands in the way. All of it was done and taken back."
        case .planned: break
        }
        if !underWay.isEmpty { return "A migration is under way: that comes first." }
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
                if let cost = plan.cost {
                    let members: [JSONObject.Member] = [
                        .init(name: "records_read", value: .int(cost.recordsRead)),
                        .init(name: "records_written", value: .int(cost.recordsWritten)),
                        .init(name: "requests", value: .int(cost.requests)),
                        .init(name: "dollars", value: .double(cost.dollars)),
                    ]
                    writer.member("cost", .object(JSONObject(members)))
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
                writer.members("operations", plan.steps) { step, writer in
                    MigrationView.write(step.operation, shown(step.findings), to: &writer)
                }
                writer.members("findings", shown(plan.findings), MigrationView.write)
            }
        }
    }

    private static func write(_ operation: SchemaOperation, _ findings: [Finding], to writer: inout JSONWriter) {
        func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
        writer.member("kind", .string(operation.kind.rawValue))
        writer.member("table", text(operation.table))
        writer.member("name", text(operation.name))
        writer.member("before", text(operation.before))
        writer.member("after", text(operation.after))
        writer.member("effect", .string(operation.kind.effect.text))
        writer.member("description", .string(operation.description))
        writer.members("findings", findings, write)
    }

    private static func write(_ finding: Finding, to writer: inout JSONWriter) {
        writer.member("code", .string(finding.code))
        writer.member("level", .string(finding.level.rawValue))
        writer.member("message", .string(finding.message))
        writer.member("recipe", finding.recipe.map(JSONValue.string) ?? .null)
        writer.member("allowed", finding.allowance.map { .string($0.reason) } ?? .null)
    }
}

import CairnMigrator
import CairnSchema

/// `cairn migrate plan`: shows what makes one schema of another.
struct MigratePlanCommand: Command {
    let signature = Signature(
        name: "migrate plan", purpose: "shows how one schema becomes another, and what can go wrong",
        options: [
            Option(
                name: "from", value: "FILE|STORE", isRequired: true, help: "what there is: a schema file or a store",
                kind: .file),
            Option(
                name: "to", value: "FILE", isRequired: true, help: "what there shall be: a schema file", kind: .file),
            MigrationArguments.allowDestructive,
            Option(
                name: "fail-on", value: "LEVEL", help: "exit with 1 also for findings of this level or above",
                kind: .choice(["note", "warning", "error"])),
            Option(
                name: "budget-requests", value: "COUNT",
                help: "requests to the store above which OP101 is said; 100000 otherwise"),
            Option(
                name: "budget-dollars", value: "DOLLARS", help: "the same for their price; 1 otherwise"),
            Option(
                name: "out", value: "FILE", help: "write the plan there, for 'cairn migrate apply'", kind: .file),
            Option(name: "sarif", help: "print SARIF 2.1.0, for code hosts and editors"),
        ],
        notes: [
            "Nothing is changed and no record is read. With two schema files no store is needed, as in the checks of a change before it is merged.",
            "A table or column keeps its data under a new name when its declaration says \"renamed_from\". One that is gone beside one that is new could be a rename: then the plan asks what is meant, and nothing is guessed.",
            "What is allowed with its reason in the schema file, such as \"allow\": { \"DS103\": \"unused since May\" }, is shown with it and counts no more for '--fail-on'; 'apply' asks for what it always asks for.",
            "With '--allow-destructive' what goes is shown as a warning; for '--fail-on', '--json' and '--sarif' it is an error as before.",
            "'--out' writes what was planned as JSON: both schemas, each operation with what is looked at before and after it and how it is taken back, findings and cost. 'cairn migrate apply' with that file does that and nothing else. What could not be done is not written.",
            "A migration that has closed the store for writing, or is being taken back, is told with the command that goes on with it: that comes first.",
            "Exits with 1 when 'cairn migrate apply' would refuse it, or a migration is under way.",
        ],
        examples: [
            "cairn migrate plan --from old.jsonc --to Schemas/atlas.jsonc",
            "cairn migrate plan --from sqlite:atlas.db --to Schemas/atlas.jsonc",
            "cairn migrate plan --from sqlite:atlas.db --to Schemas/atlas.jsonc --out change.plan",
            "cairn migrate plan --from old.jsonc --to Schemas/atlas.jsonc --fail-on warning --sarif > plan.sarif",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let to = try AdoptCommand.schema(arguments.value("to") ?? "")
        let budget = try MigrationArguments.budget(arguments)
        let (from, cost, underWay) = try await MigrationArguments.schema(of: arguments.value("from") ?? "", to: to)
        let plan = MigrationPlan(from: from, to: to, cost: cost, budget: budget)
        var view = MigrationView(plan, allowsDestructive: arguments.has("allow-destructive"))
        view.underWay = underWay
        view.address = arguments.value("from") ?? ""
        console.print(try text(plan, view, arguments, console))
        if let out = arguments.value("out") {
            if [.ambiguous, .refused].contains(plan.verdict) {
                console.report("\(out) is not written: nothing would be done by this plan; what stands there is older.")
            } else {
                try Files.write(PlanFile(plan).text, to: out)
            }
        }
        if let text = arguments.value("fail-on"), let level = Finding.Level(rawValue: text), plan.hasFindings(level) {
            return .found
        }
        return view.isPossible && underWay.isEmpty ? .done : .found
    }

    private func text(
        _ plan: MigrationPlan, _ view: MigrationView, _ arguments: ParsedArguments, _ console: Console
    ) throws -> String {
        guard arguments.has("sarif") else { return arguments.isJSON ? view.json : view.text(console) }
        let file = arguments.value("to") ?? ""
        var log = SARIFLog(version: Version.current, sources: [file: try Files.read(file)])
        log.add(plan, file: file)
        return log.text
    }
}

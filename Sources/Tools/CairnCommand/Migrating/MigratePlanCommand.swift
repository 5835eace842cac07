import CairnCore
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
            "Nothing is changed and no record is read; a SQLite file counts them. With two schema files no store is needed, as in the checks of a change before it is merged.",
            "A table or column keeps its data under a new name when its declaration says \"renamed_from\". One that is gone beside one that is new could be a rename: then the plan asks what is meant, and nothing is guessed. At a terminal, and without '--json' and '--sarif', a person is asked; the answers count for this run, and what to write into the file is told.",
            "Each operation is shown with what the driver does for it, what is looked at first, and how it is taken back. The numbers of records are those of the store; requests and time are estimates.",
            "What is allowed with its reason in the schema file, such as \"allow\": { \"DS103\": \"unused since May\" }, is shown with it and counts no more for '--fail-on'; 'apply' asks for what it always asks for.",
            "With '--allow-destructive' what goes is shown as a warning; for '--fail-on', '--json' and '--sarif' it is an error as before.",
            "'--out' writes what was planned as JSON: both schemas, each operation with what is looked at before and after it and how it is taken back, findings and cost. 'cairn migrate apply' with that file does that and nothing else. What could not be done is not written.",
            "A migration that has closed the store for writing, or is being taken back, is told with the command that goes on with it: that comes first.",
            "Exits with 1 when 'cairn migrate apply' would refuse it, or a migration is under way, and with 2 when programs of two schemas use the store.",
        ],
        examples: [
            "cairn migrate plan --from old.jsonc --to Schemas/atlas.jsonc",
            "cairn migrate plan --from sqlite:atlas.db --to Schemas/atlas.jsonc",
            "cairn migrate plan --from sqlite:atlas.db --to Schemas/atlas.jsonc --out change.plan",
            "cairn migrate plan --from old.jsonc --to Schemas/atlas.jsonc --fail-on warning --sarif > plan.sarif",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let file = arguments.value("to") ?? ""
        let to = try AdoptCommand.schema(file)
        let budget = try MigrationArguments.budget(arguments)
        let asks = !arguments.isJSON && !arguments.has("sarif")
        let start = try await MigrationArguments.beginning(arguments.value("from") ?? "") { held in
            asks && held.window == nil ? RenameQuestions.settle(held, to, file, console) : to
        }
        let plan = MigrationPlan(from: start.schema, to: start.to, cost: start.cost, budget: budget)
        var view = MigrationView(plan, allowsDestructive: arguments.has("allow-destructive"))
        view.refusal = start.refusal
        view.underWay = start.underWay
        view.address = arguments.value("from") ?? ""
        view.showsNotes = true
        console.print(try text(plan, view, arguments, console))
        if let refusal = start.refusal, arguments.has("sarif") { ErrorReport.write(refusal, console, isJSON: false) }
        if let out = arguments.value("out") { try write(plan, start, to: out, console) }
        if let text = arguments.value("fail-on"), let level = Finding.Level(rawValue: text), plan.hasFindings(level) {
            return .found
        }
        return view.isPossible && start.underWay.isEmpty ? .done : .found
    }

    /// Writes the plan, or says why not.
    private func write(
        _ plan: MigrationPlan, _ start: MigrationArguments.Beginning, to out: String, _ console: Console
    ) throws {
        let reason: String? =
            switch plan.verdict {
            case .ambiguous: "it is not said what was renamed [AM101]"
            case .refused: "this version does not make the change"
            case .nothing, .additive, .possible, .destructive:
                start.underWay.isEmpty ? start.refusal?.message : "a migration is under way, which comes first"
            }
        guard let reason else { return try Files.write(PlanFile(plan).text, to: out) }
        let older = Files.kind(of: out) == .nothing ? "" : "; what stands there is older"
        console.report(Printable.line("\(out) is not written: \(reason)\(older)."))
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

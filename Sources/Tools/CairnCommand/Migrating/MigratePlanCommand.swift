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
        ],
        notes: [
            "Nothing is changed and no record is read. With two schema files no store is needed, as in the checks of a change before it is merged.",
            "A table or column keeps its data under a new name when its declaration says \"renamed_from\". One that is gone beside one that is new could be a rename: then the plan asks what is meant, and nothing is guessed.",
            "Exits with 1 when 'cairn migrate apply' would refuse it.",
        ],
        examples: [
            "cairn migrate plan --from old.jsonc --to Schemas/atlas.jsonc",
            "cairn migrate plan --from sqlite:atlas.db --to Schemas/atlas.jsonc",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let to = try AdoptCommand.schema(arguments.value("to") ?? "")
        let (from, cost) = try await MigrationArguments.schema(of: arguments.value("from") ?? "", to: to)
        let plan = MigrationPlan(from: from, to: to)
        var view = MigrationView(plan, allowsDestructive: arguments.has("allow-destructive"))
        view.cost = cost
        console.print(arguments.isJSON ? view.json : view.text(console))
        if let text = arguments.value("fail-on"), let level = Finding.Level(rawValue: text),
            plan.steps.flatMap(\.findings).contains(where: { $0.level >= level })
        {
            return .found
        }
        return view.isPossible ? .done : .found
    }
}

import CairnMigrator
import CairnSchema

/// `cairn migrate squash`: makes one plan of several that follow one another.
struct MigrateSquashCommand: Command {
    let signature = Signature(
        name: "migrate squash", purpose: "makes one plan of several that follow one another",
        operands: [
            Operand(
                name: "PLAN", isRepeated: true,
                help: "plans that 'cairn migrate plan' wrote to files, in their order; two or more", kind: .file)
        ],
        options: [Option(name: "out", value: "FILE", help: "write the plan there", kind: .file)],
        notes: [
            "The plan leads from the schema the first one begins with to the one the last one ends with, and gives every record what they give it one after the other. Names that were changed on the way are followed back.",
            "Where it would give a record something else, that is named and nothing is written: a column that takes another type twice, or that is made from one that a plan before has made; one that is added and gets another default later; one that is dropped while another gets its name.",
            "What records must pass on the way, such as a bound that is relaxed again later, is not asked for.",
            "A store that holds a schema in between needs the plans one by one.",
            "Exits with 1 when they cannot become one.",
        ],
        examples: ["cairn migrate squash 1.plan 2.plan 3.plan --out all.plan"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let paths = arguments.repeatedOperand("PLAN")
        guard paths.count > 1 else {
            throw CommandError(.usage, "one plan is one already", remedy: "name two or more, in their order")
        }
        let squash = SchemaSquash(try paths.map { try MigrationArguments.plan($0).plan }, names: paths)
        if let plan = squash.plan, let out = arguments.value("out") { try Files.write(PlanFile(plan).text, to: out) }
        console.print(arguments.isJSON ? json(squash) : text(squash, arguments, console))
        return squash.plan == nil ? .found : .done
    }

    private func text(_ squash: SchemaSquash, _ arguments: ParsedArguments, _ console: Console) -> String {
        guard let plan = squash.plan else {
            return squash.conflicts.map { "\(console.paint("error:", .error)) \(Printable.line($0.message))" }
                .joined(separator: "\n")
        }
        var lines = [MigrationView(plan, allowsDestructive: true, isFlagged: false).text(console)]
        if let out = arguments.value("out") { lines.append("Written to \(Printable.line(out)).") }
        return lines.joined(separator: "\n")
    }

    private func json(_ squash: SchemaSquash) -> String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("possible", .bool(squash.plan != nil))
                writer.member("from", squash.plan.map { .string($0.diff.old.id.description) } ?? .null)
                writer.member("to", squash.plan.map { .string($0.diff.new.id.description) } ?? .null)
                writer.member("operations", .int(squash.plan?.steps.count ?? 0))
                writer.member("conflicts", .array(squash.conflicts.map { .string($0.message) }))
            }
        }
    }
}

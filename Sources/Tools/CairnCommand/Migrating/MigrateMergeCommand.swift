import CairnMigrator
import CairnSchema

/// `cairn migrate merge`: makes one plan of two that begin with the same schema.
struct MigrateMergeCommand: Command {
    let signature = Signature(
        name: "migrate merge", purpose: "makes one plan of two that begin with the same schema",
        operands: [
            Operand(name: "PLAN", help: "a plan that 'cairn migrate plan' wrote to a file", kind: .file),
            Operand(name: "OTHER", help: "another plan from the same schema", kind: .file),
        ],
        options: [
            Option(name: "out", value: "FILE", help: "write the merged plan there", kind: .file),
            Option(name: "applied", help: "PLAN was applied already: make what is left, from where it ends"),
        ],
        notes: [
            "Two plans are merged when they commute: neither touches a table, column or index that the other one changes, or both do the same to it. A rename touches all of its table or column. Otherwise the operations that are in each other's way are named, and nothing is written.",
            "No store is needed, and no order is left to chance: the merged plan leads from the common schema to one that has both changes.",
            "Exits with 1 when they do not commute.",
        ],
        examples: [
            "cairn migrate merge mine.plan theirs.plan --out both.plan",
            "cairn migrate merge theirs.plan mine.plan --applied --out rest.plan",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let paths = (arguments.operand("PLAN"), arguments.operand("OTHER"))
        let first = try MigrationArguments.plan(paths.0).plan
        let second = try MigrationArguments.plan(paths.1).plan
        var merge = SchemaMerge(first, second, names: paths)
        if arguments.has("applied") { merge.takeOff(first, leaving: second) }
        let plan = merge.plan
        if let plan, let out = arguments.value("out") { try Files.write(PlanFile(plan).text, to: out) }
        console.print(
            arguments.isJSON ? json(plan, merge.conflicts) : text(plan, merge.conflicts, arguments, console))
        return plan == nil ? .found : .done
    }

    private func text(
        _ plan: MigrationPlan?, _ conflicts: [MergeConflict], _ arguments: ParsedArguments, _ console: Console
    ) -> String {
        guard let plan else {
            return conflicts.map { "\(console.paint("error:", .error)) \(Printable.line($0.message))" }
                .joined(separator: "\n")
        }
        var lines = [MigrationView(plan, allowsDestructive: true).text(console)]
        if let out = arguments.value("out") { lines.append("Written to \(Printable.line(out)).") }
        return lines.joined(separator: "\n")
    }

    private func json(_ plan: MigrationPlan?, _ conflicts: [MergeConflict]) -> String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("commute", .bool(plan != nil))
                writer.member("from", plan.map { .string($0.diff.old.id.description) } ?? .null)
                writer.member("to", plan.map { .string($0.diff.new.id.description) } ?? .null)
                writer.member("operations", .int(plan?.steps.count ?? 0))
                writer.members("conflicts", conflicts) { conflict, writer in
                    writer.member("message", .string(conflict.message))
                    writer.member("first", conflict.first.map { .string($0.description) } ?? .null)
                    writer.member("second", conflict.second.map { .string($0.description) } ?? .null)
                }
            }
        }
    }
}

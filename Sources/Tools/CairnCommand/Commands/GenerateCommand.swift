import CairnGenerator
import CairnSchema

/// `cairn generate`: writes Swift from schema files, for teams that commit generated code.
struct GenerateCommand: Command {
    let signature = Signature(
        name: "generate", purpose: "writes Swift from schema files",
        operands: [
            Operand(
                name: "SCHEMA", isRepeated: true, help: "a schema file, such as Schemas/atlas.jsonc", kind: .file)
        ],
        options: [
            Option(
                name: "output", value: "FOLDER", isRequired: true,
                help: "where the files go; made if there is none", kind: .folder),
            Option(
                name: "module", value: "MODULE",
                help: "what they import: Cairn (the default), or CairnCore for programs that choose their drivers",
                kind: .choice(["Cairn", "CairnCore"])),
            Option(name: "check", help: "write nothing; list files that are missing, stale or left over"),
        ],
        notes: [
            "One file for each table and one for the database. A file that is as it should be is not written again; one that was generated from the same schema file and is no longer is removed. A file that Cairn did not generate is never overwritten.",
            "Exits with 1 when a schema has errors, or when --check finds something. A target that uses the build plugin CairnPlugin does not need this command.",
        ],
        examples: [
            "cairn generate Schemas/atlas.jsonc --output Sources/Atlas/Generated",
            "cairn generate Schemas/atlas.jsonc --output Sources/Atlas/Generated --check",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let sources = try arguments.repeatedOperand("SCHEMA").map(SchemaFile.init)
        let folder = arguments.value("output") ?? ""
        let isCheck = arguments.has("check")
        var report = GenerationReport(
            folder: folder, isCheck: isCheck, diagnostics: sources.flatMap(\.outcome.diagnostics))
        defer { report.write(console, isJSON: arguments.isJSON) }

        let schemas = sources.compactMap { source in source.outcome.schema.map { (source.path, $0) } }
        guard schemas.count == sources.count else { return .found }
        let files = try GenerateCommand.files(schemas, module: arguments.value("module") ?? "Cairn")
        let plan = try GenerationPlan(files, in: folder)
        if !isCheck { try plan.apply(in: folder) }
        report.plan = plan
        return isCheck && !plan.isDone ? .found : .done
    }

    private static func files(_ schemas: [(path: String, schema: Schema)], module: String) throws -> [GeneratedFile] {
        var origins: [String: String] = [:]
        var files: [GeneratedFile] = []
        for (path, schema) in schemas {
            for file in Generator(schema, source: Path.lastPart(path), module: module).files() {
                if let other = origins.updateValue(path, forKey: file.name) {
                    throw CommandError(
                        .usage, "\(other) and \(path) both generate \(file.name)",
                        remedy: "generate them into different folders, or give a table another 'entity'")
                }
                files.append(file)
            }
        }
        return files
    }
}

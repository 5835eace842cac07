import CairnMigrator
import CairnSchema

/// `cairn check`: looks for mistakes in schema files.
struct CheckCommand: Command {
    let signature = Signature(
        name: "check", purpose: "looks for mistakes in schema files",
        operands: [
            Operand(
                name: "FILE", isRepeated: true, help: "a schema file, such as Schemas/atlas.jsonc", kind: .file)
        ],
        options: [
            Option(name: "sarif", help: "print SARIF 2.1.0, for code hosts and editors"),
            Option(name: "strict", help: "exit with 1 for warnings, too"),
        ],
        notes: [
            "Prints a line for each mistake: file:line:column: error: what is wrong; what to do [code].",
            "Named queries are checked against the columns, and against the indexes: the warning IX101 tells one that would read a whole table, and the index to declare.",
            "Exits with 0 when there are no errors (warnings are allowed without --strict), 1 when there are, 2 when a file cannot be read.",
        ],
        examples: ["cairn check Schemas/atlas.jsonc", "cairn check Schemas/atlas.jsonc --strict"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        var diagnostics: [Diagnostic] = []
        var sources: [String: [UInt8]] = [:]
        let isForPrograms = arguments.isJSON || arguments.has("sarif")
        var unread = 0
        for path in arguments.repeatedOperand("FILE") {
            // One file that is not there does not hide what is wrong in the others.
            do {
                let file = try SchemaFile(path)
                diagnostics += file.lints
                sources[path] = file.bytes
                if !isForPrograms { show(file, console) }
            } catch {
                unread += 1
                ErrorReport.write(error, console, isJSON: arguments.isJSON)
            }
        }
        if arguments.has("sarif") {
            var log = SARIFLog(version: Version.current, sources: sources)
            for diagnostic in diagnostics { log.add(diagnostic) }
            console.print(log.text)
        } else if arguments.isJSON {
            console.print(JSONText.pretty { DiagnosticReport.write(diagnostics, &$0) })
        }
        if unread > 0 { return .failed }
        let isStrict = arguments.has("strict")
        return diagnostics.contains { isStrict || $0.severity == .error } ? .found : .done
    }

    private func show(_ file: SchemaFile, _ console: Console) {
        DiagnosticReport.write(file.lints, console, to: .output)
        guard let schema = file.outcome.schema else { return }
        let tables = "\(schema.tables.count) \(schema.tables.count == 1 ? "table" : "tables")"
        console.print(
            "\(Printable.line(file.path)): database '\(schema.database)', \(tables), no errors, schema \(schema.id.short)"
        )
    }
}

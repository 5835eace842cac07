import CairnSchema

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `cairn init`: a package that builds and runs, to begin with.
struct InitCommand: Command {
    let signature = Signature(
        name: "init", purpose: "makes a package that uses Cairn, in an empty folder",
        operands: [
            Operand(
                name: "FOLDER", isOptional: true, help: "where; made if there is none; else the current folder",
                kind: .folder)
        ],
        options: [
            Option(
                name: "name", value: "NAME",
                help: "the name of the database, in lower snake case; else made of the name of the folder"),
            Option(
                name: "cairn", value: "PATH-or-URL",
                help: "where the package gets Cairn from; else the folder this command was built in", kind: .folder),
        ],
        notes: [
            "Writes Package.swift, an example schema, a short program, cairn.json and .gitignore. A folder that is not empty is refused; .git may be there."
        ],
        examples: ["cairn init library && cd library && swift run"])

    /// The checkout to depend on when `--cairn` does not say.
    var checkout = CairnSource.checkout

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let current = FileManager.default.currentDirectoryPath
        let folder = arguments.optionalOperand("FOLDER") ?? "."
        let absolute = Path.absolute(folder, from: current)
        let name = try arguments.value("name").map { try ProjectName($0) } ?? ProjectName(ofFolder: absolute)
        let source = try CairnSource(arguments.value("cairn"), checkout: checkout, from: current)
        try refuseUnlessEmpty(folder)

        let template = ProjectTemplate(name: name, source: source, jsonSchema: jsonSchema(source))
        try InitCommand.make(template.items, in: folder)
        let next = absolute == current ? "swift run" : "cd \(ShellText.quoted(folder)) && swift run"
        let paths = template.items.map { folder == "." ? $0.path : Path.join(folder, $0.path) }
        if arguments.isJSON {
            console.print(
                JSONText.object([
                    ("name", .string(name.database)), ("written", .array(paths.map(JSONValue.string))),
                    ("next", .string(next)),
                ]))
        } else {
            for path in paths { console.print("wrote  \(Printable.line(path))") }
            console.print("next:  \(Printable.line(next))")
        }
        return .done
    }

    private func refuseUnlessEmpty(_ folder: String) throws {
        guard Files.kind(of: folder) == .folder else { return }
        let names = try Files.names(in: folder).filter { $0 != ".git" }
        guard let first = names.first else { return }
        throw CommandError(
            .file,
            "the folder \(folder) is not empty: it holds \(first)\(names.count > 1 ? " and \(names.count - 1) more" : "")",
            remedy: "name another folder, which is made if there is none, or empty this one")
    }

    /// The JSON Schema that belongs to the Cairn the package will use.
    private func jsonSchema(_ source: CairnSource) -> String? {
        let cairn = if case .folder(let path) = source { path } else { checkout }
        let path = Path.join(cairn, "Schemas/\(ProjectTemplate.jsonSchemaName)")
        return (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes all items, or none: a folder left half made would be refused the next time.
    static func make(_ items: [ProjectTemplate.Item], in folder: String) throws {
        var made: [String] = []
        do {
            for item in items {
                let path = Path.join(folder, item.path)
                try makeFolders(above: item.path, in: folder, &made)
                switch item {
                case .file(_, let text): try Files.write(text, to: path)
                case .link(_, let target): try Files.link(path, to: target)
                }
                made.append(path)
            }
        } catch {
            for path in made.reversed() { try? Files.remove(path) }
            throw error
        }
    }

    /// Makes the folders a path goes through, noting those that were not there.
    private static func makeFolders(above path: String, in folder: String, _ made: inout [String]) throws {
        let parts = Path.join(folder, path).split(separator: "/", omittingEmptySubsequences: false)
        for end in parts.indices.dropLast() {
            let above = parts[...end].joined(separator: "/")
            if above.isEmpty || Files.kind(of: above) == .folder { continue }
            try Files.makeFolder(above)
            made.append(above)
        }
    }
}

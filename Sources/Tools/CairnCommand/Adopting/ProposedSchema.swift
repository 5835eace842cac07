import CairnSchema

/// A proposed schema file, for its reader and for what comes after.
struct ProposedSchema {
    /// The schema; nil when the text is none, because of names that no schema has.
    let schema: Schema?
    /// What a hand must change in it first.
    let notes: [String]

    /// Writes the text to the file that `--output` names, or to the output.
    /// - Parameter isSilent: Whether the output is for other things, when no file is named.
    init(_ text: String, _ arguments: ParsedArguments, isSilent: Bool, _ console: Console) throws {
        let path = arguments.value("output")
        if let path {
            guard Files.kind(of: path) == .nothing else {
                throw CommandError(.file, "\(path) is there already", remedy: "name another file")
            }
            try Files.write(text, to: path)
        } else if !isSilent {
            console.print(String(text.dropLast()))
        }
        let outcome = SchemaReader.read(Array(text.utf8), name: path ?? "proposal")
        if let schema = outcome.schema, !outcome.diagnostics.contains(where: { $0.severity == .error }) {
            (self.schema, notes) = (schema, [])
        } else {
            schema = nil
            notes = outcome.diagnostics.map { "the proposed schema needs a hand: \($0.message)" }
        }
    }
}

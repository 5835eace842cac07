import CairnSchema

/// Asks a person what no schema says: whether what is gone was renamed to what is new.
enum RenameQuestions {
    /// A schema with the answers, as if its file said them. Each is told with what to write into the file, since the next store is asked
    /// again otherwise.
    ///
    /// What is neither yes nor no decides nothing: then no more is asked, and what is left stays ambiguous. So it does where nobody is there.
    /// - Parameter file: What the new schema was read from.
    static func settle(_ old: Schema, _ new: Schema, _ file: String, _ console: Console) -> Schema {
        guard console.canAsk, old.id != new.id else { return new }
        var new = new
        var denied: Set<SchemaAmbiguity> = []
        while true {
            let open = SchemaDiff(from: old, to: new).ambiguities.filter(\.isOpen)
            guard let asked = open.first(where: { !denied.contains($0) }),
                let isRenamed = console.decide(question(asked))
            else { return new }
            if isRenamed {
                new = new.answering(asked, isRenamed: true)
                console.report(line(asked, asked.old, file))
                continue
            }
            denied.insert(asked)
            // It is new once it is none of all that are gone.
            let others = open.filter { $0.table == asked.table && $0.new == asked.new }
            guard others.allSatisfy(denied.contains) else { continue }
            new = new.answering(asked, isRenamed: false)
            console.report(line(asked, asked.new, file))
        }
    }

    private static func question(_ ambiguity: SchemaAmbiguity) -> String {
        let what = ambiguity.table.map { "column '\(ambiguity.old)' of '\($0)'" } ?? "table '\(ambiguity.old)'"
        return Printable.line(
            "Was \(what) renamed to '\(ambiguity.new)'? (y: it keeps its data; n: '\(ambiguity.new)' is another one)")
    }

    /// What to write into the file.
    private static func line(_ ambiguity: SchemaAmbiguity, _ former: String, _ file: String) -> String {
        let place = ambiguity.table.map { " of '\($0)'" } ?? ""
        return Printable.line(
            "write into \(file), in the declaration of '\(ambiguity.new)'\(place): \"renamed_from\": \"\(former)\"")
    }
}

import CairnCore
import CairnSchema

/// A schema file named on the command line.
struct SchemaFile {
    /// The path as it was given, which is how messages name it.
    let path: String
    let bytes: [UInt8]
    let outcome: SchemaReader.Outcome

    /// Reads a file.
    /// - Throws: `CommandError` when it cannot be read; what is wrong in it stands in ``outcome``.
    init(_ path: String) throws {
        self.path = path
        bytes = try Files.read(path)
        outcome = SchemaReader.read(bytes, name: path)
    }

    /// What was found in the file, and which of its queries no index serves.
    var lints: [Diagnostic] {
        // What is wrong in the file comes before what could be better, and both in its order.
        outcome.diagnostics + (outcome.schema?.queries.compactMap(\.indexWarning) ?? [])
    }
}

import CairnSchema

/// The name of a new package: of its database in snake case, of its Swift target in camel case.
struct ProjectName: Sendable, Equatable {
    /// The name of the database and of the schema file.
    let database: String
    /// The name of the package, its target and the generated database type.
    let target: String

    /// What the name must not hide: the modules of Cairn and those every Swift program has, and a type the example program
    /// uses.
    private static let taken: Set<String> = [
        "Cairn", "CairnCore", "CairnSchema", "CairnGenerator", "CairnPlugin", "CairnCommand", "MemoryStorage",
        "SQLiteStorage", "ObjectStorage", "ObjectStores", "S3Client", "CSQLite", "CCrypto", "CCurl", "CFiles", "Swift",
        "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Musl",
        "Darwin", "Testing", "XCTest", "PackageDescription", "PackagePlugin", "ProcessInfo",
    ]

    /// Takes a name as it was given.
    /// - Throws: `CommandError` for one that cannot name a database or a Swift module, with one that can.
    init(_ name: String) throws {
        guard Naming.isSnakeCase(name), name.utf8.count <= Naming.maximumBytes else {
            throw CommandError(
                .usage,
                "the name '\(name)' is not lower snake case (a-z, 0-9, single '_', at most \(Naming.maximumBytes) bytes)",
                remedy: Naming.snakeCase(name).map { "write --name \($0)" } ?? "give another with --name")
        }
        database = name
        target = Naming.upperCamelCase(name)
        guard !ProjectName.taken.contains(target) else {
            throw ProjectName.unusable(name, "'\(target)' exists")
        }
        // The reader of schema files knows all other reasons why a name does not do.
        let template = ProjectTemplate(name: self, source: .folder("/"), jsonSchema: nil)
        let diagnostics = SchemaReader.read(Array(template.schema.utf8), name: "").diagnostics
        if let first = diagnostics.first { throw ProjectName.unusable(name, first.message) }
    }

    /// Makes a name of that of a folder.
    init(ofFolder folder: String) throws {
        let last = Path.lastPart(folder)
        guard let name = Naming.snakeCase(last) else {
            throw CommandError(
                .usage, "the folder '\(last)' makes no name for a database", remedy: "give one with --name")
        }
        try self.init(name)
    }

    private static func unusable(_ name: String, _ reason: String) -> CommandError {
        CommandError(.usage, "the name '\(name)' cannot be used: \(reason)", remedy: "give another with --name")
    }
}

/// Reads schema files.
///
/// Reading goes in three steps, and each reports all it finds: the JSON text, the shape of every object (`TableReader`,
/// `ColumnReader`, `ProjectionReader`, `QueryDraftReader`), and what only the whole file shows, such as references and keys
/// (`SchemaResolver`) and what queries mean (`QueryFileResolver`, when nothing else is wrong). A schema comes out only when nothing
/// is an error.
package struct SchemaReader {
    /// What one reading gives: the schema, unless there are errors, and everything found.
    package struct Outcome {
        package let schema: Schema?
        package let diagnostics: [Diagnostic]
    }

    /// Where a schema comes from.
    enum Origin {
        /// A person wrote it: Swift will be generated from it.
        case file
        /// A store or generated code carries it, without what only Swift sees. Its names were settled before.
        case stored
    }

    /// Reads the bytes of a schema file called `name`.
    package static func read(_ bytes: [UInt8], name: String) -> Outcome {
        read(bytes, name: name, from: .file)
    }

    static func read(_ bytes: [UInt8], name: String, from origin: Origin) -> Outcome {
        let source = SourceText(name: name, bytes: bytes)
        var diagnostics = DiagnosticCollector(source)
        guard let root = parse(bytes, from: origin, &diagnostics) else {
            return Outcome(schema: nil, diagnostics: diagnostics.diagnostics)
        }
        let schema = read(root, from: origin, &diagnostics)
        return Outcome(schema: diagnostics.hasErrors ? nil : schema, diagnostics: diagnostics.diagnostics)
    }

    private static func parse(
        _ bytes: [UInt8], from origin: Origin, _ diagnostics: inout DiagnosticCollector
    ) -> JSONNode? {
        // What a store carries is written out, and so longer than the file it was made from.
        guard bytes.count <= SchemaLimits.fileBytes || origin == .stored else {
            diagnostics.error(
                "schema.limit", at: 0, "the file has \(bytes.count) bytes; the limit is \(SchemaLimits.fileBytes)")
            return nil
        }
        do {
            return try JSONNode.parse(bytes, syntax: .relaxed)
        } catch {
            diagnostics.error("schema.syntax", at: error.offset, error.message)
            return nil
        }
    }

    private static func read(
        _ root: JSONNode, from origin: Origin, _ diagnostics: inout DiagnosticCollector
    ) -> Schema? {
        guard var file = MemberReader(root, "a schema file", &diagnostics) else { return nil }
        _ = file.string("$schema", &diagnostics)
        let database = file.string("database", &diagnostics)
        if let database {
            NameRules.check(database.text, "database", at: database.offset, &diagnostics)
        } else {
            missing("database", "a name, like \"atlas\"", root, &diagnostics)
        }
        let queriesNode = file.take("queries")
        let window = file.takeRefused("window").flatMap { Self.window($0, from: origin, &diagnostics) }
        let tables = file.take("tables").flatMap { MemberReader($0, "'tables'", &diagnostics) }
        let allowances = AllowanceReader.read(&file, in: .schema, &diagnostics)
        file.finish(&diagnostics)
        guard let tables else {
            missing("tables", "an object with a member for each table", root, &diagnostics)
            return nil
        }
        if tables.all.isEmpty {
            diagnostics.error(
                "schema.missing", at: tables.node.offset, "the schema has no table", remedy: "declare at least one")
        }
        if tables.all.count > SchemaLimits.tables {
            diagnostics.error(
                "schema.limit", at: tables.node.offset,
                "the schema has \(tables.all.count) tables; the limit is \(SchemaLimits.tables)")
            return nil
        }
        var read: [TableDraft] = []
        for member in tables.all {
            if let draft = TableReader.read(member, &diagnostics) { read.append(draft) }
        }
        let drafts = TableDrafts(read)
        let name = database?.text ?? "unnamed"
        if origin == .file {
            SwiftNames(database: name, drafts: drafts).check(
                databaseOffset: database?.offset ?? root.offset, &diagnostics)
        }
        let schema = SchemaResolver(database: name, drafts: drafts).resolve(&diagnostics)
        // Their texts are read in any case; what they mean is asked of tables that are right.
        let queries = queriesNode.map { QueryDraftReader.read($0, &diagnostics) } ?? []
        let projections = ProjectionReader.resolve(read, &diagnostics)
        guard var schema else { return nil }
        if let window { schema = Schema(database: schema.database, tables: schema.tables, window: window) }
        var notes = SchemaNotes()
        notes.projections = projections
        notes.queries = QueryFileResolver(schema, origin).resolve(queries, &diagnostics)
        notes.allowances = diagnostics.allowances(allowances, read)
        if origin == .file { notes.places = diagnostics.places(read) }
        return schema.with(notes)
    }

    /// The two schemas between which a store stands. No file says that of itself.
    private static func window(
        _ node: JSONNode, from origin: Origin, _ diagnostics: inout DiagnosticCollector
    ) -> SchemaWindow? {
        guard origin == .stored else {
            diagnostics.error(
                "schema.window", at: node.offset,
                "a store has a schema with a 'window' while programs of two schemas use it: a schema file has none",
                remedy: "use the file of one of the two, 'old' or 'new' in it")
            return nil
        }
        return SchemaWindow.read(node, &diagnostics) { read($0, from: origin, &$1) }
    }

    private static func missing(
        _ member: String, _ expected: String, _ root: JSONNode, _ diagnostics: inout DiagnosticCollector
    ) {
        guard case .object(let members) = root.content, !members.contains(where: { $0.name == member }) else { return }
        diagnostics.error(
            "schema.missing", at: root.offset, "a schema file needs '\(member)'", remedy: "add it: \(expected)")
    }
}

extension Schema {
    /// Reads a schema file.
    /// - Parameters:
    ///   - text: What the file holds: JSON with comments and trailing commas.
    ///   - file: What to call it in messages.
    /// - Throws: ``SchemaError`` with every error of the file.
    public init(parsing text: String, file: String = "schema") throws(SchemaError) {
        try self.init(parsing: Array(text.utf8), file: file)
    }

    /// Reads a schema file from its bytes.
    /// - Throws: ``SchemaError`` with every error of the file.
    public init(parsing bytes: [UInt8], file: String = "schema") throws(SchemaError) {
        let outcome = SchemaReader.read(bytes, name: file)
        guard let schema = outcome.schema else { throw SchemaError(outcome.diagnostics) }
        self = schema
    }
}

extension Schema {
    /// Reads a schema that a store or generated code carries. It does not say `entity`, so the names that Swift would have
    /// may collide here; nothing is generated from it.
    /// - Throws: ``SchemaError`` when it is none.
    package init(stored text: String, file: String) throws(SchemaError) {
        let outcome = SchemaReader.read(Array(text.utf8), name: file, from: .stored)
        guard let schema = outcome.schema else { throw SchemaError(outcome.diagnostics) }
        self = schema
    }
}

extension DiagnosticCollector {
    /// Reports an option that the language holds and this version does not build.
    mutating func unsupported(_ option: String, of what: String, at offset: Int) {
        error(
            "schema.unsupported", at: offset, "'\(option)' of \(what) is not supported by this version of Cairn",
            remedy: "remove it; it is refused so that nothing is promised and not done")
    }
}

/// The rules names follow.
enum NameRules {
    /// Reports a name that is not one.
    static func check(_ name: String, _ what: String, at offset: Int, _ diagnostics: inout DiagnosticCollector) {
        if name.hasPrefix("_") {
            diagnostics.error(
                "schema.reserved", at: offset,
                "the \(what) name '\(name)' begins with '_', which is for Cairn's own names",
                remedy: Naming.snakeCase(name).map { "call it '\($0)'" })
        } else if !Naming.isSnakeCase(name) {
            diagnostics.error(
                "schema.name", at: offset, "the \(what) name '\(name)' is not lower snake case (a-z, 0-9, single '_')",
                remedy: Naming.snakeCase(name).map { "call it '\($0)'" })
        } else if name.utf8.count > Naming.maximumBytes {
            diagnostics.error(
                "schema.limit", at: offset,
                "the \(what) name '\(name)' has \(name.utf8.count) bytes; the limit is \(Naming.maximumBytes)")
        } else if Naming.reservedWords.contains(Naming.lowerCamelCase(name)) {
            diagnostics.error(
                "schema.reserved", at: offset, "the \(what) name '\(name)' is a reserved word of Swift",
                remedy: "call it '\(name)_value', or say more precisely what it is")
        }
    }
}

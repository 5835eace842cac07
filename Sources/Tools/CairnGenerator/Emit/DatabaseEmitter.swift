import CairnSchema

/// Writes the database type and the repositories of its transactions and snapshots.
struct DatabaseEmitter {
    let model: DatabaseModel
    let types: TypeSpelling

    func write(_ code: inout CodeWriter) {
        writeDatabase(&code)
        writeScope(
            model.transactionName, "DatabaseTransaction", "Repository",
            "The tables of `\(model.schema.database)` in a transaction, to read and write.", &code)
        writeScope(
            model.snapshotName, "DatabaseSnapshot", "SnapshotRepository",
            "The tables of `\(model.schema.database)` as they were at one moment, to read.", &code)
        code.line()
        code.doc("For the record types.")
        code.line(
            "nonisolated var \(model.variableName): any \(types.cairn("Database")).Type { \(model.typeName).self }")
        // Here and not with their tables: a file with functions of repositories is compiled again when any record type that has
        // some was changed, because the compiler looks for two of the same name.
        for entity in model.entities {
            let aliases = ItemAlias.all(of: entity, types)
            let lookups = LookupEmitter(entity: entity, types: types, aliases: aliases)
            for lookup in entity.lookups { lookups.write(lookup, &code) }
            let queries = QueryEmitter(entity: entity, types: types, aliases: aliases)
            for query in entity.queries { queries.write(query, &code) }
            ReferralEmitter(entity: entity, types: types, aliases: aliases).write(&code)
        }
    }

    private func writeDatabase(_ code: inout CodeWriter) {
        let string = types.standard("String")
        code.doc("The database `\(model.schema.database)`.")
        code.block("public struct \(model.typeName): \(types.cairn("Database"))") { code in
            code.doc("The repositories of a transaction.")
            code.line("public typealias TransactionScope = \(model.transactionName)")
            code.doc("The repositories of a snapshot.")
            code.line("public typealias SnapshotScope = \(model.snapshotName)")
            code.line()
            code.doc("The open store.")
            code.line("public let store: \(types.cairn("Store"))")
            code.line()
            code.doc("Wraps an open store of this schema; `open` makes one.")
            code.block("public init(store: \(types.cairn("Store")))") { $0.line("self.store = store") }
            code.line()
            writeRepositories("Repository", session: "store.session", &code)
            code.line()
            code.doc("The record types, in the order of the tables.")
            code.block("public static var entities: [any \(types.cairn("Entity")).Type]") { code in
                code.line("[\(model.entities.map { "\($0.typeName).self" }.joined(separator: ", "))]")
            }
            code.line()
            code.doc("The id of the schema.")
            code.line("public static var schemaID: \(string) { \(swiftLiteral(model.schema.id.description)) }")
            code.line()
            code.doc("The schema, without docs.")
            let text = plainJSON(model.schema.declarationText)
            let delimiter = rawDelimiter(for: text)
            // In a body, because a change of what a declaration says makes the compiler read all files that use the type again.
            code.block("public static var schemaText: \(string)") { code in
                code.line("\(delimiter)\"\"\"")
                for line in text.split(separator: "\n") { code.line(String(line)) }
                code.line("\"\"\"\(delimiter)")
            }
        }
    }

    private func writeScope(
        _ name: String, _ conformance: String, _ repository: String, _ doc: String, _ code: inout CodeWriter
    ) {
        code.line()
        code.doc(doc)
        code.block("public struct \(name): \(types.cairn(conformance))") { code in
            code.doc("What the repositories read from.")
            code.line("public let session: \(types.cairn("Session"))")
            code.line()
            code.doc("Wraps a session; the database makes one.")
            code.block("public init(session: \(types.cairn("Session")))") { $0.line("self.session = session") }
            code.line()
            writeRepositories(repository, session: "session", &code)
        }
    }

    private func writeRepositories(_ repository: String, session: String, _ code: inout CodeWriter) {
        for entity in model.entities {
            let type = "\(types.cairn(repository))<\(entity.typeName)>"
            code.doc(DocText.said(entity.table.doc) ?? "The records of `\(entity.table.name)`.")
            code.line("public var \(entity.repositoryName): \(type) { \(types.cairn(repository))(\(session)) }")
        }
    }
}

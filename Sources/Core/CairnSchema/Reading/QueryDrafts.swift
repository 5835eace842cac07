/// A named query as the file declares it, its text read, before names are looked up.
struct QueryFileDraft {
    let name: String
    let offset: Int
    let text: String
    /// Where the string begins in the file.
    let textOffset: Int
    let draft: QueryDraft
    var doc: String?
    var isUnindexed = false
    var parameters: [ParameterDraft] = []
}

/// A parameter as the file declares it.
struct ParameterDraft {
    let name: String
    let offset: Int
    var type: ValueType?
    var defaultNode: JSONNode?
    var doc: String?
}

/// Reads the shape of named queries, and their texts.
struct QueryDraftReader {
    /// Reads all of a file.
    static func read(_ node: JSONNode, _ diagnostics: inout DiagnosticCollector) -> [QueryFileDraft] {
        guard let queries = MemberReader(node, "'queries'", &diagnostics) else { return [] }
        guard queries.all.count <= SchemaLimits.queries else {
            diagnostics.error(
                "schema.limit", at: node.offset,
                "the schema has \(queries.all.count) queries; the limit is \(SchemaLimits.queries)")
            return []
        }
        var drafts: [QueryFileDraft] = []
        for member in queries.all {
            if let draft = read(member, &diagnostics) { drafts.append(draft) }
        }
        return drafts
    }

    private static func read(
        _ member: JSONMember, _ diagnostics: inout DiagnosticCollector
    ) -> QueryFileDraft? {
        NameRules.check(member.name, "query", at: member.nameOffset, &diagnostics)
        if case .string(let text) = member.value.content {
            return draft(member, text, at: member.value.offset, &diagnostics)
        }
        let what = "query '\(member.name)'"
        guard case .object = member.value.content else {
            diagnostics.error(
                "schema.type", at: member.value.offset,
                "\(what) is a text or an object with 'query', found \(member.value.kind)")
            return nil
        }
        guard var reader = MemberReader(member.value, what, &diagnostics) else { return nil }
        let doc = reader.string("doc", &diagnostics)
        let isQueryThere = reader.all.contains { $0.name == "query" }
        let query = reader.string("query", &diagnostics)
        let isUnindexed = reader.bool("unindexed", &diagnostics)
        let parameters = reader.take("parameters").map { self.parameters($0, of: what, &diagnostics) } ?? []
        reader.finish(&diagnostics)
        guard let query else {
            if !isQueryThere {
                diagnostics.error(
                    "schema.missing", at: member.value.offset, "\(what) needs 'query'",
                    remedy: "add it: \"cities where country = $country order by name\"")
            }
            return nil
        }
        guard var draft = draft(member, query.text, at: query.offset, &diagnostics) else { return nil }
        draft.doc = doc?.text
        draft.isUnindexed = isUnindexed
        draft.parameters = parameters
        return draft
    }

    private static func draft(
        _ member: JSONMember, _ text: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) -> QueryFileDraft? {
        guard text.utf8.count <= QueryLimits.bytes else {
            diagnostics.error(
                "schema.limit", at: offset,
                "query '\(member.name)' has \(text.utf8.count) bytes; the limit is \(QueryLimits.bytes)")
            return nil
        }
        do throws(QueryMistake) {
            var parser = try QueryParser(text)
            let draft = try parser.query()
            for (name, place) in try QueryLexer.quotedParameters(text) {
                diagnostics.warning(
                    "schema.query", at: diagnostics.place(ofByte: place, inStringAt: offset),
                    "query '\(member.name)': '$\(name)' in quotes is a text",
                    remedy: "write $\(name) without quotes for a parameter")
            }
            return QueryFileDraft(
                name: member.name, offset: member.nameOffset, text: text, textOffset: offset, draft: draft)
        } catch {
            diagnostics.report(error, in: member.name, textAt: offset)
            return nil
        }
    }

    // MARK: Parameters

    private static func parameters(
        _ node: JSONNode, of what: String, _ diagnostics: inout DiagnosticCollector
    ) -> [ParameterDraft] {
        guard let reader = MemberReader(node, "'parameters' of \(what)", &diagnostics) else { return [] }
        return reader.all.compactMap { member in
            let what = "parameter '\(member.name)' of \(what)"
            guard var reader = MemberReader(member.value, what, &diagnostics) else { return nil }
            var draft = ParameterDraft(name: member.name, offset: member.nameOffset)
            draft.doc = reader.string("doc", &diagnostics)?.text
            draft.defaultNode = reader.take("default")
            if let type = reader.string("type", &diagnostics) {
                draft.type = self.type(type.text, of: what, at: type.offset, &diagnostics)
            }
            reader.finish(&diagnostics)
            return draft
        }
    }

    private static let types: [ValueType] = [
        .string, .int, .double, .bool, .uuid, .bytes, .timestamp, .date, .decimal,
    ]

    private static func type(
        _ name: String, of what: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) -> ValueType? {
        if let type = types.first(where: { $0.description == name }) { return type }
        let isOptional = name.hasSuffix("?")
        let names = types.map(\.description)
        diagnostics.error(
            "schema.unknown_type", at: offset,
            isOptional ? "'type' of \(what) allows null, and nothing equals null" : "'type' of \(what) is '\(name)'",
            remedy: isOptional
                ? "write 'is null' in the query where null is asked for"
                : NearestName.hint(name, among: names)
                    ?? "it is one of \(names.joined(separator: ", ")); for an enum, a reference or a list leave it out")
        return nil
    }
}

extension DiagnosticCollector {
    /// Reports a mistake in the text of a query, where it stands in the string.
    mutating func report(_ mistake: QueryMistake, in query: String, textAt offset: Int) {
        error(
            "schema.query", at: place(ofByte: mistake.offset, inStringAt: offset),
            "query '\(query)': \(mistake.message)", remedy: mistake.remedy)
    }
}

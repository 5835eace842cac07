import CairnSchema

/// Writes the function of a named query: its documentation, its parameters, and the query itself, made of the values given.
struct QueryEmitter {
    let entity: EntityModel
    /// The spelling at the top of the file: the functions are not in the entity.
    let types: TypeSpelling
    let aliases: [ItemAlias]

    func write(_ query: QueryModel, _ code: inout CodeWriter) {
        code.line()
        // The angle brackets look names up in the file. In a `where` clause `Item` would be the repository's own.
        code.block("extension \(types.cairn("ReadableRepository"))<\(entity.typeName)>") { code in
            code.doc(documentation(of: query))
            writeHead(of: query, &code)
            code.indented { writeBody(of: query, &$0) }
            code.line("}")
        }
    }

    // MARK: Documentation

    private func documentation(of query: QueryModel) -> [String] {
        let name = query.query.name
        let otherwise =
            query.selection == nil
            ? "The records that the query `\(name)` asks for." : "What the query `\(name)` selects."
        var paragraphs = [DocText.said(query.query.doc) ?? otherwise]
        let text = query.query.text.split(whereSeparator: \.isNewline).map { "    \($0)" }
        paragraphs.append(text.joined(separator: "\n"))
        guard !query.parameters.isEmpty else { return paragraphs }
        let parameters = query.parameters.map { "  - \($0.name): \(description(of: $0, in: query))" }
        paragraphs.append((["- Parameters:"] + parameters).joined(separator: "\n"))
        return paragraphs
    }

    /// What a parameter is, on one line.
    private func description(of model: ParameterModel, in query: QueryModel) -> String {
        let parameter = model.parameter.parameter
        if let doc = DocText.said(model.parameter.doc) {
            return doc.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        if parameter.uses.contains(.limit) { return QueryEmitter.limit(parameter.name, of: query) }
        if parameter.uses.contains(.span) { return "How many, with today as the last day." }
        if case .zone = parameter.type { return "Where it is these days." }
        guard let column = parameter.column else {
            return parameter.type == .value(.bool)
                ? "Whether the part of the condition it stands for holds." : "What is compared or computed with."
        }
        let name = column.table == entity.table.name ? column.column : "\(column.table).\(column.column)"
        if parameter.uses.contains(.pattern) { return "A regular expression to find in `\(name)`." }
        if parameter.uses.contains(.sought) { return "What to look for in `\(name)`." }
        if case .list = parameter.type { return "What `\(name)` is one of." }
        return "What `\(name)` is compared with."
    }

    /// What a parameter limits: what the query gives, or the rows that its condition looks values up in.
    private static func limit(_ name: String, of query: QueryModel) -> String {
        let (first, groups) = (query.query.template.limit, query.selection?.groups)
        if groups != nil, first == .parameter(name) { return "Of how many rows, the first ones, it computes." }
        guard [first, groups?.limit].contains(.parameter(name)) else {
            return "How many rows values are looked up in, at most."
        }
        let rows = query.selection.map { $0.groups == nil ? "rows" : "groups" } ?? "records"
        return "How many \(rows) at most."
    }

    // MARK: Function

    private func writeHead(of query: QueryModel, _ code: inout CodeWriter) {
        let parameters = query.parameters.map { parameter in
            let value = defaultValue(of: parameter).map { " = \($0)" } ?? ""
            return "\(parameter.name): \(types.spell(parameter.type, besideRepositoryOf: entity, aliases))\(value)"
        }
        let head = "nonisolated public func \(query.name)"
        let result =
            query.selection.map { "async throws -> \(type(of: $0)) {" }
            ?? "-> \(types.cairn("RepositoryQuery"))<Self> {"
        let short = "\(head)(\(parameters.joined(separator: ", "))) \(result)"
        if short.utf8.count <= 100 || parameters.isEmpty { return code.line(short) }
        code.line("\(head)(")
        code.indented { code in
            for (index, parameter) in parameters.enumerated() {
                code.line(parameter + (index == parameters.count - 1 ? "" : ","))
            }
        }
        code.line(") \(result)")
    }

    /// The type of what is selected: tuples with labels, or values where only one thing is selected.
    private func type(of selection: SelectionModel) -> String {
        func spell(_ item: SelectionModel.Item) -> String {
            types.spell(item.type, besideRepositoryOf: entity, aliases) + (item.isNullable ? "?" : "")
        }
        let items = selection.items
        let row =
            items.count == 1
            ? spell(items[0]) : "(\(items.map { "\($0.label): \(spell($0))" }.joined(separator: ", ")))"
        return selection.isOne ? row : "[\(row)]"
    }

    private func defaultValue(of model: ParameterModel) -> String? {
        guard let value = model.parameter.defaultValue else { return nil }
        let defaults = DefaultEmitter(types: types)
        func one(_ value: Value) -> String {
            guard let property = model.property else { return defaults.literal(value) }
            var inner = defaults.literal(value)
            if case .enumeration = property.value, case .string(let text) = value {
                inner = ".\(EnumEmitter.use(EnumModel.caseName(of: text)))"
            }
            return property.identifiers.reduce(inner) { text, _ in ".init(\(text))" }
        }
        if case .list = model.parameter.parameter.type, case .array(let elements) = value {
            return "[\(elements.map(one).joined(separator: ", "))]"
        }
        return one(value)
    }

    private func writeBody(of query: QueryModel, _ code: inout CodeWriter) {
        let text = ConditionEmitter(query: query, types: types)
        let template = query.query.template
        // One moment for all days of the query. No parameter has a name that begins with `_`.
        let selection = query.selection.map { SelectionEmitter(selection: $0, text: text) }
        let hasDays = [template.condition, query.selection?.groups?.having].contains { $0?.hasDays ?? false }
        if hasDays { code.line("let \(ConditionEmitter.now) = \(types.cairn("Timestamp")).now") }
        let condition = template.condition.map(text.lines) ?? ["nil"]
        var rest: [String] = []
        if !template.order.isEmpty { rest.append("order: \(text.order(template.order))") }
        if let limit = template.limit { rest.append("limit: \(text.count(limit))") }
        let end = ")" + (query.query.isUnindexed ? ".unindexed()" : "")
        // By `self`, or a parameter could have its name.
        let start = (selection?.start(isAlone: !hasDays) ?? (hasDays ? "return " : "")) + "self.namedQuery("
        defer { selection?.write(&code) }
        if condition.count == 1 {
            let short = start + (condition + rest).joined(separator: ", ") + end
            if short.utf8.count <= 100 { return code.line(short) }
        }
        code.line(start)
        code.indented { code in
            for (index, line) in condition.enumerated() {
                code.line(line + (index == condition.count - 1 && !rest.isEmpty ? "," : ""))
            }
            if !rest.isEmpty { code.line(rest.joined(separator: ", ")) }
        }
        code.line(end)
    }
}

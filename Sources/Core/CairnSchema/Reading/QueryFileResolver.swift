/// Looks up what named queries name, and settles what Swift sees of them.
struct QueryFileResolver {
    let schema: Schema
    let origin: SchemaReader.Origin
    private let reach: QueryReach

    init(_ schema: Schema, _ origin: SchemaReader.Origin) {
        self.schema = schema
        self.origin = origin
        reach = QueryReach(schema, nil)
    }

    /// Reports what is wrong; gives those that are right.
    func resolve(_ drafts: [QueryFileDraft], _ diagnostics: inout DiagnosticCollector) -> [NamedQuery] {
        var queries: [NamedQuery] = []
        var taken: [[String]: String] = [:]
        for draft in drafts {
            guard let query = resolve(draft, &diagnostics) else { continue }
            if origin == .file { SwiftNames.check(query, draft, beside: &taken, &diagnostics) }
            queries.append(query)
        }
        return queries
    }

    private func resolve(_ draft: QueryFileDraft, _ diagnostics: inout DiagnosticCollector) -> NamedQuery? {
        var declared: [String: ParameterType] = [:]
        for parameter in draft.parameters { declared[parameter.name] = parameter.type.map(ParameterType.value) }
        let template: QueryTemplate
        do throws(QueryMistake) {
            template = try draft.draft.resolved(reach, parameters: declared)
        } catch {
            diagnostics.report(error, in: draft.name, textAt: draft.textOffset)
            return nil
        }
        let conditions = [template.condition, template.selection?.groups?.having]
        for zone in conditions.flatMap({ $0?.zoneNames ?? [] }) {
            let mistake = QueryMistake(
                "whether there is a time zone '\(zone.name)' is known only where the program runs",
                remedy: "write 'in zone $zone' and pass it", at: zone.offset)
            diagnostics.report(mistake, in: draft.name, textAt: draft.textOffset)
        }
        for parameter in draft.parameters where !template.parameters.contains(where: { $0.name == parameter.name }) {
            diagnostics.error(
                "schema.query", at: parameter.offset,
                "parameter '\(parameter.name)' of query '\(draft.name)' stands nowhere in its text",
                remedy: NearestName.hint(parameter.name, among: template.parameters.map(\.name))
                    ?? "write $\(parameter.name) there, or remove it")
        }
        let parameters = template.parameters.map { parameter in
            let declared = draft.parameters.first { $0.name == parameter.name }
            return NamedQuery.Parameter(
                parameter: parameter,
                defaultValue: declared?.defaultNode.flatMap { defaultValue($0, parameter, draft, &diagnostics) },
                doc: declared?.doc)
        }
        return NamedQuery(
            name: draft.name, doc: draft.doc, text: draft.text, template: template, parameters: parameters,
            isUnindexed: draft.isUnindexed, location: diagnostics.location(at: draft.textOffset))
    }

    // MARK: Defaults

    private func defaultValue(
        _ node: JSONNode, _ parameter: QueryParameter, _ draft: QueryFileDraft,
        _ diagnostics: inout DiagnosticCollector
    ) -> Value? {
        let what = "'default' of parameter '\(parameter.name)' of query '\(draft.name)'"
        func wrong(_ message: String, remedy: String? = nil, at offset: Int) -> Value? {
            diagnostics.error("schema.default", at: offset, "\(what)\(message)", remedy: remedy)
            return nil
        }
        guard let type = parameter.stored else {
            return wrong(": a time zone has none, because zones are known only where the program runs", at: node.offset)
        }
        if case .null = node.content {
            return wrong(" is null, and nothing equals null", remedy: "remove it", at: node.offset)
        }
        var scanner = diagnostics.scanner(at: node.offset)
        let value: Value
        do {
            value = try ValueJSON.read(&scanner, as: type)
        } catch {
            return wrong(": \(error.message)", at: error.offset)
        }
        if let cases = parameter.cases,
            let text = value.texts.first(where: { text in !cases.contains { Utf8.equal($0, text) } })
        {
            return wrong(
                " is '\(text)', which is not one of its values", remedy: NearestName.hint(text, among: cases),
                at: node.offset)
        }
        if let broken = parameter.brokenRule(value) { return wrong(" \(broken)", at: node.offset) }
        return value
    }
}

extension QueryParameter {
    /// Why a query with this value could never be asked; nil when it can.
    fileprivate func brokenRule(_ value: Value) -> String? {
        if uses.contains(.limit), case .int(let count) = value, count < 0 {
            return "is \(count); a limit is at least 0"
        }
        if case .array(let values) = value, values.count > QueryLimits.values {
            return "has \(values.count) values; a query has at most \(QueryLimits.values)"
        }
        guard case .string(let text) = value else { return nil }
        if !uses.isDisjoint(with: [.sought, .pattern]), text.utf8.count > QueryLimits.operandBytes {
            return "has \(text.utf8.count) bytes; texts to search for have at most \(QueryLimits.operandBytes)"
        }
        guard uses.contains(.pattern) else { return nil }
        do {
            _ = try RegularExpression(text)
            return nil
        } catch {
            return "is a pattern that cannot be read: \(error)"
        }
    }
}

extension Value {
    /// The texts it is or has.
    fileprivate var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let values): values.flatMap(\.texts)
        default: []
        }
    }
}

extension TemplateCondition {
    /// The time zones it names.
    fileprivate var zoneNames: [(name: String, offset: Int)] {
        switch self {
        case .isInDays(_, let days):
            if case .name(let name, let offset) = days.zone { return [(name, offset)] }
            return []
        case .and(let parts), .or(let parts): return parts.flatMap(\.zoneNames)
        case .not(let part), .reference(_, _, let part): return part.zoneNames
        case .isInRows(_, let rows): return rows.condition?.zoneNames ?? []
        default: return []
        }
    }
}

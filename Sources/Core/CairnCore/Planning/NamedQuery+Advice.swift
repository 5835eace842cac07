package import CairnSchema

extension NamedQuery {
    /// The warning `IX101` when no index serves the query, so that it would read a whole table to give a part of it; nil when one
    /// does, and when the file says that it is meant so.
    ///
    /// It is judged as stores judge queries under ``UnindexedPolicy``: by what is compared, not by the values. Where values
    /// matter, as a truth value that switches a condition off does, the defaults count.
    package var indexWarning: Diagnostic? { missingIndex?.warning }

    /// That warning, and the table that lacks the index.
    package var missingIndex: (table: String, warning: Diagnostic)? {
        guard !isUnindexed, let query = try? template.bound(to: samples).rows else { return nil }
        let advice = IndexAdvice(query)
        guard !advice.isServed else { return nil }
        let (table, index) = advice.missing
        let declared = index.map { "declare \($0) among the \"indexes\" of table '\(table)'" }
        let warning = Diagnostic(
            .warning, "IX101",
            "no index of table '\(table)' serves query '\(name)': the whole table would be read",
            remedy: (declared ?? "compare a column by =, in, a range or 'begins with', which an index can serve")
                + ", or say \"unindexed\": true of the query", at: location)
        return (table, warning)
    }

    /// A value for each parameter.
    private var samples: [String: Value] {
        var samples: [String: Value] = [:]
        let patterns = Set(template.condition?.patterns ?? [])
        for parameter in parameters {
            let name = parameter.parameter.name
            // A pattern that is given may begin with anything.
            let isPattern = patterns.contains(name) && parameter.parameter.cases == nil
            let sample = isPattern ? .string("%") : NamedQuery.sample(of: parameter.parameter)
            samples[name] = parameter.defaultValue ?? sample
        }
        return samples
    }

    private static func sample(of parameter: QueryParameter) -> Value {
        guard let type = parameter.stored else { return .string("UTC") }
        if case .array(let element) = type { return .array([element.sample(parameter.cases)]) }
        return type.sample(parameter.cases)
    }
}

extension TemplateCondition {
    /// The parameters that are patterns of `like`.
    fileprivate var patterns: [String] {
        switch self {
        case .text(_, .like, .parameter(let name), _): [name]
        case .and(let parts), .or(let parts): parts.flatMap(\.patterns)
        case .not(let part), .reference(_, _, let part): part.patterns
        case .isInRows(_, let rows): rows.condition?.patterns ?? []
        default: []
        }
    }
}

import CairnSchema

/// Reads text that is a query or a part of one, and puts mistakes in words.
struct QueryReader {
    private let text: String

    init(_ text: String) {
        self.text = text
    }

    /// What `body` makes of the text.
    /// - Throws: `query.invalid` with the place of the mistake.
    func read<Result>(_ body: (String) throws(QueryMistake) -> Result) throws -> Result {
        guard text.utf8.count <= Limits.queryBytes else {
            throw StorageError(
                .query, "a query of \(text.utf8.count) bytes is not read; the limit is \(Limits.queryBytes)",
                remedy: "ask in several queries")
        }
        do throws(QueryMistake) {
            return try body(text)
        } catch {
            let place = SourceText(name: "query", bytes: Array(text.utf8)).location(at: error.offset)
            throw StorageError(.query, "\(place): \(error.message)", remedy: error.remedy)
        }
    }

    // MARK: Forms

    /// How a form of the language is read.
    typealias Form = (String) throws(QueryMistake) -> QueryDraft

    static func text(_ text: String) throws(QueryMistake) -> QueryDraft {
        var parser = try QueryParser(text)
        return try parser.query()
    }

    static func json(_ text: String) throws(QueryMistake) -> QueryDraft {
        try QueryJSONParser().query(Array(text.utf8))
    }

    // MARK: Queries

    /// The query, whatever it gives.
    func query(_ reach: QueryReach, _ values: ParameterValues, _ form: Form) throws -> DynamicQuery {
        let query = try read { text throws(QueryMistake) in
            try QueryReader.bound(try form(text), reach, values)
        }
        try query.validate()
        return query
    }

    /// The query, if it gives records.
    func records(_ reach: QueryReach, _ values: ParameterValues, _ form: Form) throws -> Query {
        let query = try read { text throws(QueryMistake) in
            let draft = try form(text)
            let query = try QueryReader.bound(draft, reach, values)
            guard let selected = draft.selected.first else { return query.rows }
            throw QueryMistake(
                "the query selects columns or groups, and is asked for whole records",
                remedy: "read it as a DynamicQuery", at: selected.offset)
        }
        try query.validate()
        return query
    }

    private static func bound(
        _ draft: QueryDraft, _ reach: QueryReach, _ values: ParameterValues
    ) throws(QueryMistake) -> DynamicQuery {
        let template = try draft.resolved(reach, or: values.types)
        return try template.bound(to: try values.values(for: template.parameters), isOfCommand: values.isOfCommand)
    }
}

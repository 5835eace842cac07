/// The tables that what was written may name.
package struct QueryReach {
    private let database: String
    /// All tables of the schema, by their positions.
    let tables: [Table]
    private let positions: [String: Int]
    private let names: Set<String>?

    /// - Parameter names: Those of the tables; nil: all.
    package init(_ schema: Schema, _ names: Set<String>?) {
        database = schema.database
        tables = schema.tables
        self.names = names
        positions = Dictionary(
            schema.tables.map { ($0.name, $0.position) }, uniquingKeysWith: { first, _ in first })
    }

    func table(named name: String, at offset: Int) throws(QueryMistake) -> Table {
        if names?.contains(name) ?? true, let position = positions[name] { return tables[position] }
        let reached = tables.map(\.name).filter { names?.contains($0) ?? true }
        throw QueryMistake(
            "the database '\(database)' has no table '\(name)'", remedy: NearestName.hintOrList(name, among: reached),
            at: offset)
    }

    /// The position of a table that a reference names; nil for one that may not be named, of which nothing is told.
    func position(of name: String) -> Int? { names?.contains(name) ?? true ? positions[name] : nil }
}

extension QueryDraft {
    /// Gives what was written its meaning.
    /// - Parameters:
    ///   - types: The types of parameters, as far as they are known.
    ///   - more: Types for parameters whose types do not follow from their use.
    package func resolved(
        _ reach: QueryReach, parameters types: [String: ParameterType] = [:], or more: [String: ParameterType] = [:]
    ) throws(QueryMistake) -> QueryTemplate {
        // What a parameter is may follow from a use behind the one that is looked at: first all types, then what they mean.
        let found = ParameterTypes(known: types, reach)
        var template = try resolved(reach, found)
        let first = try found.parameters(isComplete: false)
        var known = more.merging(types) { $1 }
        for parameter in first { known[parameter.name] = parameter.type }
        let settled = ParameterTypes(known: known, reach)
        if !known.isEmpty { template = try resolved(reach, settled) }
        template.parameters = try (known.isEmpty ? found : settled).parameters(isComplete: true)
        if let excess = template.excess() { throw excess }
        return template
    }

    private func resolved(_ reach: QueryReach, _ types: ParameterTypes) throws(QueryMistake) -> QueryTemplate {
        let resolver = QueryResolver(try reach.table(named: table.name, at: table.offset), reach, types)
        var template = QueryTemplate(table: resolver.table)
        if let condition { template.condition = try resolver.condition(condition) }
        template.selection = try GroupResolver.selection(self, resolver)
        // The order and the limit of groups are part of the selection.
        if template.selection?.groups != nil {
            for term in firstOrder { template.order.append(try resolver.order(term)) }
            if let first { template.limit = try resolver.limit(first) }
            return template
        }
        if let first {
            throw QueryMistake(
                "'first' says which rows are grouped, and nothing is computed of them",
                remedy: "write 'order by' and 'limit'",
                at: first.offset)
        }
        for term in order { template.order.append(try resolver.order(term)) }
        if let limit { template.limit = try resolver.limit(limit) }
        return template
    }
}

public import CairnSchema

/// A query in text or in JSON that may select: whole records, some of their columns, or aggregates of them, of groups or of all.
///
/// | | |
/// |---|---|
/// | `cities where country = "FR"` | whole records |
/// | `cities select name, population where country = "FR" limit 10` | columns of the rows |
/// | `cities select count(), sum(population)` | one row, of all rows together |
/// | `cities select country, count() group by country having count() > 10 order by count() desc` | a row for each group |
///
/// What it gives is known before it runs: see ``columns``. ``Session/rows(of:)`` runs it.
public struct DynamicQuery: Sendable, Hashable {
    /// What is read.
    public enum Content: Sendable, Hashable {
        /// Whole records.
        case records(Query)
        /// Columns of the rows.
        case columns(Query)
        /// Aggregates of the rows.
        case groups(AggregateQuery)
    }

    /// What is read. Of it, ``columns`` are given.
    public package(set) var content: Content
    /// What each row gives, in order; of whole records, the columns of the table.
    public let columns: [SelectedColumn]
    /// Where the values stand: among the columns of the table, or among the results of groups.
    package let places: [Int]

    /// The table.
    public var table: Table { rows.table }

    /// The rows that are read, whatever is made of them.
    package var rows: Query {
        switch content {
        case .records(let query), .columns(let query): query
        case .groups(let query): query.source
        }
    }

    /// A query of whole records.
    package init(_ query: Query) {
        content = .records(query)
        columns = query.table.columns.map(SelectedColumn.init)
        places = Array(query.table.columns.indices)
    }

    init(_ content: Content, _ selected: [TemplateColumn]) {
        self.content = content
        columns = selected.map(SelectedColumn.init)
        places = selected.map(\.place)
    }

    /// Reads a query from text: that of ``Query/init(parsing:schema:parameters:reaching:)``, and behind the table what is selected.
    ///
    /// | | |
    /// |---|---|
    /// | columns | `cities select name, population` |
    /// | of a group, or of all rows | `count()`, `count(timezone)` of those with a value, `count(distinct timezone)`, `sum(population)`, `average(population)`, `min(name)`, `max(name)` |
    /// | which rows | `first 100 by population desc`: behind the condition; groups and functions are of these alone |
    /// | groups | `group by country, timezone`: behind the condition |
    /// | which groups | `having count() > 10 and sum(population) / count() > 5` |
    /// | their order | `order by sum(population) desc, country`: columns of the group and functions, selected or not |
    ///
    /// Names of functions are no words of the language: a column `sum` is a column, but before a bracket. The exception is `count`: a
    /// column that is called so stands in backticks.
    /// - Throws: `query.invalid` with line and column. Nothing is read from any store.
    public init(
        parsing text: String, schema: Schema, parameters: [String: Value] = [:], reaching tables: Set<String>? = nil
    ) throws {
        self = try QueryReader(text).query(QueryReach(schema, tables), .values(parameters), QueryReader.text)
    }

    /// Reads a query from JSON: that of ``Query/init(parsingJSON:schema:parameters:reaching:)``, with what is selected:
    ///
    ///     { "from": "cities", "select": ["country", "count()"], "group_by": ["country"], "having": { "count()": { ">": 10 } },
    ///       "order": ["sum(population) desc"], "limit": 5 }
    /// - Throws: as ``init(parsing:schema:parameters:reaching:)``.
    public init(
        parsingJSON text: String, schema: Schema, parameters: [String: Value] = [:], reaching tables: Set<String>? = nil
    ) throws {
        self = try QueryReader(text).query(QueryReach(schema, tables), .values(parameters), QueryReader.json)
    }

    /// Reads a query as command lines have it, in text or in JSON, with the values of its parameters without quotes, lists as JSON.
    /// - Throws: as ``init(parsing:schema:parameters:reaching:)``.
    package init(parsing text: String, schema: Schema, texts: [String: String]) throws {
        let (reader, reach) = (QueryReader(text), QueryReach(schema, nil))
        if DynamicQuery.isJSON(text) {
            self = try reader.query(reach, .texts(texts), QueryReader.json)
        } else {
            self = try reader.query(reach, .texts(texts), QueryReader.text)
        }
    }

    /// Whether a query of a command line is in JSON: it begins with a brace, as no query in text does.
    package static func isJSON(_ text: String) -> Bool {
        text.utf8.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == 0x7B
    }

    // MARK: Refining

    /// Lets the query read a whole table to give a part of it, in a store that refuses such queries: see ``UnindexedPolicy``.
    public func unindexed() -> DynamicQuery { changing { $0.isUnindexedAllowed = true } }

    /// Stops the query with `query.budget` before it makes more requests to an object store, or when its result has more rows, than
    /// this. Groups count as rows before `having` and `limit` choose among them, as they are all in memory at once.
    public func budget(requests: Int? = nil, rows: Int? = nil) -> DynamicQuery {
        changing { $0.budget = QueryBudget(requests: requests, rows: rows) }
    }

    /// The same with its rows read in another way.
    private func changing(_ change: (inout Query) -> Void) -> DynamicQuery {
        var copy = self
        switch content {
        case .records(var rows):
            change(&rows)
            copy.content = .records(rows)
        case .columns(var rows):
            change(&rows)
            copy.content = .columns(rows)
        case .groups(var groups):
            change(&groups.rows)
            copy.content = .groups(groups)
        }
        return copy
    }

    /// Checks what depends on the values of parameters.
    /// - Throws: `query.invalid`.
    func validate() throws {
        switch content {
        case .records(let query), .columns(let query): try query.validate()
        case .groups(let query): try query.validate()
        }
    }
}

/// Something that a query selects.
public struct SelectedColumn: Sendable, Hashable {
    /// A key: `country`, `sum(population)`, `count(distinct timezone)`. It is what the text form writes, but without the backticks of
    /// columns that are called like words of the language, so it is nothing to make another query of.
    public let name: String
    /// The type of its values.
    public let type: ValueType
    /// Whether it may be null. Of a group the sum of a column that is never null is not either; of all rows, which may be none, it is.
    public let isNullable: Bool
    /// Whether the schema declares what it is made of sensitive.
    public let isSensitive: Bool

    init(_ column: TemplateColumn) {
        (name, type) = (column.name, column.type)
        (isNullable, isSensitive) = (column.isNullable, column.isSensitive)
    }

    /// A column of a table.
    package init(_ column: Column) {
        (name, type) = (column.name, column.valueType)
        (isNullable, isSensitive) = (column.isNullable, column.isSensitive)
    }
}

/// One row of what a query selects.
public struct SelectedRow: Sendable, Hashable {
    /// What was selected, in order.
    public let columns: [SelectedColumn]
    /// The values, in the same order.
    public let values: [Value]

    /// The value of something selected, by its name; nil when it was not selected.
    public subscript(_ name: String) -> Value? {
        columns.firstIndex { $0.name == name }.map { values[$0] }
    }
}

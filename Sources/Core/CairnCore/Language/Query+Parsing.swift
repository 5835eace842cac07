public import CairnSchema

extension Query {
    /// Reads a query from text: `cities where country = "FR" and population > 100_000 order by name limit 10`.
    ///
    /// It can reach declared columns and nothing else, those of the table and of the tables that conditions lead to: names are
    /// looked up in the schema, values are only ever values, and there is no other statement. So text of strangers may be read; which
    /// tables they may ask about is for the program to say, and what rows they may see, by a further condition.
    ///
    /// | | |
    /// |---|---|
    /// | compare | `=` `!=` `<` `<=` `>` `>=`, `between 1 and 5`, `in (1, 2)`, `is null`, `is not null` |
    /// | days | `seen in today`, `in yesterday`, `in last 7 days`, `in this week` (`month`, `year`), with `in zone "Europe/Paris"` behind it; else in UTC |
    /// | combine | `and`, `or`, `not`, brackets |
    /// | texts | `begins with`, `ends with`, `contains`, `like`, `matches`; behind it `ignoring case` |
    /// | numbers | `+` `-` `*` `/` of columns and numbers, `count(name)` |
    /// | lists | `languages contains "fr"` |
    /// | JSON | `settings["theme"] = "dark"`, `settings["servers"][0] exists` |
    /// | related records | `country.name = "France"`, `exists cities by country (population > 1000000)` |
    /// | other rows | `country in (select iso from countries order by population desc limit 10)` |
    /// | order | `order by population desc, name`; by a record that is referred to, `order by country.name, name` |
    ///
    /// Texts stand in double quotes, as in JSON, or in single quotes; times, days and ids are texts. A column called like a word
    /// of the language stands in backticks.
    ///
    /// A parameter, `$country`, stands for a value that `parameters` has, so that nobody puts texts together. It takes the type of what
    /// it is compared with; behind `limit` and `last` it is a number, behind `in` a list, behind `zone` the name of a zone.
    /// - Parameters:
    ///   - text: The query; at most ``Limits/queryBytes``.
    ///   - schema: The schema of the store that is to answer it.
    ///   - parameters: The values of its parameters by their names, without the `$`; no more than it has.
    ///   - tables: The names of the tables it may be of and its conditions may lead to; nil: all. The others are as if they were not.
    /// - Throws: `query.invalid` with line and column, and the nearest name for one that is unknown; for a query that selects something
    ///   else than records, which ``DynamicQuery`` reads. Nothing is read from any store.
    public init(
        parsing text: String, schema: Schema, parameters: [String: Value] = [:], reaching tables: Set<String>? = nil
    ) throws {
        self = try QueryReader(text).records(QueryReach(schema, tables), .values(parameters), QueryReader.text)
    }

    /// Reads a query from JSON, for programs, which then need not put texts together:
    ///
    ///     { "from": "cities", "where": { "country": "FR", "population": { ">": 100000 } }, "order": ["name desc"], "limit": 10 }
    ///
    /// All members of a condition must hold; `and` and `or` take a list of conditions, `not` takes one. What a column is compared
    /// with is a value, `null` for null, or an object of the operators of the text form (`is null` and `exists` with true or
    /// false, `in` and `between` with a list). In place of a column stands what the text form can compute: `"population / area"`, `"country.name"`. Related records
    /// are `"exists": { "from": "cities", "by": "country", "where": { … } }`, other rows `"in": { "select": "iso", "from": … }`. A parameter
    /// is `{ "parameter": "country" }`.
    /// - Throws: as ``init(parsing:schema:parameters:reaching:)``.
    public init(
        parsingJSON text: String, schema: Schema, parameters: [String: Value] = [:], reaching tables: Set<String>? = nil
    ) throws {
        self = try QueryReader(text).records(QueryReach(schema, tables), .values(parameters), QueryReader.json)
    }
}

extension Condition {
    /// Reads a condition on the rows of a table from text, as it stands behind `where` in ``Query/init(parsing:schema:parameters:reaching:)``.
    /// - Parameter schema: The schema of the table, for conditions that lead to other tables.
    /// - Throws: `query.invalid` with line and column, and the nearest name for one that is unknown.
    public init(parsing text: String, table: Table, schema: Schema? = nil) throws {
        self = try QueryReader(text).read { text throws(QueryMistake) in
            var parser = try QueryParser(text)
            let resolver = QueryResolver(table, schema.map { QueryReach($0, nil) })
            return try TemplateBinding().condition(try resolver.condition(try parser.condition()))
        }
        try Query(table, where: self).validate()
    }
}

extension Session {
    /// The records that a query in text asks for, without generated code; see ``Query/init(parsing:schema:parameters:reaching:)``. All in memory at
    /// once.
    /// - Throws: `query.invalid` with line and column for a query that cannot be read; what reading throws.
    public func records(matching text: String, parameters: [String: Value] = [:]) async throws -> [Record] {
        let query = try Query(parsing: text, schema: schema, parameters: parameters)
        return try await records(query.table.name).all(query)
    }
}

import Testing

@testable import CairnCore

@Suite("Queries in text and in JSON that lead to other tables")
struct RelationParsingTests {
    private let schema: Schema

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "d", "tables": {
                  "continents": { "columns": { "code": "string", "name": "string" }, "key": "code" },
                  "countries": {
                    "columns": {
                      "iso": "string", "name": "string", "continent": { "references": "continents" }, "population": "int",
                      "capital": { "references": "cities?" }, "settings": "json?", "is_island": "bool", "area": "double",
                    }, "key": "iso" },
                  "cities": {
                    "columns": {
                      "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int",
                    }, "key": "id" } } }
                """)
    }

    private func condition(_ text: String) throws -> Condition? { try Query(parsing: text, schema: schema).condition }

    private func country(_ part: Condition) -> Condition { .reference(column: 2, RelatedTable(1), part) }

    @Test("A path leads through references to the columns of the records they name")
    func paths() throws {
        let isFrance = Condition.compare(column: 1, .equal, .string("France"))
        #expect(try condition("cities where country.name = 'France'") == country(isFrance))
        #expect(try condition("cities where 'France' = country.name") == country(isFrance))
        #expect(try condition("cities where not country . `name` = 'France'") == .not(country(isFrance)))
        let europe = Condition.reference(column: 2, RelatedTable(0), .compare(column: 1, .equal, .string("Europe")))
        #expect(try condition("cities where country.continent.name = 'Europe'") == country(europe))
        #expect(try condition("cities where country.is_island") == country(.compare(column: 6, .equal, .bool(true))))
        #expect(try condition("cities where country.capital is null") == country(.isNull(column: 4)))
        #expect(
            try condition("cities where country.settings['a'] exists")
                == country(.hasPath(column: 5, [.member("a")])))
        #expect(
            try condition("cities where count(country.name) > 5")
                == country(.computed(.count(column: 1), .greater, .value(.int(5)))))
        #expect(
            try condition("cities where country.population / country.area > 10")
                == country(
                    .computed(
                        .arithmetic(.column(3), .divide, .column(7)), .greater, .value(.int(10)))))
        #expect(
            try condition("cities where country.name begins with 'F' ignoring case")
                == country(.text(column: 1, .hasPrefix, "F", ignoringCase: true)))
        #expect(
            try condition("cities where country.name in ('a', 'b')")
                == country(.isIn(column: 1, [.string("a"), .string("b")])))
        #expect(try condition("cities where country.name between 'a' and 'b'")?.hasRelations == true)
    }

    @Test("An order leads through references to the columns of the records they name")
    func orders() throws {
        let country = FollowedReference(column: 2, RelatedTable(1))
        let order = [
            OrderTerm(column: 1, isDescending: true, behind: [country]),
            OrderTerm(column: 1, behind: [country, FollowedReference(column: 2, RelatedTable(0))]),
            OrderTerm(column: 1),
        ]
        let text = "cities order by country.name desc, country . continent.`name` asc, name limit 10"
        let query = try Query(parsing: text, schema: schema)
        #expect(query.order == order)
        #expect(query.limit == 10)
        let among = "cities where id in (select id from cities order by country.name desc limit 3)"
        #expect(
            try condition(among)
                == .isInRows(
                    column: 0, RelatedRows(RelatedTable(2), column: 0, order: [order[0]], limit: 3)))
    }

    @Test("Records that refer to a row, and values of other rows")
    func rows() throws {
        let large = Condition.compare(column: 3, .greater, .int(1_000_000))
        #expect(
            try condition("countries where exists cities by country (population > 1_000_000)")
                == .isInRows(column: 0, RelatedRows(RelatedTable(2), column: 2, where: large)))
        #expect(
            try condition("countries where not exists cities by country and is_island")
                == .and([
                    .not(.isInRows(column: 0, RelatedRows(RelatedTable(2), column: 2))),
                    .compare(column: 6, .equal, .bool(true)),
                ]))
        let order = [OrderTerm(column: 3, isDescending: true)]
        #expect(
            try condition("cities where country in (select iso from countries order by population desc limit 10)")
                == .isInRows(column: 2, RelatedRows(RelatedTable(1), column: 0, order: order, limit: 10)))
        #expect(
            try condition("cities where name not in (select name from countries where continent.name = 'Asia')")
                == .not(
                    .isInRows(
                        column: 1,
                        RelatedRows(
                            RelatedTable(1), column: 1,
                            where: .reference(
                                column: 2, RelatedTable(0), .compare(column: 1, .equal, .string("Asia")))))))
    }

    @Test(
        "The JSON form says the same as the text form",
        arguments: [
            (#"{"from": "cities", "where": {"country.name": "France"}}"#, "cities where country.name = 'France'"),
            (
                #"{"from": "countries", "where": {"exists": {"from": "cities", "by": "country", "where": {"population": {">": 5}}}}}"#,
                "countries where exists cities by country (population > 5)"
            ),
            (
                #"{"from": "countries", "where": {"not": {"exists": {"from": "cities", "by": "country"}}}}"#,
                "countries where not exists cities by country"
            ),
            (
                #"{"from": "cities", "where": {"country": {"in": {"select": "iso", "from": "countries", "where": {"is_island": true}, "order": ["name"], "limit": 2}}}}"#,
                "cities where country in (select iso from countries where is_island = true order by name limit 2)"
            ),
            (
                #"{"from": "cities", "order": ["country.name desc", "name", "country.continent.code"]}"#,
                "cities order by country.name desc, name, country.continent.code"
            ),
        ])
    func json(json: String, text: String) throws {
        #expect(try Query(parsingJSON: json, schema: schema) == (try Query(parsing: text, schema: schema)))
    }

    @Test(
        "Mistakes are told with line and column, and with the nearest name",
        arguments: [
            (
                "cities where country.nam = 'x'", "query:1:22: table 'countries' has no column 'nam'",
                "did you mean 'name'?"
            ),
            ("cities where contry.name = 'x'", "query:1:14: table 'cities' has no column 'contry'", "'country'"),
            ("cities where country.name = 5", "query:1:29: expected a value of type string", nil),
            ("cities where name.x = 5", "query:1:14: column 'name' of table 'cities' refers to no record", "country"),
            ("cities where country.name.x = 5", "query:1:22: column 'name' of table 'countries' refers", nil),
            ("cities where country.name = name", "query:1:29: one comparison has columns of several records", nil),
            ("cities where country. = 5", "query:1:23: expected a column, found '='", nil),
            ("cities order by country.nam", "query:1:25: table 'countries' has no column 'nam'", "'name'"),
            ("cities order by name, contry.name", "query:1:23: table 'cities' has no column 'contry'", "'country'"),
            ("cities order by name.x", "query:1:17: column 'name' of table 'cities' refers to no record", "country"),
            (
                "cities order by country.settings", "query:1:25: table 'countries' cannot be ordered by 'settings'", nil
            ),
            (
                "countries order by cities.name",
                "query:1:20: rows of table 'countries' have no order by those of 'cities'", "group table 'cities'"
            ),
            (
                "cities order by country.cities.name",
                "query:1:25: rows of table 'countries' have no order by those of 'cities'", nil
            ),
            ("cities order by country.", "query:1:25: expected a column, found the end", nil),
            (
                "countries where exists citis by country", "query:1:24: the database 'd' has no table 'citis'",
                "'cities'"
            ),
            ("countries where exists cities", "query:1:30: expected 'by'", nil),
            (
                "countries where exists cities by contry", "query:1:34: table 'cities' has no column 'contry'",
                "'country'"
            ),
            (
                "countries where exists cities by name",
                "query:1:34: column 'name' of table 'cities' does not refer to table 'countries'", "country"
            ),
            ("cities where country in (select iso countries)", "query:1:37: expected 'from'", nil),
            (
                "cities where id in (select iso from countries)",
                "query:1:28: column 'id' is of type int and is not looked up in column 'iso'", nil
            ),
            ("cities where country in (select iso from countries limit x)", "query:1:58: expected a whole number", nil),
        ] as [(String, String, String?)])
    func mistakes(text: String, message: String, remedy: String?) throws {
        let error = try #require(throws: StorageError.self) { try Query(parsing: text, schema: schema) }
        #expect(error.code == .query)
        #expect(error.message.hasPrefix(message), "\(error.message)")
        if let remedy { #expect(error.remedy?.contains(remedy) == true, "\(error.remedy ?? "")") }
    }

    @Test(
        "Mistakes in JSON are told with line and column",
        arguments: [
            (
                #"{"from": "countries", "where": {"exists": {"from": "cities"}}}"#,
                "query:1:43: 'by' is missing"
            ),
            (
                #"{"from": "cities", "where": {"country": {"in": {"from": "countries"}}}}"#,
                "query:1:48: 'select' is missing"
            ),
            (
                #"{"from": "countries", "where": {"exists": {"from": "cities", "by": "country", "limit": 1}}}"#,
                "query:1:52: whether a row exists depends on no order"
            ),
            (#"{"from": "cities", "order": ["country.nam"]}"#, "query:1:39: table 'countries' has no column 'nam'"),
            (#"{"from": "cities", "where": {"country.nam": 1}}"#, "query:1:39: table 'countries' has no column 'nam'"),
        ])
    func jsonMistakes(json: String, message: String) throws {
        let error = try #require(throws: StorageError.self) { try Query(parsingJSON: json, schema: schema) }
        #expect(error.message.hasPrefix(message), "\(error.message)")
    }

    @Test("Deep paths and rows in rows are refused where conditions are too deep, not read to the end of the stack")
    func limits() throws {
        let texts = [
            "cities where " + String(repeating: "country.", count: 20_000) + "name = 'x'",
            "cities where "
                + String(
                    repeating: "country in (select iso from countries where iso in (select country from cities where ",
                    count: 1000),
            "countries where "
                + String(repeating: "exists cities by country (exists countries by capital (", count: 1000),
            "cities where " + String(repeating: "country.capital.", count: 9) + "name = 'x'",
            "cities order by " + String(repeating: "country.", count: 20_000) + "name",
            "cities order by " + String(repeating: "country.capital.", count: 5) + "name",
        ]
        for text in texts {
            let error = try #require(throws: StorageError.self) { try Query(parsing: text, schema: schema) }
            #expect(error.code == .query, "\(text.prefix(40)): \(error)")
        }
        let deepest = String(repeating: "country.capital.", count: 4) + "name"
        for text in ["cities where \(deepest) = 'x'", "cities order by \(deepest)"] {
            #expect(throws: Never.self) { try Query(parsing: text, schema: schema) }
        }
    }

    @Test("Tables that a query may not reach are as if they were not")
    func reach() throws {
        let tables: Set = ["cities", "countries"]
        let allowed = try Query(parsing: "cities where country.name = 'x'", schema: schema, reaching: tables)
        #expect(allowed.table.name == "cities")
        for text in [
            "continents", "countries where continent.name = 'x'", "countries order by continent.name",
            "countries where continent in (select code from continents)",
        ] {
            let error = try #require(throws: StorageError.self) {
                try Query(parsing: text, schema: schema, reaching: tables)
            }
            #expect(error.message.hasSuffix("the database 'd' has no table 'continents'"), "\(error.message)")
        }
        let error = try #require(throws: StorageError.self) {
            try Query(
                parsingJSON: #"{"from": "countries", "where": {"continent.name": "x"}}"#, schema: schema,
                reaching: tables)
        }
        #expect(error.message.hasSuffix("the database 'd' has no table 'continents'"), "\(error.message)")
    }

    @Test("A condition that is read for one table alone leads nowhere, with a schema it does")
    func alone() throws {
        let cities = schema.tables[2]
        #expect(throws: StorageError.self) { try Condition(parsing: "country.name = 'x'", table: cities) }
        let condition = try Condition(parsing: "country.name = 'x'", table: cities, schema: schema)
        #expect(condition == country(.compare(column: 1, .equal, .string("x"))))
    }
}

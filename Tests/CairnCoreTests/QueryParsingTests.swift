import Testing

@testable import CairnCore

@Suite("Queries in text and in JSON")
struct QueryParsingTests {
    private let schema: Schema
    private let table: Table

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "d", "tables": {
                  "countries": { "columns": { "iso": "string", "name": "string" }, "key": "iso" },
                  "cities": {
                    "columns": {
                      "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int",
                      "area": "double?", "price": "decimal?", "founded": "date?", "seen": "timestamp?", "token": "uuid?",
                      "is_open": "bool", "kind": { "enum": ["town", "village"] }, "names": "[string]", "sizes": "[int]",
                      "settings": "json?", "order": "int?", "raw": "bytes?",
                    }, "key": "id" } } }
                """)
        table = schema.tables[1]
    }

    private func column(_ name: String) -> Int { table.column(named: name)?.position ?? -1 }

    // MARK: Text

    @Test("A query has a table, a condition, an order and a limit, each but the first when it wants")
    func whole() throws {
        let query = try Query(
            parsing: "cities where country = \"FR\" and population > 100_000 order by population desc, name limit 10",
            schema: schema)
        #expect(query.table.name == "cities")
        #expect(
            query.condition
                == .and([
                    .compare(column: column("country"), .equal, .string("FR")),
                    .compare(column: column("population"), .greater, .int(100_000)),
                ]))
        #expect(query.order == [OrderTerm(column: column("population"), isDescending: true), OrderTerm(column: 1)])
        #expect(query.limit == 10)
        #expect(try Query(parsing: "FROM cities", schema: schema) == Query(table))
        #expect(try Query(parsing: "cities\n limit 0", schema: schema) == Query(table, limit: 0))
        #expect(
            try Query(parsing: "cities order by `order` asc", schema: schema)
                == Query(table, order: [OrderTerm(column: column("order"))]))
    }

    @Test(
        "Conditions become what they say",
        arguments: [
            ("name = 'L''Île'", .compare(column: 1, .equal, .string("L'Île"))),
            ("name == \"a\\n\\u00e9\"", .compare(column: 1, .equal, .string("a\né"))),
            ("\"a\" < name", .compare(column: 1, .greater, .string("a"))),
            ("population <> -5", .compare(column: 3, .notEqual, .int(-5))),
            ("area > 10", .compare(column: 4, .greater, .double(10))),
            ("price >= 9.90", .compare(column: 5, .greaterOrEqual, .decimal(DecimalNumber("9.9") ?? 0))),
            ("founded < '2026-11-20'", .compare(column: 6, .less, .date(CalendarDate("2026-11-20") ?? .min))),
            ("is_open", .compare(column: 9, .equal, .bool(true))),
            ("not is_open", .not(.compare(column: 9, .equal, .bool(true)))),
            ("is_open != false", .compare(column: 9, .notEqual, .bool(false))),
            ("kind = 'town'", .compare(column: 10, .equal, .string("town"))),
            ("area is null", .isNull(column: 4)), ("area IS NOT NULL", .not(.isNull(column: 4))),
            ("population in (1, 2)", .isIn(column: 3, [.int(1), .int(2)])), ("population in ()", .isIn(column: 3, [])),
            ("population not in (1)", .not(.isIn(column: 3, [.int(1)]))),
            (
                "population between 1 and 5 or is_open",
                .or([
                    .and([.compare(column: 3, .greaterOrEqual, .int(1)), .compare(column: 3, .lessOrEqual, .int(5))]),
                    .compare(column: 9, .equal, .bool(true)),
                ])
            ),
            ("name begins with 'M'", .text(column: 1, .hasPrefix, "M", ignoringCase: false)),
            ("name not like 'a%' ignoring case", .not(.text(column: 1, .like, "a%", ignoringCase: true))),
            ("name matches '^[A-Z]'", .text(column: 1, .matches, "^[A-Z]", ignoringCase: false)),
            ("names contains 'fr'", .hasElement(column: 11, .string("fr"))),
            ("sizes contains 3", .hasElement(column: 12, .int(3))),
            ("count(names) > 2", .computed(.count(column: 11), .greater, .value(.int(2)))),
            ("population > 1.5", .computed(.column(3), .greater, .value(.double(1.5)))),
            (
                "population > area * 10 + 1",
                .computed(
                    .column(3), .greater,
                    .arithmetic(.arithmetic(.column(4), .multiply, .value(.int(10))), .add, .value(.int(1))))
            ),
            (
                "(population + 1) * 2 = 4",
                .computed(
                    .arithmetic(.arithmetic(.column(3), .add, .value(.int(1))), .multiply, .value(.int(2))), .equal,
                    .value(.int(4)))
            ),
            (
                "price * 1.10 > 5",
                .computed(
                    .arithmetic(.column(5), .multiply, .value(.decimal(DecimalNumber("1.1") ?? 0))), .greater,
                    .value(.int(5)))
            ),
            (
                "settings[\"theme\"][0] = 'dark'",
                .computed(.path(column: 13, [.member("theme"), .element(0)]), .equal, .value(.string("dark")))
            ),
            ("settings['a'] is null", .isPathNull(column: 13, [.member("a")])),
            ("settings['a'] exists", .hasPath(column: 13, [.member("a")])),
            (
                "settings['a'][0] begins with 'x'",
                .pathText(column: 13, [.member("a"), .element(0)], .hasPrefix, "x", ignoringCase: false)
            ),
            (
                "settings['a'] not matches '^x' ignoring case",
                .not(.pathText(column: 13, [.member("a")], .matches, "^x", ignoringCase: true))
            ),
            (
                "settings['a'] equals 'x' ignoring case",
                .pathText(column: 13, [.member("a")], .equals, "x", ignoringCase: true)
            ),
            ("`order` = 1", .compare(column: 14, .equal, .int(1))),
            ("((((is_open))))", .compare(column: 9, .equal, .bool(true))),
            ("! (true && false || null = 1)", nil),
        ] as [(String, Condition?)])
    func conditions(text: String, wanted: Condition?) throws {
        guard let wanted else {
            #expect(throws: StorageError.self) { try Condition(parsing: text, table: table) }
            return
        }
        #expect(try Condition(parsing: text, table: table) == wanted)
    }

    @Test(
        "Mistakes are told with line and column, and with the nearest name",
        arguments: [
            ("citis", "query:1:1: the database 'd' has no table 'citis'", "did you mean 'cities'?"),
            (
                #"cities where name = "a" ignoring case"#, "query:1:25: 'ignoring case' does not go with '='",
                #"write name equals "a" ignoring case"#
            ),
            (
                #"cities where name in ("a") Ignoring case"#, "query:1:28: 'ignoring case' does not go with 'in'",
                #"write name equals "a" ignoring case"#
            ),
            (
                "cities where contry = 'FR'", "query:1:14: table 'cities' has no column 'contry'",
                "did you mean 'country'?"
            ),
            ("cities\nwhere kind = 'twon'", "query:2:14: column 'kind' is never 'twon'", "did you mean 'town'?"),
            ("cities where name = 5", "query:1:21: expected a value of type string", "write a text in quotes"),
            (
                "cities where population = 'x'", "query:1:27: expected a value of type int",
                "write a number without quotes"
            ),
            (
                "cities where token = 'Ada'", "query:1:22: expected a value of type uuid",
                "write an id like \"01a22e61-…\""
            ),
            (
                "cities where country = FR", "query:1:24: table 'cities' has no column 'FR'",
                "a text stands in quotes: \"FR\"; "
            ),
            ("cities where name in (Ys)", "query:1:23: table 'cities' has no column 'Ys'", "a text stands in quotes"),
            ("cities where name = null", "query:1:21: nothing equals null", "write 'is null'"),
            ("cities where name = 'a", "query:1:21: the text has no end", nil),
            ("cities where name = \"\\x\"", "query:1:22: ", nil),
            ("cities where name", "query:1:14: column 'name' is no condition", nil),
            ("cities where population + 1", "query:1:14: expected a condition", nil),
            ("cities where (is_open", "query:1:22: expected ')', found the end", nil),
            (
                "cities where is_open is_open",
                "query:1:22: expected 'and', 'or', 'order by' or 'limit', found 'is_open'", nil
            ),
            ("cities where name matches 'a('", "query:1:27: the pattern cannot be read", nil),
            ("cities order name", "query:1:14: expected 'by' after 'order'", nil),
            (
                "cities order by order", "query:1:17: expected a column, found 'order'",
                "if a column is called so, write `order`"
            ),
            ("cities limit 1.5", "query:1:14: expected a whole number", nil),
            ("cities where population = 99999999999999999999", "query:1:27: the number", nil),
            ("cities where price = 1e400", "query:1:22: the number 1e400 is beyond", nil),
            ("cities where area = 1e400", "query:1:21: the number 1e400 is beyond", nil),
            ("cities; drop table cities", "query:1:7: ';' means nothing here", nil),
            ("cities where é = 1", "query:1:14: 'é' means nothing here", nil),
            ("cities where settings[1.5] = 1", "query:1:23: expected a whole number", nil),
            ("cities where not", "query:1:17: expected a column or a value, found the end", nil),
            ("", "query:1:1: expected a table, found the end", nil),
        ] as [(String, String, String?)])
    func mistakes(text: String, message: String, remedy: String?) throws {
        let error = try #require(throws: StorageError.self) { try Query(parsing: text, schema: schema) }
        #expect(error.code == .query)
        #expect(error.message.hasPrefix(message), "\(error.message)")
        if let remedy { #expect(error.remedy?.contains(remedy) == true, "\(error.remedy ?? "")") }
    }

    @Test("What no condition may do is refused as in Swift")
    func checked() throws {
        for text in ["price > area", "name + 1 = 2", "settings < settings", "price / 2 > 1", "count(population) = 1"] {
            let error = try #require(throws: StorageError.self) { try Condition(parsing: text, table: table) }
            #expect(error.code == .query, "\(text)")
        }
    }

    @Test(
        "Nothing but declared columns can be reached",
        arguments: [
            "_revision", "_created_at", "rowid", "sqlite_master", "countries.name", "\"name\"", "cities.name", "*",
            "load_extension('x')", "cairn_match(name, 0, 'a')", "name; select 1", "name -- x", "name/**/",
            "name' or '1'='1",
            "`name\"`", "`x` or 1 = 1 --`", "settings->'a'", "(select name from countries)", "random()",
        ])
    func injection(name: String) throws {
        for text in ["\(name) = 1", "id = \(name) and id = 1", "\(name) is null"] {
            // One of them is a text compared with itself or a number: a value, which reaches nothing.
            guard let condition = try? Condition(parsing: text, table: table) else { continue }
            #expect(condition.columns.allSatisfy { table.columns.indices.contains($0) }, "\(text): \(condition)")
            #expect(condition.columns == [0, 0] || condition.columns.isEmpty, "\(text): \(condition)")
        }
        #expect(throws: StorageError.self) { try Query(parsing: "cities order by \(name)", schema: schema) }
        #expect(throws: StorageError.self) { try Query(parsing: "\(name) where id = 1", schema: schema) }
    }

    @Test("A long sum is read in no time, whichever side of a comparison has the column", .timeLimit(.minutes(1)))
    func longSums() throws {
        let ones = Array(repeating: "1", count: 31).joined(separator: " + ")
        for text in ["population < \(ones)", "\(ones) < population", "population + \(ones) > 5", "$x = \(ones)"] {
            let parameters: [String: Value] = text.hasPrefix("$x") ? ["x": .int(31)] : [:]
            let query = try Query(parsing: "cities where \(text)", schema: schema, parameters: parameters)
            #expect(query.condition != nil)
        }
    }

    @Test("A query that is too long or too deep is refused, not read to the end of the stack")
    func limits() throws {
        let many = String(repeating: "(", count: 30_000)
        let texts = [
            "cities where " + many, "cities where " + String(repeating: "not ", count: 15_000) + "is_open",
            "cities where population = " + String(repeating: "-", count: 30_000) + "population",
            "cities where population = 1" + String(repeating: " + 1", count: 10_000),
            "cities where " + String(repeating: "(not ", count: 21) + "is_open" + String(repeating: ")", count: 21),
            "cities where name = '" + String(repeating: "x", count: 300_000) + "'",
            "cities where population in (" + String(repeating: "1,", count: 17_000) + "1)",
            "cities where settings" + String(repeating: "[0]", count: 65) + " = 1",
        ]
        for text in texts {
            let error = try #require(throws: StorageError.self) { try Query(parsing: text, schema: schema) }
            #expect(error.code == .query, "\(text.prefix(30)): \(error)")
        }
        let flat = "cities where " + Array(repeating: "is_open", count: 5000).joined(separator: " and ")
        #expect(throws: Never.self) { try Query(parsing: flat, schema: schema) }
    }

    // MARK: JSON

    @Test(
        "The JSON form says the same as the text form",
        arguments: [
            (#"{"from": "cities"}"#, "cities"),
            (
                #"{"from": "cities", "where": {"country": "FR", "population": {">": 100000, "<=": 5e6}}, "order": ["population desc", "name"], "limit": 3}"#,
                "cities where country = 'FR' and population > 100000 and population <= 5e6 order by population desc, name limit 3"
            ),
            (#"{"from": "cities", "where": {"area": null}}"#, "cities where area is null"),
            (#"{"from": "cities", "where": {"area": {"is null": false}}}"#, "cities where area is not null"),
            (
                #"{"from": "cities", "where": {"or": [{"is_open": true}, {"not": {"name": {"like": "a%", "ignoring case": true}}}]}}"#,
                "cities where is_open = true or not name like 'a%' ignoring case"
            ),
            (#"{"from": "cities", "where": {"population": {"in": [1, 2]}}}"#, "cities where population in (1, 2)"),
            (#"{"from": "cities", "where": {"names": {"contains": "fr"}}}"#, "cities where names contains 'fr'"),
            (
                #"{"from": "cities", "where": {"population / area": {">": 10}}}"#, "cities where population / area > 10"
            ),
            (
                #"{"from": "cities", "where": {"settings[\"a\"][0]": {"exists": true}}}"#,
                "cities where settings[\"a\"][0] exists"
            ),
            (
                #"{"from": "cities", "where": {"population": {"between": [1, 5]}}}"#,
                "cities where population between 1 and 5"
            ),
            (#"{"from": "cities", "where": {"`order`": 1}}"#, "cities where `order` = 1"),
            (
                #"{"from": "cities", "where": {"price": 12.345678901234567890123}}"#,
                "cities where price = 12.345678901234567890123"
            ),
            (#"{"from": "cities", "where": {"population": {"column": "order"}}}"#, "cities where population = `order`"),
            (#"{"from": "cities", "where": {"population": {"<": {"column": "id"}}}}"#, "cities where population < id"),
            (
                #"{"from": "cities", "where": {"settings[\"n\"]": {"=": {"column": "population"}}}}"#,
                "cities where settings[\"n\"] = population"
            ),
            (
                #"{"from": "cities", "where": {"area": {">": {"expression": "population / 2"}}}}"#,
                "cities where area > population / 2"
            ),
            (
                #"{"from": "cities", "where": {"id": {"between": [{"column": "population"}, {"expression": "population * 2"}]}}}"#,
                "cities where id between population and population * 2"
            ),
            (#"{"from": "cities", "where": {"and": []}}"#, "cities where true and true"),
        ])
    func json(json: String, text: String) throws {
        let query = try Query(parsingJSON: json, schema: schema)
        if text.hasSuffix("true and true") {
            #expect(query.condition == .and([]))
        } else {
            #expect(query == (try Query(parsing: text, schema: schema)))
        }
    }

    @Test(
        "Mistakes in JSON are told with line and column",
        arguments: [
            (#"{"from": "citis"}"#, "query:1:10: the database 'd' has no table 'citis'"),
            (#"{"where": {}}"#, "query:1:1: 'from' is missing"),
            (#"{"from": "cities", "wehre": {}}"#, "query:1:20: a query has no 'wehre'"),
            (#"{"from": "cities", "where": {"nam": 1}}"#, "query:1:31: table 'cities' has no column 'nam'"),
            (#"{"from": "cities", "where": {"id": {"$gt": 1}}}"#, "query:1:37: there is no operator '$gt'"),
            (#"{"from": "cities", "where": {"id": [1]}}"#, "query:1:36: expected a value, found an array"),
            (#"{"from": "cities", "where": {"id": {"between": 1}}}"#, "query:1:48: expected a list of the two bounds"),
            (
                #"{"from": "cities", "where": {"name": {"=": "a", "ignoring case": true}}}"#,
                "query:1:39: 'ignoring case' does not go with '='"
            ),
            (#"{"from": "cities", "where": {"id": {"between": [1]}}}"#, "query:1:48: 'between' is a list of two"),
            (#"{"from": "cities", "where": {"id": {}}}"#, "query:1:36: there is no operator"),
            (#"{"from": "cities", "where": {"id": 1, "id": 2}}"#, "query:1:39: 'id' stands here twice"),
            (#"{"from": "cities", "where": {"id = 1 or true": 1}}"#, "query:1:34: expected nothing more, found '='"),
            (
                #"{"from": "cities", "where": {"id": {"column": "nam"}}}"#,
                "query:1:47: table 'cities' has no column 'nam'"
            ),
            (#"{"from": "cities", "where": {"id": {"column": 1}}}"#, "query:1:47: 'column' is the name of a column"),
            (#"{"from": "cities", "order": [1]}"#, "query:1:30: expected a column like"),
            (#"{"from": "cities", "limit": "1"}"#, "query:1:29: 'limit' is a whole number"),
            (#"[1]"#, "query:1:1: expected an object, a query, found an array"),
            (#"{"from": "cities",}"#, "query:1:19: "),
        ])
    func jsonMistakes(json: String, message: String) throws {
        let error = try #require(throws: StorageError.self) { try Query(parsingJSON: json, schema: schema) }
        #expect(error.message.hasPrefix(message), "\(error.message)")
    }
}

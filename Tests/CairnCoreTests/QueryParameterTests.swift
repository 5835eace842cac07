import CairnSchema
import Testing

@testable import CairnCore

@Suite("Parameters of queries in text and in JSON")
struct QueryParameterTests {
    private static let text = """
        { "database": "d", "tables": {
          "countries": { "columns": { "iso": "string", "name": "string" }, "key": "iso" },
          "cities": {
            "columns": {
              "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int", "area": "double?",
              "price": "decimal?", "seen": "timestamp?", "kind": { "enum": ["town", "village"] }, "settings": "json?",
            }, "key": "id", "indexes": { "by_country": ["country", "population desc"] } } },
          "queries": { QUERIES } }
        """
    private let schema: Schema

    init() throws {
        schema = try Schema(parsing: Self.text.replacing("QUERIES", with: ""))
    }

    private func query(_ text: String, _ values: [String: Value]) throws -> Query {
        try Query(parsing: text, schema: schema, parameters: values)
    }

    @Test(
        "A query with values is the one that has them written out",
        arguments: [
            (
                "cities where country = $c limit $n", ["c": Value.string("FR"), "n": .int(3)],
                "cities where country = 'FR' limit 3"
            ),
            ("cities where $c != country", ["c": .string("' or 1 = 1")], "cities where country != '\\' or 1 = 1'"),
            (
                "cities where country in $c", ["c": .array([.string("FR"), .string("DE")])],
                "cities where country in ('FR', 'DE')"
            ),
            ("cities where country in $c", ["c": .array([])], "cities where country in ()"),
            (
                "cities where area between $a and $b", ["a": .int(1), "b": .double(2.5)],
                "cities where area between 1 and 2.5"
            ),
            ("cities where price * $a > 1.5", ["a": .int(2)], "cities where price * 2.0 > 1.5"),
            (
                "cities where name begins with $a ignoring case", ["a": .string("é")],
                "cities where name begins with 'é' ignoring case"
            ),
            ("cities where settings['x'] = $a", ["a": .string("y")], "cities where settings['x'] = 'y'"),
            ("cities where settings['x'] > $a", ["a": .double(1.5)], "cities where settings['x'] > 1.5"),
            (
                "cities where ($a or kind = $k) and id = 1", ["a": .bool(true), "k": .string("town")],
                "cities where id = 1"
            ),
            (
                "cities where not (not $a and kind = $k) or id = 1", ["a": .bool(false), "k": .string("town")],
                "cities where not kind = 'town' or id = 1"
            ),
            ("cities where $a", ["a": .bool(true)], "cities"),
            ("cities where id = 1 and $a", ["a": .bool(false)], "cities where false"),
            ("cities where country.name = $a", ["a": .string("x")], "cities where country.name = 'x'"),
            (
                "countries where exists cities by country (population > $a)", ["a": .int(1)],
                "countries where exists cities by country (population > 1)"
            ),
            (
                "cities where country in (select iso from countries limit $a)", ["a": .int(1)],
                "cities where country in (select iso from countries limit 1)"
            ),
        ])
    func bound(_ text: String, _ values: [String: Value], _ written: String) throws {
        let written = written.replacing("'\\' or 1 = 1'", with: "\"' or 1 = 1\"")
        #expect(try query(text, values) == Query(parsing: written, schema: schema))
    }

    @Test("Days are those of the zone and the number given")
    func days() throws {
        let values: [String: Value] = ["n": .int(7), "z": .string("Europe/Paris")]
        let asked = try query("cities where seen in last $n days in zone $z", values)
        #expect(try asked == Query(parsing: "cities where seen in last 7 days in zone 'Europe/Paris'", schema: schema))
        let error = try #require(throws: StorageError.self) {
            try query("cities where seen in today in zone $z", ["z": .string("Europe/Paname")])
        }
        #expect(error.message == "query:1:36: there is no time zone 'Europe/Paname'")
        for unit in ["week", "month", "year"] {
            let json = #"{"from": "cities", "where": {"seen": {"in": "this \#(unit)"}}}"#
            let read = try Query(parsingJSON: json, schema: schema)
            #expect(try read == query("cities where seen in this \(unit)", [:]))
        }
        let unknown = try #require(throws: StorageError.self) { try query("cities where seen in this decade", [:]) }
        #expect(unknown.message.contains("query:1:27") && unknown.message.contains("'week', 'month' or 'year'"))
    }

    @Test("In JSON a parameter stands in place of a value, a list or a number")
    func json() throws {
        let json =
            #"{"from": "cities", "where": {"country": {"parameter": "c"}, "population": {">": {"parameter": "p"}}, "kind": {"in": {"parameter": "k"}}}, "limit": {"parameter": "n"}}"#
        let values: [String: Value] = ["c": .string("FR"), "p": .int(5), "k": .array([.string("town")]), "n": .int(2)]
        let asked = try Query(parsingJSON: json, schema: schema, parameters: values)
        let text = "cities where country = $c and population > $p and kind in $k limit $n"
        #expect(try asked == query(text, values))
    }

    @Test(
        "A value that is missing, unknown or of another type is told with the place of its parameter",
        arguments: [
            ("cities where country = $c", [:], "query:1:24: parameter '$c' has no value"),
            (
                "cities where country = $c", ["c": Value.int(5)],
                "query:1:24: parameter '$c' has a value that is not a value of type string"
            ),
            ("cities where country = $c", ["c": .null], "query:1:24: parameter '$c' is null, and nothing equals null"),
            (
                "cities where country = 'x'", ["c": .int(5)],
                "query:1:1: there is a value for 'c', and the query has no parameter '$c'"
            ),
            (
                "cities where population = $c", ["c": .double(5)],
                "query:1:27: parameter '$c' has a value that is not a value of type int"
            ),
            ("cities where kind = $c", ["c": .string("twon")], "query:1:21: parameter '$c' is never 'twon'"),
            ("cities where kind in $c", ["c": .array([.string("twon")])], "query:1:22: parameter '$c' is never 'twon'"),
            (
                "cities where country in $c", ["c": .array([.string("a"), .null])],
                "query:1:25: parameter '$c' has a value that is not a value of type [string]"
            ),
            (
                "cities where $a = $b", ["a": .int(1), "b": .string("x")],
                "query:1:14: in a query of table 'cities', a int is not compared with a string"
            ),
            (
                "cities where settings['x'] = $a", ["a": .date(.min)],
                "query:1:14: in a query of table 'cities', what stands in JSON"
            ),
            ("cities limit $n", ["n": .int(-1)], "a limit is at least 0, found -1"),
            (
                "cities where name matches $n", ["n": .string("(")],
                "column 'name' of table 'cities' is matched with a pattern"
            ),
        ] as [(String, [String: Value], String)])
    func mistakes(_ text: String, _ values: [String: Value], _ message: String) throws {
        let error = try #require(throws: StorageError.self) { try query(text, values) }
        #expect(error.code == .query)
        #expect(error.message.hasPrefix(message), "\(error.message)")
    }

    @Test("Command lines give texts, which are read by the types of the parameters")
    func texts() throws {
        let text = "cities where country in $c and population > $p and settings['x'] = $s"
        let asked = try DynamicQuery(parsing: text, schema: schema, texts: ["c": "[\"FR\"]", "p": "5", "s": "1"])
        #expect(
            try asked
                == DynamicQuery(
                    parsing: "cities where country in ('FR') and population > 5 and settings['x'] = '1'", schema: schema
                ))
        let error = try #require(throws: StorageError.self) {
            try DynamicQuery(parsing: "cities where population > $p", schema: schema, texts: ["p": "5 or 1 = 1"])
        }
        #expect(error.message == "query:1:27: parameter '$p' is '5 or 1 = 1', and not an integer of 64 bits")
    }

    @Test("A condition that is read alone has no parameters")
    func condition() throws {
        let table = try #require(schema.table(named: "cities"))
        let error = try #require(throws: StorageError.self) { try Condition(parsing: "name = $a", table: table) }
        #expect(error.message.hasPrefix("query:1:8: a condition that is read alone has no parameters"))
    }

    @Test(
        "A named query that no index serves is warned of, with the index to declare",
        arguments: [
            ("\"cities where country = $c\"", nil),
            ("\"cities where country = $c and population > $p order by population desc limit $n\"", nil),
            ("\"cities where id in $ids\"", nil), ("\"cities\"", nil),
            ("\"cities where name = $n\"", "declare \"by_name\": [\"name\"] among the \"indexes\" of table 'cities'"),
            ("\"cities order by population desc limit 5\"", "\"by_population\": [\"population desc\"]"),
            (
                "\"cities where country.name = $n\"",
                "\"by_name\": [\"name\"] among the \"indexes\" of table 'countries'"
            ),
            ("\"cities where name contains $n\"", "compare a column by =, in, a range"),
            ("\"cities where country like 'F%'\"", nil),
            ("\"cities where country like $c\"", "compare a column by =, in, a range"),
            (
                "{ \"query\": \"cities where country like $c\", \"parameters\": { \"c\": { \"default\": \"F%\" } } }",
                nil
            ),
            ("{ \"query\": \"cities where name = $n\", \"unindexed\": true }", nil),
            ("\"cities select count() where name = $n\"", "declare \"by_name\": [\"name\"]"),
            ("\"cities select name where country = $c\"", nil),
            ("\"cities select name, count() group by name having count() > $n order by count() desc limit 2\"", nil),
            (
                "{ \"query\": \"cities where $all or country = $c\", \"parameters\": { \"all\": { \"default\": false } } }",
                nil
            ),
            (
                "{ \"query\": \"cities where $all or country = $c\", \"parameters\": { \"all\": { \"default\": true } } }",
                nil
            ),
        ] as [(String, String?)])
    func advice(_ query: String, _ remedy: String?) throws {
        let schema = try Schema(parsing: Self.text.replacing("QUERIES", with: "\"q\": \(query)"), file: "s")
        let warning = try #require(schema.queries.first).indexWarning
        guard let remedy else { return #expect(warning == nil) }
        let found = try #require(warning)
        #expect(found.code == "IX101" && found.severity == .warning)
        #expect(found.remedy?.contains(remedy) == true, "\(found)")
        #expect(found.location.line == 8)
    }
}

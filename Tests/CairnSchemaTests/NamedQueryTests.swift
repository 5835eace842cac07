import Testing

@testable import CairnSchema

@Suite("Named queries in schema files")
struct NamedQueryTests {
    private static let tables = """
        "tables": {
          "countries": { "columns": { "iso": "string", "name": "string" }, "key": "iso" },
          "cities": {
            "columns": {
              "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int", "area": "double?",
              "price": "decimal?", "seen": "timestamp?", "kind": { "enum": ["town", "village"] }, "names": "[string]",
              "settings": "json?", "is_open": "bool",
            }, "key": "id", "indexes": { "by_country": ["country"] } } }
        """

    private func read(_ queries: String) -> SchemaReader.Outcome {
        SchemaReader.read(
            Array(
                "{\"database\": \"d\", \(Self.tables.replacing("\n", with: " ")), \"queries\": {\n\(queries)\n}}".utf8),
            name: "s")
    }

    private func query(_ text: String, _ rest: String = "") throws -> NamedQuery {
        let outcome = read("\"q\": { \"query\": \"\(text)\" \(rest) }")
        return try #require(outcome.schema?.queries.first, "\(outcome.diagnostics)")
    }

    /// The types of the parameters of a condition, by their names, in order.
    private func types(_ condition: String, _ rest: String = "") throws -> [String] {
        let outcome = read("\"q\": { \"query\": \"cities where \(condition)\" \(rest) }")
        let schema = try #require(outcome.schema, "\(outcome.diagnostics)")
        return try #require(schema.queries.first).parameters.map {
            "\($0.parameter.name) is \($0.parameter.type.text(in: schema.tables))"
        }
    }

    @Test("A query is a text, or an object with a doc and what is to be said of its parameters")
    func shapes() throws {
        let short = try #require(read("\"all_open\": \"cities where is_open\"").schema?.queries.first)
        #expect(short.name == "all_open")
        #expect(short.swiftName == "allOpen")
        #expect(short.template.table.name == "cities")
        #expect(short.parameters.isEmpty && short.doc == nil && !short.isUnindexed)
        let long = try query(
            "cities where population >= $least limit $most",
            """
            , "doc": "Large.", "unindexed": true,
            "parameters": { "most": { "type": "int", "default": 10, "doc": "How many." }, "least": { "default": 5 } }
            """)
        #expect(long.doc == "Large.")
        #expect(long.isUnindexed)
        #expect(long.parameters.map(\.parameter.name) == ["least", "most"])
        #expect(long.parameters.map(\.defaultValue) == [.int(5), .int(10)])
        #expect(long.parameters.map(\.doc) == [nil, "How many."])
    }

    @Test(
        "A parameter has the type of what it is compared with",
        arguments: [
            ("country = $a", "the key of a record of table 'countries'"),
            ("$a = id", "the key of a record of table 'cities'"),
            ("country.iso != $a", "the key of a record of table 'countries'"),
            ("country.name = $a", "of type string"), ("population > $a", "of type int"),
            ("area < $a", "of type double"),
            ("price >= $a", "of type decimal"), ("seen > $a", "of type timestamp"),
            ("kind = $a", "one of the values of column 'kind' of table 'cities'"),
            ("country in $a", "a list, each element the key of a record of table 'countries'"),
            ("kind in ($a)", "one of the values of column 'kind' of table 'cities'"),
            ("name begins with $a", "of type string"), ("name matches $a ignoring case", "of type string"),
            ("names contains $a", "of type string"), ("names = $a", "of type [string]"),
            ("count(name) > $a", "of type int"),
            ("population / $a > 1", "of type int"), ("population / area > $a", "of type double"),
            ("price * $a > 1.5", "of type decimal"), ("population * 1.5 > $a", "of type int"),
            ("is_open = $a", "of type bool"), ("$a or is_open", "of type bool"),
            ("seen in last $a days", "of type int"),
            ("seen in today in zone $a", "a time zone"), ("settings = $a", "of type json"),
            ("exists cities by country (id = 1) and $a = name", "of type string"),
        ])
    func inference(_ condition: String, _ type: String) throws {
        guard condition.hasPrefix("exists") else { return #expect(try types(condition) == ["a is \(type)"]) }
        let query = try query("countries where \(condition)")
        #expect(query.parameters.map(\.parameter.type) == [.value(.string)])
    }

    @Test("A declared type says what the text does not, and chooses among numbers")
    func declared() throws {
        let double = ", \"parameters\": { \"a\": { \"type\": \"double\" } }"
        #expect(try types("settings['x'] > $a", double) == ["a is of type double"])
        #expect(try types("population > $a and area > $a", double) == ["a is of type double"])
        #expect(try types("$a = 1.5", double) == ["a is of type double"])
        // What one use leaves open another says, before it or behind.
        #expect(try types("settings['x'] = $a and population = $a") == ["a is of type int"])
    }

    @Test("Parameters come in the order of the text, whatever is looked at first")
    func order() throws {
        let query = try query(
            "cities where $b > population and name = $a and country in (select iso from countries where name = $c limit $d) limit $e"
        )
        #expect(query.parameters.map(\.parameter.name) == ["b", "a", "c", "d", "e"])
    }

    @Test("What is selected has a label and a type, and may be null where it may: see the golden files for Swift")
    func selected() throws {
        let groups = try query(
            "cities select country, count(), sum(population), average(area), max(name), count(distinct kind), count(seen) group by country having count() > $n limit $m"
        )
        let columns = try #require(groups.template.selection?.columns)
        let table = groups.template.table
        #expect(
            columns.map { $0.swiftName(in: table) } == [
                "country", "count", "sumPopulation", "averageArea", "maxName", "distinctKind", "countSeen",
            ])
        #expect(columns.map(\.type) == [.string, .int, .int, .double, .string, .int, .int])
        #expect(columns.map(\.isNullable) == [false, false, false, true, false, false, false])
        #expect(groups.parameters.map(\.parameter.type) == [.value(.int), .value(.int)])
        #expect(groups.parameters.map(\.parameter.uses) == [[], [.limit]])
        let all = try query("cities select count(), sum(population), min(id)")
        #expect(all.template.selection?.columns.map(\.isNullable) == [false, true, true])
        #expect(try query("cities where is_open").template.selection == nil)
    }

    @Test("Two things that make the same label are refused, with the place of the second")
    func labels() throws {
        let text = """
            { "database": "d", "tables": { "t": { "columns": { "id": "int", "count": "int", "sum_id": "int" }, "key": "id" } },
              "queries": {
                "a": "t select `count`, count() group by `count`",
                "b": "t select sum_id, sum(id) group by sum_id",
                "c": "t select sum_id, sum(sum_id) group by sum_id" } }
            """
        let found = SchemaReader.read(Array(text.utf8), name: "s").diagnostics.map(\.description)
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("s:3:29: ") == true, "\(found)")
        #expect(found.first?.contains("'count' and 'count()' of query 'a' make the same Swift name 'count'") == true)
        #expect(found.last?.contains("make the same Swift name 'sumID'") == true, "\(found)")
    }

    @Test("They are no part of the schema that stores hold: id, canonical form and differences are the same without")
    func canonical() throws {
        let with = try #require(read("\"q\": \"cities where is_open\"").schema)
        let without = try #require(read("").schema)
        #expect(with.queries.count == 1)
        #expect(with.id == without.id)
        #expect(with.canonicalText == without.canonicalText)
        #expect(with.declarationText == without.declarationText)
        #expect(SchemaDiff(from: without, to: with).operations.isEmpty)
        #expect(!with.canonicalText.contains("queries"))
    }

    /// What is wrong in the member of 'queries' on line 2, where, and what is said.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let text: String
        let place: String
        let says: String
        let code: String
        var testDescription: String { says }

        init(_ text: String, _ place: String, _ says: String, _ code: String = "schema.query") {
            self.text = text
            self.place = place
            self.says = says
            self.code = code
        }
    }

    static let mistakes: [Mistake] = [
        Mistake("\"q\": 5", "2:6", "a text or an object with 'query', found a number", "schema.type"),
        Mistake("\"q\": {}", "2:6", "query 'q' needs 'query'", "schema.missing"),
        Mistake("\"q\": { \"qury\": \"cities\" }", "2:8", "did you mean 'query'?", "schema.unknown_member"),
        Mistake("\"Q\": \"cities\"", "2:1", "not lower snake case", "schema.name"),
        Mistake("\"for\": \"cities\"", "2:1", "reserved word of Swift", "schema.reserved"),
        Mistake("\"find\": \"cities\"", "2:1", "which repositories have already", "schema.reserved"),
        Mistake("\"q\": \"cities\", \"q\": \"cities\"", "2:16", "has the member 'q' twice", "schema.duplicate"),
        Mistake(
            "\"a_1b\": \"cities\", \"a1b\": \"cities\"", "2:19", "make the same Swift name 'a1b'", "schema.collision"),
        // The text, with its place in the file whatever is escaped before it.
        Mistake("\"q\": \"citis\"", "2:7", "has no table 'citis'; did you mean 'cities'?"),
        Mistake("\"q\": \"cities where contry = $c\"", "2:20", "has no column 'contry'; did you mean 'country'?"),
        Mistake("\"q\": \"cities where name = \\\"x\\\" and contry = $c\"", "2:37", "did you mean 'country'?"),
        Mistake(
            "\"q\": \"cities where name = 'é\\u00e9\\ud83d\\ude00\\n' and contry = $c\"", "2:56", "no column 'contry'"),
        Mistake("\"q\": \"cities where\\n  contry = $c\"", "2:23", "no column 'contry'"),
        Mistake("\"q\": \"\"", "2:7", "expected a table, found the end"),
        Mistake("\"q\": \"cities where $ = 1\"", "2:20", "'$' stands before the name of a parameter"),
        Mistake("\"q\": \"cities where population = 'x'\"", "2:33", "expected a value of type int"),
        Mistake("\"q\": \"cities where kind = 'twon'\"", "2:27", "did you mean 'town'?"),
        Mistake("\"q\": \"cities where price > area\"", "2:20", "decimals are compared with decimals"),
        Mistake("\"q\": \"cities where settings < '5'\"", "2:20", "'<' cannot be used on column 'settings'"),
        Mistake("\"q\": \"cities order by names\"", "2:23", "[string] has no order"),
        Mistake("\"q\": \"cities where name matches 'a('\"", "2:33", "the pattern cannot be read"),
        Mistake(
            "\"q\": \"cities where is_open and seen in today in zone 'Europe/Paris'\"", "2:54",
            "write 'in zone $zone' and pass it"),
        Mistake(
            "\"q\": \"cities where \(String(repeating: "not ", count: 20))is_open\"", "2:7", "nests more than 20 deep"),
        // What is selected.
        Mistake("\"q\": \"cities select nam\"", "2:21", "has no column 'nam'; did you mean 'name'?"),
        Mistake("\"q\": \"cities select summ(id)\"", "2:21", "did you mean 'sum'?"),
        Mistake("\"q\": \"cities select sum(name)\"", "2:25", "'sum' is of numbers"),
        Mistake("\"q\": \"cities select name, count()\"", "2:21", "group by it too"),
        Mistake(
            "\"q\": \"cities select kind group by kind having count() > 'x'\"", "2:57", "expected a value of type int"),
        Mistake(
            "\"q\": \"cities select kind group by kind having $a = count() and $a = kind\"", "2:64",
            "one of the values of column 'kind' of table 'cities' here and of type int elsewhere"),
        Mistake(
            "\"q\": \"cities select min(seen) where seen in today in zone 'Europe/Paris'\"", "2:59",
            "write 'in zone $zone' and pass it"),
        Mistake(
            "\"q\": \"cities select seen group by seen having seen in today in zone 'Europe/Paris'\"", "2:69",
            "write 'in zone $zone' and pass it"),
        // Parameters.
        Mistake(
            "\"q\": \"cities where population = $a and name = $a\"", "2:47",
            "is of type string here and of type int elsewhere; use two parameters"),
        Mistake(
            "\"q\": \"cities where country = $a or id = $a\"", "2:41", "the key of a record of table 'cities' here"),
        Mistake("\"q\": \"cities where population = $a limit $a and\"", "2:45", "expected nothing behind the limit"),
        Mistake("\"q\": \"cities where settings['x'] = $a\"", "2:36", "of what type parameter '$a' is does not follow"),
        Mistake("\"q\": \"cities where $a = $b\"", "2:20", "of what type parameter '$a' is"),
        Mistake("\"q\": \"cities where names in $a\"", "2:20", "is not looked up in a list"),
        Mistake("\"q\": \"cities where population + 1 in $a\"", "2:20", "only a column is looked up in a list"),
        Mistake(
            "\"q\": \"cities where count(name) = $a and $a = country\"", "2:41",
            "the key of a record of table 'countries' here"),
        Mistake(
            "\"q\": \"cities where name = $a_1b or name = $a1b\"", "2:43", "make the same Swift name 'a1b'",
            "schema.collision"),
        Mistake("\"q\": \"cities where name = $self\"", "2:27", "reserved word of Swift", "schema.reserved"),
        Mistake("\"q\": \"cities where name = $userName\"", "2:27", "call it 'user_name'", "schema.name"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"b\": {} } }", "2:59",
            "stands nowhere in its text"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"a\": { \"type\": \"int\" } } }",
            "2:38", "is of type string here and of type int as it is declared"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"a\": { \"type\": \"string?\" } } }",
            "2:74", "nothing equals null", "schema.unknown_type"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"a\": { \"type\": \"strin\" } } }",
            "2:74", "did you mean 'string'?", "schema.unknown_type"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"a\": 5 } }", "2:64",
            "is an object, found a number", "schema.type"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"a\": { \"default\": 5 } } }", "2:77",
            "expected a string", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities where name = $a\", \"parameters\": { \"a\": { \"default\": null } } }",
            "2:77", "nothing equals null", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities where kind = $a\", \"parameters\": { \"a\": { \"default\": \"twon\" } } }",
            "2:77", "did you mean 'town'?", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities where kind in $a\", \"parameters\": { \"a\": { \"default\": [\"twon\"] } } }",
            "2:78", "did you mean 'town'?", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities limit $a\", \"parameters\": { \"a\": { \"default\": -1 } } }", "2:70",
            "a limit is at least 0", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities where name matches $a\", \"parameters\": { \"a\": { \"default\": \"(\" } } }",
            "2:83", "a pattern that cannot be read", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities where name matches $a\", \"parameters\": { \"a\": { \"default\": \"[\(String(repeating: "a", count: 5000))]\" } } }",
            "2:83", "has 5002 bytes", "schema.default"),
        Mistake(
            "\"q\": { \"query\": \"cities where seen in today in zone $a\", \"parameters\": { \"a\": { \"default\": \"UTC\" } } }",
            "2:92", "a time zone has none", "schema.default"),
    ]

    @Test("Each mistake is told with its place in the string, and the nearest name", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let outcome = read(mistake.text)
        #expect(outcome.schema == nil)
        let first = try #require(outcome.diagnostics.first { $0.code == mistake.code }, "\(outcome.diagnostics)")
        let line = first.description
        #expect(line.contains(mistake.says), "\(line)")
        #expect(line.hasPrefix("s:\(mistake.place): "), "\(line)")
    }

    @Test("A text that is written like a parameter is told, and is a text")
    func quoted() throws {
        let outcome = read("\"q\": \"cities where name = '$x' or name = '$5' or name = '$a b'\"")
        #expect(outcome.schema?.queries.first?.parameters.isEmpty == true)
        #expect(
            outcome.diagnostics.map(\.description) == [
                "s:2:27: warning: query 'q': '$x' in quotes is a text; write $x without quotes for a parameter [schema.query]"
            ])
    }

    @Test("One reading reports the mistakes of all queries, and asks nothing of tables that are wrong themselves")
    func several() {
        let outcome = read("\"a\": \"citis\", \"b\": \"cities limit x\", \"c\": \"cities where nam = 1\"")
        #expect(outcome.diagnostics.count == 3)
        let broken = SchemaReader.read(
            Array(
                "{\"database\": \"d\", \"tables\": {\"a\": {\"columns\": {\"id\": \"itn\"}, \"key\": \"id\"}}, \"queries\": {\"q\": \"a where x = 1\"}}"
                    .utf8),
            name: "s")
        #expect(broken.diagnostics.map(\.code) == ["schema.unknown_type"])
    }

    @Test("A query that is too long, and more queries than a file may have, are refused")
    func limits() {
        let long = read("\"q\": \"cities where name = '\(String(repeating: "x", count: 300_000))'\"")
        #expect(long.diagnostics.map(\.code) == ["schema.limit"])
        let many = read((0...1000).map { "\"q\($0)\": \"cities\"" }.joined(separator: ","))
        #expect(many.diagnostics.map(\.code) == ["schema.limit"])
        let parameters = (0...100).map { "population = $p\($0)" }.joined(separator: " or ")
        #expect(read("\"q\": \"cities where \(parameters)\"").diagnostics.map(\.code) == ["schema.query"])
    }
}

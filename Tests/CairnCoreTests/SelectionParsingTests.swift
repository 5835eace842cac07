import Testing

@testable import CairnCore

@Suite("Selections, aggregates and groups in text and in JSON")
struct SelectionParsingTests {
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
                      "area": "double?", "price": "decimal?", "founded": "date?", "kind": { "enum": ["town", "village"] },
                      "names": "[string]", "settings": "json?", "is_open": "bool", "count": "int?", "sum": "int?",
                      "distinct": "string?", "select": "int?",
                    }, "key": "id" } } }
                """)
        table = schema.tables[1]
    }

    private func query(_ text: String, _ values: [String: Value] = [:]) throws -> DynamicQuery {
        try DynamicQuery(parsing: text, schema: schema, parameters: values)
    }

    /// The groups that a text asks for.
    private func groups(_ text: String, _ values: [String: Value] = [:]) throws -> AggregateQuery {
        guard case .groups(let groups) = try query(text, values).content else {
            throw StorageError(.query, "no groups")
        }
        return groups
    }

    private func described(_ query: DynamicQuery) -> [String] {
        query.columns.map { "\($0.name): \($0.type)\($0.isNullable ? "?" : "")" }
    }

    // MARK: Text

    @Test("Columns are selected of the rows that the rest of the query has")
    func columns() throws {
        let selected = try query(
            "cities select name, area where population > 5 order by country.name, name desc limit 3")
        let plain = try Query(
            parsing: "cities where population > 5 order by country.name, name desc limit 3", schema: schema)
        #expect(selected.content == .columns(plain))
        #expect(selected.places == [1, 4])
        #expect(described(selected) == ["name: string", "area: double?"])
        #expect(
            try query("cities where is_open").content
                == .records(Query(parsing: "cities where is_open", schema: schema)))
        #expect(try query("cities").columns.map(\.name) == table.columns.map(\.name))
    }

    @Test("Groups have columns, functions, a condition, an order and a limit; each function is computed once")
    func grouped() throws {
        let asked = try groups(
            "cities select country, COUNT ( ), sum(population) where is_open group by country having count() > 10 and sum(population) / count() >= 2 order by sum(population) desc, min(name), country limit 5"
        )
        let wanted = AggregateQuery(
            Query(table, where: .compare(column: 10, .equal, .bool(true))), groups: [2],
            aggregates: [.rows, .sum(column: 3), .minimum(column: 1)],
            having: .and([
                .compare(column: 1, .greater, .int(10)),
                .computed(.arithmetic(.column(2), .divide, .column(1)), .greaterOrEqual, .value(.int(2))),
            ]),
            order: [OrderTerm(column: 2, isDescending: true), OrderTerm(column: 3), OrderTerm(column: 0)], limit: 5)
        #expect(asked == wanted)
        let all = try groups("cities select max(founded), count(area), count(distinct name), average(price)")
        #expect(
            all
                == AggregateQuery(
                    Query(table),
                    aggregates: [
                        .maximum(column: 6), .count(column: 4), .distinctCount(column: 1), .average(column: 5),
                    ]))
    }

    @Test("What is selected has the name it is written by, and is null where it may be: of no rows, or of nulls")
    func types() throws {
        #expect(
            try described(
                query("cities select count(), sum(population), sum(price), average(population), max(kind), count(area)")
            )
                == [
                    "count(): int", "sum(population): int?", "sum(price): decimal?", "average(population): double?",
                    "max(kind): string?", "count(area): int",
                ])
        // A group has a row, so only what the column itself leaves open is null.
        #expect(
            try described(
                query(
                    "cities select country, area, sum(population), average(area), count( distinct  `name` ) group by area, country"
                ))
                == [
                    "country: string", "area: double?", "sum(population): int", "average(area): double?",
                    "count(distinct name): int",
                ])
        let hidden = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \"pay\": { \"type\": \"int\", \"sensitive\": true } }, \"key\": \"id\" } } }"
        )
        let pay = try DynamicQuery(parsing: "t select count(), max(pay)", schema: hidden)
        #expect(pay.columns.map(\.isSensitive) == [false, true])
    }

    @Test("Columns that are called like functions or words stay columns")
    func names() throws {
        #expect(try query("cities select sum, distinct, `count`, `select`").places == [12, 13, 11, 14])
        let asked = try groups(
            "cities select sum, count(distinct), count(distinct distinct), sum(sum) where sum > 1 group by sum order by sum"
        )
        #expect(asked.groups == [12])
        #expect(asked.aggregates == [.count(column: 13), .distinctCount(column: 13), .sum(column: 12)])
        // In a condition on rows, with a column alone, it is the length; on groups, how many rows have a value.
        let counts = try groups(
            "cities select country where count(name) > 2 group by country having count(name) > 3 or count(`count`) = 0")
        #expect(counts.rows.condition == .computed(.count(column: 1), .greater, .value(.int(2))))
        #expect(counts.having == .or([.compare(column: 1, .greater, .int(3)), .compare(column: 2, .equal, .int(0))]))
        #expect(counts.aggregates == [.count(column: 1), .count(column: 11)])
        // A reference that leads on is no word of the language either.
        let trees = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \"name\": \"string\", \"distinct\": { \"references\": \"t?\" } }, \"key\": \"id\" } } }"
        )
        let led = try DynamicQuery(parsing: "t where count(distinct.name) > 3", schema: trees)
        let json = #"{"from": "t", "where": {"count(distinct.name)": {">": 3}}}"#
        #expect(try DynamicQuery(parsingJSON: json, schema: trees) == led)
    }

    @Test("Parameters of groups have the types of what they are compared with")
    func parameters() throws {
        let asked = try groups(
            "cities select country, kind group by country, kind having kind in $k and country = $c and count() > $n and average(population) < $a and min(founded) > $d limit $m",
            [
                "k": .array([.string("town")]), "c": .string("FR"), "n": .int(3), "a": .int(9), "m": .int(2),
                "d": .date(.min),
            ])
        #expect(
            asked.having
                == .and([
                    .isIn(column: 1, [.string("town")]), .compare(column: 0, .equal, .string("FR")),
                    .compare(column: 2, .greater, .int(3)), .compare(column: 3, .less, .double(9)),
                    .compare(column: 4, .greater, .date(.min)),
                ]))
        #expect(asked.limit == 2)
        let wrong = try #require(throws: StorageError.self) {
            try groups("cities select kind group by kind having kind = $k", ["k": .string("twon")])
        }
        #expect(wrong.message == "query:1:48: parameter '$k' is never 'twon'")
        #expect(wrong.remedy == "did you mean 'town'?")
        let off = try groups("cities select kind group by kind having $a or count() > 1", ["a": .bool(true)])
        #expect(off.having == nil)
    }

    @Test(
        "Mistakes are told with line and column, and with the nearest name",
        arguments: [
            ("cities select", "query:1:14: expected a column or a function like 'count()', found the end", nil),
            ("cities select *", "query:1:15: expected a column or a function", "without 'select'"),
            ("cities select count", "query:1:15: expected a column or a function", "or `count` for a column"),
            ("cities select where", "query:1:15: expected a column, found 'where'", "write `where`"),
            ("cities select nam", "query:1:15: table 'cities' has no column 'nam'", "did you mean 'name'?"),
            (
                "cities select country.name", "query:1:15: a query selects columns of table 'cities' itself",
                "select 'country'"
            ),
            ("cities select name, name", "query:1:21: 'name' is selected twice", nil),
            ("cities select count(), COUNT()", "query:1:24: 'count()' is selected twice", nil),
            ("cities select avg(population)", "query:1:15: there is no function 'avg'", "did you mean 'average'?"),
            ("cities select summ(population)", "query:1:15: there is no function 'summ'", "did you mean 'sum'?"),
            (
                "cities select foo(population)", "query:1:15: there is no function 'foo'",
                "the functions are count, sum, average, min, max"
            ),
            (
                "cities select sum(name)",
                "query:1:19: 'sum' is of numbers, and column 'name' of table 'cities' is of type string",
                "take its count, min or max"
            ),
            ("cities select sum(nam)", "query:1:19: table 'cities' has no column 'nam'", "did you mean 'name'?"),
            ("cities select sum()", "query:1:15: 'sum' is of a column", nil),
            ("cities select sum(distinct population)", "query:1:15: 'distinct' is for counts", nil),
            ("cities select count(*)", "query:1:21: expected a column, found '*'", "count() counts the rows"),
            ("cities select min(settings)", "query:1:19: 'min' compares values", "count(settings)"),
            ("cities select count(distinct names)", "query:1:30: 'distinct' compares values", nil),
            ("cities select min(country.name)", "query:1:19: 'min' is of a column of the rows themselves", nil),
            ("cities select sum(population", "query:1:29: expected ')', found the end", nil),
            (
                "cities select name, count()",
                "query:1:15: column 'name' of table 'cities' has many values in a group",
                "group by it too, or take its count, min or max"
            ),
            (
                "cities select country, population group by country", "query:1:24: column 'population'",
                "take its count, sum, average, min or max"
            ),
            ("cities select settings group by settings", "query:1:33: rows are not grouped by 'settings'", nil),
            ("cities select country group by country, country", "query:1:41: 'country' is grouped by twice", nil),
            ("cities select country group by count()", "query:1:32: rows are grouped by columns", nil),
            ("cities select country group by country.name", "query:1:32: rows are grouped by columns of table", nil),
            ("cities select country group country", "query:1:29: expected 'by' after 'group', found 'country'", nil),
            (
                "cities where is_open\ngroup by country", "query:2:10: the rows are grouped, and nothing is selected",
                "cities select country, count()"
            ),
            ("cities select count() having count() > 1", "query:1:30: 'having' chooses among groups", "'group by'"),
            ("cities having count() > 1", "query:1:15: 'having' chooses among groups", "'where'"),
            ("cities select count() order by count()", "query:1:32: all rows together give one row", nil),
            ("cities select count() limit 5", "query:1:29: all rows together give one row", nil),
            (
                "cities select kind group by kind having name = 'x'",
                "query:1:41: column 'name' of table 'cities' has many values in a group", "group by it too"
            ),
            (
                "cities select country group by country having country.name = 'x'",
                "query:1:47: a condition on groups of table 'cities' does not lead to other tables", "'where'"
            ),
            (
                "cities select country group by country having exists cities by country",
                "query:1:47: a condition on groups of table 'cities' does not lead to other tables", nil
            ),
            (
                "cities select country group by country having count() = 'x'",
                "query:1:57: expected a value of type int, as column 'count()' has", "write a number"
            ),
            (
                "cities select kind group by kind having min(kind) = 'twon'", "query:1:53: column 'min(kind)' is never",
                "did you mean 'town'?"
            ),
            ("cities select kind group by kind order by name", "query:1:43: column 'name'", "group by it too"),
            ("cities order by sum(population)", "query:1:17: 'sum' is computed of many rows", "behind 'select'"),
            ("cities where sum(population) > 5", "query:1:14: 'sum' is computed of many rows", "'having'"),
            ("cities where random() = 1", "query:1:14: there is no function 'random'", nil),
            ("cities where random()", "query:1:14: there is no function 'random'", nil),
            (
                "cities select distinct country",
                "query:1:15: rows are not selected 'distinct'", "select country group by country"
            ),
            (
                "cities select country group by country havin count() > 1",
                "query:1:40: expected ',', 'having', 'order by' or 'limit', found 'havin'", nil
            ),
            (
                "cities select country group by country having count() > 1 group by kind",
                "query:1:59: expected 'and', 'or', 'order by' or 'limit', found 'group'", nil
            ),
            ("cities order by name where is_open", "query:1:22: expected ',' or 'limit', found 'where'", nil),
            ("cities limit 5 where is_open", "query:1:16: expected nothing behind the limit, found 'where'", nil),
            (
                "cities group by `count`",
                "query:1:17: the rows are grouped, and nothing is selected", "cities select `count`, count()"
            ),
            (
                "cities group by count()",
                "query:1:17: the rows are grouped, and nothing is selected", "cities select count()"
            ),
            ("cities where sum(population)", "query:1:14: 'sum' is computed of many rows", "behind 'select'"),
            ("cities where sum(population) is null", "query:1:14: 'sum' is computed of many rows", "behind 'select'"),
            ("cities where min(name) like 'x'", "query:1:14: 'min' is computed of many rows", "behind 'select'"),
            (
                "cities where max(founded) in last 7 days",
                "query:1:14: 'max' is computed of many rows", "behind 'select'"
            ),
            (
                "cities where sum(population) in (select population from cities)",
                "query:1:14: 'sum' is computed of many rows", "behind 'select'"
            ),
            ("cities where sum(population) exists", "query:1:14: 'sum' is computed of many rows", "behind 'select'"),
            ("select name from cities", "query:1:1: expected a table, found 'select'", "cities select name"),
            ("cities select name from cities", "query:1:20: expected ',', 'where', 'group by'", nil),
            ("cities select name where is_open x", "query:1:34: expected 'and', 'or', 'group by'", nil),
            ("cities name", "query:1:8: expected 'select', 'where', 'order by' or 'limit', found 'name'", nil),
            ("cities where id in (select id from cities group by id)", "query:1:43: expected ')'", nil),
        ] as [(String, String, String?)])
    func mistakes(text: String, message: String, remedy: String?) throws {
        let error = try #require(throws: StorageError.self) { try query(text) }
        #expect(error.code == .query)
        #expect(error.message.hasPrefix(message), "\(error.message)")
        if let remedy { #expect(error.remedy?.contains(remedy) == true, "\(error.remedy ?? "")") }
    }

    @Test("What is read as whole records selects nothing, in both forms, and says by what it is read")
    func records() throws {
        let text = try #require(throws: StorageError.self) { try Query(parsing: "cities select name", schema: schema) }
        #expect(text.message == "query:1:15: the query selects columns or groups, and is asked for whole records")
        #expect(text.remedy == "read it as a DynamicQuery")
        let json = try #require(throws: StorageError.self) {
            try Query(parsingJSON: #"{"from": "cities", "select": ["name"]}"#, schema: schema)
        }
        #expect(json.message.hasPrefix("query:1:32: the query selects columns"))
    }

    @Test("A condition on groups that nests too deep, or compares with too much, is refused before it is asked")
    func limits() throws {
        let deep = String(repeating: "not ", count: 20) + "count() > 1"
        let many = Array(repeating: "1", count: 16_001).joined(separator: ",")
        for condition in [deep, "count() in (\(many))"] {
            let error = try #require(throws: StorageError.self) {
                try query("cities select kind group by kind having \(condition)")
            }
            #expect(error.code == .query)
        }
    }

    @Test("What is computed of groups has a limit, and the one beyond it is named")
    func manyFunctions() throws {
        let columns = (0..<130).map { "\"c\($0)\": \"int\"" }.joined(separator: ", ")
        let wide = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \(columns) }, \"key\": \"id\" } } }"
        )
        let functions = (0..<128).flatMap { ["min(c\($0))", "max(c\($0))"] }
        let text = "t select \(functions.joined(separator: ", "))"
        #expect(try DynamicQuery(parsing: text, schema: wide).columns.count == 256)
        let error = try #require(throws: StorageError.self) {
            try DynamicQuery(parsing: text + ", count()", schema: wide)
        }
        #expect(
            error.message
                == "query:1:\(text.utf8.count + 3): a query has more than 256 different functions of its groups")
    }

    @Test("A query in text may read without an index, and within a budget, whatever it selects")
    func refined() throws {
        for text in [
            "cities", "cities select name", "cities select kind, count() group by kind", "cities select count()",
        ] {
            let plain = try query(text)
            #expect(plain.rows.budget == nil)
            #expect(!plain.rows.isUnindexedAllowed)
            let refined = plain.unindexed().budget(requests: 3, rows: 7)
            // Of aggregates the rows that may be many are the groups, not those they are made of.
            let rows = if case .groups = refined.content { Int?.none } else { Int?(7) }
            #expect(refined.rows.budget == QueryBudget(requests: 3, rows: rows))
            #expect(refined.rows.isUnindexedAllowed)
            #expect(refined.columns == plain.columns)
        }
    }

    @Test("Groups and functions are of the first rows of an order, where the query says so")
    func firstRows() throws {
        let first = try Query(
            parsing: "cities where population > 5 order by population desc, name limit 100", schema: schema)
        let text = "cities select country, count() where population > 5 first 100 by population desc, name"
        let grouped = try groups(text + " group by country having count() > 1 order by count() desc limit 2")
        #expect(grouped.rows == first)
        #expect(grouped.order == [OrderTerm(column: 1, isDescending: true)])
        #expect(grouped.limit == 2)
        let related = try groups("cities select count() first 3 by country.name desc")
        #expect(try related.rows == Query(parsing: "cities order by country.name desc limit 3", schema: schema))
        #expect(try groups("cities select sum(population) FIRST $n", ["n": .int(7)]).rows.limit == 7)
        #expect(try groups("cities select count() first 0").rows.limit == 0)
        for (text, message) in [
            ("cities first 3", "query:1:14: 'first' says which rows are grouped"),
            ("cities select name first 3 by name", "query:1:26: 'first' says which rows are grouped"),
            ("cities select count() first", "query:1:28: expected a whole number after 'first', found the end"),
            ("cities select count() first name", "query:1:29: expected a whole number after 'first'"),
            ("cities select count() first 3 by", "query:1:33: expected a column, found the end"),
            ("cities select count() first 3 limit 2", "query:1:37: all rows together give one row"),
            ("cities select count() first 3 where is_open", "query:1:31: expected 'by' or 'group by'"),
            ("cities select count() group by kind first 3", "query:1:37: expected ',', 'having'"),
        ] {
            let error = try #require(throws: StorageError.self) { try query(text) }
            #expect(error.message.hasPrefix(message), "\(error.message)")
        }
    }

    // MARK: JSON

    @Test(
        "The JSON form says the same as the text form",
        arguments: [
            (
                #"{"from": "cities", "select": ["name", "`count`"], "where": {"is_open": true}, "order": ["name"], "limit": 2}"#,
                "cities select name, `count` where is_open = true order by name limit 2"
            ),
            (#"{"from": "cities", "select": ["count()", "max(founded)"]}"#, "cities select count(), max(founded)"),
            (
                #"{"from": "cities", "select": ["country", "count(distinct name)"], "group_by": ["country"], "having": {"count()": {">": 10}, "sum(population) / count()": {"<=": 5}}, "order": ["sum(population) desc", "country"], "limit": 5}"#,
                "cities select country, count(distinct name) group by country having count() > 10 and sum(population) / count() <= 5 order by sum(population) desc, country limit 5"
            ),
            (
                #"{"from": "cities", "select": ["kind"], "group_by": ["kind"], "having": {"or": [{"kind": {"in": ["town"]}}, {"max(area)": null}]}}"#,
                "cities select kind group by kind having kind in ('town') or max(area) is null"
            ),
            (#"{"from": "cities", "where": {"count(names)": 2}}"#, "cities where count(names) = 2"),
            (
                #"{"from": "cities", "select": ["country", "count()"], "first": 100, "first_by": ["population desc", "name"], "group_by": ["country"], "limit": 5}"#,
                "cities select country, count() first 100 by population desc, name group by country limit 5"
            ),
            (
                #"{"from": "cities", "select": ["sum(population)"], "first": 3}"#,
                "cities select sum(population) first 3"
            ),
        ])
    func json(json: String, text: String) throws {
        #expect(try DynamicQuery(parsingJSON: json, schema: schema) == query(text))
    }

    @Test(
        "Mistakes in JSON are told with line and column",
        arguments: [
            (#"{"from": "cities", "select": []}"#, "query:1:30: 'select' is empty"),
            (#"{"from": "cities", "select": "name"}"#, "query:1:30: expected a list of columns, found a string"),
            (#"{"from": "cities", "select": [1]}"#, "query:1:31: expected a column or a function like \"count()\""),
            (#"{"from": "cities", "select": ["nam"]}"#, "query:1:32: table 'cities' has no column 'nam'"),
            (#"{"from": "cities", "select": ["name, id"]}"#, "query:1:36: expected nothing more, found ','"),
            (#"{"from": "cities", "select": ["summ(id)"]}"#, "query:1:32: there is no function 'summ'"),
            (#"{"from": "cities", "select": ["sum(nam)"]}"#, "query:1:36: table 'cities' has no column 'nam'"),
            (#"{"from": "cities", "group_by": ["country"]}"#, "query:1:34: the rows are grouped"),
            (
                #"{"from": "cities", "select": ["kind"], "group_by": ["kind"], "having": {"sum(nam)": 1}}"#,
                "query:1:78: table 'cities' has no column 'nam'"
            ),
            (
                #"{"from": "cities", "select": ["kind"], "group_by": ["kind"], "order": ["max(nam)"]}"#,
                "query:1:77: table 'cities' has no column 'nam'"
            ),
            (#"{"from": "cities", "selct": ["name"]}"#, "query:1:20: a query has no 'selct'"),
            (
                #"{"from": "cities", "select": ["count()"], "first_by": ["name"]}"#,
                "query:1:57: 'first_by' is the order of the first rows"
            ),
            (#"{"from": "cities", "select": ["name"], "first": 3}"#, "query:1:49: 'first' says which rows are grouped"),
            (#"{"from": "cities", "select": ["count()"], "first": "3"}"#, "query:1:52: 'first' is a whole number"),
            (
                #"{"from": "cities", "where": {"id": {"in": {"from": "cities", "select": "id", "having": {}}}}}"#,
                "query:1:78: what is looked up has no 'having'"
            ),
        ])
    func jsonMistakes(json: String, message: String) throws {
        let error = try #require(throws: StorageError.self) { try DynamicQuery(parsingJSON: json, schema: schema) }
        #expect(error.message.hasPrefix(message), "\(error.message)")
    }
}

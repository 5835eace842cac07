import CairnSchema
import Testing

@testable import CairnCore

@Suite("Queries and the indexes they need")
struct IndexAdviceTests {
    private let schema: Schema

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "cities": { "columns": { "id": "int", "name": "string", "country": "string",
                  "population": "int", "zone": "string?", "tags": "[string]",
                  "secret": { "type": "string", "sensitive": true } }, "key": "id",
                  "indexes": { "by_country": ["country", "population desc"] } } } }
                """)
    }

    /// The error of a query in the text form; nil when an index serves it.
    private func error(_ text: String) throws -> StorageError? {
        let advice = IndexAdvice(try Query(parsing: text, schema: schema))
        return advice.isServed ? nil : advice.error
    }

    @Test(
        "An index, the key or a look at all rows serves it",
        arguments: [
            "cities", "cities order by name", "cities limit 5", "cities order by id desc limit 5",
            "cities where id = 5",
            "cities where id > 5 and name contains 'x'", "cities where country = 'FR'",
            "cities where country = 'FR' order by population desc limit 3", "cities where country in ('FR', 'DE')",
            "cities where country begins with 'F'", "cities order by country limit 3",
            "cities where name = 'x' limit 0", "cities where name in ()", "cities where country like 'F%'",
            "cities where country like 'F%x'", "cities where country like 'FR'",
            "cities where id in (\((0..<200).map(String.init).joined(separator: ", ")))",
        ])
    func served(_ text: String) throws {
        #expect(try error(text) == nil)
    }

    @Test(
        "No index serves it, and the one that would is named",
        arguments: [
            ("cities where name = 'x'", "\"by_name\": [\"name\"]"),
            ("cities where population > 5", "\"by_population\": [\"population\"]"),
            ("cities where name = 'x' and zone is null", "\"by_name_zone\": [\"name\", \"zone\"]"),
            (
                "cities where zone = 'x' and population > 5 order by name limit 3",
                "\"by_zone_name\": [\"zone\", \"name\"]"
            ),
            ("cities where population > 5 and zone = 'x'", "\"by_zone_population\": [\"zone\", \"population\"]"),
            (
                "cities order by population desc, name limit 3",
                "\"by_population_name\": [\"population desc\", \"name\"]"
            ),
            ("cities where zone in ('x', 'y')", "\"by_zone\": [\"zone\"]"),
            ("cities where zone like 'x%y'", "\"by_zone\": [\"zone\"]"),
            ("cities where country like '%F'", "add a condition that an index can serve"),
            ("cities where country like 'F%' ignoring case", "add a condition that an index can serve"),
            ("cities where name contains 'x'", "add a condition that an index can serve"),
            ("cities where name = 'x' or zone = 'y'", "add a condition that an index can serve"),
            ("cities where zone is not null", "add a condition that an index can serve"),
        ])
    func unserved(_ text: String, _ remedy: String) throws {
        let error = try #require(try error(text))
        #expect(error.code == .unindexed)
        #expect(error.remedy?.contains(remedy) == true, "\(error)")
    }

    @Test("Values of sensitive columns are in no error, and none at all in what tells kinds of queries apart")
    func values() throws {
        let error = try #require(try error("cities where secret = 'geheim'"))
        #expect(!error.description.contains("geheim"), "\(error)")
        let shapes = try [
            "cities where zone = 'a' and name in ('b')", "cities where zone = 'c' and name in ('d', 'e')",
        ]
        .map { IndexAdvice(try Query(parsing: $0, schema: schema)).shape }
        #expect(shapes[0] == shapes[1])
        #expect(!shapes[0].contains("a'") && !shapes[0].contains("\"b\""), "\(shapes)")
    }
}

import CairnSchema
import Testing

@testable import CairnCore

@Suite("What a schema mismatch says")
struct SchemaMismatchTests {
    private static let held = """
        { "database": "library", "tables": {
          "authors": { "columns": { "id": "int", "name": "string" }, "key": "id" },
          "books": {
            "columns": {
              "isbn": "string", "title": { "type": "string", "max_length": 200 }, "pages": "int",
              "author": { "references": "authors" }, "status": { "enum": ["to_read", "read"] }
            },
            "key": "isbn",
            "indexes": { "by_status": ["status", "pages desc"], "by_title": ["title"] }
          }
        } }
        """

    private func differences(_ pairs: (String, String)...) throws -> [String] {
        let changed = pairs.reduce(Self.held) { text, pair in text.replacing(pair.0, with: pair.1) }
        #expect(changed != Self.held, "nothing was replaced")
        return try mismatch(Self.held, changed).differences
    }

    private func mismatch(_ held: String, _ wanted: String) throws -> SchemaMismatch {
        SchemaMismatch(
            held: try Schema(parsing: held), wanted: try Schema(parsing: wanted), location: "library.db")
    }

    @Test(
        "A part that differs is named with both declarations, and nothing else is",
        arguments: [
            (
                #""enum": ["to_read", "read"]"#, #""enum": ["to_read", "read", "lost"]"#,
                #"column 'status' of 'books' is {"enum":["read","to_read"]} in the store and {"enum":["lost","read","to_read"]} in the program"#
            ),
            (
                #""pages": "int""#, #""pages": { "type": "int", "sensitive": true }"#,
                #"column 'pages' of 'books' is {"type":"int"} in the store and {"sensitive":true,"type":"int"} in the program"#
            ),
            (
                #""name": "string""#, #""name": { "type": "string", "unique": true }"#,
                #"column 'name' of 'authors' is {"type":"string"} in the store and {"type":"string","unique":true} in the program"#
            ),
            (
                #""pages desc""#, #""pages""#,
                #"index 'by_status' of 'books' is {"on":["status","pages desc"]} in the store and {"on":["status","pages"]} in the program"#
            ),
            (
                #""by_title": ["title"]"#, #""by_title": { "on": ["title"], "include": ["pages"] }"#,
                #"index 'by_title' of 'books' is {"on":["title"]} in the store and {"include":["pages"],"on":["title"]} in the program"#
            ),
            (
                #""key": "isbn""#, #""key": ["isbn", "pages"]"#,
                #"'key' of 'books' is ["isbn"] in the store and ["isbn","pages"] in the program"#
            ),
            (
                #""database": "library""#, #""database": "shelf""#,
                #"'database' of the schema is "library" in the store and "shelf" in the program"#
            ),
        ])
    func onePart(was: String, now: String, difference: String) throws {
        #expect(try differences((was, now)) == [difference])
    }

    @Test("Tables come first, then columns and indexes that only one has, then those declared otherwise")
    func order() throws {
        let found = try differences(
            (#""authors""#, #""writers""#), (#""pages": "int""#, #""sheets": "int""#), (#""pages desc""#, #""sheets""#),
            (#""by_title""#, #""by_name""#), (#""key": "isbn""#, #""key": "title""#))
        #expect(
            found == [
                "the program lacks table 'authors'", "the store lacks table 'writers'",
                "the program lacks column 'pages' of 'books'", "the store lacks column 'sheets' of 'books'",
                #"column 'author' of 'books' is {"references":"authors"} in the store and {"references":"writers"} in the program"#,
                "the program lacks index 'by_title' of 'books'", "the store lacks index 'by_name' of 'books'",
                #"index 'by_status' of 'books' is {"on":["status","pages desc"]} in the store and {"on":["status","sheets"]} in the program"#,
                #"'key' of 'books' is ["isbn"] in the store and ["title"] in the program"#,
            ])
    }

    @Test("What only a person or Swift sees is no difference")
    func shorthand() throws {
        #expect(
            try differences(
                (#""pages": "int""#, #""pages": { "type": "int", "nullable": false, "doc": "How many." }"#),
                (#""key": "isbn""#, #""key": ["isbn"], "entity": "Volume""#)) == [])
    }

    @Test("The message lists eight differences and counts the rest")
    func long() throws {
        func schema(_ columns: Int) -> String {
            let columns = (0..<columns).map { ", \"c\($0)\": \"int\"" }.joined()
            return
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\"\(columns) }, \"key\": \"id\" } } }"
        }
        let exact = try mismatch(schema(0), schema(8)).error.message
        #expect(exact.hasSuffix("the store lacks column 'c7' of 't'"))
        let long = try mismatch(schema(0), schema(15)).error
        #expect(long.code == .schemaMismatch)
        #expect(long.message.hasPrefix("library.db holds schema "))
        #expect(long.message.hasSuffix(", and 7 more"))
        #expect(long.message.split(separator: "the store lacks column").count == 9)
        #expect(long.remedy?.contains("cairn migrate plan") == true)
    }

    @Test("Of a long declaration only what differs is shown")
    func longEnum() throws {
        let values = (0..<300).map { "\"value_\($0)\"" }.joined(separator: ", ")
        let schema =
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \"c\": { \"enum\": [\(values)] } }, \"key\": \"id\" } } }"
        let found = try mismatch(schema, schema.replacing("\"value_7\"", with: "\"other\"")).differences
        #expect(
            found == [
                #"column 'c' of 't' is {"enum":["value_7","…"]} in the store and {"enum":["other","…"]} in the program"#
            ])
    }
}

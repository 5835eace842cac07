import CairnSchema
import Testing

/// Schemas whose code would not compile, or would mean something else. They are refused where the name is written.
@Suite("Schemas that make no Swift")
struct RefusedSchemaTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        let code: String
        let message: String
        let schema: String

        init(_ code: String, _ message: String, database: String = "shop", _ tables: String) {
            self.code = code
            self.message = message
            schema = "{ \"database\": \"\(database)\", \"tables\": { \(tables) } }"
        }

        var testDescription: String { message }
    }

    private static func table(_ columns: String, rest: String = "") -> String {
        "\"things\": { \"columns\": { \"id\": \"int\", \(columns) }, \"key\": \"id\"\(rest) }"
    }

    static let refusals = [
        Refusal(
            "schema.reserved", "the enum of column 'type' of table 'things' makes the Swift type 'Type'",
            table(#""type": { "enum": ["a"] }"#)),
        Refusal("schema.reserved", "makes the Swift type 'Any'", table(#""any": { "enum": ["a"] }"#)),
        Refusal(
            "schema.collision", "makes the Swift type 'CodingKeys', which exists",
            table(#""coding_keys": { "enum": ["a"] }"#)),
        Refusal(
            "schema.collision", "makes the Swift type 'Columns', which exists", table(#""columns": { "enum": ["a"] }"#)),
        Refusal(
            "schema.collision", "which hides the record type 'Thing' there", table(#""thing": { "enum": ["a"] }"#)),
        Refusal(
            "schema.collision", "which hides the record type 'Kind' there",
            #""kinds": { "columns": { "id": "int" }, "key": "id" }, "#
                + table(#""kind": { "enum": ["a"] }, "other": { "references": "kinds" }"#)),
        Refusal(
            "schema.collision", "which hides the record type 'Human' there",
            #""humans": { "columns": { "id": "int" }, "key": "id" }, "#
                + #""staff": { "columns": { "human": { "references": "humans" } }, "key": "human" }, "#
                + table(#""human": { "enum": ["a"] }, "boss": { "references": "staff" }"#)),
        Refusal(
            "schema.name", "the projection 'summary' of table 'things' is not a name of a Swift type",
            table(#""k": "int""#, rest: #", "projections": { "summary": ["k"] }"#)),
        Refusal(
            "schema.reserved", "the projection 'Columns' of table 'things' has a name that means something else",
            table(#""k": "int""#, rest: #", "projections": { "Columns": ["k"] }"#)),
        Refusal(
            "schema.collision", "the projection 'Kind' of table 'things' has the name of the Swift type of an enum",
            table(#""kind": { "enum": ["a"] }"#, rest: #", "projections": { "Kind": ["id"] }"#)),
        Refusal(
            "schema.collision", "projection 'Thing' of table 'things' makes the Swift type 'Thing', which hides",
            table(#""k": "int""#, rest: #", "projections": { "Thing": ["k"] }"#)),
        Refusal(
            "schema.collision", "projection 'Other' of table 'things' makes the Swift type 'Other', which hides",
            #""others": { "columns": { "id": "int" }, "key": "id" }, "#
                + table(#""other": { "references": "others" }"#, rest: #", "projections": { "Other": ["id"] }"#)),
        Refusal(
            "schema.enum", "make the same Swift case 'inStock'", table(#""k": { "enum": ["in_stock", "in-stock"] }"#)),
        Refusal("schema.enum", "'9' of column 'k' of table 'things' makes no name", table(#""k": { "enum": ["9"] }"#)),
        Refusal("schema.enum", "makes no name for a Swift case", table(#""k": { "enum": [""] }"#)),
        Refusal("schema.enum", "makes no name for a Swift case", table(#""k": { "enum": ["+-"] }"#)),
        Refusal("schema.enum", "the same text in other bytes", table(#""k": { "enum": ["aK", "a\u212A"] }"#)),
        Refusal("schema.reserved", "makes the Swift case 'allCases'", table(#""k": { "enum": ["all_cases"] }"#)),
        Refusal(
            "schema.default", "'default' of column 'mood' of table 'things' is 'bad', which is not one of its values",
            #""moods": { "columns": { "name": { "enum": ["good"] } }, "key": "name" }, "#
                + table(#""mood": { "references": "moods", "default": "bad" }"#)),
        Refusal(
            "schema.reserved", "column 'key' of table 'settings' is one of several in the key",
            #""settings": { "columns": { "owner": "int", "key": "string" }, "key": ["owner", "key"] }"#),
        Refusal(
            "schema.reserved", "every identifier has 'description' already",
            #""settings": { "columns": { "owner": "int", "description": "string" }, "key": ["owner", "description"] }"#),
        Refusal(
            "schema.reserved", "the key of table 'things' refers to the record type 'Value'",
            #""values": { "columns": { "id": "int" }, "key": "id" }, "#
                + #""things": { "columns": { "value": { "references": "values" } }, "key": "value" }"#),
        Refusal(
            "schema.collision", "make the same Swift name 'find(byISO3)'",
            table(#""iso3": { "type": "int", "unique": true }, "i_s_o3": { "type": "int", "unique": true }"#)),
        Refusal("schema.reserved", "makes the Swift type 'ID'", table(#""k": "int""#, rest: #", "entity": "ID""#)),
        Refusal("schema.reserved", "makes the Swift type 'Type'", table(#""k": "int""#, rest: #", "entity": "Type""#)),
        Refusal(
            "schema.reserved", "makes the Swift type 'IntegerLiteralType'",
            #""integer_literal_types": { "columns": { "id": "int" }, "key": "id" }"#),
        Refusal("schema.reserved", "database 'any' makes the Swift type 'Any'", database: "any", table(#""k": "int""#)),
        Refusal(
            "schema.collision", "makes the Swift type 'ShopTransaction', as the database's transactions does",
            #""shop_transactions": { "columns": { "id": "int" }, "key": "id" }"#),
        Refusal(
            "schema.reserved", "table 'write' makes the Swift name 'write'",
            #""write": { "columns": { "id": "int" }, "key": "id" }"#),
        Refusal("schema.reserved", "the column name 'default' is a reserved word", table(#""default": "int""#)),
        Refusal("schema.reserved", "'hashValue': Swift's Hashable has it already", table(#""hash_value": "int""#)),
        Refusal("schema.name", "is not a name of a Swift type", table(#""k": "int""#, rest: #", "entity": "a b""#)),
    ]

    @Test("It is refused, with a stable code and a remedy or a reason", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let error = try #require(throws: SchemaError.self) { try Schema(parsing: refusal.schema) }
        let errors = error.diagnostics.filter { $0.severity == .error }
        #expect(errors.map(\.code) == [refusal.code], "\(error)")
        #expect(errors.first?.message.contains(refusal.message) == true, "\(error)")
    }

    @Test("What only looks like one of them is accepted")
    func accepted() throws {
        _ = try Schema(
            parsing: """
                { "database": "shop", "tables": {
                  "settings": { "columns": { "key": "string", "type": "string", "any": "int" }, "key": "key" },
                  "kinds": { "columns": { "id": "int", "kind_of": { "enum": ["a"] } }, "key": "id" },
                  "animals": { "columns": { "id": "int", "kind": { "enum": ["a"] } }, "key": "id" },
                } }
                """)
    }
}

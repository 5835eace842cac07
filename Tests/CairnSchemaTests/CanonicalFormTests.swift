import Testing

@testable import CairnSchema

@Suite("The canonical form")
struct CanonicalFormTests {
    private static let text = """
        {
          "database": "shop",
          "tables": {
            "items": {
              "columns": {
                "id": "uuid", "name": { "type": "string", "max_length": 40, "unique": true }, "price": { "type": "decimal", "min": 0.50 },
                "state": { "enum": ["new", "used"], "default": "new" }, "maker": { "references": "makers?" }, "tags": "[string]",
              },
              "key": "id",
              "indexes": { "by_price": { "on": ["price desc", "name asc"], "include": ["tags", "state"] } },
            },
            "makers": { "columns": { "id": "int" }, "key": "id" },
          },
        }
        """

    @Test("It is sorted, written out, and without what holds anyway")
    func form() throws {
        let schema = try Schema(parsing: Self.text)
        #expect(
            try JSONValue(parsing: schema.canonicalText) == [
                "database": "shop",
                "tables": [
                    "items": [
                        "columns": [
                            "id": ["type": "uuid"], "name": ["max_length": 40, "type": "string", "unique": true],
                            "price": ["min": "0.5", "type": "decimal"],
                            "state": ["default": "new", "enum": ["new", "used"]],
                            "maker": ["nullable": true, "references": "makers"], "tags": ["type": "[string]"],
                        ],
                        "indexes": ["by_price": ["include": ["state", "tags"], "on": ["price desc", "name"]]],
                        "key": ["id"],
                    ],
                    "makers": ["columns": ["id": ["type": "int"]], "key": ["id"]],
                ],
            ])
    }

    @Test("Whether changes are kept is in it where they are, and reads back the same")
    func changes() throws {
        func schema(_ rest: String) throws -> Schema {
            try Schema(
                parsing:
                    "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\"\(rest) } } }"
            )
        }
        let (none, off, on) = (try schema(""), try schema(", \"changes\": false"), try schema(", \"changes\": true"))
        #expect(none.id == off.id && none.id != on.id)
        #expect(on.tables[0].options.changes && on.keepsChanges && !off.keepsChanges)
        #expect(try Schema(parsing: on.canonicalText).id == on.id)
        #expect(try Schema(parsing: on.declarationText).id == on.id)
    }

    @Test("It is a schema file itself, with the same id")
    func fixedPoint() throws {
        let schema = try Schema(parsing: Self.text)
        let again = try Schema(parsing: schema.canonicalText)
        #expect(again.id == schema.id)
        #expect(again.canonicalText == schema.canonicalText)
    }

    @Test("Conditions of indexes that mean the same in other words are the same schema, and read back the same")
    func indexConditions() throws {
        func schema(_ condition: String) throws -> Schema {
            try Schema(
                parsing: """
                    { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "int?", "b": "bool", "order": "string",
                      "d": "double", "at": "timestamp?" }, "key": "id",
                      "indexes": { "i": { "on": ["a"], "where": "\(condition)" } } } } }
                    """)
        }
        let pairs = [
            ("a>5 && not b", "5 < a and not (b = true)"),
            ("a between 1 and 3 or `order` = 'x'", "(a >= 1 and a <= 3) or `order` = \\\"x\\\""),
            ("a not in (1,2) and a is not null", "not (a in (1, 2)) and not (a is null)"),
            ("a >= 1 and (a <= 2 and b)", "a between 1 and 2 and b"), ("not not b", "b"),
            ("d >= 1 and at < '2026-01-01T00:00:00Z'", "d >= 1.0 and at < \\\"2026-01-01T00:00:00Z\\\""),
        ]
        for (one, other) in pairs {
            let schema = (try schema(one), try schema(other))
            #expect(schema.0.id == schema.1.id, "\(schema.0.canonicalText)\n\(schema.1.canonicalText)")
            let again = try Schema(parsing: schema.0.canonicalText)
            #expect(again.canonicalText == schema.0.canonicalText)
            #expect(SchemaDiff(from: schema.0, to: schema.1).operations.isEmpty)
        }
        #expect(try schema("a > 5").id != schema("a > 6").id)
    }

    @Test("The declaration keeps the order and has the same id")
    func declaration() throws {
        let schema = try Schema(parsing: Self.text)
        let again = try Schema(parsing: schema.declarationText)
        #expect(again.id == schema.id)
        #expect(again.tables.map(\.name) == ["items", "makers"])
        #expect(again.tables[0].columns.map(\.name) == ["id", "name", "price", "state", "maker", "tags"])
    }

    // Computed from the canonical JSON by another program.
    @Test("The id is pinned: a change of it would orphan every store")
    func pinned() throws {
        #expect(
            try Schema(parsing: Self.text).id.description
                == "sha256:5d638d937443c26bb5b1fb57682068f5fb6a95425f58b43206590b6e667f3452")
    }

    @Test(
        "What only people and Swift see does not change the id",
        arguments: [
            (
                "\"id\": \"uuid\"",
                "\"id\": { \"type\": \"uuid\", \"doc\": \"Who.\", \"default\": \"uuid\", \"renamed_from\": \"key\" }"
            ),
            ("\"key\": \"id\",\n", "\"key\": [\"id\"], \"entity\": \"Thing\", \"doc\": \"A thing.\",\n"),
            ("\"new\", \"used\"", "\"used\", \"new\""),
            ("\"price desc\", \"name asc\"", "\"price desc\", \"name\""),
            ("\"tags\", \"state\"", "\"state\", \"tags\""), ("0.50", "\"0.5\""),
            ("\"makers?\"", "\"makers\", \"nullable\": true, \"on_delete\": \"restrict\""),
            ("\"database\"", "// comment\n\"database\""),
        ])
    func same(_ old: String, _ new: String) throws {
        let text = Self.text.replacing(old, with: new)
        #expect(text != Self.text)
        #expect(try Schema(parsing: text).id == Schema(parsing: Self.text).id)
    }

    @Test(
        "What is stored does change the id",
        arguments: [
            ("\"shop\"", "\"shop2\""), ("\"max_length\": 40", "\"max_length\": 41"), (", \"unique\": true", ""),
            ("\"new\", \"used\"", "\"new\", \"old\""),
            ("\"default\": \"new\"", "\"default\": \"used\""), ("price desc", "price"), ("\"makers?\"", "\"makers\""),
            ("\"tags\": \"[string]\"", "\"tags\": \"[string]?\""),
            ("\"tags\", \"state\"", "\"tags\""), ("\"max_length\": 40", "\"max_length\": 40, \"sensitive\": true"),
        ])
    func different(_ old: String, _ new: String) throws {
        let text = Self.text.replacing(old, with: new)
        #expect(text != Self.text)
        #expect(try Schema(parsing: text).id != Schema(parsing: Self.text).id)
    }

    @Test("An id is 'sha256:' and 64 digits")
    func idText() throws {
        let id = try Schema(parsing: Self.text).id
        #expect(SchemaID(id.description) == id)
        #expect(SchemaID("sha256:12") == nil)
        #expect(SchemaID(String(id.description.dropFirst(7))) == nil)
        #expect(SchemaID(id.description.replacing("a", with: "x").replacing("b", with: "x")) == nil)
    }
}

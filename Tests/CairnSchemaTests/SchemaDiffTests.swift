import Testing

@testable import CairnSchema

@Suite("What differs between two schemas")
struct SchemaDiffTests {
    /// Two declarations of the table `t`, beside `o`, and what makes the second of the first.
    struct Row: CustomTestStringConvertible, Sendable {
        let old: String
        let new: String
        let operations: [String]

        init(_ old: String, _ new: String, _ operations: String...) {
            self.old = old
            self.new = new
            self.operations = operations
        }

        var testDescription: String { "\(old) → \(new)" }
    }

    static func schema(_ members: String) throws -> Schema {
        let columns = members.contains("\"columns\"") ? members : "\"columns\": { \"id\": \"int\", \(members) }"
        let key = members.contains("\"key\"") ? "" : ", \"key\": \"id\""
        return try Schema(
            parsing: """
                { "database": "d", "tables": { "t": { \(columns)\(key) }, "o": { "columns": { "id": "int" }, "key": "id" } } }
                """)
    }

    static let rows = [
        Row(#""a": "int""#, #""a": "int""#),
        Row(#""a": "int""#, #""a": { "type": "int", "doc": "d", "deprecated": "no" }"#),
        Row(#""columns": { "id": "int" }"#, #""columns": { "id": "int" }, "changes": false"#),
        Row(
            #""columns": { "id": "int" }"#, #""columns": { "id": "int" }, "changes": true"#,
            "keep the changes of 't' for others to follow"),
        Row(
            #""columns": { "id": "int" }, "changes": true"#, #""columns": { "id": "int" }"#,
            "keep the changes of 't' no more"),
        Row(#""a": "int""#, #""a": "int?""#, "let column 'a' of 't' be null"),
        Row(#""a": "int?""#, #""a": "int""#, "forbid null in column 'a' of 't'"),
        Row(#""a": "int""#, #""a": "double""#, "widen the type of column 'a' of 't': int becomes double"),
        Row(
            #""a": "int""#, #""a": "decimal?""#, "let column 'a' of 't' be null",
            "widen the type of column 'a' of 't': int becomes decimal"),
        Row(#""a": "double""#, #""a": "int""#, "convert the values of column 'a' of 't': double becomes int"),
        Row(#""a": "int""#, #""a": "string""#, "widen the type of column 'a' of 't': int becomes string"),
        Row(#""a": "string""#, #""a": "json""#, "change the type of column 'a' of 't': string becomes json"),
        Row(
            #""a": "string""#, #""a": "string", "b": { "type": "int", "convert": { "from": "a" } }"#,
            #"add column 'b' to 't', made by {"from":"a"}: {"type":"int"}"#),
        Row(
            #""a": "string", "b": "int""#, #""a": "string", "b": { "type": "int", "convert": { "from": "gone" } }"#),
        Row(#""a": "int", "b": "int?""#, #""a": "int""#, "drop column 'b' of 't'"),
        Row(
            #""a": "int""#, #""a": "int", "b": "string?""#, #"add column 'b' to 't': {"nullable":true,"type":"string"}"#
        ),
        Row(
            #""a": "int""#, #""a": "int", "b": "string""#,
            #"add column 'b' to 't', required and without a default: {"type":"string"}"#),
        Row(#""a": "int""#, #""a": "int", "b": "[string]""#, #"add column 'b' to 't': {"type":"[string]"}"#),
        Row(#""a": "int""#, #""b": { "type": "int", "renamed_from": "a" }"#, "rename column 'a' of 't' to 'b'"),
        Row(
            #""a": { "type": "int", "unique": true }"#,
            #""b": { "type": "int", "unique": true, "renamed_from": "a" }"#, "rename column 'a' of 't' to 'b'"),
        Row(#""a": "int""#, #""a": { "type": "int", "renamed_from": "gone" }"#),
        Row(
            #""a": "int""#, #""a": { "type": "int", "min": 0 }"#,
            "tighten the rules of column 'a' of 't': none becomes min 0"),
        Row(
            #""a": { "type": "int", "min": 0 }"#, #""a": "int""#,
            "relax the rules of column 'a' of 't': min 0 becomes none"),
        Row(
            #""a": { "type": "int", "min": 0, "max": 9 }"#, #""a": { "type": "int", "min": 1, "max": 10 }"#,
            "tighten the rules of column 'a' of 't': min 0, max 9 becomes min 1, max 10"),
        Row(
            #""a": { "type": "int", "max": 9 }"#, #""a": { "type": "int", "max": 10 }"#,
            "relax the rules of column 'a' of 't': max 9 becomes max 10"),
        Row(
            #""a": { "type": "string", "max_length": 9 }"#, #""a": { "type": "string", "max_length": 8 }"#,
            "tighten the rules of column 'a' of 't': max_length 9 becomes max_length 8"),
        Row(
            #""a": "int""#, #""a": { "type": "int", "default": 1 }"#,
            "change the default of column 'a' of 't': none becomes 1"),
        Row(#""a": "int?""#, #""a": { "type": "int?", "default": null }"#),
        Row(
            #""a": "int""#, #""a": { "type": "int", "sensitive": true }"#,
            "change whether column 'a' of 't' is kept out of logs: false becomes true"),
        Row(
            #""a": { "enum": ["x", "y"] }"#, #""a": { "enum": ["y", "z", "x"] }"#,
            "add values to the enum of column 'a' of 't': z"),
        Row(
            #""a": { "enum": ["x", "y"] }"#, #""a": { "enum": ["y", "z"] }"#,
            "add values to the enum of column 'a' of 't': z", "remove values from the enum of column 'a' of 't': x"),
        Row(
            #""a": { "enum": ["x"] }"#, #""a": "string""#,
            "relax the rules of column 'a' of 't': an enum of 1 values becomes string"),
        Row(
            #""a": "int""#, #""a": { "references": "o" }"#, "column 'a' of 't' refers to 'o'",
            #"add index 'reference_a' to 't': {"on":["a"]}"#),
        Row(
            #""a": { "references": "o" }"#, #""a": { "references": "t" }"#, "column 'a' of 't' refers to 'o' no more",
            "column 'a' of 't' refers to 't'"),
        Row(
            #""a": "int""#, #""a": "int", "b": { "references": "o?" }"#,
            #"add column 'b' to 't': {"nullable":true,"references":"o"}"#,
            #"add index 'reference_b' to 't': {"on":["b"]}"#),
        Row(
            #""a": "int""#, #""a": { "type": "int", "unique": true }"#,
            #"add unique index 'unique_a' to 't': {"on":["a"],"unique":true}"#),
        Row(
            #""a": { "type": "int", "unique": true }"#, #""a": "int""#,
            #"drop unique index 'unique_a' of 't': {"on":["a"],"unique":true}"#),
        Row(
            #""columns": { "id": "int", "a": "int" }, "indexes": { "i": ["a"] }"#,
            #""columns": { "id": "int", "a": "int" }, "indexes": { "i": ["a desc"] }"#,
            #"drop index 'i' of 't': {"on":["a"]}"#, #"add index 'i' to 't': {"on":["a"]} becomes {"on":["a desc"]}"#),
        Row(
            #""columns": { "k": "int", "a": "int" }, "key": "k""#,
            #""columns": { "k": "int", "a": "int" }, "key": ["k", "a"]"#,
            "change the primary key of 't': k becomes k, a"),
        Row(
            #""columns": { "id": "int", "a": "int" }"#,
            #""columns": { "key": { "type": "int", "renamed_from": "id" }, "a": "int" }, "key": "key""#,
            "rename column 'id' of 't' to 'key'"),
    ]

    @Test("Every difference is one operation, and what does not count is none", arguments: rows)
    func operations(_ row: Row) throws {
        let old = try Self.schema(row.old)
        let new = try Self.schema(row.new)
        let diff = SchemaDiff(from: old, to: new)
        #expect(diff.operations.map(\.description) == row.operations)
        #expect(diff.ambiguities.isEmpty)
        #expect(diff.operations.isEmpty == (old.id == new.id))
    }

    @Test("An add and a drop that could be a rename are reported with both ways out, and not guessed")
    func ambiguous() throws {
        let diff = SchemaDiff(from: try Self.schema(#""a": "int""#), to: try Self.schema(#""b": "int?""#))
        let ambiguity = try #require(diff.ambiguities.first)
        #expect(diff.ambiguities.count == 1)
        #expect(ambiguity == SchemaAmbiguity(table: "t", old: "a", new: "b", isDeclared: false))
        #expect(ambiguity.fixes.count == 2)
        #expect(ambiguity.fixes[0].contains("\"renamed_from\": \"a\""))
        #expect(ambiguity.fixes[1].contains("\"renamed_from\": \"b\""))
    }

    @Test("A column or a table that says its own name is new, and no other one under a new name")
    func own() throws {
        let diff = SchemaDiff(
            from: try Self.schema(#""a": "int""#), to: try Self.schema(#""b": { "type": "int?", "renamed_from": "b" }"#)
        )
        #expect(diff.ambiguities.isEmpty)
        #expect(diff.operations.map(\.kind) == [.addColumn, .dropColumn])
        func database(_ name: String, _ more: String) throws -> Schema {
            try Schema(
                parsing:
                    #"{ "database": "d", "tables": { "\#(name)": { "columns": { "id": "int" }, "key": "id"\#(more) } } }"#
            )
        }
        let tables = SchemaDiff(from: try database("t", ""), to: try database("u", #", "renamed_from": "u""#))
        #expect(tables.ambiguities.isEmpty)
        #expect(tables.operations.map(\.kind) == [.createTable, .dropTable])
    }

    @Test("A column that is made from others is no rename of one that is dropped")
    func made() throws {
        let diff = SchemaDiff(
            from: try Self.schema(#""a": "string""#),
            to: try Self.schema(#""b": { "type": "string", "convert": { "split": "a", "at": " ", "part": 1 } }"#))
        #expect(diff.ambiguities.isEmpty)
        #expect(diff.operations.map(\.kind) == [.addConvertedColumn, .dropColumn])
        #expect(diff.reversed.operations.map(\.kind) == [.addRequiredColumn, .dropColumn])
    }

    @Test("A column that is made from one is asked about another that is dropped")
    func stale() throws {
        let made = #""b": { "type": "int", "convert": { "from": "a" } }"#
        let diff = SchemaDiff(
            from: try Self.schema(#""a": "string", "c": "int""#), to: try Self.schema(#""a": "string", \#(made)"#))
        #expect(diff.ambiguities.map(\.old) == ["c"])
    }

    @Test("What a column is to be made from must be there: what it becomes is not guessed")
    func madeFromNothing() throws {
        let diff = SchemaDiff(
            from: try Self.schema(#""a": "string""#),
            to: try Self.schema(#""a": "string", "b": { "type": "string?", "convert": { "join": ["a", "x"] } }"#))
        let ambiguity = try #require(diff.ambiguities.first)
        #expect(diff.ambiguities.count == 1 && ambiguity.fixes.count == 2)
        #expect(ambiguity.message == "column 'b' of 't' is to be made from 'x', which 't' does not have")
    }

    @Test("A column that says it is new and made from others, where there is one of another type, is not guessed")
    func madeInPlace() throws {
        let old = try Self.schema(#""a": "string", "b": "string""#)
        for column in [
            #""type": "decimal", "convert": { "from": "b" }"#, #""enum": ["x"], "convert": { "from": "a" }"#,
        ] {
            let diff = SchemaDiff(
                from: old, to: try Self.schema(#""a": "string", "b": { \#(column), "renamed_from": "b" }"#))
            let ambiguity = try #require(diff.ambiguities.first)
            #expect(diff.ambiguities.count == 1 && ambiguity.fixes.count == 2)
            #expect(ambiguity.message.hasPrefix("column 'b' of 't' says that it is new and what it is made from, but"))
        }
        // One of the same type was made before, and the words are still in the file.
        let done = SchemaDiff(
            from: old,
            to: try Self.schema(
                #""a": "string", "b": { "type": "string?", "convert": { "from": "a" }, "renamed_from": "b" }"#))
        #expect(done.ambiguities.isEmpty && done.operations.map(\.kind) == [.makeNullable])
    }

    @Test("An add and a drop of different types are what they seem")
    func clear() throws {
        let diff = SchemaDiff(from: try Self.schema(#""a": "int""#), to: try Self.schema(#""b": "string?""#))
        #expect(diff.ambiguities.isEmpty)
        #expect(diff.effect == .destructive)
    }

    @Test(
        "A rename that cannot be is reported",
        arguments: [
            (#""a": "int", "b": "int""#, #""a": "int", "b": { "type": "int", "renamed_from": "a" }, "c": "bool?""#),
            (#""a": "int", "b": "int""#, #""b": { "type": "int", "renamed_from": "a" }, "c": "bool?""#),
            (
                #""a": "int", "b": "bool""#,
                #""a": { "type": "bool", "renamed_from": "b" }, "b": { "type": "int", "renamed_from": "a" }"#
            ),
            (
                #""a": "int""#,
                #""b": { "type": "int", "renamed_from": "a" }, "c": { "type": "int", "renamed_from": "a" }"#
            ),
        ])
    func impossible(_ old: String, _ new: String) throws {
        let diff = SchemaDiff(from: try Self.schema(old), to: try Self.schema(new))
        #expect(diff.ambiguities.contains { $0.isDeclared && $0.fixes.count == 2 })
    }

    @Test("A name that a renamed column left can be taken by a new one")
    func reuse() throws {
        let diff = SchemaDiff(
            from: try Self.schema(#""a": "int""#),
            to: try Self.schema(#""a": "int?", "b": { "type": "int", "renamed_from": "a" }"#))
        #expect(diff.ambiguities.isEmpty)
        #expect(
            diff.operations.map(\.description) == [
                "rename column 'a' of 't' to 'b'", #"add column 'a' to 't': {"nullable":true,"type":"int"}"#,
            ])
    }
}

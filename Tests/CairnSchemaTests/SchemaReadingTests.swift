import Testing

@testable import CairnSchema

/// A schema with one table whose columns are given.
private func schema(_ columns: String, key: String = "\"id\"", rest: String = "") throws -> Schema {
    try Schema(
        parsing: """
            { "database": "d", "tables": { "things": { "columns": { "id": "int", \(columns) }, "key": \(key) \(rest) } } }
            """)
}

@Suite("Reading schema files")
struct SchemaReadingTests {
    @Test(
        "A type is a name, a name with '?', or a name in brackets",
        arguments: [
            ("string", ColumnType.string, false), ("int?", .int, true), ("[double]", .array(.double), false),
            ("[bytes]?", .array(.bytes), true),
            ("json", .json, false), ("decimal?", .decimal, true), ("timestamp", .timestamp, false),
            ("date", .date, false), ("uuid", .uuid, false),
            ("bool", .bool, false),
        ])
    func types(_ text: String, _ type: ColumnType, _ isNullable: Bool) throws {
        for declaration in ["\"c\": \"\(text)\"", "\"c\": { \"type\": \"\(text)\" }"] {
            let column = try #require(try schema(declaration).tables[0].column(named: "c"))
            #expect(column.type == type)
            #expect(column.isNullable == isNullable)
        }
    }

    @Test("A column may say 'nullable' instead of '?', which enums and references need")
    func nullable() throws {
        let table = try schema(
            """
            "a": { "type": "string", "nullable": true }, "b": { "enum": ["x", "y"], "nullable": true },
            "c": { "references": "things", "nullable": true }, "d": { "references": "things?" }
            """
        ).tables[0]
        #expect(table.columns.map(\.isNullable) == [false, true, true, true, true])
        #expect(table.column(named: "d")?.referencedTable == "things")
    }

    @Test("References take the stored type of the key they lead to, through other references")
    func references() throws {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": {
                  "a": { "columns": { "id": "uuid" }, "key": "id" },
                  "b": { "columns": { "a": { "references": "a" } }, "key": "a" },
                  "c": { "columns": { "id": "int", "b": { "references": "b" }, "state": { "references": "states" } }, "key": "id" },
                  "states": { "columns": { "name": { "enum": ["on", "off"] } }, "key": "name" }
                } }
                """)
        let c = try #require(schema.table(named: "c"))
        #expect(c.column(named: "b")?.valueType == .uuid)
        #expect(c.column(named: "state")?.valueType == .string)
        #expect(c.references.map(\.target) == [1, 3])
        #expect(schema.table(named: "b")?.referrers.map(\.table) == [2])
    }

    @Test("A unique column and a reference imply indexes, unless one begins with the column already")
    func impliedIndexes() throws {
        let table = try schema(
            """
            "email": { "type": "string", "unique": true }, "parent": { "references": "things", "nullable": true },
            "other": { "references": "things" }
            """, rest: ", \"indexes\": { \"by_other\": [\"other\", \"email desc\"] }"
        ).tables[0]
        #expect(table.indexes.map(\.name) == ["by_other", "unique_email", "reference_parent"])
        #expect(table.indexes.map(\.isUnique) == [false, true, false])
        #expect(table.references.map(\.index) == [2, 0])
        #expect(
            table.index(named: "by_other")?.parts == [IndexPart(column: 3), IndexPart(column: 1, isDescending: true)])
    }

    @Test("A reference that is the key needs no index")
    func keyReference() throws {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "a": { "columns": { "id": "int" }, "key": "id" },
                  "b": { "columns": { "a": { "references": "a" }, "n": "int" }, "key": ["a", "n"] } } }
                """)
        #expect(schema.tables[1].indexes.isEmpty)
        #expect(schema.tables[1].references[0].index == nil)
    }

    @Test("A uuid in a key makes its own values; elsewhere only when told")
    func uuidDefault() throws {
        let table = try Schema(
            parsing: """
                { "database": "d", "tables": { "things": { "columns": {
                  "k": "uuid", "n": "int", "u": "uuid", "v": { "type": "uuid", "default": "uuid" } }, "key": ["n", "k"] } } }
                """
        ).tables[0]
        #expect(table.columns.map(\.defaultValue) == [.uuid, nil, nil, .uuid])
    }

    @Test(
        "Defaults are literals of the type, or 'now' and 'uuid'",
        arguments: [
            ("{ \"type\": \"int\", \"default\": -5 }", DefaultValue.literal(.int(-5))),
            ("{ \"type\": \"string\", \"default\": \"now\" }", .literal(.string("now"))),
            ("{ \"type\": \"timestamp\", \"default\": \"now\" }", .now),
            ("{ \"type\": \"date\", \"default\": \"now\" }", .now),
            ("{ \"type\": \"double\", \"default\": 1 }", .literal(.double(1))),
            ("{ \"type\": \"decimal\", \"default\": 1.10 }", .literal(.decimal(DecimalNumber("1.1") ?? 0))),
            ("{ \"type\": \"decimal\", \"default\": \"2.50\" }", .literal(.decimal(DecimalNumber("2.5") ?? 0))),
            ("{ \"type\": \"[int]\", \"default\": [1, 2] }", .literal(.array([.int(1), .int(2)]))),
            ("{ \"type\": \"json\", \"default\": { \"a\": [null] } }", .literal(.json(["a": [.null]]))),
            ("{ \"type\": \"bytes\", \"default\": \"AQI=\" }", .literal(.bytes([1, 2]))),
            ("{ \"enum\": [\"a\", \"b\"], \"default\": \"b\" }", .literal(.string("b"))),
            ("{ \"type\": \"bool\", \"default\": true }", .literal(.bool(true))),
        ])
    func defaults(_ declaration: String, _ wanted: DefaultValue) throws {
        #expect(try schema("\"c\": \(declaration)").tables[0].columns[1].defaultValue == wanted)
    }

    @Test("Options that are off need no support")
    func optionsOff() throws {
        #expect(throws: Never.self) { try schema("\"c\": \"int\"", rest: ", \"audit\": false, \"history\": false") }
    }

    @Test("Every error of a file is reported in one run, in file order")
    func allErrors() throws {
        let error = try #require(throws: SchemaError.self) {
            try Schema(
                parsing: """
                    {
                      "databse": "d",
                      "tables": {
                        "Things": { "columns": { "id": "integr", "id": "int" }, "kye": "id" },
                        "rows": { "columns": { "id": "int", "a": { "type": "int", "min": "x" } }, "key": "idd" }
                      }
                    }
                    """, file: "bad.jsonc")
        }
        #expect(
            error.diagnostics.map { "\($0.location.line):\($0.location.column) \($0.code)" } == [
                "1:1 schema.missing", "2:3 schema.unknown_member", "4:5 schema.name", "4:15 schema.missing",
                "4:36 schema.unknown_type",
                "4:46 schema.duplicate", "4:61 schema.unknown_member", "5:70 schema.bounds",
                "5:86 schema.unknown_column",
            ])
        let unknownType = error.diagnostics[4].description
        #expect(
            unknownType.description.hasPrefix(
                "bad.jsonc:4:36: error: column 'id' of table 'Things' has the unknown type 'integr'; did you mean"))
    }
}

@Suite("Errors of schema files")
struct SchemaErrorTests {
    /// A mistake in a schema file, and what is said about it.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let code: String
        let says: String
        let text: String
        var testDescription: String { "\(code): \(says)" }

        init(
            _ code: String, _ says: String, columns: String = "\"id\": \"int\"", key: String = "\"id\"",
            rest: String = "", tables: String = ""
        ) {
            self.code = code
            self.says = says
            text =
                "{ \"database\": \"d\", \"tables\": { \"things\": { \"columns\": { \(columns) }, \"key\": \(key) \(rest) } \(tables) } }"
        }

        init(_ code: String, _ says: String, file: String) {
            self.code = code
            self.says = says
            text = file
        }
    }

    static let mistakes: [Mistake] = [
        // The file.
        Mistake("schema.syntax", "the text ends", file: ""),
        Mistake("schema.syntax", "expected ':'", file: "{ \"a\" }"),
        Mistake("schema.type", "a schema file is an object, found an array", file: "[]"),
        Mistake(
            "schema.missing", "needs 'database'",
            file: "{ \"tables\": { \"a\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" } } }"),
        Mistake("schema.missing", "needs 'tables'", file: "{ \"database\": \"d\" }"),
        Mistake("schema.missing", "has no table", file: "{ \"database\": \"d\", \"tables\": {} }"),
        Mistake("schema.type", "'database' of a schema file is a string", file: "{ \"database\": 5, \"tables\": {} }"),
        Mistake("schema.syntax", "nest more than 128 deep", file: String(repeating: "[", count: 200)),
        // Names.
        Mistake("schema.name", "call it 'user_name'", columns: "\"id\": \"int\", \"userName\": \"int\""),
        Mistake("schema.reserved", "begins with '_'", columns: "\"id\": \"int\", \"_x\": \"int\""),
        Mistake("schema.reserved", "reserved word of Swift", columns: "\"id\": \"int\", \"default\": \"int\""),
        Mistake(
            "schema.reserved", "every record has its revision there", columns: "\"id\": \"int\", \"revision\": \"int\""),
        Mistake("schema.reserved", "kept by Cairn", columns: "\"id\": \"int\", \"created_at\": \"timestamp\""),
        Mistake(
            "schema.reserved", "is called 'id' but is not the key", columns: "\"id\": \"int\", \"k\": \"int\"",
            key: "\"k\""),
        Mistake(
            "schema.reserved", "is called 'id' but is not the whole key", columns: "\"id\": \"int\", \"k\": \"int\"",
            key: "[\"id\", \"k\"]"),
        Mistake(
            "schema.limit", "the limit is 63",
            columns: "\"id\": \"int\", \"\(String(repeating: "a", count: 64))\": \"int\""),
        Mistake(
            "schema.collision", "make the same Swift name 'km2A'",
            columns:
                "\"id\": \"int\", \"km2a\": \"int\", \"km2_a\": \"int\", \"km_2a\": \"int\", \"km_2_a\": \"int\", \"k_m\": \"int\""
        ),
        Mistake(
            "schema.collision", "makes the Swift type 'Thing', as table 'things' does",
            tables: ", \"thing\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" }"),
        Mistake("schema.collision", "as the database does", rest: ", \"entity\": \"D\""),
        Mistake("schema.name", "not a name of a Swift type", rest: ", \"entity\": \"thing\""),
        Mistake(
            "schema.reserved", "which the database type has already",
            tables: ", \"store\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" }"),
        Mistake(
            "schema.reserved", "SQLite keeps for itself",
            tables: ", \"sqlite_x\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" }"),
        // Columns.
        Mistake(
            "schema.reserved", "say \"entity\": \"TypeRecord\"",
            tables: ", \"types\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" }"),
        Mistake("schema.missing", "has no column", columns: ""),
        Mistake("schema.unknown_type", "did you mean 'string'", columns: "\"id\": \"int\", \"c\": \"sting\""),
        Mistake(
            "schema.unknown_type", "the type is called 'string' here", columns: "\"id\": \"int\", \"c\": \"varchar\""),
        Mistake(
            "schema.unknown_type", "an array is written '[string]'", columns: "\"id\": \"int\", \"c\": \"string[]\""),
        Mistake(
            "schema.unknown_type", "an array is written '[int]'",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"integer[]?\" }"),
        Mistake("schema.unknown_type", "make the key a uuid", columns: "\"id\": \"serial\""),
        Mistake("schema.unknown_type", "elements of an array", columns: "\"id\": \"int\", \"c\": \"[[int]]\""),
        Mistake("schema.unknown_type", "elements of an array", columns: "\"id\": \"int\", \"c\": \"[int?]\""),
        Mistake("schema.type", "is a type name or an object", columns: "\"id\": \"int\", \"c\": 5"),
        Mistake("schema.missing", "exactly one of 'type', 'enum', 'references'", columns: "\"id\": \"int\", \"c\": {}"),
        Mistake(
            "schema.missing", "exactly one of",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"enum\": [\"a\"] }"),
        Mistake(
            "schema.unknown_member", "did you mean 'min_length'",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"min_lenght\": 1 }"),
        Mistake(
            "schema.unknown_member", "asks for an automatic number",
            columns: "\"id\": { \"type\": \"int\", \"auto_increment\": true }"),
        Mistake(
            "schema.type", "is true or false",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"sensitive\": \"yes\" }"),
        Mistake(
            "schema.type", "is an integer from 0",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"max_length\": -1 }"),
        Mistake(
            "schema.bounds", "has no meaning for its type; use 'min_length'",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"min\": 1 }"),
        Mistake(
            "schema.bounds", "has no meaning for its type; use 'max'",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"max_length\": 1 }"),
        Mistake(
            "schema.bounds", "is less than its 'min'",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"min\": 2, \"max\": 1 }"),
        Mistake(
            "schema.bounds", "is less than its 'min_length'",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"min_length\": 2, \"max_length\": 1 }"),
        Mistake(
            "schema.bounds", "expected an integer of 64 bits",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"min\": 1.5 }"),
        Mistake(
            "schema.default", "expected an integer of 64 bits",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"default\": 9223372036854775808 }"),
        Mistake(
            "schema.default", "which the column may not be",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"default\": null }"),
        Mistake(
            "schema.default", "did you mean 'draft'",
            columns: "\"id\": \"int\", \"c\": { \"enum\": [\"draft\", \"live\"], \"default\": \"darft\" }"),
        Mistake(
            "schema.default", "breaks its own rule: it must be at most 5",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"max\": 5, \"default\": 6 }"),
        Mistake(
            "schema.default", "expected a time in a string",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"timestamp\", \"default\": \"today\" }"),
        Mistake("schema.enum", "has no value", columns: "\"id\": \"int\", \"c\": { \"enum\": [] }"),
        Mistake("schema.enum", "twice", columns: "\"id\": \"int\", \"c\": { \"enum\": [\"a\", \"a\"] }"),
        Mistake(
            "schema.enum", "make the same Swift case 'inProgress'",
            columns: "\"id\": \"int\", \"c\": { \"enum\": [\"in-progress\", \"in progress\"] }"),
        Mistake(
            "schema.enum", "makes no name for a Swift case", columns: "\"id\": \"int\", \"c\": { \"enum\": [\"1st\"] }"),
        Mistake(
            "schema.enum", "makes no name for a Swift case", columns: "\"id\": \"int\", \"c\": { \"enum\": [\"日本\"] }"),
        // Keys.
        Mistake(
            "schema.missing", "needs 'key'",
            file: "{ \"database\": \"d\", \"tables\": { \"things\": { \"columns\": { \"id\": \"int\" } } } }"),
        Mistake("schema.unknown_column", "did you mean 'id'", key: "\"ib\""),
        Mistake("schema.key", "may be null", columns: "\"id\": \"int?\""),
        Mistake(
            "schema.key", "errors, plans and file names show keys",
            columns: "\"id\": { \"type\": \"int\", \"sensitive\": true }"),
        Mistake("schema.key", "names 'id' twice", key: "[\"id\", \"id\"]"),
        Mistake("schema.key", "part of the key but of type double", columns: "\"id\": \"double\""),
        Mistake("schema.key", "part of the key but of type json", columns: "\"id\": \"json\""),
        Mistake("schema.key", "part of the key but of type [int]", columns: "\"id\": \"[int]\""),
        Mistake("schema.type", "is a column name or a list of them", key: "5"),
        Mistake("schema.type", "is a column name or a list of them", key: "[]"),
        Mistake(
            "schema.limit", "the limit is 8",
            columns:
                "\"a\": \"int\", \"b\": \"int\", \"c\": \"int\", \"d\": \"int\", \"e\": \"int\", \"f\": \"int\", \"g\": \"int\", \"h\": \"int\", \"i\": \"int\"",
            key: "[\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"i\"]"),
        // References.
        Mistake(
            "schema.unknown_table", "did you mean 'things'",
            columns: "\"id\": \"int\", \"c\": { \"references\": \"thigs\" }"),
        Mistake(
            "schema.unknown_table", "did you mean 'categories'",
            columns: "\"id\": \"int\", \"c\": { \"references\": \"category\" }",
            tables: ", \"categories\": { \"columns\": { \"a\": \"int\" }, \"key\": \"a\" }"),
        Mistake(
            "schema.reference", "whose key has 2 columns",
            columns: "\"id\": \"int\", \"c\": { \"references\": \"pairs\" }",
            tables: ", \"pairs\": { \"columns\": { \"a\": \"int\", \"b\": \"int\" }, \"key\": [\"a\", \"b\"] }"),
        Mistake("schema.reference", "defined by itself", columns: "\"id\": { \"references\": \"things\" }"),
        Mistake(
            "schema.reference", "has 'on_delete' but is no reference",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"on_delete\": \"restrict\" }"),
        Mistake(
            "schema.reference", "it is 'restrict', 'cascade' or 'set_null'",
            columns: "\"id\": \"int\", \"c\": { \"references\": \"things\", \"on_delete\": \"cascad\" }"),
        Mistake(
            "schema.reference", "which may not be null",
            columns: "\"id\": \"int\", \"c\": { \"references\": \"things\", \"on_delete\": \"set_null\" }"),
        Mistake(
            "schema.bounds", "has no meaning",
            columns: "\"id\": \"int\", \"c\": { \"references\": \"things\", \"min\": 1 }"),
        // Indexes.
        Mistake("schema.unknown_column", "did you mean 'id'", rest: ", \"indexes\": { \"by_x\": [\"di\"] }"),
        Mistake("schema.index", "names no column", rest: ", \"indexes\": { \"by_x\": [] }"),
        Mistake("schema.index", "names 'id' twice", rest: ", \"indexes\": { \"by_x\": [\"id\", \"id desc\"] }"),
        Mistake(
            "schema.index", "not a column with an optional direction",
            rest: ", \"indexes\": { \"by_x\": [\"id down\"] }"),
        Mistake(
            "schema.index", "has no order", columns: "\"id\": \"int\", \"c\": \"json\"",
            rest: ", \"indexes\": { \"by_c\": [\"c\"] }"),
        Mistake(
            "schema.index", "which it has already", columns: "\"id\": \"int\", \"c\": \"int\"",
            rest: ", \"indexes\": { \"by_c\": { \"on\": [\"c\"], \"include\": [\"id\"] } }"),
        partial(
            "di > 1", "'where' of index 'i' of table 'things': table 'things' has no column 'di'; did you mean 'id'"),
        partial("id + 1 > 2", "an index is chosen by comparing columns with values"),
        partial("id in today", "not of times or days"),
        partial("id > $least", "has no parameters"),
        partial("id > ", "expected a column or a value, found the end"),
        partial("id = \\\"x\\\"", "expected a value of type int"),
        partial("c ends with \\\"x\\\"", "an index is chosen by comparing columns with values"),
        partial("c = \\\"a\\\\u0000\\\"", "zero byte"),
        partial("d < 0.1234567890123456", "not read alike by all databases"),
        partial("d < 7.66e-298", "not read alike by all databases"),
        partial((0...64).map { "id = \($0)" }.joined(separator: " or "), "65 comparisons; the limit is 64"),
        partial("id in (\((0...1000).map(String.init).joined(separator: ", ")))", "1001 values; the limit is 1000"),
        partial("not (id = 1 and (id = 2 or (id = 3 and (id = 4 or id = 5))))", "5 levels"),
        partial(String(repeating: " ", count: 17_000) + "id = 1", "17006 bytes; the limit is 16384"),
        Mistake(
            "schema.type", "'where' of index 'i'",
            rest: ", \"indexes\": { \"i\": { \"on\": [\"id\"], \"where\": true } }"),
        Mistake("schema.type", "is a list of columns or an object", rest: ", \"indexes\": { \"by_x\": \"id\" }"),
        Mistake(
            "schema.index", "cannot be unique",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"json\", \"unique\": true }"),
        Mistake(
            "schema.index", "is the key, which is always unique",
            columns: "\"id\": { \"type\": \"int\", \"unique\": true }"),
        Mistake(
            "schema.collision", "an index the schema implies",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"unique\": true }",
            rest: ", \"indexes\": { \"unique_c\": [\"c\"] }"),
        Mistake(
            "schema.pattern", "the group is not closed, at character 2 of the pattern",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"pattern\": \"a(b\" }"),
        Mistake(
            "schema.bounds", "'pattern' of column 'c' of table 'things' has no meaning for its type",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"int\", \"pattern\": \"a+\" }"),
        Mistake(
            "schema.default", "it must match the pattern ^a+$",
            columns: "\"id\": \"int\", \"c\": { \"type\": \"string\", \"pattern\": \"^a+$\", \"default\": \"b\" }"),
        // What the language holds and this version does not build.
        Mistake("schema.unsupported", "'history'", rest: ", \"history\": true"),
        Mistake("schema.unsupported", "'audit'", rest: ", \"audit\": true"),
        Mistake("schema.unsupported", "'soft_delete'", rest: ", \"soft_delete\": true"),
        Mistake("schema.type", "'changes' of table 'things' is true or false", rest: ", \"changes\": 1"),
        Mistake("schema.unsupported", "'tags'", rest: ", \"tags\": [\"id\"]"),
        Mistake("schema.unknown_member", "has no member 'convert'", rest: ", \"convert\": {}"),
        Mistake("schema.unsupported", "'group'", rest: ", \"group\": \"main\""),
        Mistake("schema.unsupported", "'blob'", columns: "\"id\": \"int\", \"c\": \"blob\""),
    ]

    /// A mistake in the condition of an index.
    private static func partial(_ condition: String, _ says: String) -> Mistake {
        Mistake(
            "schema.index", says, columns: "\"id\": \"int\", \"c\": \"string\", \"d\": \"double\"",
            rest: ", \"indexes\": { \"i\": { \"on\": [\"c\"], \"where\": \"\(condition)\" } }")
    }

    @Test("Each mistake is reported with its code and says what to do", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let error = try #require(throws: SchemaError.self) { try Schema(parsing: mistake.text) }
        let found = error.diagnostics.contains { $0.code == mistake.code && $0.description.contains(mistake.says) }
        #expect(found, "\(mistake.text)\n\(error)")
    }

    @Test("A warning does not keep a schema from being used")
    func warnings() {
        let outcome = SchemaReader.read(
            Array(
                """
                { "database": "d", "tables": { "tasks": { "columns": { "id": "int", "a": "int", "b": "int" }, "key": "id",
                  "indexes": { "by_a": ["a"], "by_a_b": ["a", "b"] } } } }
                """.utf8), name: "s")
        #expect(outcome.schema != nil)
        #expect(outcome.diagnostics.map(\.code) == ["schema.hides_type", "schema.redundant"])
        #expect(outcome.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(outcome.diagnostics[0].description.contains("\"entity\": \"TaskRecord\""))
    }

    @Test("A file larger than 4 MiB is refused before it is read")
    func tooLarge() {
        let outcome = SchemaReader.read([UInt8](repeating: 0x20, count: (4 << 20) + 1), name: "s")
        #expect(outcome.schema == nil)
        #expect(outcome.diagnostics.map(\.code) == ["schema.limit"])
    }

    @Test("A file with more than a thousand mistakes tells how many more there are")
    func manyMistakes() {
        let names = (0..<1200).map { "\"x\($0)\": 1" }.joined(separator: ",")
        let text =
            "{ \"database\": \"d\", \(names), \"tables\": { \"t\": { \"columns\": { \"a\": \"int\" }, \"key\": \"a\" } } }"
        let outcome = SchemaReader.read(Array(text.utf8), name: "s")
        #expect(outcome.schema == nil)
        #expect(outcome.diagnostics.count == 1001)
        #expect(outcome.diagnostics.last?.code == "schema.more")
        #expect(outcome.diagnostics.last?.message.contains("200 more") == true)
    }

    @Test("A default nests as deep as a record may, and no deeper")
    func deepDefault() throws {
        func column(_ depth: Int) -> String {
            let json = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return "\"c\": { \"type\": \"json\", \"default\": \(json) }"
        }
        #expect(throws: Never.self) { try schema(column(100)) }
        let error = #expect(throws: SchemaError.self) { try schema(column(101)) }
        #expect(error?.diagnostics.map(\.code) == ["schema.limit"])
    }

    @Test("What a store carries may be longer than a file: it is written out")
    func longStored() throws {
        let columns = (0..<280).map { "\"c\($0)\":\"int\"" }.joined(separator: ",")
        let tables = (0..<300).map { "\"t\($0)\":{\"columns\":{\(columns)},\"key\":\"c0\"}" }.joined(separator: ",")
        let schema = try Schema(parsing: "{\"database\":\"d\",\"tables\":{\(tables)}}")
        #expect(schema.canonicalText.utf8.count > SchemaLimits.fileBytes)
        #expect(try Schema(stored: schema.canonicalText, file: "s").id == schema.id)
    }

    @Test("Tables are alike whatever order their included columns have")
    func included() throws {
        func table(_ names: String) throws -> Table {
            try schema(
                "\"a\": \"int\", \"b\": \"int\"",
                rest: ", \"indexes\": { \"x\": { \"on\": [\"id\"], \"include\": [\(names)] } }"
            )
            .tables[0]
        }
        #expect(try table("\"a\", \"b\"").isAlike(table("\"b\", \"a\"")))
        #expect(try !table("\"a\", \"b\"").isAlike(table("\"a\"")))
    }

    @Test("A table of 500 columns is taken, one of 501 refused")
    func columnLimit() {
        func text(_ count: Int) -> String {
            let columns = (0..<count).map { "\"c\($0)\": \"int\"" }.joined(separator: ",")
            return "{ \"database\": \"d\", \"tables\": { \"rows\": { \"columns\": { \(columns) }, \"key\": \"c0\" } } }"
        }
        #expect(throws: Never.self) { try Schema(parsing: text(500)) }
        #expect(throws: SchemaError.self) { try Schema(parsing: text(501)) }
    }
}

import Testing

@testable import CairnSchema

@Suite("What a new column is made from")
struct ConversionTests {
    private static func schema(_ columns: String) throws -> Schema {
        try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \(columns) }, \"key\": \"id\" } } }"
        )
    }

    /// What becomes of a record that has these texts in `a` and `b`.
    private static func outcome(
        _ convert: String, type: String = "string", _ a: Value, _ b: Value = .null
    ) throws -> ColumnConversion.Outcome {
        let old = try schema(#""a": "string?", "b": "string?""#)
        let new = try schema("\"c\": { \"type\": \"\(type)\", \"nullable\": true, \"convert\": \(convert) }").tables[0]
        let column = try #require(new.column(named: "c"))
        return try ColumnConversion(try #require(column.conversion), of: old, for: column).outcome([.int(1), a, b])
    }

    @Test(
        "A column, joined texts, a part of one, and what is looked up",
        arguments: [
            (#"{"from": "a"}"#, "string", "x", nil, ColumnConversion.Outcome.value(.string("x"))),
            (#"{"from": "a"}"#, "int", "007", nil, .value(.int(7))),
            (#"{"from": "a"}"#, "int", "x", nil, .unfit("'x' is no int")),
            (#"{"from": "a"}"#, "int", nil, nil, .nothing),
            (#"{"join": ["a", "b"], "with": " "}"#, "string", "x", "y", .value(.string("x y"))),
            (#"{"join": ["a", "b"], "with": " "}"#, "string", nil, "y", .value(.string("y"))),
            (#"{"join": ["a", "b"]}"#, "int", "1", "2", .value(.int(12))),
            (#"{"join": ["a", "b"]}"#, "string", nil, nil, .nothing),
            (#"{"split": "a", "at": ", ", "part": 2}"#, "string", "x, y, z", nil, .value(.string("y"))),
            (#"{"split": "a", "at": ", ", "part": -1}"#, "string", "x, y, z", nil, .value(.string("z"))),
            (#"{"split": "a", "at": ", ", "part": 2, "parts": 2}"#, "string", "x, y, z", nil, .value(.string("y, z"))),
            (#"{"split": "a", "at": "é", "part": 1}"#, "string", "xéy", nil, .value(.string("x"))),
            (#"{"split": "a", "at": "-", "part": 2}"#, "int", "x-12", nil, .value(.int(12))),
            (#"{"split": "a", "at": "-", "part": 1}"#, "string", "", nil, .value(.string(""))),
            (#"{"split": "a", "at": "-", "part": 2}"#, "string", "x", nil, .unfit("'x' has 1 part")),
            (#"{"split": "a", "at": "-", "part": -3}"#, "string", "x-y", nil, .unfit("'x-y' has 2 parts")),
            (#"{"from": "a", "values": {"x": 1, "é": 2}}"#, "int", "é", nil, .value(.int(2))),
            (#"{"from": "a", "values": {"x": 1}}"#, "int", "y", nil, .unfit("'y' is none of the 'values'")),
            (
                #"{"from": "a", "values": {"x": 1}, "otherwise": 0}"#, "int", "y", nil,
                .unfit("'y' is none of the 'values'")
            ),
        ] as [(String, String, String?, String?, ColumnConversion.Outcome)])
    func outcomes(
        _ convert: String, _ type: String, _ a: String?, _ b: String?, _ wanted: ColumnConversion.Outcome
    ) throws {
        func value(_ text: String?) -> Value { text.map(Value.string) ?? .null }
        #expect(try Self.outcome(convert, type: type, value(a), value(b)) == wanted)
    }

    @Test("Texts of sensitive columns are not told, long ones not whole")
    func messages() throws {
        let old = try Self.schema(#""a": { "type": "string", "sensitive": true }"#)
        let new = try Self.schema(#""c": { "type": "int", "convert": {"from": "a"} }"#).tables[0]
        let conversion = try ColumnConversion(try #require(new.columns[1].conversion), of: old, for: new.columns[1])
        #expect(conversion.outcome([.int(1), .string("secret")]) == .unfit("what it is made from is no int"))
        let long = try Self.outcome(#"{"from": "a"}"#, type: "int", .string(String(repeating: "x", count: 10_000)))
        #expect(long == .unfit("'\(String(repeating: "x", count: 80))…' is no int"))
    }

    @Test("It is no part of the schema's id, and comes back from its JSON")
    func identity() throws {
        for convert in [
            #"{"from":"a"}"#, #"{"join":["a","b"],"with":""}"#, #"{"at":" ","part":-1,"split":"a"}"#,
            #"{"in":"o","is":"a","lookup":"x","where":"k"}"#,
            #"{"at":" ","part":2,"parts":3,"split":"a"}"#, #"{"from":"a","otherwise":null,"values":{"x":"y"}}"#,
        ] {
            let plain = try Self.schema(#""c": "string?""#)
            let schema = try Self.schema("\"c\": { \"type\": \"string?\", \"convert\": \(convert) }")
            #expect(schema.id == plain.id)
            let conversion = try #require(schema.tables[0].columns[1].conversion)
            #expect(conversion.value.description == convert)
            #expect(try Conversion(conversion.value) == conversion)
            let again = try Schema(stored: schema.annotatedValue.description, file: "f")
            #expect(again.tables[0].column(named: "c")?.conversion == conversion)
        }
    }

    @Test(
        "Its values are those of the column",
        arguments: [
            (#""enum": ["open"], "convert": {"from": "a", "values": {"o": "opne"}}"#, "did you mean 'open'?"),
            (#""type": "int", "convert": {"from": "a", "otherwise": null}"#, "give a value, or leave it out"),
            (#""type": "decimal", "convert": {"from": "a", "otherwise": 1.5}"#, nil),
        ] as [(String, String?)])
    func values(_ column: String, _ remedy: String?) throws {
        let error = #expect(throws: SchemaError.self) { _ = try Self.schema("\"c\": { \(column) }") }
        #expect(error?.diagnostics.map(\.code) == ["schema.convert"])
        #expect(error?.diagnostics.first?.remedy == remedy)
    }

    @Test("JSON and lists are their text, and null in them is none")
    func documents() throws {
        let old = try Self.schema(#""a": "json?", "b": "[string]""#)
        func outcome(_ convert: String, _ a: Value, _ b: [Value]) throws -> ColumnConversion.Outcome {
            let new = try Self.schema("\"c\": { \"type\": \"string?\", \"convert\": \(convert) }").tables[0]
            return try ColumnConversion(try #require(new.columns[1].conversion), of: old, for: new.columns[1])
                .outcome([.int(1), a, .array(b)])
        }
        let json = try Self.schema(#""c": { "type": "json", "convert": {"from": "a"} }"#).tables[0].columns[1]
        let same = try ColumnConversion(try #require(json.conversion), of: old, for: json)
        #expect(same.outcome([.int(1), .json(.null), .array([])]) == .value(.json(.null)))
        #expect(same.outcome([.int(1), .null, .array([])]) == .nothing)
        let join = #"{"join": ["a", "b"], "with": " "}"#
        #expect(try outcome(join, .json(["a": 1]), [.string("x")]) == .value(.string(#"{"a":1} ["x"]"#)))
        #expect(try outcome(join, .json(.null), []) == .value(.string("[]")))
        #expect(try outcome(#"{"from": "a"}"#, .json(5), []) == .value(.string("5")))
        #expect(try outcome(#"{"from": "b"}"#, .null, [.string("x")]) == .value(.string(#"["x"]"#)))
    }

    @Test(
        "A mistake is reported where it stands",
        arguments: [
            ("\"a\"", "is an object"), ("{}", "has exactly one of 'from', 'join', 'split'"),
            (#"{"from": "a", "join": ["a"]}"#, "has exactly one of"), (#"{"from": 1}"#, "has a text as 'from'"),
            (#"{"from": "a", "with": " "}"#, "has no member 'with' beside 'from'"),
            (#"{"join": []}"#, "has a list of columns as 'join'"), (#"{"join": [1]}"#, "has a list of columns"),
            (#"{"split": "a", "part": 1}"#, "has a text as 'at'"),
            (#"{"lookup": "x", "in": "o", "is": "a"}"#, "has a text as 'where'"),
            (#"{"lookup": "x", "from": "a"}"#, "has exactly one of"),
            (#"{"split": "a", "at": "", "part": 1}"#, "has a text as 'at' that is not empty"),
            (#"{"split": "a", "at": " ", "part": 0}"#, "has a number as 'part'"),
            (#"{"split": "a", "at": " ", "part": 3, "parts": 2}"#, "has a number as 'parts'"),
            (#"{"from": "a", "values": {}}"#, "has 'values' that are no object"),
            (
                #"{"from": "a", "values": {"x": "y"}}"#,
                "has among its 'values' what is not an integer of 64 bits: \"y\""
            ),
            (#"{"split": "a", "at": " ", "part": -9223372036854775808}"#, "has a number as 'part'"),
            (#"{"from": "a", "otherwise": 10}"#, "has 10, which breaks a rule of the column: it must be at most 9"),
            (#"{"from": "a", "otherwise": true}"#, "has as 'otherwise' what is not an integer"),
        ])
    func mistakes(_ convert: String, _ message: String) throws {
        let error = #expect(throws: SchemaError.self) {
            _ = try Self.schema("\"c\": { \"type\": \"int?\", \"max\": 9, \"convert\": \(convert) }")
        }
        let diagnostic = try #require(error?.diagnostics.first)
        #expect(error?.diagnostics.count == 1 && diagnostic.code == "schema.convert")
        #expect(diagnostic.message.hasPrefix("'convert' of column 'c' of table 't' \(message)"), "\(diagnostic)")
    }
}

extension ColumnConversion {
    /// One of columns of the only table of a schema.
    fileprivate init(_ conversion: Conversion, of old: Schema, for column: Column) throws {
        try self.init(conversion, of: old.tables[0], in: old, for: column)
    }

    /// What comes of it where there is nothing to be looked up.
    fileprivate func outcome(_ record: [Value]) -> Outcome { outcome(record) { _, _ in nil } }
}

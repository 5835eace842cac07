import CairnCore
import CairnSchema
import Testing

@Suite("The forms of records in JSON")
struct RecordJSONFormTests {
    private static func table(_ columns: String) throws -> Table {
        try Schema(
            parsing: "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \(columns) }, \"key\": \"id\" } } }"
        )
        .tables[0]
    }

    private static func text(_ values: [Value], _ table: Table, _ form: RecordJSON.Form) -> String {
        var writer = JSONWriter()
        RecordJSON(table, form: form).writeFields(values, to: &writer)
        return writer.text
    }

    private static func read(_ text: String, _ table: Table, _ form: RecordJSON.Form) throws -> [Value] {
        var scanner = try JSONScanner(Array(text.utf8))
        return try RecordJSON(table, form: form).readFields(&scanner)
    }

    @Test("A declared record has its columns in the order of the table, a stored one in the order of their names")
    func order() throws {
        let table = try Self.table(#""id": "int", "b": "string", "a": "bool""#)
        let values: [Value] = [.int(1), .string("x"), .bool(true)]
        #expect(Self.text(values, table, .declared) == #"{"id":1,"b":"x","a":true}"#)
        #expect(Self.text(values, table, .stored) == #"{"a":true,"b":"x","id":1}"#)
    }

    @Test("Two declarations of one schema write the same bytes in stored form, and read each other's")
    func sameBytes() throws {
        let one = try Self.table(#""id": "int", "b": "string", "a": "bool""#)
        let other = try Self.table(#""a": "bool", "id": "int", "b": "string""#)
        let text = Self.text([.int(1), .string("x"), .bool(true)], one, .stored)
        #expect(text == Self.text([.bool(true), .int(1), .string("x")], other, .stored))
        #expect(try Self.read(text, other, .stored) == [.bool(true), .int(1), .string("x")])
    }

    @Test(
        "Either form reads members in any order, and gives what is missing its default",
        arguments: [RecordJSON.Form.declared, .stored])
    func anyOrder(_ form: RecordJSON.Form) throws {
        let table = try Self.table(
            #""id": "int", "b": "string?", "a": { "type": "int", "default": 7 }, "c": "[int]""#)
        #expect(
            try Self.read(#"{"c":[1],"b":"x","a":2,"id":1}"#, table, form) == [
                .int(1), .string("x"), .int(2), .array([.int(1)]),
            ])
        #expect(try Self.read(#"{"id":1}"#, table, form) == [.int(1), .null, .int(7), .array([])])
        #expect(try Self.read(#"{"c":[], "id":1}"#, table, form) == [.int(1), .null, .int(7), .array([])])
    }

    @Test(
        "Either form names the column that is missing, unknown or given twice",
        arguments: [RecordJSON.Form.declared, .stored])
    func wrong(_ form: RecordJSON.Form) throws {
        let table = try Self.table(#""id": "int", "b": "string", "a": "int""#)
        for (text, column) in [
            (#"{"id":1,"a":2}"#, "'b'"), (#"{"id":1,"a":2,"b":"","z":1}"#, "'z'"),
            (#"{"id":1,"b":"x","a":2,"b":"y"}"#, "'b'"),
            (#"{"a":2,"a":2,"id":1,"b":""}"#, "'a'"), (#"{"id":1,"a":"x","b":""}"#, "'a'"),
        ] {
            let error = try #require(throws: StorageError.self) { try Self.read(text, table, form) }
            #expect(error.message.contains(column), "\(text): \(error)")
        }
    }

    @Test("What would be made anew at each reading is not made for a stored record")
    func defaultsThatChange() throws {
        let table = try Self.table(
            #""id": "int", "made": { "type": "timestamp?", "default": "now" }, "tag": { "type": "uuid?", "default": "uuid" }"#
        )
        #expect(try Self.read(#"{"id":1}"#, table, .stored) == [.int(1), .null, .null])
        #expect(try Self.read(#"{"id":1}"#, table, .declared)[1] != .null)
        let strict = try Self.table(#""id": "int", "made": { "type": "timestamp", "default": "now" }"#)
        #expect(throws: StorageError.self) { try Self.read(#"{"id":1}"#, strict, .stored) }
    }

    @Test("Errors do not show what stands in a sensitive column")
    func sensitive() throws {
        let table = try Self.table(#""id": "int", "born": { "type": "date", "sensitive": true }"#)
        for text in [#"{"id":1,"born":"secret"}"#, #"{"id":1,"born":4711}"#] {
            let error = try #require(throws: StorageError.self) { try Self.read(text, table, .stored) }
            #expect(error.details.column == "born")
            #expect(!error.description.contains("secret") && !error.description.contains("4711"))
        }
    }

    @Test("Values stand on one line in an indented object")
    func compact() throws {
        let table = try Self.table(#""id": "int", "list": "[int]", "document": "json""#)
        var writer = JSONWriter(indent: 2)
        RecordJSON(table, form: .stored).writeFields(
            [.int(1), .array([.int(1), .int(2)]), .json(["a": [1, [:]]])], to: &writer)
        #expect(writer.text == "{\n  \"document\": {\"a\":[1,{}]},\n  \"id\": 1,\n  \"list\": [1,2]\n}")
    }
}

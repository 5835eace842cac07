import CairnCore
import CairnSchema
import Testing

@testable import CairnCommand

@Suite("Comparisons of --where")
struct ComparisonTests {
    /// Only the columns a case names, so positions are easy to see: `text` is 0, `number` 1, and so on.
    private static func table() throws -> Table {
        try Schema(
            parsing: """
                { "database": "d", "tables": { "t": { "columns": {
                  "text": "string?", "number": "int", "ratio": "double?", "flag": "bool?", "day": "date?",
                  "at": "timestamp?", "mood": { "enum": ["good", "bad"] }, "list": "[string]", "data": "bytes?"
                }, "key": "number" } } }
                """
        ).tables[0]
    }

    @Test(
        "An operator, with or without spaces, makes its condition",
        arguments: [
            ("number = 5", .compare(column: 1, .equal, .int(5))), ("number=5", .compare(column: 1, .equal, .int(5))),
            ("number == 5", .compare(column: 1, .equal, .int(5))), ("number==5", .compare(column: 1, .equal, .int(5))),
            ("  number  !=  -5  ", .compare(column: 1, .notEqual, .int(-5))),
            ("number<5", .compare(column: 1, .less, .int(5))),
            ("number<=5", .compare(column: 1, .lessOrEqual, .int(5))),
            ("number>5", .compare(column: 1, .greater, .int(5))),
            ("number>= 5", .compare(column: 1, .greaterOrEqual, .int(5))),
            ("text is null", .isNull(column: 0)), ("text IS NOT NULL", .not(.isNull(column: 0))),
            ("text begins with a b", .text(column: 0, .hasPrefix, "a b", ignoringCase: false)),
            ("text ends with ,", .text(column: 0, .hasSuffix, ",", ignoringCase: false)),
            ("text contains contains", .text(column: 0, .contains, "contains", ignoringCase: false)),
            ("text like %a_", .text(column: 0, .like, "%a_", ignoringCase: false)),
            ("number in 1,2 , 3", .isIn(column: 1, [.int(1), .int(2), .int(3)])),
        ] as [(String, Condition)])
    func operators(text: String, condition: Condition) throws {
        #expect(try Comparison.condition(text, of: Self.table()) == condition)
    }

    @Test(
        "A value is read by the type of its column",
        arguments: [
            ("text = 5", .string("5")), ("text = in", .string("in")), ("text = a = b", .string("a = b")),
            (#"text = " a ""#, .string(" a ")),
            (#"text = "null""#, .string("null")), (#"text = "'a'""#, .string("'a'")), ("text = 'a", .string("'a")),
            (#"text = "a and number = 5""#, .string("a and number = 5")),
            ("text = rock and roll", .string("rock and roll")),
            ("text = a and number", .string("a and number")), ("text = a or b = c", .string("a or b = c")),
            ("text = sand number = 5", .string("sand number = 5")), ("text = nulls", .string("nulls")),
            (#"text = "\"""#, .string("\"")), (#"text = """#, .string("")),
            ("ratio = 5", .double(5)), ("ratio = -1.5e3", .double(-1500)), ("flag = true", .bool(true)),
            (#"number = "5""#, .int(5)), ("mood = bad", .string("bad")), ("data = AP8=", .bytes([0, 255])),
            (#"list = ["a"]"#, .array([.string("a")])),
        ] as [(String, Value)])
    func values(text: String, value: Value) throws {
        guard case .compare(_, .equal, let found) = try Comparison.condition(text, of: Self.table()) else {
            Issue.record("\(text) is no comparison")
            return
        }
        #expect(found == value)
    }

    @Test("Quotes keep commas inside an element of 'in'")
    func quotedElements() throws {
        #expect(
            try Comparison.condition(#"text in "a,b", c ,"d\",e",  "#, of: Self.table())
                == .isIn(column: 0, [.string("a,b"), .string("c"), .string("d\",e"), .string("")]))
    }

    @Test(
        "What cannot be read names column and type, and what to write",
        arguments: [
            ("number = five", "'five' is no value of column 'number' of type int", nil),
            ("number in 1,,2", "'' is no value of column 'number' of type int", nil),
            ("ratio = null", "'null' is no value of column 'ratio' of type double", "write 'ratio is null'"),
            ("ratio = nan", "'nan' is no value of column 'ratio' of type double", nil),
            ("flag = yes", "'yes' is no value of column 'flag' of type bool", "write true or false"),
            (
                "day = 20.11.2026", "'20.11.2026' is no value of column 'day' of type date",
                "write a date like 2026-11-20"
            ),
            (
                "at = now", "'now' is no value of column 'at' of type timestamp",
                "write a time like 2026-11-20T15:06:01Z"
            ),
            ("mood = god", "column 'mood' is never 'god'", "did you mean 'good'?"),
            ("mood = purple", "column 'mood' is never 'purple'", "it is one of good, bad"),
            (#"text = "a"#, #""a is no JSON string"#, #"end it with a double quote, and write one in it as \""#),
            ("number", "there is no operator after the column", Self.advice),
            ("number ~ 5", "there is no operator after the column", Self.advice),
            ("text information", "there is no operator after the column", Self.advice),
            ("number =", "there is no value after '='", nil), ("text like  ", "there is no value after 'like'", nil),
            ("text is null 5", "'5' stands after 'is null'", nil),
            ("text = null", "null is not a text", "write 'text is null', or \"null\" for the text"),
            ("text != NULL", "null is not a text", "write 'text is not null', or \"null\" for the text"),
            (
                "text = 'FR'", "'FR' is in single quotes, which would be part of the value",
                "leave them out, or write double quotes"
            ),
            (
                "mood in 'good','bad'", "'good' is in single quotes, which would be part of the value",
                "leave them out, or write double quotes"
            ),
        ])
    func errors(text: String, message: String, remedy: String?) throws {
        let table = try Self.table()
        let error = #expect(throws: StorageError.self) { try Comparison.condition(text, of: table) }
        #expect(error?.code == .query)
        #expect(error?.message == "--where '\(text)': \(message)")
        #expect(error?.remedy == remedy)
    }

    @Test(
        "A second comparison in the value is refused, whatever joins it",
        arguments: [
            ("text = FR and number > 5", "and"), ("text = FR AND number>5", "and"),
            ("number = 5 && text is null", "&&"),
            ("number = 5&&text = a", "&&"), (#"text = "FR" and number > 5"#, "and"),
            ("text is null and number > 5", "and"), ("text like a% and number in 1,2", "and"),
            ("text = FR or number > 5", "or"), ("number in 1,2 || mood = good", "||"),
        ])
    func joined(text: String, word: String) throws {
        let table = try Self.table()
        let error = #expect(throws: StorageError.self) { try Comparison.condition(text, of: table) }
        #expect(error?.message == "--where '\(text)': '\(word)' does not join comparisons here")
        #expect(error?.remedy?.contains("one --where for each") == true)
    }

    private static let advice =
        "the operators are is not null, is null, begins with, ends with, contains, like, in, !=, <=, >=, =, <, >"

    @Test("A column that does not exist names the nearest, or all")
    func unknownColumn() throws {
        let table = try Self.table()
        let near = #expect(throws: StorageError.self) { try Comparison.condition("nmber = 5", of: table) }
        #expect(near?.remedy == "did you mean 'number'?")
        let far = #expect(throws: StorageError.self) { try Comparison.condition("= 5", of: table) }
        #expect(far?.remedy == "it has text, number, ratio, flag, day, at, mood, list, data")
    }
}

import Testing

@testable import CairnSchema

@Suite("Values of other types")
struct ValueConversionTests {
    private static let types: [ValueType] = [
        .string, .int, .double, .bool, .uuid, .bytes, .timestamp, .date, .decimal, .json, .array(.int), .array(.string),
    ]

    private static func value(_ text: String, _ type: ValueType) throws -> Value {
        try #require(ValueJSON.parse(text, as: type))
    }

    @Test(
        "A value is made exactly, or not at all",
        arguments: [
            ("7", ValueType.string, ValueType.int, "7"), ("-7", .string, .int, "-7"), ("007", .string, .int, nil),
            ("+7", .string, .int, nil), ("-0", .string, .int, nil), ("7.0", .string, .int, "7"),
            ("7.5", .string, .int, nil), ("1e3", .string, .int, nil), (" 7", .string, .int, nil),
            ("", .string, .int, nil), ("9223372036854775808", .string, .int, nil),
            ("3.50", .string, .decimal, "3.5"), ("0.10", .string, .double, "0.1"), (".5", .string, .double, nil),
            ("0.1000000000000000055", .string, .double, nil), ("true", .string, .bool, "true"),
            ("True", .string, .bool, nil), ("2026-11-20", .string, .date, "2026-11-20"),
            ("2026-11-31", .string, .date, nil),
            ("2026-11-20T15:06:01Z", .string, .timestamp, "2026-11-20T15:06:01.000000Z"),
            ("2026-11-20T15:06:01.5Z", .string, .timestamp, "2026-11-20T15:06:01.500000Z"),
            ("2026-11-20T15:06:01+02:00", .string, .timestamp, nil),
            (
                "0190163D-8694-739B-AEA5-966C26F8AD91", .string, .uuid, "0190163d-8694-739b-aea5-966c26f8ad91"
            ),
            ("7", .int, .string, "7"), ("0.5", .double, .string, "0.5"), ("3.0", .double, .string, "3"),
            ("1e300", .double, .string, nil), ("1e300", .double, .decimal, nil), ("2.5", .double, .int, nil),
            ("-2.0", .double, .int, "-2"), ("1e19", .double, .int, nil), ("9007199254740993", .int, .double, nil),
            ("0.1", .decimal, .double, "0.1"), ("12345678901234567.1", .decimal, .double, nil),
            ("1", .int, .bool, "true"), ("2", .int, .bool, nil), ("false", .bool, .int, "0"),
            ("2026-11-20", .date, .timestamp, "2026-11-20T00:00:00.000000Z"),
            ("2026-11-20T00:00:00Z", .timestamp, .date, "2026-11-20"),
            ("2026-11-20T00:00:01Z", .timestamp, .date, nil), ("7", .int, .array(.int), "[7]"),
            ("a", .string, .array(.string), "[\"a\"]"), ("[7]", .array(.int), .int, "7"),
            ("[7,8]", .array(.int), .int, nil), ("[]", .array(.int), .int, nil),
        ] as [(String, ValueType, ValueType, String?)])
    func exact(_ text: String, _ old: ValueType, _ new: ValueType, _ wanted: String?) throws {
        let value = try Self.value(text, old)
        #expect(ValueConversion.exists(from: old, to: new))
        #expect(ValueConversion.exact(value, as: new) == (try wanted.map { try Self.value($0, new) }))
    }

    @Test("What is made exactly gives the value back, and what is total is always made")
    func back() throws {
        let samples: [Value] = [
            .string(""), .string("a"), .string("12"), .string("0.25"), .string("true"), .string("2026-01-01"), .int(0),
            .int(1), .int(.min), .int(.max), .double(0.1), .double(1e22), .double(.leastNonzeroMagnitude), .double(-2),
            .bool(true),
            .uuid(.version7()), .bytes([1, 255]), .timestamp(.min), .timestamp(.max), .timestamp(.epoch), .date(.min),
            .date(.max), .decimal(DecimalNumber(3)), .json(["a": 1]), .array([.int(3)]), .array([]),
            .array([.string("x")]), try Self.value("12345678901234567890.5", .decimal),
        ]
        for old in Self.types {
            for value in samples where old.holds(value) {
                for new in Self.types where new != old {
                    let made = ValueConversion.exact(value, as: new)
                    if !ValueConversion.exists(from: old, to: new), !new.holds(value) {
                        #expect(made == nil, "\(value) as \(new)")
                    }
                    if ValueConversion.isTotal(from: old, to: new) { #expect(made != nil, "\(value) as \(new)") }
                    guard let made else { continue }
                    #expect(new.holds(made), "\(value) as \(new)")
                    #expect(ValueConversion.exact(made, as: old) == value, "\(value) as \(new)")
                }
            }
        }
    }

    @Test("Null is null in every type")
    func null() {
        for type in Self.types { #expect(ValueConversion.exact(.null, as: type) == .null) }
    }

    @Test(
        "What is close is what a person reads",
        arguments: [
            ("007", ValueType.string, ValueType.int, "7"), (" 7\n", .string, .int, "7"), ("x", .string, .int, nil),
            ("2026-11-20T15:06:01Z", .timestamp, .date, "2026-11-20"), ("2.5", .double, .int, nil),
            ("{\"a\":1}", .string, .json, "{\"a\":1}"), ("7", .json, .int, "7"), ("\"7\"", .json, .int, nil),
            ("\"x\"", .json, .string, "x"), ("7", .int, .json, "7"), ("[1,2]", .array(.int), .string, "[1,2]"),
            ("2026-11-20T15:06:01+02:00", .string, .timestamp, "2026-11-20T13:06:01Z"),
            ("0x10", .string, .double, nil), ("1e3", .string, .double, "1000"),
            ("[{\"a\":1}]", .array(.json), .json, "[{\"a\":1}]"),
            ("[7]", .array(.int), .int, nil), ("7", .int, .array(.int), "[7]"),
        ] as [(String, ValueType, ValueType, String?)])
    func closest(_ text: String, _ old: ValueType, _ new: ValueType, _ wanted: String?) throws {
        let made = ValueConversion.closest(try Self.value(text, old), as: new)
        #expect(made == (try wanted.map { try Self.value($0, new) }))
    }
}

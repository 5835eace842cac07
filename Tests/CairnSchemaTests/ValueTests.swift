import Foundation
import Testing

@testable import CairnSchema

@Suite("Decimal numbers")
struct DecimalNumberTests {
    @Test(
        "Text is read digit by digit and written in plain notation",
        arguments: [
            ("0", "0"), ("-0", "0"), ("0.0", "0"), ("1", "1"), ("1.50", "1.5"), ("-12.340", "-12.34"), ("0.05", "0.05"),
            ("1200", "1200"),
            ("1e3", "1000"), ("1.5E2", "150"), ("15e-1", "1.5"), ("+7", "7"), ("00012", "12"),
            ("1e-38", "0." + String(repeating: "0", count: 37) + "1"),
            (String(repeating: "9", count: 38), String(repeating: "9", count: 38)), ("0e9999", "0"),
        ])
    func text(_ text: String, _ wanted: String) throws {
        #expect(try #require(DecimalNumber(text)).description == wanted)
    }

    @Test(
        "Other text, and more than 38 digits, is refused and never rounded",
        arguments: [
            "", "-", ".", "1.", ".5", "1.2.3", "1e", "abc", "1 ", " 1", "1,5", "NaN", "inf", "0x1", "1e38", "1e-39",
            "1e99999",
            String(repeating: "9", count: 39),
            "1" + String(repeating: "0", count: 20) + "." + String(repeating: "1", count: 18),
        ])
    func refused(_ text: String) {
        #expect(DecimalNumber(text) == nil)
    }

    @Test("Order is by value")
    func order() {
        let texts = [
            "-100", "-1.5", "-1.05", "-0.1", "0", "0.001", "0.01", "0.1", "0.11", "1", "1.000001", "9.99", "10",
        ]
        let numbers = texts.compactMap { DecimalNumber($0) }
        #expect(numbers.count == texts.count)
        #expect(numbers.shuffled().sorted() == numbers)
    }

    @Test("Arithmetic is exact, and nil where the result has more than 38 digits")
    func arithmetic() throws {
        func number(_ text: String) throws -> DecimalNumber { try #require(DecimalNumber(text)) }
        #expect(try number("0.1").adding(number("0.2")) == number("0.3"))
        #expect(try number("1").subtracting(number("0.99")) == number("0.01"))
        #expect(try number("-1.5").multiplied(by: number("0.02")) == number("-0.03"))
        #expect(try number("0.5").multiplied(by: number("2")) == number("1"))
        #expect(try number(String(repeating: "9", count: 38)).adding(1) == nil)
        #expect(try number("1e20").multiplied(by: number("1e20")) == nil)
        #expect(try number("1e37").adding(number("1e-37")) == nil)
        #expect(try number("1e-20").multiplied(by: number("1e-20")) == nil)
    }

    @Test("What has 38 digits or less once zeros at its end are gone is no overflow")
    func arithmeticAtTheEdge() throws {
        func number(_ text: String) throws -> DecimalNumber { try #require(DecimalNumber(text)) }
        let nines = String(repeating: "9", count: 37)
        let smallest = try number("1e-38")
        let almostOne = try number("0.\(nines)9")
        #expect(almostOne.adding(smallest) == 1)
        #expect(DecimalNumber(1).subtracting(smallest) == almostOne)
        #expect(almostOne.adding(try number("0.\(nines)1")) == (try number("1.\(nines)")))
        #expect(almostOne.adding(almostOne) == nil)
        let almostTwo = try number("1.\(nines)")
        #expect(almostTwo.subtracting(almostOne) == (try number("0.\(nines)1")))
        #expect(almostOne.subtracting(almostTwo) == (try number("-0.\(nines)1")))
        #expect((-almostTwo).subtracting(try number("0.\(nines)1")) == nil)
        #expect((-almostTwo).subtracting(try number("0.1")) == (try number("-2.0\(nines.dropFirst())")))
        let power = try number("0.00000000000363797880709171295166015625")  // 2 to the power of -38
        let even = try number("85070591730234615865843651857942052864")  // 2 to the power of 126
        #expect(power.multiplied(by: even) == (try number("309485009821345068724781056")))
        #expect(power.multiplied(by: -even) == (try number("-309485009821345068724781056")))
        #expect(power.multiplied(by: try #require(even.adding(1))) == nil)
    }

    @Test("Random numbers survive text", arguments: 0..<200)
    func roundTrip(_ seed: UInt64) {
        var random = SeededRandom(seed)
        let number = random.decimal()
        #expect(DecimalNumber(number.description) == number, "seed \(seed)")
    }
}

@Suite("Times and days")
struct TimeTests {
    @Test(
        "A time is read with its offset and written in UTC with six digits",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
            ("2026-11-20T15:06:01.870549Z", 1_795_187_161_870_549),
            ("2026-11-20T16:06:01.870549+01:00", 1_795_187_161_870_549),
            ("2026-11-20t09:36:01.870549000-05:30", 1_795_187_161_870_549),
            ("2024-02-29 12:00:00z", 1_709_208_000_000_000),
        ])
    func timestamp(_ text: String, _ microseconds: Int64) throws {
        let time = try #require(Timestamp(text))
        #expect(time.microseconds == microseconds)
        #expect(Timestamp(time.description) == time)
    }

    @Test("The first and the last instant have their texts")
    func edges() {
        #expect(Timestamp.min.description == "0001-01-01T00:00:00.000000Z")
        #expect(Timestamp.max.description == "9999-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: Timestamp.max.microseconds + 1) == nil)
        #expect(Timestamp(microseconds: .min) == nil)
        #expect(Timestamp.max.adding(microseconds: 1) == nil)
        #expect(Timestamp.epoch.adding(microseconds: .max) == nil)
    }

    @Test(
        "A time that does not exist, or is finer than a microsecond, is refused",
        arguments: [
            "", "2026-11-20", "2026-11-20T24:00:00Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
            "2026-11-20T15:06:60Z",
            "2026-11-20T15:06:01", "2026-11-20T15:06:01.Z", "2026-11-20T15:06:01.1234567Z",
            "2026-11-20T15:06:01.0000000000Z",
            "2026-11-20T15:06:01+1:00", "2026-11-20T15:06:01Zx", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
            "26-11-20T15:06:01Z",
        ])
    func refusedTime(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("A date converts to Foundation's and back to the microsecond near our time")
    func foundation() throws {
        let time = try #require(Timestamp("2026-11-20T15:06:01.870549Z"))
        #expect(Timestamp(Date(time)) == time)
        #expect(Timestamp(Date(timeIntervalSince1970: .infinity)) == nil)
        #expect(Timestamp(Date(timeIntervalSince1970: 1e15)) == nil)
    }

    @Test(
        "Days count as Foundation's calendar does",
        arguments: [-140_000, -1, 0, 59, 789, 11_016, 19_782, 20_777, 2_932_896])
    func days(_ days: Int) throws {
        let date = try #require(CalendarDate(daysSinceEpoch: days))
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
        #expect(date.description == Date(timeIntervalSince1970: Double(days) * 86_400).formatted(style))
        #expect(CalendarDate(date.description) == date)
        #expect(CalendarDate(year: date.year, month: date.month, day: date.day) == date)
    }

    @Test("Every day from 1890 to 2110 comes back from its text")
    func everyDay() {
        for days in -29_220..<51_134 {
            let date = CalendarDate(daysSinceEpoch: days)
            #expect(date.flatMap { CalendarDate($0.description) } == date)
        }
    }

    @Test(
        "A day that does not exist is refused",
        arguments: ["2023-02-29", "2026-04-31", "2026-00-01", "2026-1-1", "0000-01-01", "10000-01-01", "x"])
    func refusedDay(_ text: String) {
        #expect(CalendarDate(text) == nil)
    }
}

@Suite("UUIDs of version 7")
struct UUIDTests {
    @Test("They carry version, variant and time, and later ones sort later")
    func version7() throws {
        let early = UUID.version7(at: try #require(Timestamp("2026-01-01T00:00:00Z")))
        let late = UUID.version7(at: try #require(Timestamp("2026-01-01T00:00:00.001Z")))
        #expect(early.bytes[6] >> 4 == 7)
        #expect(early.bytes[8] >> 6 == 2)
        #expect(early.bytes.lexicographicallyPrecedes(late.bytes))
        #expect(
            Array(early.bytes.prefix(6))
                == Array(UUID.version7(at: try #require(Timestamp("2026-01-01T00:00:00Z"))).bytes.prefix(6)))
        #expect(Set((0..<1000).map { _ in UUID.version7() }).count == 1000)
    }

    @Test("A text of 32 digits and four hyphens in their places makes a UUID, nothing else")
    func text() throws {
        let uuid = try #require(UUID(text: "0198f3c2-0000-7000-8000-00000000000a"))
        #expect(uuid.text == "0198f3c2-0000-7000-8000-00000000000a")
        #expect(UUID(text: "0198F3C2-0000-7000-8000-00000000000A") == uuid)
        for text in [
            "", "0198f3c2-0000-7000-8000-00000000000", "0198f3c2-0000-7000-8000-00000000000a0",
            "0198f3c20000-7000-8000-00000000000a-", "0198f3c2-0x00-7000-8000-00000000000a",
            "0198f3c2-00 0-7000-8000-00000000000a", "0198f3c2-0000-7000-8000-00000000000g",
            "{198f3c2-0000-7000-8000-00000000000a}", "0198f3c2-0000-7000-8000-0000000000\u{E9}",
        ] { #expect(UUID(text: text) == nil, "\(text)") }
    }

    @Test("Sixteen bytes make a UUID, other counts none")
    func bytes() {
        let uuid = UUID.version7()
        #expect(UUID(bytes: uuid.bytes) == uuid)
        #expect(UUID(bytes: uuid.bytes.dropLast()) == nil)
        #expect(UUID(bytes: [UInt8]()) == nil)
    }
}

@Suite("Values")
struct ValueTests {
    @Test("Equality and hashes go by what is stored")
    func equality() throws {
        #expect(Value.string("é") != .string("e\u{301}"))
        #expect(Value.double(-0.0) == .double(0))
        #expect(Set([Value.double(-0.0), .double(0)]).count == 1)
        #expect(Set([Value.string("é"), .string("e\u{301}"), .string("é")]).count == 2)
        #expect(Value.int(1) != .double(1))
        #expect(Value.null != .json(.null))
        #expect(try Value.decimal(#require(DecimalNumber("1.0"))) == .decimal(1))
    }

    @Test("Values of different types have no order")
    func order() {
        #expect(Value.compare(.int(1), .double(1)) == nil)
        #expect(Value.compare(.json(1), .json(1)) == nil)
        #expect(Value.compare(.null, .int(1)) == -1)
        #expect(Value.compare(.null, .null) == 0)
    }

    @Test("A value stays small: what is large is boxed")
    func size() {
        #expect(MemoryLayout<Value>.stride <= 24)
    }

    @Test(
        "Text of a type is parsed exactly or not at all",
        arguments: [
            ("12", ValueType.int, Value.int(12)), ("1.5", .double, .double(1.5)), ("true", .bool, .bool(true)),
            ("AQI=", .bytes, .bytes([1, 2])),
            ("2026-01-01", .date, .date(CalendarDate("2026-01-01") ?? .min)),
            ("[1,2]", .array(.int), .array([.int(1), .int(2)])),
            ("{\"a\":1}", .json, .json(["a": 1])),
        ])
    func parse(_ text: String, _ type: ValueType, _ wanted: Value) {
        #expect(ValueJSON.parse(text, as: type) == wanted)
        #expect(ValueJSON.parse(text + "x", as: type) == nil)
    }
}

@Suite("Names")
struct NamingTests {
    @Test(
        "Snake case becomes Swift's camel case, initialisms in one case",
        arguments: [
            ("area_km2", "areaKm2", "AreaKm2"), ("id", "id", "ID"), ("user_id", "userID", "UserID"),
            ("iso3", "iso3", "ISO3"),
            ("home_url", "homeURL", "HomeURL"), ("urls", "urls", "Urls"), ("a", "a", "A"), ("x1_y2", "x1Y2", "X1Y2"),
        ])
    func camel(_ name: String, _ lower: String, _ upper: String) {
        #expect(Naming.lowerCamelCase(name) == lower)
        #expect(Naming.upperCamelCase(name) == upper)
    }

    @Test(
        "A table's name loses the plural of its last word",
        arguments: [
            ("cities", "City"), ("countries", "Country"), ("boxes", "Box"), ("statuses", "Status"),
            ("people", "Person"),
            ("order_lines", "OrderLine"), ("addresses", "Address"), ("branches", "Branch"), ("series", "Series"),
            ("cases", "Case"),
            ("houses", "House"), ("news", "News"), ("analyses", "Analysis"), ("dishes", "Dish"), ("data", "Data"),
            ("buses", "Bus"),
            ("movies", "Movie"), ("heroes", "Hero"), ("ties", "Tie"), ("gas", "Gas"), ("sizes", "Size"),
            ("prizes", "Prize"),
        ])
    func entity(_ table: String, _ entity: String) {
        #expect(Naming.entityName(ofTable: table) == entity)
    }

    @Test(
        "Snake case is words of lower letters and digits joined by one underscore",
        arguments: ["a", "a1", "a_b", "ab_c1_d"])
    func snake(_ name: String) {
        #expect(Naming.isSnakeCase(name))
    }

    @Test(
        "Anything else is not", arguments: ["", "A", "1a", "_a", "a_", "a__b", "a-b", "a b", "é", "aB", "a.b", "a\0"])
    func notSnake(_ name: String) {
        #expect(!Naming.isSnakeCase(name))
    }

    @Test(
        "The remedy for a name is the nearest one that is allowed",
        arguments: [
            ("userName", "user_name"), ("User-Name", "user_name"), ("_id", "id"), ("9lives", "lives"), ("a__b", "a_b"),
            ("URL", "url"),
        ])
    func remedy(_ name: String, _ wanted: String) {
        #expect(Naming.snakeCase(name) == wanted)
    }

    @Test("A message that quotes too much loses its middle, and no character is cut")
    func messages() {
        let short = String(repeating: "é", count: 2048)
        #expect(MessageText.bounded(short) == short)
        let long = "a" + String(repeating: "é", count: 100_000) + " is no address"
        let bounded = MessageText.bounded(long)
        #expect(bounded.utf8.count < 4200)
        #expect(bounded.hasPrefix("aéé") && bounded.hasSuffix("éé is no address"))
        #expect(bounded.contains("bytes are left out here") && !bounded.contains("\u{FFFD}"))
        #expect(JSONError(long, at: 0).message == bounded)
    }

    @Test("The nearest name is the one a slip of the hand away")
    func nearest() {
        let names = ["string", "int", "double", "bool", "timestamp"]
        #expect(NearestName.of("strng", among: names) == "string")
        #expect(NearestName.of("itn", among: names) == "int")
        #expect(NearestName.of("timestmap", among: names) == "timestamp")
        #expect(NearestName.of("elephant", among: names) == nil)
        #expect(NearestName.of("STRING", among: names) == "string")
        #expect(NearestName.of(String(repeating: "a", count: 10_000), among: names) == nil)
    }
}

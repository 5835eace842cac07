/// A day of the Gregorian calendar, without a time and a time zone: a birthday, a due date.
///
/// Years run from 1 to 9999. The text form is `2026-11-20` (RFC 3339 `full-date`).
public struct CalendarDate: Sendable, Hashable {
    /// Days from 1970-01-01, negative before it.
    public let daysSinceEpoch: Int

    /// The first day there is, 0001-01-01.
    public static let min = CalendarDate(unchecked: GregorianCalendar.firstDay)
    /// The last day there is, 9999-12-31.
    public static let max = CalendarDate(unchecked: GregorianCalendar.lastDay)

    private init(unchecked days: Int) {
        daysSinceEpoch = days
    }

    /// A day by its distance from 1970-01-01; nil outside the years 1 to 9999.
    public init?(daysSinceEpoch: Int) {
        guard (GregorianCalendar.firstDay...GregorianCalendar.lastDay).contains(daysSinceEpoch) else { return nil }
        self.daysSinceEpoch = daysSinceEpoch
    }

    /// A day by year, month (1 to 12) and day (from 1); nil when there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...GregorianCalendar.length(ofMonth: month, year: year)).contains(day)
        else { return nil }
        daysSinceEpoch = GregorianCalendar.days(year: year, month: month, day: day)
    }

    /// Reads `YYYY-MM-DD`; nil for anything else.
    public init?(_ text: String) {
        guard let days = FieldParser.parse(text, { $0.days() }) else { return nil }
        daysSinceEpoch = days
    }

    /// The day it is now in UTC.
    public static var today: CalendarDate { Timestamp.now.date }

    /// The year, 1 to 9999.
    public var year: Int { GregorianCalendar.date(days: daysSinceEpoch).year }
    /// The month, 1 to 12.
    public var month: Int { GregorianCalendar.date(days: daysSinceEpoch).month }
    /// The day of the month, from 1.
    public var day: Int { GregorianCalendar.date(days: daysSinceEpoch).day }

    /// The day `days` later, or earlier when negative; nil outside the years 1 to 9999.
    public func adding(days: Int) -> CalendarDate? {
        let (sum, overflow) = daysSinceEpoch.addingReportingOverflow(days)
        return overflow ? nil : CalendarDate(daysSinceEpoch: sum)
    }
}

extension CalendarDate: Comparable, CustomStringConvertible {
    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }

    /// `YYYY-MM-DD`.
    public var description: String {
        String(unsafeUninitializedCapacity: 10) { FieldWriter.write(to: $0) { $0.days(daysSinceEpoch) } }
    }
}

extension CalendarDate: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, "a date like 2026-11-20") { CalendarDate($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        try description.encode(to: encoder)
    }
}

/// Decodes a value from its text form, or says what the text should have been.
func decodeText<Value>(from decoder: any Decoder, _ expected: String, _ parse: (String) -> Value?) throws -> Value {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = parse(text) else {
        throw DecodingError.dataCorruptedError(
            in: container, debugDescription: "expected \(expected), found \"\(text)\"")
    }
    return value
}

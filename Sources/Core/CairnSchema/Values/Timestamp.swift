#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An instant, exact to the microsecond.
///
/// Years run from 1 to 9999. The text form is RFC 3339 in UTC with six digits: `2026-11-20T15:06:01.870549Z`. Foundation's
/// `Date` counts seconds in a double and loses microseconds for instants far from 2001, so no column holds one.
public struct Timestamp: Sendable, Hashable {
    /// Microseconds from 1970-01-01T00:00:00Z, negative before it.
    public let microseconds: Int64

    /// The first instant there is, 0001-01-01T00:00:00Z.
    public static let min = Timestamp(unchecked: Int64(GregorianCalendar.firstDay) * microsecondsPerDay)
    /// The last instant there is, 9999-12-31T23:59:59.999999Z.
    public static let max = Timestamp(unchecked: Int64(GregorianCalendar.lastDay + 1) * microsecondsPerDay - 1)
    /// 1970-01-01T00:00:00Z, which also stands for the times of a record that was never stored.
    public static let epoch = Timestamp(unchecked: 0)

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    private init(unchecked microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// An instant by its distance from 1970; nil outside the years 1 to 9999.
    public init?(microseconds: Int64) {
        guard (Timestamp.min.microseconds...Timestamp.max.microseconds).contains(microseconds) else { return nil }
        self.microseconds = microseconds
    }

    /// The instant at which a day begins in UTC.
    package init(startOf day: CalendarDate) {
        microseconds = Int64(day.daysSinceEpoch) * Timestamp.microsecondsPerDay
    }

    /// The nearest microsecond to a date; nil outside the years 1 to 9999.
    public init?(_ date: Date) {
        let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded()
        guard let exact = Int64(exactly: microseconds) else { return nil }
        self.init(microseconds: exact)
    }

    /// Reads RFC 3339 `date-time`: at most nine digits of a second (beyond the sixth only zeros), `Z` or an offset; nil for
    /// anything else.
    public init?(_ text: String) {
        guard let microseconds = FieldParser.parse(text, Timestamp.microseconds) else { return nil }
        self.init(microseconds: microseconds)
    }

    /// Reads the bytes of a text as ``init(_:)-(String)`` does.
    package init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        guard let microseconds = FieldParser.parse(text, Timestamp.microseconds) else { return nil }
        self.init(microseconds: microseconds)
    }

    private static func microseconds(_ parser: inout FieldParser) -> Int64? {
        guard let days = parser.days(), parser.take("Tt ") != nil,
            let hour = parser.number(width: 2), hour < 24, parser.take(":") != nil,
            let minute = parser.number(width: 2), minute < 60, parser.take(":") != nil,
            let second = parser.number(width: 2), second < 60,
            let fraction = parser.take(".") == nil ? 0 : parser.fraction(places: 6, most: 9),
            let offset = offset(&parser)
        else { return nil }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset * 60)
        return seconds * 1_000_000 + Int64(fraction)
    }

    /// The offset from UTC in minutes.
    private static func offset(_ parser: inout FieldParser) -> Int? {
        guard let sign = parser.take("Zz+-") else { return nil }
        if sign | 0x20 == UInt8(ascii: "z") { return 0 }
        guard let hour = parser.number(width: 2), hour < 24, parser.take(":") != nil,
            let minute = parser.number(width: 2), minute < 60
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hour * 60 + minute)
    }

    /// The instant it is now, by this machine's clock.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000) ?? .epoch
    }

    /// The day of this instant in UTC.
    public var date: CalendarDate {
        let days = Int((microseconds - Timestamp.floorRemainder(microseconds)) / Timestamp.microsecondsPerDay)
        return CalendarDate(daysSinceEpoch: days) ?? .min
    }

    private static func floorRemainder(_ microseconds: Int64) -> Int64 {
        let remainder = microseconds % microsecondsPerDay
        return remainder < 0 ? remainder + microsecondsPerDay : remainder
    }

    /// The instant `microseconds` later, or earlier when negative; nil outside the years 1 to 9999.
    public func adding(microseconds: Int64) -> Timestamp? {
        let (sum, overflow) = self.microseconds.addingReportingOverflow(microseconds)
        return overflow ? nil : Timestamp(microseconds: sum)
    }
}

extension Date {
    /// The date nearest to an instant; a `Date` may lose its last microseconds.
    public init(_ timestamp: Timestamp) {
        self.init(timeIntervalSince1970: Double(timestamp.microseconds) / 1_000_000)
    }
}

extension Timestamp: Comparable, CustomStringConvertible {
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// RFC 3339 in UTC with six digits of a second.
    public var description: String {
        String(unsafeUninitializedCapacity: Timestamp.textLength, initializingUTF8With: write)
    }

    /// How many bytes the text of ``description`` has.
    package static let textLength = 27

    /// Writes the text of ``description`` into room for ``textLength`` bytes.
    /// - Returns: How many bytes it wrote.
    package func write(to text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let rest = Int(Timestamp.floorRemainder(microseconds))
        let days = Int((microseconds - Int64(rest)) / Timestamp.microsecondsPerDay)
        return FieldWriter.write(to: text) { Timestamp.write(days, rest, to: &$0) }
    }

    /// Writes a day and the microseconds of it.
    private static func write(_ days: Int, _ rest: Int, to text: inout FieldWriter) {
        let seconds = rest / 1_000_000
        text.days(days)
        text.mark("T")
        text.number(seconds / 3600, width: 2)
        text.mark(":")
        text.number(seconds / 60 % 60, width: 2)
        text.mark(":")
        text.number(seconds % 60, width: 2)
        text.mark(".")
        text.number(rest - seconds * 1_000_000, width: 6)
        text.mark("Z")
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, "a time like 2026-11-20T15:06:01.870549Z") { Timestamp($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        try description.encode(to: encoder)
    }
}

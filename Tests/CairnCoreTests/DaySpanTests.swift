import Testing

@testable import CairnCore

@Suite("Days in time zones")
struct DaySpanTests {
    private static func time(_ text: String) -> Timestamp { Timestamp(text) ?? .min }
    private static func day(_ text: String) -> CalendarDate { CalendarDate(text) ?? .min }

    @Test(
        "A day begins at midnight of the place, at the first of two, or where midnight is left out when clocks were set",
        arguments: [
            ("UTC", "2026-03-29", "2026-03-29T00:00:00Z"), ("Europe/Paris", "2026-01-15", "2026-01-14T23:00:00Z"),
            ("Europe/Paris", "2026-07-15", "2026-07-14T22:00:00Z"),
            // The day clocks are set forward, and the day after; the same backwards.
            ("Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z"),
            ("Europe/Paris", "2026-03-30", "2026-03-29T22:00:00Z"),
            ("Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z"),
            ("Europe/Paris", "2026-10-26", "2026-10-25T23:00:00Z"),
            // By the rule behind the last transition of the file, and on the other half of the earth.
            ("Europe/Paris", "2090-07-15", "2090-07-14T22:00:00Z"),
            ("Europe/Paris", "2090-01-15", "2090-01-14T23:00:00Z"),
            ("Australia/Sydney", "2090-01-15", "2090-01-14T13:00:00Z"),
            ("Australia/Sydney", "2090-07-15", "2090-07-14T14:00:00Z"),
            // Midnight is left out: clocks go from 00:00 to 01:00.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            // Midnight comes twice: clocks go from 01:00 back to 00:00.
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
            ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z"),
            // A day that never was is empty.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
            // Before the first transition: local mean time.
            ("Europe/Paris", "1800-01-01", "1799-12-31T23:50:39Z"),
        ])
    func starts(zone: String, day: String, start: String) throws {
        #expect(try LocalZone(zone).start(of: DaySpanTests.day(day)).description.prefix(19) == start.prefix(19))
    }

    @Test(
        "The day of an instant is that of the place",
        arguments: [
            ("Europe/Paris", "2026-03-28T22:59:59.999999Z", "2026-03-28"),
            ("Europe/Paris", "2026-03-28T23:00:00Z", "2026-03-29"),
            ("America/New_York", "2026-01-01T04:59:59Z", "2025-12-31"),
            ("Pacific/Kiritimati", "2026-01-01T10:00:00Z", "2026-01-02"),
            ("UTC", "1969-12-31T23:59:59.999999Z", "1969-12-31"), ("UTC", "0001-01-01T00:00:00Z", "0001-01-01"),
            ("America/New_York", "0001-01-01T00:00:00Z", "0001-01-01"),
            ("Pacific/Kiritimati", "9999-12-31T23:59:59.999999Z", "9999-12-31"),
        ])
    func days(zone: String, time: String, day: String) throws {
        #expect(try LocalZone(zone).day(of: DaySpanTests.time(time)).description == day)
    }

    @Test("Every day of ten years begins where it is that day, and the instant before is the day before")
    func everyDay() throws {
        for name in ["Europe/Paris", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "America/St_Johns"] {
            let zone = try LocalZone(name)
            let first = DaySpanTests.day("2012-01-01").daysSinceEpoch
            for number in first..<first + 3653 {
                let day = try #require(CalendarDate(daysSinceEpoch: number))
                let start = zone.start(of: day)
                #expect(zone.day(of: start) == day, "\(name) \(day)")
                let before = try #require(start.adding(microseconds: -1))
                #expect(zone.day(of: before) == day.adding(days: -1), "\(name) \(day)")
            }
        }
    }

    @Test("Spans end today and have as many days as they say")
    func spans() throws {
        let now = DaySpanTests.time("2026-03-31T22:30:00Z")
        let paris = try LocalZone("Europe/Paris")
        func days(_ span: DaySpan) -> [String] { [span.first.description, span.last.description] }
        #expect(days(.today(in: paris, now: now)) == ["2026-04-01", "2026-04-01"])
        #expect(days(.today(now: now)) == ["2026-03-31", "2026-03-31"])
        #expect(days(.yesterday(now: now)) == ["2026-03-30", "2026-03-30"])
        #expect(days(.last(1, .days, now: now)) == ["2026-03-31", "2026-03-31"])
        #expect(days(.last(7, .days, now: now)) == ["2026-03-25", "2026-03-31"])
        // A Tuesday; in Paris it is Wednesday, the first of April.
        #expect(days(.thisWeek(now: now)) == ["2026-03-30", "2026-04-05"])
        #expect(days(.thisWeek(now: DaySpanTests.time("1969-12-28T12:00:00Z"))) == ["1969-12-22", "1969-12-28"])
        #expect(days(.thisWeek(now: .max)).last == CalendarDate.max.description)
        #expect(days(.thisMonth(now: now)) == ["2026-03-01", "2026-03-31"])
        #expect(days(.thisMonth(in: paris, now: now)) == ["2026-04-01", "2026-04-30"])
        #expect(days(.thisMonth(now: DaySpanTests.time("2028-02-29T00:00:00Z"))) == ["2028-02-01", "2028-02-29"])
        #expect(days(.thisYear(in: paris, now: now)) == ["2026-01-01", "2026-12-31"])
        #expect(days(.last(2, .weeks, now: now)) == ["2026-03-18", "2026-03-31"])
        #expect(days(.last(1, .months, now: now)) == ["2026-03-01", "2026-03-31"])
        #expect(days(.last(1, .years, now: now)) == ["2025-04-01", "2026-03-31"])
        #expect(days(.last(.max, .years, now: now)) == ["0001-01-01", "2026-03-31"])
        #expect(days(.last(.max, .weeks, now: now)) == ["0001-01-01", "2026-03-31"])
    }

    @Test("A span is a range, which an index serves: of instants for times, of days for days")
    func conditions() throws {
        let paris = try LocalZone("Europe/Paris")
        // The last Sunday of March has 23 hours.
        let span = DaySpan(from: DaySpanTests.day("2026-03-29"), to: DaySpanTests.day("2026-03-29"), in: paris)
        let seen = TypedColumn<Timestamp?>(2)
        let born = TypedColumn<CalendarDate>(3)
        #expect(
            seen.in(span)
                == .and([
                    .compare(column: 2, .greaterOrEqual, .timestamp(DaySpanTests.time("2026-03-28T23:00:00Z"))),
                    .compare(column: 2, .less, .timestamp(DaySpanTests.time("2026-03-29T22:00:00Z"))),
                ]))
        #expect(
            born.in(span)
                == .and([
                    .compare(column: 3, .greaterOrEqual, .date(span.first)),
                    .compare(column: 3, .lessOrEqual, .date(span.last)),
                ]))
        #expect(born.in(.last(0, .days)) == .isIn(column: 3, []))
        let end = DaySpan(from: .max, to: .max)
        #expect(seen.in(end) == .compare(column: 2, .greaterOrEqual, .timestamp(LocalZone.utc.start(of: .max))))
    }

    @Test(
        "A zone that is none is refused, and no other file is read",
        arguments: [
            "", "Europe/Pariss", "/etc/passwd", "../passwd", "a/../../b", ".", "Europe", "tzdata.zi", "Euro\0pe",
        ])
    func unknown(name: String) {
        #expect(throws: StorageError.self) { try LocalZone(name) }
    }

    @Test("A zone at a fixed distance has no summer")
    func fixed() throws {
        let zone = try #require(LocalZone(minutesFromUTC: -(5 * 60 + 30)))
        #expect(zone.name == "-05:30")
        #expect(zone.start(of: DaySpanTests.day("2026-07-01")) == DaySpanTests.time("2026-07-01T05:30:00Z"))
        #expect(LocalZone(minutesFromUTC: 2000) == nil)
    }

    @Test("A file that is cut anywhere is refused or read, and nothing else")
    func damaged() throws {
        let bytes = Array(header(times: 1, types: 1)) + [0, 0, 0, 0, 0, 0, 0, 14, 16, 0, 0] + Array("X\0".utf8)
        for count in 0...bytes.count { _ = TimeZoneFile(Array(bytes.prefix(count))) }
        #expect(TimeZoneFile(bytes)?.offset(at: 5) == 3600)
        for rule in ["", "A", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,M3.5.0", "CET-999", "<+03>-3x"] {
            #expect(TimeZoneRule(rule) == nil, "\(rule)")
        }
        #expect(TimeZoneRule("<+03>-3")?.offset(at: 0) == 10_800)
        #expect(TimeZoneRule("A0B,J60/0,300/0")?.offset(at: 86_400 * 100) == 3600)
    }

    /// A header of the first version.
    private func header(times: UInt8, types: UInt8) -> [UInt8] {
        Array("TZif\0".utf8) + [UInt8](repeating: 0, count: 15)
            + [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, times], [0, 0, 0, types], [0, 0, 0, 2]].joined()
    }
}

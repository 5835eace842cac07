public import CairnSchema

/// A span of whole days in a time zone, for conditions on times and days: `$0.seen.in(.today(in: paris))`,
/// `$0.founded.in(.last(7, .days))`.
///
/// It is a range of plain values from the moment it is made, so an index on the column serves it. A day may have 23 hours, or 25.
public struct DaySpan: Sendable, Hashable {
    /// The first day.
    public let first: CalendarDate
    /// The last day, which belongs to it.
    public let last: CalendarDate
    /// Where it is these days.
    public let zone: LocalZone

    /// The days from `first` to `last`, both included; none when they are in the wrong order.
    public init(from first: CalendarDate, to last: CalendarDate, in zone: LocalZone = .utc) {
        self.first = first
        self.last = last
        self.zone = zone
    }

    /// A unit of days.
    public typealias Unit = DayUnit

    /// The day it is in a zone.
    /// - Parameter now: The instant that counts as now.
    public static func today(in zone: LocalZone = .utc, now: Timestamp = .now) -> DaySpan {
        let day = zone.day(of: now)
        return DaySpan(from: day, to: day, in: zone)
    }

    /// The day before.
    public static func yesterday(in zone: LocalZone = .utc, now: Timestamp = .now) -> DaySpan {
        let day = zone.day(of: now).adding(days: -1) ?? .min
        return DaySpan(from: day, to: day, in: zone)
    }

    /// The week that today is in, from Monday to Sunday (ISO 8601).
    /// - Parameter now: The instant that counts as now.
    public static func thisWeek(in zone: LocalZone = .utc, now: Timestamp = .now) -> DaySpan {
        this(.weeks, in: zone, now: now)
    }

    /// The month that today is in, from its first day to its last.
    /// - Parameter now: The instant that counts as now.
    public static func thisMonth(in zone: LocalZone = .utc, now: Timestamp = .now) -> DaySpan {
        this(.months, in: zone, now: now)
    }

    /// The year that today is in, from its first day to its last.
    /// - Parameter now: The instant that counts as now.
    public static func thisYear(in zone: LocalZone = .utc, now: Timestamp = .now) -> DaySpan {
        this(.years, in: zone, now: now)
    }

    /// For generated code: the day, week, month or year that today is in.
    public static func this(_ unit: Unit, in zone: LocalZone, now: Timestamp) -> DaySpan {
        let today = zone.day(of: now)
        let (first, last): (CalendarDate?, CalendarDate?)
        switch unit {
        case .days: (first, last) = (today, today)
        case .weeks:
            // Day 0, the first of 1970, was a Thursday.
            let weekday = ((today.daysSinceEpoch + 3) % 7 + 7) % 7
            (first, last) = (today.adding(days: -weekday), today.adding(days: 6 - weekday))
        case .months:
            let length = GregorianCalendar.length(ofMonth: today.month, year: today.year)
            first = CalendarDate(year: today.year, month: today.month, day: 1)
            last = CalendarDate(year: today.year, month: today.month, day: length)
        case .years:
            first = CalendarDate(year: today.year, month: 1, day: 1)
            last = CalendarDate(year: today.year, month: 12, day: 31)
        }
        return DaySpan(from: first ?? .min, to: last ?? .max, in: zone)
    }

    /// The last days, weeks, months or years, with today as the last day: `.last(7, .days)` is today and the six days before;
    /// `.last(1, .months)` begins on the day after the same day of the month before, or after its last day when it is shorter.
    /// Of a count below 1: no day.
    public static func last(
        _ count: Int, _ unit: Unit, in zone: LocalZone = .utc, now: Timestamp = .now
    ) -> DaySpan {
        let today = zone.day(of: now)
        guard count > 0 else { return DaySpan(from: .max, to: .min, in: zone) }
        let before: CalendarDate? =
            switch unit {
            case .days: today.adding(days: -min(count, 4_000_000))
            case .weeks: today.adding(days: -7 * min(count, 600_000))
            case .months: today.before(months: min(count, 120_000))
            case .years: today.before(months: 12 * min(count, 10_000))
            }
        return DaySpan(from: before?.adding(days: 1) ?? .min, to: today, in: zone)
    }

    /// For generated code: the condition that a column of times or of days, by its position, is in it.
    public func condition(column: Int, ofTimes: Bool) -> Condition {
        guard first <= last else { return .isIn(column: column, []) }
        guard ofTimes else {
            return .and([
                .compare(column: column, .greaterOrEqual, .date(first)),
                .compare(column: column, .lessOrEqual, .date(last)),
            ])
        }
        let start = Condition.compare(column: column, .greaterOrEqual, .timestamp(zone.start(of: first)))
        guard let end = zone.end(of: last) else { return start }
        return .and([start, .compare(column: column, .less, .timestamp(end))])
    }
}

extension CalendarDate {
    /// The same day some months before, or the last of that month when it is shorter; nil before the year 1.
    fileprivate func before(months: Int) -> CalendarDate? {
        let total = year * 12 + month - 1 - months
        guard total >= 12 else { return nil }
        let (year, month) = (total / 12, total % 12 + 1)
        return CalendarDate(
            year: year, month: month, day: Swift.min(day, GregorianCalendar.length(ofMonth: month, year: year)))
    }
}

extension TypedColumn where Value == Timestamp {
    /// The time is on one of the days of a span: `$0.seen.in(.last(7, .days, in: paris))`.
    public func `in`(_ span: DaySpan) -> Condition { span.condition(column: position, ofTimes: true) }
}

extension TypedColumn where Value == Timestamp? {
    /// The time is on one of the days of a span.
    public func `in`(_ span: DaySpan) -> Condition { span.condition(column: position, ofTimes: true) }
}

extension TypedColumn where Value == CalendarDate {
    /// The day is one of a span: `$0.founded.in(.today(in: paris))`.
    public func `in`(_ span: DaySpan) -> Condition { span.condition(column: position, ofTimes: false) }
}

extension TypedColumn where Value == CalendarDate? {
    /// The day is one of a span.
    public func `in`(_ span: DaySpan) -> Condition { span.condition(column: position, ofTimes: false) }
}

import CairnSchema

/// A rule that holds every year, in the form of POSIX: `EST5EDT,M3.2.0,M11.1.0` (RFC 8536 section 3.3.1).
struct TimeZoneRule: Sendable, Hashable {
    private let standard: Int
    private let summer: Summer?

    private struct Summer: Sendable, Hashable {
        let offset: Int
        let start: Change
        let end: Change
    }

    /// When in a year clocks change, by the time of the place before.
    private struct Change: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// The `week`th such day of the week in a month, 5 for the last; 0 is Sunday.
            case ofMonth(Int, week: Int, weekday: Int)
            /// The day of the year from 1, without a leap day.
            case plain(Int)
            /// The day of the year from 0, with one.
            case withLeapDay(Int)
        }

        let day: Day
        let seconds: Int

        /// Seconds from 1970 to the change in a year, as if the clock of the place were UTC.
        func time(in year: Int) -> Int {
            let days =
                switch day {
                case .ofMonth(let month, let week, let weekday): Change.days(year, month, week, weekday)
                case .plain(let number):
                    GregorianCalendar.days(year: year, month: 1, day: 1) + number - 1
                        + (number > 59 && GregorianCalendar.length(ofMonth: 2, year: year) == 29 ? 1 : 0)
                case .withLeapDay(let number): GregorianCalendar.days(year: year, month: 1, day: 1) + number
                }
            return days * 86_400 + seconds
        }

        private static func days(_ year: Int, _ month: Int, _ week: Int, _ weekday: Int) -> Int {
            let first = GregorianCalendar.days(year: year, month: month, day: 1)
            // 1970-01-01 was a Thursday.
            let firstWeekday = ((first + 4) % 7 + 7) % 7
            var day = (weekday - firstWeekday + 7) % 7 + 7 * (week - 1)
            while day >= GregorianCalendar.length(ofMonth: month, year: year) { day -= 7 }
            return first + day
        }
    }

    /// Reads a rule; nil when it is none.
    init?(_ text: String) {
        var parser = Parser(Array(text.utf8))
        guard parser.name(), let standard = parser.time() else { return nil }
        self.standard = -standard
        guard !parser.isAtEnd else {
            summer = nil
            return
        }
        guard parser.name() else { return nil }
        var offset = self.standard + 3600
        if !parser.isAt(",") {
            guard let given = parser.time() else { return nil }
            offset = -given
        }
        guard parser.take(","), let start = parser.change(), parser.take(","), let end = parser.change(), parser.isAtEnd
        else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    /// The distance from UTC at an instant, in seconds.
    func offset(at seconds: Int) -> Int {
        guard let summer else { return standard }
        let local = seconds + standard
        let days = (local - ((local % 86_400) + 86_400) % 86_400) / 86_400
        let year = GregorianCalendar.date(days: days).year
        let start = summer.start.time(in: year) - standard
        let end = summer.end.time(in: year) - summer.offset
        let isSummer = start < end ? start <= seconds && seconds < end : !(end <= seconds && seconds < start)
        return isSummer ? summer.offset : standard
    }

    private struct Parser {
        private let bytes: [UInt8]
        private var place = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { place == bytes.count }

        func isAt(_ sign: Unicode.Scalar) -> Bool { place < bytes.count && bytes[place] == UInt8(ascii: sign) }

        mutating func take(_ sign: Unicode.Scalar) -> Bool {
            guard isAt(sign) else { return false }
            place += 1
            return true
        }

        /// Letters, or anything in angle brackets.
        mutating func name() -> Bool {
            let start = place
            if take("<") {
                while place < bytes.count, !isAt(">") { place += 1 }
                return take(">")
            }
            while place < bytes.count, (0x41...0x5A).contains(bytes[place] & 0xDF) { place += 1 }
            return place > start
        }

        mutating func number() -> Int? {
            let start = place
            var value = 0
            while place < bytes.count, (0x30...0x39).contains(bytes[place]), place - start < 4 {
                value = value * 10 + Int(bytes[place] - 0x30)
                place += 1
            }
            return place > start ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds; to 167 hours.
        mutating func time() -> Int? {
            let isNegative = isAt("-")
            if isNegative || isAt("+") { place += 1 }
            guard let hours = number(), hours <= 167 else { return nil }
            var seconds = hours * 3600
            if take(":") {
                guard let minutes = number(), minutes < 60 else { return nil }
                seconds += minutes * 60
                if take(":") {
                    guard let rest = number(), rest < 60 else { return nil }
                    seconds += rest
                }
            }
            return isNegative ? -seconds : seconds
        }

        mutating func change() -> Change? {
            guard let day = day() else { return nil }
            guard take("/") else { return Change(day: day, seconds: 7200) }
            return time().map { Change(day: day, seconds: $0) }
        }

        private mutating func day() -> Change.Day? {
            if take("M") {
                guard let month = number(), (1...12).contains(month), take("."), let week = number(),
                    (1...5).contains(week), take("."), let weekday = number(), weekday < 7
                else { return nil }
                return .ofMonth(month, week: week, weekday: weekday)
            }
            if take("J") { return number().flatMap { (1...365).contains($0) ? .plain($0) : nil } }
            return number().flatMap { $0 < 366 ? .withLeapDay($0) : nil }
        }
    }
}

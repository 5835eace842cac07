import CairnSchema

/// The second a request is signed for, as `x-amz-date` writes it: `20130524T000000Z`.
struct SigningDate: Sendable, Hashable, Comparable {
    /// Seconds from 1970-01-01T00:00:00Z; the years 1 to 9999.
    let seconds: Int

    /// The second an instant lies in.
    init(_ instant: Timestamp) {
        let (quotient, remainder) = instant.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        seconds = Int(remainder < 0 ? quotient - 1 : quotient)
    }

    /// nil outside the years 1 to 9999.
    init?(seconds: Int) {
        let (microseconds, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000)
        guard !overflow, Timestamp(microseconds: microseconds) != nil else { return nil }
        self.seconds = seconds
    }

    /// Reads `20130524T000000Z`; nil for anything else.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15),
            let date = SigningDate(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self = date
    }

    /// nil unless there is such a second. A leap second is the one before it, which is what clocks do with it.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...GregorianCalendar.length(ofMonth: month, year: year)).contains(day), (0..<24).contains(hour),
            (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        seconds =
            GregorianCalendar.days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60
            + min(second, 59)
    }

    static func < (left: SigningDate, right: SigningDate) -> Bool { left.seconds < right.seconds }

    /// The day, which the signing key is made for, as a number of days from 1970.
    var day: Int { seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400 }

    /// `20130524T000000Z`.
    var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func append(to bytes: inout [UInt8]) {
        let second = seconds - day * 86_400
        appendDay(to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        for part in [second / 3600, second / 60 % 60, second % 60] { SigningDate.append(part, width: 2, to: &bytes) }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Writes `20130524`.
    func appendDay(to bytes: inout [UInt8]) {
        let date = GregorianCalendar.date(days: day)
        SigningDate.append(date.year, width: 4, to: &bytes)
        SigningDate.append(date.month, width: 2, to: &bytes)
        SigningDate.append(date.day, width: 2, to: &bytes)
    }

    private static func append(_ number: Int, width: Int, to bytes: inout [UInt8]) {
        if width > 1 { append(number / 10, width: width - 1, to: &bytes) }
        bytes.append(0x30 + UInt8(number % 10))
    }
}

/// The dates of HTTP headers (RFC 9110 section 5.6.7), to the second.
enum HTTPDate {
    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms a recipient must accept; nil for anything else.
    static func parse(_ text: String) -> SigningDate? {
        // The comma tells the two first forms from the third; a hyphen tells the second.
        let words = text.split { $0 == " " || $0 == "," }.map(String.init)
        if words.count == 6, words[5] == "GMT" {
            return date(day: words[1], month: words[2], year: number(words[3]), time: words[4])
        }
        if words.count == 4, words[3] == "GMT" {
            let parts = words[1].split(separator: "-").map(String.init)
            guard parts.count == 3, parts[2].utf8.count == 2, let short = number(parts[2]) else { return nil }
            // RFC 850 has two digits. What has no year of its own means a time that is not far ahead.
            return date(day: parts[0], month: parts[1], year: short + (short < 70 ? 2000 : 1900), time: words[2])
        }
        if words.count == 5 {
            return date(day: words[2], month: words[1], year: number(words[4]), time: words[3])
        }
        return nil
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func date(day: String, month: String, year: Int?, time: String) -> SigningDate? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let day = number(day), let month = months.firstIndex(of: month), let year, clock.count == 3,
            let hour = number(clock[0]), let minute = number(clock[1]), let second = number(clock[2])
        else { return nil }
        return SigningDate(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }

    /// One to four digits.
    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

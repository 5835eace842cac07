/// How long a server asks to wait.
enum RetryAfter {
    /// From `x-amz-retry-after`, in milliseconds, or `Retry-After` (RFC 9110 section 10.2.3), in seconds or as a date, which is
    /// compared with the `Date` of the same answer. Nonsense is as good as nothing.
    static func duration(_ headers: [HeaderField]) -> Duration? {
        if let milliseconds = headers["x-amz-retry-after"].flatMap(number) { return .milliseconds(milliseconds) }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = number(text) { return .seconds(seconds) }
        guard let date = HTTPDate.parse(text), let now = headers["date"].flatMap(HTTPDate.parse) else { return nil }
        return .seconds(max(0, date.seconds - now.seconds))
    }

    private static func number(_ text: String) -> Int? {
        let digits = text.drop { $0 == " " }.prefix { $0 != " " }
        guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }
}

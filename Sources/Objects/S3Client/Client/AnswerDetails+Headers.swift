#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

extension AnswerDetails {
    /// What the header fields of an answer say of it.
    init(_ headers: [HeaderField]) {
        let mark = headers.cacheMark
        self.init(
            serverDate: headers["date"].flatMap(HTTPDate.parse).map(Date.init(_:)),
            age: mark == nil ? nil : headers["age"].flatMap { Int($0) },
            cacheMark: mark.map { "\($0.name): \($0.value.prefix(80))" },
            expiration: headers["x-amz-expiration"], requestID: headers["x-amz-request-id"])
    }
}

extension Date {
    init(_ date: SigningDate) { self.init(timeIntervalSince1970: Double(date.seconds)) }

    /// A time of a header field; nil for what is none.
    init?(header text: String?) {
        guard let date = text.flatMap(HTTPDate.parse) else { return nil }
        self.init(date)
    }
}

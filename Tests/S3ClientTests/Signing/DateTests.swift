import CairnSchema
import Testing

@testable import S3Client

@Suite("Dates of signatures and headers")
struct SigningDateTests {
    @Test(
        "A signing date is read and written", arguments: ["20130524T000000Z", "20261231T235959Z", "00010101T000000Z"])
    func roundTrip(_ text: String) throws {
        #expect(try #require(SigningDate(text)).text == text)
    }

    @Test(
        "What is no date is refused",
        arguments: [
            "", "20130524", "20130524T000000", "2013-05-24T00:00:00Z", "20131324T000000Z", "20130230T000000Z",
            "20130524T240000Z", "20130524T006000Z", "00000524T000000Z", "+0130524T000000Z", "20130524t000000Z",
        ])
    func malformed(_ text: String) {
        #expect(SigningDate(text) == nil)
    }

    @Test("The three forms of HTTP dates are read")
    func http() throws {
        let wanted = try #require(SigningDate("19941106T084937Z"))
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ] {
            #expect(HTTPDate.parse(text) == wanted, "\(text)")
        }
        #expect(HTTPDate.parse("Fri, 20 Nov 2026 12:00:00 GMT")?.text == "20261120T120000Z")
        #expect(HTTPDate.parse("Friday, 20-Nov-26 12:00:00 GMT")?.text == "20261120T120000Z")
    }

    @Test(
        "What is no HTTP date is refused",
        arguments: [
            "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov--4 08:49:37 GMT", "1994-11-06T08:49:37Z",
        ])
    func malformedHTTP(_ text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test("The second of an instant before 1970 is the one it lies in")
    func beforeTheEpoch() throws {
        let instant = try #require(Timestamp("1969-12-31T23:59:59.500000Z"))
        #expect(SigningDate(instant).text == "19691231T235959Z")
    }
}

@Suite("The clock of the server")
struct ServerClockTests {
    private let now = Timestamp("2026-11-20T12:00:00Z") ?? .epoch

    private func answer(_ date: String, _ more: [HeaderField] = []) -> [HeaderField] {
        [HeaderField("Date", date)] + more
    }

    @Test("A clock that is wrong by more than four minutes is corrected, and believed again when it is right")
    func learning() {
        var clock = ServerClock()
        let steps: [(date: String, isNews: Bool, signedAt: String)] = [
            ("Fri, 20 Nov 2026 13:30:00 GMT", true, "20261120T133000Z"),
            // The resolution of `Date`.
            ("Fri, 20 Nov 2026 13:30:01 GMT", false, "20261120T133000Z"),
            ("Fri, 20 Nov 2026 11:00:00 GMT", true, "20261120T110000Z"),
            ("Fri, 20 Nov 2026 12:03:59 GMT", true, "20261120T120000Z"),
        ]
        for (date, wanted, signedAt) in steps {
            let isNews = clock.learn(from: answer(date), received: now)
            #expect(isNews == wanted, "\(date)")
            #expect(clock.date(at: now).text == signedAt, "\(date)")
        }
    }

    @Test("Small differences, caches and nonsense teach nothing")
    func ignored() {
        let answers = [
            answer("Fri, 20 Nov 2026 12:04:00 GMT"),
            answer("Fri, 20 Nov 2026 13:30:00 GMT", [HeaderField("Age", "0")]),
            answer("Fri, 20 Nov 2026 13:30:00 GMT", [HeaderField("X-Cache-Status", "HIT")]),
            answer("yesterday"), [],
        ]
        for headers in answers {
            var clock = ServerClock()
            let isNews = clock.learn(from: headers, received: now)
            #expect(!isNews, "\(headers)")
            #expect(clock == ServerClock(), "\(headers)")
        }
    }

    @Test("A fenced request keeps its date, whatever the clocks say")
    func fenced() throws {
        var clock = ServerClock()
        _ = clock.learn(from: answer("Fri, 20 Nov 2026 13:30:00 GMT"), received: now)
        let fence = try #require(SigningDate("20261120T114501Z"))
        #expect(SigningTime.fenced(fence).date(by: clock, at: now) == fence)
        #expect(SigningTime.now.date(by: clock, at: now).text == "20261120T133000Z")
    }
}

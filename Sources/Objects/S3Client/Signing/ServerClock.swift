import CairnSchema

/// What a client knows of the server's clock: how far it is from ours.
///
/// A server refuses signatures more than 15 minutes from its own time. Small differences are left alone: `Date` has a resolution
/// of a second and took time to arrive, and a right clock is not made worse by it. A value; the client keeps one for each endpoint.
/// Fenced requests never ask it: their date is given.
struct ServerClock: Sendable, Hashable {
    /// Seconds to add to our time; 0 as long as the clocks agree.
    private(set) var offset = 0

    /// Differences up to this many seconds are not corrected: the AWS SDKs take more for a wrong clock.
    static let tolerance = 4 * 60

    /// Learns from the headers of an answer.
    ///
    /// An answer that a cache kept has an old `Date`, which teaches nothing.
    /// - Parameter received: Our time when the answer came.
    /// - Returns: Whether the offset changed, so that signing again may help.
    mutating func learn(from headers: [HeaderField], received: Timestamp) -> Bool {
        guard headers.cacheMark == nil, let date = headers["date"].flatMap(HTTPDate.parse) else { return false }
        let difference = date.seconds - SigningDate(received).seconds
        let learned = abs(difference) > ServerClock.tolerance ? difference : 0
        // A second more or less is the resolution of `Date`, not news.
        guard abs(learned - offset) > 1 else { return false }
        offset = learned
        return true
    }

    /// The date to sign with at a moment of our time.
    func date(at moment: Timestamp) -> SigningDate {
        let date = SigningDate(moment)
        return SigningDate(seconds: date.seconds + offset) ?? date
    }
}

/// Which date a request is signed with.
enum SigningTime: Sendable, Hashable {
    /// The server's time as far as it is known, again at each attempt.
    case now
    /// This date and no other: the server itself refuses the request once the date is 15 minutes old. It is never signed again,
    /// never corrected, never repeated by the client.
    case fenced(SigningDate)

    /// The date of an attempt that begins at `moment`.
    func date(by clock: ServerClock, at moment: Timestamp) -> SigningDate {
        switch self {
        case .now: clock.date(at: moment)
        case .fenced(let date): date
        }
    }
}

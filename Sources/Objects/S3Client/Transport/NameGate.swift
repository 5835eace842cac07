/// Lets one request of many for the same host look up its name; the others wait for it.
///
/// libcurl looks up names on a thread for each request that needs one. When 64 requests begin at once, one lookup is enough:
/// what it found serves the others for a minute. Generic over what waits, so that it is tested without a network.
struct NameGate<Waiter> {
    private enum Entry {
        /// Somebody looks the name up; these wait.
        case asked([Waiter])
        case known(until: ContinuousClock.Instant)
    }

    /// A little shorter than libcurl keeps a name (60 seconds).
    private static var memory: Duration { .seconds(55) }

    private var entries: [String: Entry] = [:]

    /// How many names are kept.
    var count: Int { entries.count }

    enum Admission { case go, lookUp, wait }

    /// What becomes of a request: it goes on, it goes on and looks the name up (`settle` must be called), or it was put to
    /// wait.
    mutating func admit(_ waiter: Waiter, for name: String, at now: ContinuousClock.Instant) -> Admission {
        switch entries[name] {
        case .known(let until) where now < until: return .go
        case .asked(var waiters):
            // Given up in between, so that the list is not copied for each who comes.
            entries[name] = .asked([])
            waiters.append(waiter)
            entries[name] = .asked(waiters)
            return .wait
        case .known, nil:
            forgetOld(now)
            entries[name] = .asked([])
            return .lookUp
        }
    }

    /// The request that looked the name up has found it, or gives up: those who waited come next.
    mutating func settle(_ name: String, isKnown: Bool, at now: ContinuousClock.Instant) -> [Waiter] {
        guard case .asked(let waiters) = entries[name] else { return [] }
        entries[name] = isKnown ? .known(until: now.advanced(by: NameGate.memory)) : nil
        return waiters
    }

    /// Each bucket may be a name of its own: what is not known any more is not kept.
    private mutating func forgetOld(_ now: ContinuousClock.Instant) {
        guard entries.count >= 256 else { return }
        entries = entries.filter { entry in
            if case .known(let until) = entry.value { return now < until }
            return true
        }
    }

    /// Whether a host is an address, or always known: no lookup.
    static func needsNoLookup(_ host: String) -> Bool {
        if host.utf8.first == UInt8(ascii: "[") || host == "localhost" { return true }
        return host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }
}

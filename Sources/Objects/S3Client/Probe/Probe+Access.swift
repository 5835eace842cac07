/// Who may do what, and until when.
extension Probe {
    /// Signs a request for a time that is over. One request.
    mutating func checkFence() async throws {
        let old = try await wire.put(
            "fence", "late", time: .fenced(wire.date(secondsAgo: ErrorMeaning.skewSeconds + 5 * 60)))
        dialect.enforcesDates = !old.isDone
        note(.fence, dialect.enforcesDates, "a write signed 20 minutes ago was answered \(old.text)")
    }

    /// Signs a request with a wrong secret. One request, on an object that is there.
    mutating func checkSignature() async throws {
        guard let wrong = wire.wrongSecret else {
            return note(.signature, .unknown, "there are no credentials to sign with")
        }
        let answer = try await wire.send(
            wire.call("HeadObject", "HEAD", Probe.orderedNames[0]), by: wrong)
        dialect.checksSignatures = !answer.isDone
        note(.signature, dialect.checksSignatures, "a wrong secret was answered \(answer.text)")
    }
}

/// Who may do what, and until when.
extension Probe {
    static let unsigned = "there are no credentials to sign with"

    /// Signs a request for a time that is over. One request.
    mutating func checkFence() async throws {
        guard try await wire.isSigning else { return note(.fence, .unknown, Probe.unsigned) }
        let old = try await wire.put("fence", "late", time: .fenced(wire.lateDate))
        dialect.enforcesDates = !old.isDone
        note(.fence, dialect.enforcesDates, "a write signed 20 minutes ago was answered \(old.text)")
    }

    /// What these credentials may do. Five requests.
    /// - Returns: Whether more can be tried: what is written can be removed.
    /// - Throws: What kept them from writing, when they may not list either: then they may nothing, or are wrong.
    mutating func checkPermissions() async throws -> Bool {
        let page = try await wire.send(
            wire.bucket.call(
                "ListObjectsV2", "GET", query: [(name: "list-type", value: "2"), (name: "max-keys", value: "1")]))
        note(.canList, page.isDone, "answered \(page.text)")

        let missing = try await wire.send(wire.call("GetObject", "GET", "missing"))
        var isAbsence = false
        if case .refused(let error) = missing { isAbsence = error.code == .noSuchKey }
        let hint = missing.text.hasPrefix("403") ? ": the permission to list is what makes it 404" : ""
        note(.absence, isAbsence, "what is not there was answered \(missing.text)\(hint)")

        let put = try await wire.put("first", "first")
        if !page.isDone { _ = try put.get() }
        note(.canPut, put.isDone, "answered \(put.text)")
        guard put.isDone else {
            note(.canGet, isAbsence ? .yes : .unknown, "what is not there was answered \(missing.text)")
            return false
        }
        let get = try await wire.send(wire.call("GetObject", "GET", "first"))
        note(.canGet, get.isDone, "answered \(get.text)")
        let delete = try await wire.delete("first")
        note(.canDelete, delete.isDone, "answered \(delete.text)")
        return get.isDone && delete.isDone
    }

    /// How far apart the clocks are, by the dates of the answers so far. No request.
    mutating func checkClock() {
        guard let offset = wire.clockOffset else {
            return note(.clock, .unknown, "the answers have no date")
        }
        let text = "the server's is \(abs(offset)) s \(offset < 0 ? "behind" : "ahead")"
        note(.clock, abs(offset) <= ServerClock.tolerance, offset == 0 ? "to the second" : text)
    }

    /// Asks without a signature. One request, on an object that is there.
    mutating func checkAnonymous() async throws {
        let answer = try await wire.send(wire.call("HeadObject", "HEAD", Probe.orderedNames[0]), by: wire.anonymous())
        note(.anonymous, !answer.isDone, "a read without a signature was answered \(answer.text)")
    }

    /// Sends another body than the one that was signed. One request.
    mutating func checkSignedBody() async throws {
        let status = try await wire.putForged("forged", signed: "signed", sent: "forged")
        guard let status else { return note(.signedBody, .unknown, "bodies are not signed here") }
        note(.signedBody, !(200..<300).contains(status), "another body than the signed one was answered \(status)")
    }

    /// Signs a request with a wrong secret. One request, on an object that is there.
    mutating func checkSignature() async throws {
        guard let wrong = try await wire.wrongSecret() else {
            return note(.signature, .unknown, Probe.unsigned)
        }
        let answer = try await wire.send(
            wire.call("HeadObject", "HEAD", Probe.orderedNames[0]), by: wrong)
        dialect.checksSignatures = !answer.isDone
        note(.signature, dialect.checksSignatures, "a wrong secret was answered \(answer.text)")
    }
}

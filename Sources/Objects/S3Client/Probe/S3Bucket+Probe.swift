extension S3Bucket {
    /// Finds out what the server really does, by doing it, and tells the client (``S3Client/dialect``).
    ///
    /// A provider that takes a condition and ignores it answers 200: only trying shows it. All keys begin with
    /// `.cairn-doctor-` and random digits behind `prefix`, and are removed at the end, also when the probe fails or is cancelled.
    ///
    /// Passing the races is evidence, not proof.
    /// - Parameters:
    ///   - prefix: Where to write; `/` is added if it does not end so.
    ///   - quick: Only what a dialect consists of: 21 to 24 small requests, instead of some hundreds.
    ///   - observer: Hears of each check when it is made, in their order.
    /// - Throws: `s3.no_such_bucket`, `s3.credentials`, `s3.network` and the like when nothing can be asked. The quick probe also
    ///   throws `s3.access_denied` where it may not write, and whatever keeps it from being sure; the other one notes that.
    public func probe(
        _ prefix: String = "", quick: Bool = false, observer: (@Sendable (S3ProbeCheck) -> Void)? = nil
    ) async throws -> S3ProbeReport {
        let wire = try await ProbeWire(self, prefix: prefix)
        var probe = Probe(wire: wire, observer: observer)
        let outcome: Result<Void, any Error>
        do {
            try await probe.runQuick()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        // Not in this task: it may be cancelled, and what was written must go all the same.
        let leftovers = await Task { await wire.removeAll() }.value
        try outcome.get()
        client.dialect = probe.dialect
        return probe.report(leftovers: leftovers)
    }
}

/// A probe being made: what is known so far. What it asks is in the files beside this one, by topic.
struct Probe {
    let wire: ProbeWire
    let observer: (@Sendable (S3ProbeCheck) -> Void)?
    var dialect = S3Dialect()
    var checks: [S3ProbeCheck] = []
    var putTime: Duration?
    var getTime: Duration?

    init(wire: ProbeWire, observer: (@Sendable (S3ProbeCheck) -> Void)?) {
        self.wire = wire
        self.observer = observer
    }

    mutating func runQuick() async throws {
        try await checkWrites()
        try await checkOrder()
        try await checkCopy()
        try await checkComplete()
        try await checkDelete()
        try await checkFence()
        try await checkSignature()
    }

    mutating func note(_ name: S3ProbeCheck.Name, _ outcome: S3ProbeCheck.Outcome, _ detail: String) {
        let check = S3ProbeCheck(name, outcome, detail)
        checks.append(check)
        observer?(check)
    }

    mutating func note(_ name: S3ProbeCheck.Name, _ isSo: Bool, _ detail: String) {
        note(name, isSo ? .yes : .no, detail)
    }

    func report(leftovers: [String]) -> S3ProbeReport {
        S3ProbeReport(
            checks: checks, dialect: dialect, server: wire.server, clockOffset: wire.clockOffset, putTime: putTime,
            getTime: getTime, prefix: wire.prefix, requests: wire.requests, leftovers: leftovers)
    }
}

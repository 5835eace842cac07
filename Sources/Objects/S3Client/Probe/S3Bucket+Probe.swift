extension S3Bucket {
    /// Finds out what the server really does, by doing it, and tells the client (``S3Bucket/dialect``).
    ///
    /// A provider that takes a condition and ignores it answers 200: only trying shows it. All keys begin with
    /// `.cairn-doctor-` and random digits behind `prefix`, and are removed at the end, also when the probe fails or is cancelled.
    ///
    /// Passing the races is evidence, not proof. What is seen is true of this bucket: Ceph 16 respects no condition in one that
    /// keeps versions.
    /// - Parameters:
    ///   - prefix: Where to write; `/` is added if it does not end so.
    ///   - quick: Only what a dialect consists of: some 25 small requests, instead of about 400.
    ///   - observer: Hears of each check when it is made.
    /// - Throws: `s3.no_such_bucket`, `s3.credentials`, `s3.network` and the like when nothing can be asked, and `s3.access_denied`
    ///   where these credentials may neither write nor list, as with a wrong access key or secret. The quick probe also throws
    ///   `s3.access_denied` where it may not write, and whatever keeps it from being sure; the other one notes that, and tells the
    ///   client nothing when it could not write, read and remove.
    public func probe(
        _ prefix: String = "", quick: Bool = false, observer: (@Sendable (S3ProbeCheck) -> Void)? = nil
    ) async throws -> S3ProbeReport {
        try await probe(prefix, quick: quick, encryption: nil, observer: observer)
    }

    /// As ``probe(_:quick:observer:)``.
    /// - Parameter encryption: How what is written is encrypted: a bucket may refuse what does not say it, and ETags may depend on it.
    package func probe(
        _ prefix: String, quick: Bool, encryption: S3Encryption?, observer: (@Sendable (S3ProbeCheck) -> Void)?
    ) async throws -> S3ProbeReport {
        let wire = try ProbeWire(self, prefix: prefix, encryption: encryption)
        return try await run(Probe(wire: wire, observer: observer), looks: !quick) { probe in
            if !quick { return try await probe.runAll() }
            try await probe.runQuick()
            return true
        }
    }

    /// Finds out only what writers must know, in eight requests; nine where `If-Match` wants the ETag without quotes, or where
    /// the bucket keeps versions. What is not asked is told to the client as what the server cannot do.
    /// - Parameters:
    ///   - prefix: Where to write; `/` is added if it does not end so.
    ///   - encryption: How what is written is encrypted: a bucket may refuse what does not say it, and ETags may depend on it.
    /// - Throws: As ``probe(_:quick:observer:)``, the quick one.
    package func probeWriting(_ prefix: String, encryption: S3Encryption? = nil) async throws -> S3ProbeReport {
        let wire = try ProbeWire(self, prefix: prefix, encryption: encryption)
        return try await run(Probe(wire: wire, observer: nil), looks: false) { probe in
            try await probe.checkWriting()
            return true
        }
    }

    /// Runs a probe, removes what it wrote, and tells the client what it found.
    /// - Parameters:
    ///   - looks: Whether to look what is left, in one request more.
    ///   - body: Gives whether enough could be tried to tell the client anything.
    private func run(
        _ probe: Probe, looks: Bool, _ body: (inout Probe) async throws -> Bool
    ) async throws -> S3ProbeReport {
        var probe = probe
        let wire = probe.wire
        let outcome: Result<Bool, any Error>
        do {
            outcome = .success(try await body(&probe))
        } catch {
            outcome = .failure(error)
        }
        // Not in this task: it may be cancelled, and what was written must go all the same.
        let leftovers = await Task { await wire.removeAll(looks: looks) }.value
        let wasTried = try outcome.get()
        wire.passOnRegion()
        if wasTried { dialect = probe.seenDialect }
        return probe.report(leftovers: leftovers)
    }
}

/// A probe being made: what is known so far. What it asks is in the files beside this one, by topic.
struct Probe {
    let wire: ProbeWire
    let observer: (@Sendable (S3ProbeCheck) -> Void)?
    var dialect = S3Dialect()
    var checks: [S3ProbeCheck] = []
    /// The version of the object that conditions were tried on.
    var targetETag: ETag?
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

    /// - Returns: Whether anything but the permissions was tried.
    mutating func runAll() async throws -> Bool {
        guard try await checkPermissions() else {
            for name in S3ProbeCheck.Name.allCases where !isNoted(name) {
                note(name, .unknown, "not tried: it takes writing and removing")
            }
            return false
        }
        try await step([.create, .swap, .md5ETags]) { try await $0.checkWrites() }
        try await step([.createRace]) { try await $0.checkCreateRace() }
        try await step([.swapRace]) { try await $0.checkSwapRace() }
        try await step([.swapMissing]) { try await $0.checkSwapMissing() }
        try await step([.listOrder]) { try await $0.checkOrder() }
        try await step([.conditionalGet]) { try await $0.checkGet() }
        try await step([.conditionalCopy, .copySource]) { try await $0.checkCopy() }
        try await step([.conditionalComplete]) { try await $0.checkComplete() }
        try await step([.conditionalDelete]) { try await $0.checkDelete() }
        try await step([.fence]) { try await $0.checkFence() }
        try await step([.signature]) { try await $0.checkSignature() }
        try await step([.signedBody]) { try await $0.checkSignedBody() }
        try await step([.anonymous]) { try await $0.checkAnonymous() }
        try await step([.listPages, .listStartAfter, .listDelimiter]) { try await $0.checkPages() }
        try await step([.oddKeys]) { try await $0.checkOddKeys() }
        try await step([.alikeKeys]) { try await $0.checkAlikeKeys() }
        try await step([.nestedKeys]) { try await $0.checkNestedKeys() }
        try await step([.checksumKept, .checksumVerified]) { try await $0.checkChecksums() }
        try await step([.smallParts]) { try await $0.checkSmallParts() }
        try await step([.versioning]) { try await $0.checkVersioning() }
        try await step([.speed]) { try await $0.checkSpeed() }
        checkClock()
        return true
    }

    /// Makes checks, and notes those that could not be made.
    private mutating func step(
        _ names: [S3ProbeCheck.Name], _ body: (inout Probe) async throws -> Void
    ) async throws {
        do {
            try await body(&self)
        } catch let error as S3Error {
            for name in names where !isNoted(name) { note(name, .unknown, error.message) }
        }
    }

    /// What was found so far, where it was seen to be so: nobody should rely on what could not be asked.
    var seenDialect: S3Dialect {
        func isSeen(_ name: S3ProbeCheck.Name) -> Bool { checks.contains { $0.name == name && $0.outcome == .yes } }
        var seen = dialect
        // What holds for writers one after the other may have failed in the races.
        seen.canCreate = isSeen(.create) && dialect.canCreate
        seen.canCompareAndSwap = isSeen(.swap) && dialect.canCompareAndSwap
        if !isSeen(.swap) { seen.wantsUnquotedIfMatch = nil }
        seen.canDeleteConditionally = isSeen(.conditionalDelete)
        seen.canCompleteConditionally = isSeen(.conditionalComplete)
        seen.canCopyConditionally = isSeen(.conditionalCopy)
        seen.checksCopySource = isSeen(.copySource)
        seen.enforcesDates = isSeen(.fence)
        // A server that refuses an old date has looked at what the signature says.
        seen.checksSignatures = isSeen(.signature) || (isSeen(.fence) && !isNoted(.signature))
        seen.hasMD5ETags = isSeen(.md5ETags)
        seen.listsInOrder = isSeen(.listOrder)
        return seen
    }

    private func isNoted(_ name: S3ProbeCheck.Name) -> Bool { checks.contains { $0.name == name } }

    mutating func note(_ name: S3ProbeCheck.Name, _ outcome: S3ProbeCheck.Outcome, _ detail: String) {
        let check = S3ProbeCheck(name, outcome, detail)
        checks.append(check)
        observer?(check)
    }

    mutating func note(_ name: S3ProbeCheck.Name, _ isSo: Bool, _ detail: String) {
        note(name, isSo ? .yes : .no, detail)
    }

    func report(leftovers: [String]) -> S3ProbeReport {
        let order = S3ProbeCheck.Name.allCases
        let sorted = order.compactMap { name in checks.first { $0.name == name } }
        return S3ProbeReport(
            checks: sorted, dialect: seenDialect, server: wire.server, clockOffset: wire.clockOffset, putTime: putTime,
            getTime: getTime, prefix: wire.prefix, requests: wire.requests, leftovers: leftovers)
    }
}

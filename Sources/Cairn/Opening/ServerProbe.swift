import ObjectStorage
package import S3Client

/// What the server of a store was seen to do, or why it was not asked.
package struct ServerProbe: Sendable {
    /// How it ended.
    package enum Outcome: Sendable {
        /// It was asked.
        case made(S3ProbeReport)
        /// It was not, for a reason in words.
        case notMade(String)
    }

    package let outcome: Outcome
    /// Whether only one program ever writes, as the address promises: then no condition need be kept.
    private let isSingleWriter: Bool

    init(_ outcome: Outcome, _ options: ObjectStorageOptions) {
        self.outcome = outcome
        isSingleWriter = options.isSingleWriter
    }

    /// One that nobody wanted.
    package init(notMade reason: String) {
        outcome = .notMade(reason)
        isSingleWriter = false
    }

    /// What those who write this store need, and was not seen.
    package var missing: [S3ProbeCheck] {
        guard case .made(let report) = outcome else { return [] }
        return report.missing.filter { check in !isSingleWriter || ![.create, .swap].contains(check.name) }
    }
}

extension Stores {
    /// Asks the server of a store what it really does, in some 25 small requests. What that writes lies under a prefix of its own in the
    /// store, and is removed.
    /// - Parameter observer: Hears of each check when it is made.
    /// - Returns: What was seen, also that nothing could be asked; nil for a store that is on no server.
    /// - Throws: `config.invalid` for an address that cannot be; `CancellationError`.
    package static func probe(
        _ address: StoreURL, observer: (@Sendable (S3ProbeCheck) -> Void)? = nil
    ) async throws -> ServerProbe? {
        guard address.scheme == .s3 else { return nil }
        return try await BucketOpening(address, .existing).probe(observer: observer)
    }
}

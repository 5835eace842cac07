import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is done with a query that no index serves: one that would read a whole table to give a part of it.
///
/// It is judged by the schema alone, before anything is read, so it is the same on every driver and for every size of the table: what
/// is quick with the hundred records of a test is refused there, and not with the million of production.
public enum UnindexedPolicy: String, Sendable, Hashable, CaseIterable {
    /// It runs.
    case allow
    /// It runs, and is told once: see ``StoreOptions/warn``.
    case warn
    /// It is `query.unindexed`, which names the condition and the index to declare. A query says ``RepositoryQuery/unindexed()`` to run all
    /// the same.
    case refuse
}

/// Applies the policy of a store to its queries.
final class IndexGuard: Sendable {
    private let policy: UnindexedPolicy
    private let warn: @Sendable (String) -> Void
    /// The queries that were told, by their text without values.
    private let told = Lock(Set<String>())

    /// Kinds of queries that are remembered as told; programs have few, those that make queries of input may have many.
    private static let most = 1000

    init(_ policy: UnindexedPolicy, warn: @escaping @Sendable (String) -> Void) {
        self.policy = policy
        self.warn = warn
    }

    /// - Parameter needsOrder: Whether it matters which rows come first.
    /// - Throws: `query.unindexed`.
    func check(_ query: Query, needsOrder: Bool = true) throws {
        guard policy != .allow, !query.isUnindexedAllowed else { return }
        let advice = IndexAdvice(query, needsOrder: needsOrder)
        guard !advice.isServed else { return }
        if policy == .refuse { throw advice.error }
        let isNew = told.withLock { told in
            guard told.count < IndexGuard.most else { return false }
            return told.insert(advice.shape).inserted
        }
        if isNew { warn(advice.error.description) }
    }

    /// Writes a line to standard error.
    @Sendable static func printWarning(_ text: String) {
        let line = Array("warning: \(text)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

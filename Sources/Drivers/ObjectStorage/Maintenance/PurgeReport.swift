/// What a purge did.
public struct PurgeReport: Sendable, Hashable {
    /// Deleted records that were forgotten.
    public internal(set) var purged = 0
    /// The bytes of their files.
    public internal(set) var bytes = 0
    /// Deleted records that were kept: too young, or not what the index says.
    public internal(set) var kept = 0
    /// Files that should have been removed and could not be: the next purge tries again.
    public internal(set) var failures = 0
    /// Files of deleted records that are not what was committed. They are left alone: `examine` says more.
    public internal(set) var strange: [String] = []
    /// Whether a table has more deleted records than are forgotten at once: purge again.
    public internal(set) var hasMore = false
}

import CairnSchema

/// The limits every driver shares, so that what one store takes every store takes.
public enum Limits {
    /// Bytes of one part of a key, in the longest form a store may give it in a name: see `KeyText`.
    public static let keyPartBytes = 200
    /// Bytes of a whole key, in the same form.
    public static let keyBytes = 512
    /// Bytes of the values of one record.
    public static let recordBytes = 4 << 20
    /// Bytes of the values of all records of one batch.
    public static let batchBytes = 64 << 20
    /// Operations of one batch.
    public static let batchOperations = 100_000
    /// Values that all parts of the condition of a query compare with, together: what SQLite can bind.
    public static let conditionValues = QueryLimits.values
    /// Parts of a condition inside one another; chains of `&&` and of `||` are one part.
    public static let conditionDepth = QueryLimits.depth
    /// Bytes of a text that a text operator looks for: looking takes at most this times the length of what is looked at.
    public static let operandBytes = QueryLimits.operandBytes
    /// Bytes of a query in text or in JSON.
    public static let queryBytes = QueryLimits.bytes
    /// Columns, values and operators of one side of a comparison that computes, and steps of a path into JSON.
    public static let expressionParts = QueryLimits.expressionParts
    /// What one query computes of its groups: sums, counts and the like, each once.
    public static let aggregates = QueryLimits.aggregates
    /// Arrays and objects inside one another in the JSON of a column: less than what reads JSON allows, because files wrap
    /// records in objects of their own.
    public static let jsonDepth = JSONLimits.columnDepth
    /// Bytes of an idempotency key.
    public static let idempotencyKeyBytes = 200
    /// How long a receipt is kept for its idempotency key.
    public static let receiptLifetime = Duration.seconds(24 * 3600)
    /// How long `outcome(of:)` answers.
    public static let outcomeLifetime = Duration.seconds(7 * 24 * 3600)
    /// How often a transaction runs before it gives up.
    public static let transactionAttempts = 12
    /// How many changes may wait for a reader of changes that does not say. A larger commit is taken whole when nothing else waits.
    public static let waitingChanges = 10_000

    /// Whether something of a time is older than a lifetime.
    package static func isPast(_ time: Timestamp, _ lifetime: Duration, at now: Timestamp) -> Bool {
        now.microseconds - time.microseconds > lifetime.components.seconds * 1_000_000
    }
}

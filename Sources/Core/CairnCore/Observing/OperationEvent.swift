/// What an observer hears about each call of a store, after it ended.
public struct OperationEvent: Sendable, Hashable {
    /// What was asked for.
    public enum Kind: String, Sendable, Hashable {
        /// One record by key.
        case get
        /// Several records by key.
        case find
        /// The rows of a query.
        case query
        /// The number of rows of a query.
        case count
        /// Aggregates of the rows of a query.
        case aggregate
        /// Writes: a batch on its own, or operations of a transaction.
        case write
        /// A whole transaction, from its beginning to its commit or rollback.
        case transaction
    }

    /// How it ended.
    public enum Outcome: Sendable, Hashable {
        /// As asked.
        case success
        /// With an error of the store.
        case failure(StorageError.Code)
        /// With an error of the caller, which a transaction's body threw, or by cancellation.
        case aborted
    }

    /// What was asked for.
    public let kind: Kind
    /// The table; nil for transactions and for writes to several tables.
    public let table: String?
    /// How a query was answered; nil for everything else.
    public let plan: QueryPlan?
    /// Rows read or written; of aggregates, how many results there are.
    public let rows: Int
    /// From the call to its end, waiting included.
    public let duration: Duration
    /// How often it ran again after a conflict.
    public let retries: Int
    /// How it ended.
    public let outcome: Outcome
}

/// Hears about each call of a store. Runs on the caller's thread, after the call; it should be quick and cannot fail.
public typealias Observer = @Sendable (OperationEvent) -> Void

/// Times one call and tells the observers how it ended.
struct Observation {
    private let observers: [Observer]
    private let kind: OperationEvent.Kind
    private let table: String?
    private let start: ContinuousClock.Instant
    var plan: QueryPlan?
    var rows = 0
    var retries = 0

    init(_ observers: [Observer], _ kind: OperationEvent.Kind, table: String?) {
        self.observers = observers
        self.kind = kind
        self.table = table
        start = .now
    }

    func end(_ outcome: OperationEvent.Outcome) {
        let event = OperationEvent(
            kind: kind, table: table, plan: plan, rows: rows, duration: start.duration(to: .now), retries: retries,
            outcome: outcome)
        for observer in observers { observer(event) }
    }

    static func outcome(of error: any Error) -> OperationEvent.Outcome {
        (error as? StorageError).map { .failure($0.code) } ?? .aborted
    }
}

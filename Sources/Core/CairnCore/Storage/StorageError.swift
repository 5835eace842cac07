/// What went wrong in a store, for a program and for a person.
///
/// `code` is stable and what a program looks at. The description is for people: it begins with the code, names table,
/// key and column, and ends with what to do.
public struct StorageError: Error, Sendable {
    /// The codes of all errors.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The dotted text.
        public let rawValue: String

        /// A code by its text.
        public init(rawValue: String) { self.rawValue = rawValue }

        public var description: String { rawValue }
    }

    /// What happened.
    public let code: Code
    /// What happened, in words; at most about 4 KiB, so long values it quotes are shortened.
    public let message: String
    /// What a person can do about it.
    public let remedy: String?
    /// Whether the same call may succeed later without any change.
    public let isRetryable: Bool
    /// What it happened to.
    public let details: Details

    /// The things an error names.
    public struct Details: Sendable, Hashable {
        /// The table.
        public var table: String?
        /// The key of the record, as text.
        public var id: String?
        /// The index that was to be unique, `primary` for the key itself.
        public var index: String?
        /// The key of the record that has the value already, as text.
        public var otherID: String?
        /// The column.
        public var column: String?
        /// The revision the caller had.
        public var expectedRevision: Int?
        /// The revision the store has.
        public var actualRevision: Int?
        /// What to ask `outcome(of:)` with.
        public var token: OutcomeToken?

        /// Nothing named.
        public init() {}
    }

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, remedy: String? = nil, isRetryable: Bool = false, details: Details = Details()
    ) {
        self.code = code
        self.message = MessageText.bounded(message)
        self.remedy = remedy.map(MessageText.bounded)
        self.isRetryable = isRetryable
        self.details = details
    }
}

extension StorageError: CustomStringConvertible {
    /// `code: message; remedy`.
    public var description: String {
        "\(code): \(message)" + (remedy.map { "; \($0)" } ?? "")
    }
}

extension StorageError.Code {
    /// No record has the key.
    public static let notFound = Self(rawValue: "storage.not_found")
    /// A record with the key, or with the values of a unique index, exists.
    public static let duplicate = Self(rawValue: "storage.duplicate")
    /// The record changed since it was read, or a transaction lost a race.
    public static let conflict = Self(rawValue: "storage.conflict")
    /// A transaction lost so many races that it gave up.
    public static let contention = Self(rawValue: "storage.contention")
    /// A reference would point to nothing.
    public static let reference = Self(rawValue: "storage.reference")
    /// A value breaks a rule of its column, or a call makes no sense.
    public static let invalid = Self(rawValue: "storage.invalid")
    /// A key, a record or a batch is larger than Cairn allows.
    public static let limit = Self(rawValue: "storage.limit")
    /// Nobody knows whether the commit happened; ask `outcome(of:)`.
    public static let outcomeUnknown = Self(rawValue: "storage.outcome_unknown")
    /// What is stored is not what the schema says.
    public static let damaged = Self(rawValue: "storage.damaged")
    /// The file or place is not a store of Cairn's.
    public static let notAStore = Self(rawValue: "storage.not_a_store")
    /// The store cannot do this.
    public static let unsupported = Self(rawValue: "storage.unsupported")
    /// The store was opened for reading, or its file cannot be written.
    public static let readOnly = Self(rawValue: "storage.read_only")
    /// Another process or task held the store too long.
    public static let busy = Self(rawValue: "storage.busy")
    /// The deadline passed.
    public static let timeout = Self(rawValue: "storage.timeout")
    /// There is no space left.
    public static let full = Self(rawValue: "storage.full")
    /// The operating system failed to read or write.
    public static let io = Self(rawValue: "storage.io")
    /// The store holds another schema than the program.
    public static let schemaMismatch = Self(rawValue: "storage.schema_mismatch")
    /// A newer Cairn wrote the store.
    public static let upgradeRequired = Self(rawValue: "storage.upgrade_required")
    /// The store, transaction, snapshot or cursor was closed.
    public static let closed = Self(rawValue: "storage.closed")
    /// The store at this place is another one than was opened: it was deleted and made anew, or restored.
    public static let replaced = Self(rawValue: "storage.replaced")
    /// The store is closed for writing while it is maintained.
    public static let maintenance = Self(rawValue: "storage.maintenance")
    /// A snapshot, transaction or stream is older than what the store still keeps.
    public static let snapshotExpired = Self(rawValue: "storage.snapshot_expired")
    /// The credentials do not allow it.
    public static let accessDenied = Self(rawValue: "storage.access_denied")
    /// The object store asks for fewer requests.
    public static let throttled = Self(rawValue: "storage.throttled")
    /// The object store cannot be reached, or fails for reasons of its own.
    public static let unavailable = Self(rawValue: "storage.unavailable")
    /// The record is in a storage class that must be restored before it can be read.
    public static let archived = Self(rawValue: "storage.archived")
    /// A cursor of another query, or of another order, or no cursor at all.
    public static let cursor = Self(rawValue: "query.cursor")
    /// A query that cannot be answered: an order without order, a column that does not exist.
    public static let query = Self(rawValue: "query.invalid")
    /// A query that was to have one record has several.
    public static let notUnique = Self(rawValue: "query.not_unique")
    /// A sum is larger than its type can hold.
    public static let overflow = Self(rawValue: "query.overflow")
    /// A query that no index serves, in a store that refuses these.
    public static let unindexed = Self(rawValue: "query.unindexed")
    /// A query needs more requests, or has more rows, than its budget allows.
    public static let budget = Self(rawValue: "query.budget")
    /// Commits happened that a reader of changes was not told: it was too slow, or nobody knows what they did.
    public static let changesMissed = Self(rawValue: "changes.missed")
    /// An address or a configuration file that cannot be used.
    public static let configuration = Self(rawValue: "config.invalid")
}

/// What to ask `outcome(of:)` with: names one commit of one store.
public struct OutcomeToken: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The text, safe to keep and send.
    public let rawValue: String

    /// A token by its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

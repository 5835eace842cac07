package import CairnSchema

/// What was found of a store when it was looked whether it is as its schema says.
///
/// Drivers make one without opening a store for its tables: what a store says of itself may be gone or wrong. Nothing is written,
/// and no record is read.
package struct SchemaSurvey: Sendable {
    /// The name of the driver.
    package let driver: String
    /// Where the store is, for people; no secrets.
    package let location: String
    /// The schema the store says it holds; nil when it does not say that in a way that can be believed.
    package var held: Schema?
    /// The migrations of the store, oldest first; empty when they cannot be read, which is a finding.
    package var history: [PastMigration] = []
    /// What is not as the schema says.
    package var findings: [DriftFinding] = []
    /// Refuses a migration that this driver does not make and others do: throws `migration.unsupported`.
    package var check: @Sendable (Migration) throws -> Void = { _ in }

    /// A survey that has found nothing yet.
    package init(driver: String, location: String) {
        self.driver = driver
        self.location = location
    }
}

/// One thing in which a store is not what it should be.
package struct DriftFinding: Sendable, Hashable, CustomStringConvertible {
    /// The classes. The texts are stable: programs read them.
    package enum Class: String, Sendable, Hashable, CaseIterable {
        /// There are Cairn's tables or objects, and nothing says which schema they follow.
        case markerMissing = "marker_missing"
        /// What says which schema the store follows cannot be read, or contradicts itself.
        case markerCorrupt = "marker_corrupt"
        /// Something is not as the schema makes it, and no migration left it so.
        case changedByHand = "changed_by_hand"
        /// A migration is done in part: one is being taken back, or what it decided is not published.
        case partlyApplied = "partly_applied"
        /// A migration has closed the store for writing: it is at work, or died.
        case beingApplied = "being_applied"
        /// The store has another schema than is wanted, and no migration leads there.
        case noPath = "no_path"
        /// The store has another schema than is wanted, and a migration leads there.
        case behind
    }

    /// What kind of difference it is.
    package let `class`: Class
    /// What it is about: a table, an index, the name of an object.
    package let object: String
    /// What was found, in words.
    package let message: String
    /// What a person can do about it.
    package let remedy: String

    /// A finding.
    package init(_ class: Class, _ object: String, _ message: String, remedy: String) {
        self.class = `class`
        self.object = object
        self.message = message
        self.remedy = remedy
    }

    /// A finding that an error tells.
    package init(_ class: Class, _ object: String, _ error: StorageError) {
        self.init(`class`, object, error.message, remedy: error.remedy ?? "restore the store from a backup")
    }

    package var description: String { "\(`class`.rawValue) \(object): \(message); \(remedy)" }
}

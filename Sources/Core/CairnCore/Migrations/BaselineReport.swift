package import CairnSchema

/// What came of marking a database as a store of a schema.
package struct BaselineReport: Sendable {
    /// What was done.
    package enum Outcome: String, Sendable, Hashable {
        /// The database is not what the schema makes; nothing was written.
        case differs
        /// It is, and nothing was to be written.
        case fits
        /// It is, and says so now.
        case marked
        /// It is, and said so before.
        case unchanged
    }

    /// Where the database is, for people.
    package let location: String
    /// The schema it said it has; nil when it said none that can be believed.
    package var held: Schema?
    /// How many records were read and checked.
    package var records = 0
    /// What is not as the schema makes it.
    package var findings: [DriftFinding] = []
    /// What was done.
    package var outcome = Outcome.differs

    /// A report of nothing yet.
    package init(location: String) {
        self.location = location
    }
}

/// Looks whether a database may leave the schema it says, and throws where it must not. It is given that schema, and what reads the
/// migrations of the database.
package typealias BaselineLeaving = (_ held: Schema, _ history: () throws -> [PastMigration]) throws -> Void

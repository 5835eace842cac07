/// What trying a migration on made-up records came to: up, down and up again, on memory stores, without a server.
///
/// What is compared: the schema id that the store has at the end of each step, the number of records of each table, each value with what it
/// must be by the plan, and whether a new store of the schema takes all records. Two sets of records are tried: those that fit both
/// schemas, which must go through, and where records may stand in the way, those of the old schema as they come, which must go
/// through or be left as they were.
package struct MigrationVerification: Sendable {
    /// What the records were made from: the same seed makes the same again.
    package let seed: UInt64
    package let plan: MigrationPlan
    /// How many records were made, in the order of the tables of the old schema.
    package internal(set) var tables: [(name: String, records: Int)] = []
    package internal(set) var steps: [Step] = []
    /// What of it cannot be taken back, and why.
    package internal(set) var notReversible: [String] = []
    /// What else one should know.
    package internal(set) var notes: [String] = []
    /// What is not as it must be.
    package internal(set) var failures: [String] = []

    /// One change of a store.
    package struct Step: Sendable {
        package let name: Name
        /// What came of it, in words.
        package let outcome: String
        package let milliseconds: Double

        /// The texts are stable: programs read them.
        package enum Name: String, Sendable {
            /// The change, with records that fit.
            case up
            /// The change taken back.
            case down
            /// The change once more.
            case again = "up_again"
            /// The change, with records as they come.
            case anyRecords = "any_records"
        }
    }

    /// Whether everything is as it must be.
    package var isVerified: Bool { failures.isEmpty }

    /// Tries a migration.
    /// - Parameter rows: How many records each table gets, where there are as many that differ.
    /// - Throws: What keeps it from being tried at all; what goes wrong while it is stands in ``failures``.
    package static func run(_ plan: MigrationPlan, seed: UInt64, rows: Int = 20) async throws -> MigrationVerification {
        var verifier = Verifier(plan, seed: seed, rows: rows)
        try await verifier.run()
        return verifier.report
    }

    init(_ plan: MigrationPlan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
    }
}

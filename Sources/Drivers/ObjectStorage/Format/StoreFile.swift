import CairnCore
package import CairnSchema

/// What `_store.json` says: that there is a store, which one, and what is needed to use it. Written last when a store is created.
package struct StoreFile: Sendable, Hashable {
    /// A random text that tells this store from any other, also from an earlier one at the same place.
    package var id: String
    /// Features without which a program must not touch the store.
    package var needs: [String]
    /// Where it was created, for people.
    package var location: String
    package var created: Timestamp
    /// The ids the store had before, the newest first: rebuilding gives it another one, and what it has under those is its own. Who does
    /// not know the member loses nothing by it: it matters where a store is rebuilt.
    package var rebuilds: [String]

    package init(
        id: String, needs: [String] = [], location: String, created: Timestamp, rebuilds: [String] = []
    ) {
        self.id = id
        self.needs = needs
        self.location = location
        self.created = created
        self.rebuilds = rebuilds
    }
}

/// What every object of Cairn's carries.
package enum StoreFormat {
    /// The format this version writes, and the newest it reads.
    package static let current = 1
    /// The largest number of a commit, a count or a size that is believed: sums of a few do not overflow.
    package static let largest = Revisions.largest
    /// The features this version knows.
    package static let features: Set<String> = [receiptRuns, migrations, conversions, keptValues]
    /// Of a manifest: receipts of idempotency keys are in index files. Who does not look there writes a batch twice.
    package static let receiptRuns = "receipt-runs"
    /// Of a manifest and a commit record: record files may follow earlier schemas. Who does not know how to read them takes them for
    /// damaged.
    package static let migrations = "migrations"
    /// Of what says `migrations`: values of earlier schemas are made into others. Who does not know how reads wrong ones.
    package static let conversions = "conversions"
    /// Of what says `migrations`: values that records of earlier schemas got are kept beside them. Who does not look there reads records
    /// without them.
    package static let keptValues = "kept-values"

    /// What must be known to read what a migration made of tables.
    static func needs(of tables: [TableSuccession]) -> [String] {
        [migrations] + (tables.contains(where: \.needsConversions) ? [conversions] : [])
            + (tables.contains { $0.values != nil || $0.hasLookups } ? [keptValues] : [])
    }
}

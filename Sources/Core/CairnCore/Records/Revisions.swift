import CairnSchema

/// Rules about revisions.
package enum Revisions {
    /// The largest revision that is believed: more than any record can have reached, and exact in every JSON reader.
    package static let largest = 1 << 53

    /// A record that was never stored cannot be checked against the store.
    static func refuseUnstored(_ revision: Int, _ table: Table) throws {
        guard revision > 0 else {
            throw StorageError.misuse(
                "this record of table '\(table.name)' was never stored: its revision is 0",
                remedy: "use insert for a new record, upsert for one that may exist")
        }
    }

    /// A revision that was read from a file.
    /// - Throws: `storage.damaged` for one that Cairn cannot have written.
    package static func checked(_ revision: Int, of table: Table) throws -> Int {
        guard (0..<largest).contains(revision) else {
            throw StorageError(
                .damaged, "a record of table '\(table.name)' has the revision \(revision), which Cairn did not write",
                remedy: "restore the store from a backup")
        }
        return revision
    }

    /// The revision after one that was read from a file.
    /// - Throws: as ``checked(_:of:)``.
    package static func next(_ revision: Int, of table: Table) throws -> Int {
        try checked(checked(revision, of: table) + 1, of: table)
    }
}

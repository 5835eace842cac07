public import CairnSchema

/// A migration that was made of a store, as the store remembers it.
public struct PastMigration: Sendable {
    /// Its place in the history of the store, from 1; what `cairn migrate rollback` is given.
    public let number: Int
    /// When it was made.
    public let time: Timestamp
    /// The schema the store had before it.
    public let from: Schema
    /// The schema the store had after it.
    public let to: Schema
    /// The tables of ``from`` of which the store still keeps aside what was dropped: whole tables, or columns.
    public let kept: [String]
    /// The tables of ``from`` of which it dropped something that the store never kept, or that somebody has taken away since: what was
    /// dropped by hand. Where a store keeps nothing of a table that had no record, it is none of them.
    package let lost: [String]
    /// What it did, renames among it.
    package let diff: SchemaDiff

    /// A migration of before.
    /// - Parameters:
    ///   - names: What tables and columns of `to` were called in `from`, where that was another name.
    ///   - isKeptAlways: Whether the store keeps something of each table of which a migration drops something, if it had records or not.
    package init(
        number: Int, time: Timestamp, from: Schema, to: Schema, names: FormerNames, kept: [String],
        isKeptAlways: Bool = false
    ) {
        self.number = number
        self.time = time
        self.from = from
        self.to = to
        self.kept = kept
        let diff = SchemaDiff(from: from, to: to.with(names))
        self.diff = diff
        lost = isKeptAlways ? PastMigration.dropped(diff).map(\.table.name).filter { !kept.contains($0) } : []
    }

    /// What it did, in words, a line each.
    public var steps: [String] { diff.operations.map(\.description) }

    /// Of which tables of ``from`` it dropped something, and which columns: all of a table that it dropped.
    package var dropped: [(table: Table, columns: [Int])] { PastMigration.dropped(diff) }

    private static func dropped(_ diff: SchemaDiff) -> [(table: Table, columns: [Int])] {
        diff.pairs.filter { !$0.dropped.isEmpty }.map { ($0.old, $0.dropped) }
            + diff.dropped.map { ($0, Array($0.columns.indices)) }
    }
}

/// What a migration dropped of one record.
public struct DroppedRecord: Sendable, Hashable {
    /// The key of the record.
    public let key: Key
    /// When the record was first stored, by which it is told from a later one of the same key; nil where that is not known.
    public let createdAt: Timestamp?
    /// The values that were dropped, in the order in which the table had their columns.
    public let values: [Value]

    /// What is kept of a record.
    public init(key: Key, createdAt: Timestamp?, values: [Value]) {
        self.key = key
        self.createdAt = createdAt
        self.values = values
    }
}

extension Storage {
    /// None is remembered.
    public func migrations() async throws -> [PastMigration] { [] }

    /// Nothing is kept.
    public func dropped(
        by migration: PastMigration, of table: Table, _ body: ([DroppedRecord]) async throws -> Void
    ) async throws {}
}

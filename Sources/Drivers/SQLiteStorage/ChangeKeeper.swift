import CairnCore
import CairnSchema

/// Keeps what commits do to the tables that have `"changes": true`, and reads it back.
///
/// It belongs to an open store and its schema. What cannot be kept fails its commit: who follows the changes relies on having all of them.
struct ChangeKeeper: Sendable {
    /// For each table that keeps its changes, how its records are written.
    private let codecs: [String: RecordJSON]
    private let store: String
    private let most: Int
    private let lifetime: Duration

    /// - Returns: nil for a schema none of whose tables keeps its changes.
    init?(_ schema: Schema, store: String, _ options: SQLiteOptions) {
        guard schema.keepsChanges else { return nil }
        let tables = schema.tables.filter(\.options.changes)
        codecs = Dictionary(
            tables.map { ($0.name, RecordJSON($0, form: .stored)) }, uniquingKeysWith: { first, _ in first })
        self.store = store
        most = options.keptChanges
        lifetime = options.changeLifetime
    }

    // MARK: Writing

    /// The records that operations are about to write whose changes are kept; each once, in the order of their first appearance.
    static func names(_ operations: [WriteOperation]) -> [RecordName] {
        ChangeReport.distinct(operations.filter(\.table.options.changes).map(RecordName.init))
    }

    /// The number of the newest row: before a transaction has kept anything, that everyone may have seen.
    func newest(_ access: SQLiteConnection.Access) throws -> Int { try ChangeTable(access).newest().number }

    /// Writes down what a commit did. Behind it, ``trim(behind:_:at:)`` once for the transaction.
    /// - Parameters:
    ///   - names: The records it wrote, each once.
    ///   - before: What they were.
    func keep(
        _ names: [RecordName], before: [Record?], _ access: SQLiteConnection.Access, at time: Timestamp
    ) throws {
        if names.isEmpty { return }
        let table = ChangeTable(access)
        let tag = ChangeTable.Mark.newTag
        for ((name, before), after) in zip(zip(names, before), try access.records(names)) {
            // A record that is not there, and was not: made and deleted at once.
            guard before != nil || after != nil else { continue }
            try table.add(name.table, before: text(before), after: text(after), tag: tag, at: time)
        }
    }

    /// Removes what is too old or too much, some of it at a time, but twice as much as the transaction has added: so it keeps up.
    /// - Parameter last: The newest row before the transaction: commits that share one are seen at once, and whoever has all up to there
    ///   goes on.
    func trim(behind last: Int, _ access: SQLiteConnection.Access, at time: Timestamp) throws {
        let table = ChangeTable(access)
        let added = try table.newest().number - last
        try table.trim(
            most: most, oldest: oldest(at: time), upTo: last, atOnce: max(ChangeTable.trimmedAtOnce, 2 * added))
    }

    private func text(_ record: Record?) -> String? {
        guard let record, let codec = codecs[record.table.name] else { return nil }
        var writer = JSONWriter(capacity: codec.typicalLength)
        codec.write(record.values, record.metadata, to: &writer)
        return writer.text
    }

    private func oldest(at time: Timestamp) -> Timestamp {
        // No table is older than that, and microseconds have no room for more.
        let seconds = min(lifetime.components.seconds, 1 << 40)
        return time.adding(microseconds: -max(seconds, 0) * 1_000_000) ?? .min
    }

    /// Removes all that is too old or too much, but for the newest commit, for `maintain()`.
    func trimAll(_ access: SQLiteConnection.Access, at time: Timestamp) throws {
        let table = ChangeTable(access)
        guard let last = try table.last(beside: table.newest()) else { return }
        try table.trim(most: most, oldest: oldest(at: time), upTo: last, atOnce: .max)
    }

    // MARK: Reading

    private func position(_ mark: ChangeTable.Mark) -> ChangePosition {
        ChangePosition(SQLiteStorage.driver, store: store, [mark.number, mark.tag])
    }

    /// The place behind the newest commit.
    func position(_ access: SQLiteConnection.Access) throws -> ChangePosition {
        position(try ChangeTable(access).newest())
    }

    /// Commits behind a position. To be of one moment, the connection must be in a transaction.
    /// - Throws: `storage.invalid`, `storage.snapshot_expired`, `storage.damaged`.
    func changes(
        since position: ChangePosition, limit: Int, _ access: SQLiteConnection.Access
    ) throws -> KeptChanges {
        let numbers = try position.numbers(2, of: SQLiteStorage.driver, store: store)
        let mark = ChangeTable.Mark(number: numbers[0], tag: numbers[1])
        let table = ChangeTable(access)
        switch try table.standing(of: mark) {
        case .there: break
        case .foreign: throw StorageError.foreignPosition(position)
        case .trimmed:
            throw StorageError.expiredPosition(
                position,
                "the file keeps the last \(most) for \(lifetime), and none from before a migration"
            )
        }
        var group = CommitCollector(start: mark, limit: limit)
        try table.read(after: mark.number) { row in
            guard group.takes(row) else { return false }
            do {
                group.add(row, try change(row))
                return true
            } catch {
                // What comes before is told first.
                guard group.cut(before: row) else { throw error }
                return false
            }
        }
        let commits = group.finish().map { commit in
            KeptCommit(
                start: self.position(commit.start), position: self.position(commit.end), time: commit.time,
                changes: commit.changes)
        }
        return KeptChanges(
            commits: commits, end: self.position(group.end), isComplete: !group.hasMore)
    }

    /// - Returns: nil for a row that tells of no record.
    private func change(_ row: ChangeTable.Row) throws -> Change<Record>? {
        if row.table.isEmpty { return nil }
        guard let codec = codecs[row.table] else {
            throw ChangeKeeper.damaged(row, "it is of the table '\(row.table)', which keeps no changes")
        }
        do {
            return Change(before: try record(row.before, codec), after: try record(row.after, codec))
        } catch let error as StorageError {
            throw ChangeKeeper.damaged(row, error.message)
        } catch let error as JSONError {
            throw ChangeKeeper.damaged(row, error.message)
        }
    }

    private func record(_ bytes: [UInt8]?, _ codec: RecordJSON) throws -> Record? {
        guard let bytes else { return nil }
        var scanner = try JSONScanner(bytes)
        let (values, metadata) = try codec.read(&scanner)
        try scanner.end()
        return Record(codec.table, values: values, metadata: metadata)
    }

    private static func damaged(_ row: ChangeTable.Row, _ message: String) -> StorageError {
        StorageError(
            .damaged, "row \(row.mark.number) of '_cairn_changes' cannot be read: \(message)",
            remedy: "another program may have written it; ask for changePosition() and read the records anew")
    }
}

/// Puts rows together to commits, until there are enough.
private struct CommitCollector {
    struct Commit {
        let start: ChangeTable.Mark
        var end: ChangeTable.Mark
        let time: Timestamp
        var changes: [Change<Record>] = []
    }

    private let limit: Int
    private let start: ChangeTable.Mark
    private var commits: [Commit] = []
    private var last: ChangeTable.Mark
    private var (count, bytes) = (0, 0)
    /// Whether there was a row that it did not take.
    private(set) var hasMore = false

    init(start: ChangeTable.Mark, limit: Int) {
        self.start = start
        last = start
        self.limit = limit
    }

    /// Whether a row still belongs to what is read: a commit is not split.
    mutating func takes(_ row: ChangeTable.Row) -> Bool {
        hasMore = (count >= limit || bytes >= KeptChanges.pageBytes) && row.mark.tag != last.tag
        return !hasMore
    }

    mutating func add(_ row: ChangeTable.Row, _ change: Change<Record>?) {
        if row.mark.tag != last.tag || commits.isEmpty {
            commits.append(Commit(start: last, end: row.mark, time: row.time))
        }
        commits[commits.count - 1].end = row.mark
        if let change { commits[commits.count - 1].changes.append(change) }
        count += 1
        bytes += (row.before?.count ?? 0) + (row.after?.count ?? 0)
        last = row.mark
    }

    /// Leaves out a row that cannot be read, with the rest of its commit.
    /// - Returns: Whether there are commits before it.
    mutating func cut(before row: ChangeTable.Row) -> Bool {
        if commits.last?.end.tag == row.mark.tag { commits.removeLast() }
        hasMore = true
        return !commits.isEmpty
    }

    /// The place behind what it took, commits without changes among it: who goes on there gets further.
    var end: ChangeTable.Mark { commits.last?.end ?? start }

    /// The commits that have changes.
    func finish() -> [Commit] { commits.filter { !$0.changes.isEmpty } }
}

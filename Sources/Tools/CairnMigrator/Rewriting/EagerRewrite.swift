package import CairnCore
import CairnSchema

/// Writes the records anew that have the form of an earlier schema still, on stores where a migration leaves them so until they change.
///
/// Nothing is kept of how far it is: a record that was written since the last migration that changed its form has the new one, and the store
/// knows by which commit it was. The times of records say nothing of it: clocks differ, and adopted records have those they came with. So a run that ended anywhere is gone on with by another one, and others may write meanwhile: a record
/// that somebody changes or deletes has the new form, or needs none.
package struct EagerRewrite: Sendable {
    /// What became of the records.
    package struct Report: Sendable, Hashable {
        /// Records that were read.
        package var read = 0
        /// Records that were written.
        package var written = 0

        package init() {}
    }

    /// Which of some records of a table were written before a migration. The store says that.
    package typealias Precedence = @Sendable (PastMigration, Table, [Key]) async throws -> [Bool]

    private let store: Store
    private let precede: Precedence
    /// What changed the form of the records of a table last, by its name; not for those whose records have the newest.
    private let changes: [String: PastMigration]
    private let progress: @Sendable (MigrationProgress) -> Void

    /// Records of a page, and of a commit.
    private static let portion = 200

    /// - Parameters:
    ///   - store: The store, with the schema that the last migration ended with.
    ///   - history: Its migrations.
    ///   - precede: Asked for each page.
    ///   - progress: Hears how far it is, after each page.
    package init(
        _ store: Store, _ history: [PastMigration], precede: @escaping Precedence,
        progress: @escaping @Sendable (MigrationProgress) -> Void = { _ in }
    ) {
        self.store = store
        self.precede = precede
        self.progress = progress
        changes = EagerRewrite.changes(history)
    }

    private static func changes(_ history: [PastMigration]) -> [String: PastMigration] {
        var changes: [String: PastMigration] = [:]
        for migration in history {
            var next: [String: PastMigration] = [:]
            for pair in migration.diff.pairs {
                // The files of a renamed table were copied in their new form.
                guard Utf8.equal(pair.old.name, pair.new.name) else { continue }
                next[pair.new.name] = pair.changesForm ? migration : changes[pair.old.name]
            }
            changes = next
        }
        return changes
    }

    /// Reads all records of tables whose form has changed, and writes those that were written before it did. Each gets a newer revision,
    /// and the time of its change is now.
    ///
    /// Requests: what reading and changing the records costs, some hundred of them in a commit.
    /// - Throws: What reading and writing them throws; what was written until then stays.
    package func run() async throws -> Report {
        let start = ContinuousClock.now
        let tables = store.schema.tables.filter { changes[$0.name] != nil }
        var total = 0
        for table in tables { total += try await store.records(table.name).count() }
        var report = Report()
        for table in tables {
            guard let change = changes[table.name] else { continue }
            let records = try store.records(table.name)
            var cursor: PageCursor?
            repeat {
                try Deadline.check()
                let page = try await records.page(Query(records.table), size: EagerRewrite.portion, after: cursor)
                let former = try await precede(change, records.table, page.items.map(\.key))
                try await write(zip(page.items, former).filter(\.1).map(\.0), &report)
                report.read += page.items.count
                progress(
                    MigrationProgress(
                        table: table.name, done: report.read, total: max(total, report.read),
                        elapsed: ContinuousClock.now - start))
                cursor = page.next
            } while cursor != nil
        }
        return report
    }

    private func write(_ records: [Record], _ report: inout Report) async throws {
        if records.isEmpty { return }
        do {
            _ = try await store.session.write(
                records.map { .update($0.table, $0.values, expecting: $0.revision) })
            report.written += records.count
            return
        } catch let error as StorageError where [.conflict, .notFound, .limit].contains(error.code) {
            if records.count == 1 {
                // Somebody has changed it meanwhile, or deleted it.
                if error.code == .limit { throw error }
                return
            }
        }
        try Deadline.check()
        try await write(Array(records[..<(records.count / 2)]), &report)
        try await write(Array(records[(records.count / 2)...]), &report)
    }
}

extension TablePair {
    /// Whether a record that was written before is not one of the new table as it stands.
    fileprivate var changesForm: Bool {
        if !dropped.isEmpty { return true }
        return zip(new.columns, sources).contains { column, source in
            guard let former = source.map({ old.columns[$0] }) else { return true }
            return !Utf8.equal(former.name, column.name) || former.valueType != column.valueType
        }
    }
}

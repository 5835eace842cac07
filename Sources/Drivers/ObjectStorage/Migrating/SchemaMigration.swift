import CairnCore
import CairnSchema
import ObjectStores

/// One migration of a store.
///
/// The problem: the files of a store cannot all be changed at once, programs of the old schema are at work, and the process that
/// migrates may die at any moment. The idea: no file is changed. The store is closed for writing, as for maintenance; what the new
/// schema needs beside what is there, which is mostly indexes, is made under names of its own that nobody reads; and then one commit
/// record decides. It names the new schema and has the manifest of the store under it (``SchemaCommit``). Files of before are read as
/// the migration makes their records (``RecordShapes``).
///
/// What follows: before the record everything is as it was, behind it everything is new, and nothing lies between. A program of the old
/// schema cannot commit: whoever writes the next number reads that record, and it is of a schema the program does not know. Files it
/// was still to write are written before the record, so what it writes late changes nothing. A process that dies before the
/// record leaves a closed store and files that nothing names; the next migration goes on, and collection removes them. One that
/// dies behind it leaves a manifest to publish, which whoever opens the store does (``SchemaSettlement``).
///
/// Only the files of a renamed table are written: as copies under the new name, as of the record that is to come. What Swift code gives for
/// the records of other tables, and what is looked up for them, is kept beside them (``KeptValues``), where nobody looks before the record names it.
struct SchemaMigration: Sendable {
    /// Another process goes on with the migration of this one, or has begun one.
    struct Overtaken: Error {}
    /// The log went on though the store was closed.
    private struct Moved: Error {}

    /// Who closes the store for a migration.
    static let author = "a migration"
    /// Microseconds after which the store is said to be open again, for people.
    static let planned: Int64 = 60_000_000
    /// How often it begins anew because the log went on.
    private static let attempts = 3
    /// Seconds of the store's clock within which the record must follow the first file: files that nothing names go after a day.
    private static let longest: Double = 11 * 3600

    /// On the old schema.
    let engine: Engine
    let migration: Migration
    /// How long nothing is heard of a process that migrates the store before this one goes on with it.
    let patience: Duration

    init(_ engine: Engine, _ migration: Migration, patience: Duration) {
        self.engine = engine
        self.migration = migration
        self.patience = patience
    }

    private var parts: EngineParts { engine.parts }

    /// Refuses what other drivers make and this one does not.
    /// - Throws: `migration.unsupported`.
    static func check(_ migration: Migration) throws {
        for pair in migration.pairs where !Utf8.equal(pair.old.name, pair.new.name) {
            guard migration.from.table(named: pair.new.name) != nil else { continue }
            throw StorageError(
                .migrationUnsupported,
                "on an object store, table '\(pair.old.name)' cannot take the name of table '\(pair.new.name)' in one migration: their files would stand in one folder",
                remedy: "do it in two: first one that frees the name '\(pair.new.name)', then one that gives it away")
        }
    }

    /// Refuses to go on with what another command began: it ends elsewhere, and whoever began it relies on that.
    /// - Throws: `storage.maintenance`, which names both ways out.
    static func check(_ note: MaintenanceNote, for command: MigrationCommand) throws {
        guard Utf8.equal(note.by, author), let begun = MigrationCommand(in: note.reason), !begun.isGoneOn(with: command)
        else { return }
        throw StorageError(
            .maintenance,
            "'\(begun)' is under way, and has closed the store for writing: \(note.reason); '\(command)' would end elsewhere",
            remedy: "\(wayOut(begun)); or \(opening)")
    }

    /// What to do where a migration has closed a store, and its process may be dead.
    static func wayOut(_ begun: MigrationCommand?) -> String {
        "wait until it is done; if its process died, \(begun?.goingOn ?? MigrationCommand.unknownGoingOn)"
    }

    /// The other way out.
    static let opening =
        "open the store as it was with 'cairn maintain --open', which waits half an hour, as the process may be at work still"

    // MARK: Steps

    func run() async throws {
        if migration.isRehearsal {
            let view = try await settledView()
            _ = try await TableMigrations(parts, engine, migration, view, isRehearsal: true).make()
            return
        }
        try await closeStore()
        let decision: SchemaSettlement.Decision
        do {
            decision = try await MigrationLease(parts, patience: patience).held { try await decide() }
        } catch {
            let isTaken = isTakenOver(error)
            await openStore()
            throw isTaken ? Overtaken() : error
        }
        let date = try engine.tip.confirmed().confirmation?.date
        engine.tip.end(StorageError.closed("store"))
        let settlement = SchemaSettlement(
            access: parts.access, surroundings: parts.surroundings, notAfter: date?.addingTimeInterval(Committer.fence))
        try await settlement.publish(decision)
    }

    /// Makes everything and puts the record.
    private func decide() async throws -> SchemaSettlement.Decision {
        let begun = try engine.tip.confirmed().confirmation?.date
        for _ in 0..<SchemaMigration.attempts {
            let view = try await settledView()
            let made = try await TableMigrations(parts, engine, migration, view, isRehearsal: false).make()
            _ = try await parts.access.create(
                ObjectNames.schema(migration.to.id), SchemaFile.encode(migration.to), notAfter: nil,
                parts.surroundings)
            if let begun, let now = try await parts.follower.permission()?.date,
                now.timeIntervalSince(begun) > SchemaMigration.longest
            {
                throw StorageError(
                    .timeout, "the migration takes longer than \(Int(SchemaMigration.longest) / 3600) hours",
                    remedy: "let it run nearer to the store, where requests are faster")
            }
            let tables = migration.pairs.map { pair in
                var table = TableSuccession(pair)
                table.values = made.values[pair.new.name]
                return table
            }
            let commit = SchemaCommit(tables: tables, manifest: manifest(view, made))
            do {
                let (record, bytes) = try await engine.change(migration.to.id, at: made.time, commit) { newest in
                    try engine.windows.check()
                    guard newest.number == view.number else { throw Moved() }
                }
                return try SchemaSettlement.decision(record, bytes, migration.to)
            } catch is Moved {
                continue
            }
        }
        throw StorageError(
            .busy, "the log goes on though the store is closed for writing", remedy: "try again", isRetryable: true)
    }

    private func manifest(_ view: View, _ made: TableMigrations.Made) -> Manifest {
        let number = view.number + 1
        var manifest = view.manifest.manifest
        manifest.version += 1
        manifest.covers = number
        manifest.head = CommitRecord.noHash
        manifest.schema = migration.to.id
        manifest.time = max(made.time, manifest.time)
        manifest.tables = made.tables
        manifest.pending = []
        manifest.closing = nil
        let isConverted = migration.pairs.contains { TableSuccession($0).needsConversions }
        manifest.eras.append(
            SchemaEra(
                schema: migration.from.id, end: number, time: made.time, isConverted: isConverted,
                hasKeptValues: !made.values.isEmpty))
        return manifest
    }

    /// A view that a manifest covers all of, when every record file of it is written.
    private func settledView() async throws -> View {
        for _ in 0..<SchemaMigration.attempts {
            try await parts.follower.adoptNewest()
            let view = try await parts.follower.follow()
            engine.materialiser.take(pending(view), view)
            if let problem = await engine.materialiser.flush().first {
                throw StorageError(
                    .unavailable, "a record file cannot be written: \(problem)",
                    remedy: "look at the error, and migrate again", isRetryable: true)
            }
            try await engine.checkpointer.checkpoint(forgetting: nil)
            let settled = try await parts.follower.follow()
            if settled.number == settled.manifest.manifest.covers, settled.number >= view.number { return settled }
        }
        throw StorageError(.busy, "no checkpoint could be made", remedy: "try again", isRetryable: true)
    }

    /// The records whose files may not be written yet.
    private func pending(_ view: View) -> [Manifest.PendingRecord] {
        engine.recent(in: view).compactMap { id, image in
            let overlay = view.tables[id.table]
            return overlay.key(id.key).map { Manifest.PendingRecord(table: overlay.table, key: $0, image: image) }
        }
    }

    // MARK: The store

    /// Closes the store for writing; waits for another process that migrates it, as long as something is heard of it.
    /// - Throws: `storage.maintenance` when it is closed for other work, or by another command; `storage.schema_mismatch` when it has been migrated.
    private func closeStore() async throws {
        let lease = MigrationLease(parts, patience: patience)
        var watch = MigrationLease.Watch()
        var pause = Duration.milliseconds(100)
        while true {
            try Deadline.check()
            let view = try await parts.follower.follow()
            if let closing = view.closing {
                guard Utf8.equal(closing.note.by, SchemaMigration.author) else {
                    throw StorageError.underMaintenance(closing.note)
                }
                try SchemaMigration.check(closing.note, for: migration.command)
                watch.see(closing.number, try await lease.sign(), at: parts.surroundings.uptime())
                if watch.silence(at: parts.surroundings.uptime()) < patience {
                    try await parts.surroundings.sleep(pause)
                    pause = min(pause * 2, .seconds(2))
                    continue
                }
            }
            let known = view.closing?.number
            let now = engine.now()
            let note = MaintenanceNote(
                by: SchemaMigration.author,
                reason:
                    "the schema \(migration.from.id.short) becomes \(migration.to.id.short) ('\(migration.command)')",
                until: now.adding(microseconds: SchemaMigration.planned) ?? now)
            do {
                let number = try await engine.mark(.close, note) { newest in
                    if newest.closing?.number != known { throw Moved() }
                }
                return try engine.windows.hold(number)
            } catch is Moved {
                continue
            }
        }
    }

    /// Whether an error comes from another process having taken over.
    private func isTakenOver(_ error: any Error) -> Bool {
        guard let error = error as? StorageError, error.code == .maintenance,
            let closing = try? engine.tip.view().closing
        else { return false }
        return closing.number != engine.windows.number && Utf8.equal(closing.note.by, SchemaMigration.author)
    }

    /// Opens the store again, if this process holds it; also when the task is cancelled.
    private func openStore() async {
        let (engine, parts) = (engine, parts)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            parts.surroundings.spawn {
                do {
                    try engine.windows.check()
                    try await parts.follower.adoptNewest()
                    _ = try await engine.mark(.open, nil) { _ in try engine.windows.check() }
                } catch {
                    // Another one holds it, or it was migrated, or the next migration opens it.
                }
                engine.windows.release()
                done.resume()
            }
        }
    }
}

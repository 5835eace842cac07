import CairnCore
import ObjectStores

/// Removes what no process can need any more: manifests, index files, log records, parts.
///
/// The problem: some process may be reading what is removed, or be about to write something that names it, and nobody knows which
/// processes there are. One may have slept for days; a request may be under way for long; another collector may be at work. The
/// idea: only *age by the store's clock* decides, each age is larger than any request or reader is allowed to reach back, and
/// what stands in the store at the time is the only witness. Nothing here relies on the clock of a machine, or on what
/// this process remembers.
///
/// What may go (``CollectionRules``), and why:
///
/// - **A manifest**, a day after its successor was stored. A reader that has it is told `storage.snapshot_expired` at worst. Nobody
///   writes by it: a writer makes the successor of a manifest only within 12 hours of having seen that it is the newest
///   (``Follower/relianceOnManifest``), so its create-only PUT finds the successor that made the removal lawful. The same
///   bound holds for pins, which are listed *after* the manifests: at the date of that listing a pin of a manifest that may go
///   is there, or can never land.
/// - **An index file** that no manifest names which *still stands* after the step before, once it is a day old, and 13 hours older
///   than the oldest of them. A manifest that names it for the first time lands within 12 hours of its writing
///   (``Checkpointer``), so it landed before that oldest one, or never will; and what a manifest has ceased to name, no
///   later one names. So the oldest manifest, and those before a gap, tell about all (``CollectionRules/witnesses(_:)``).
/// - **A log record**, in two steps. First a manifest says that records up to a number may be gone (`collected`): those that every
///   standing manifest covers, pinned ones too, and that are a week old. An hour later, and a run of the collector later, they go.
///   A process that finds a number absent believes that it is the end of the log only if it had proven the end ten minutes before,
///   when the record was not yet written and so not a week old now; or if it had just read a manifest that did not cover it, which
///   stood then, so that the announcement was not yet made; or if the newest manifest, read *after* the absence, has not
///   announced the number. Whoever finds it announced goes on from that manifest.
/// - **A part**, once the oldest record that stands is an hour younger, and it is a day old. Parts are written before their record, and
///   the record lands within a quarter of an hour of the proof they were written by, so the record of such a part came before
///   the oldest and is gone, or never came.
/// - **Values that a migration kept** and that no migration of the store names, a day after they were stored: the commit that names them
///   lands within half a day of the first of them (``SchemaMigration``), or never.
///
/// Each of these is true for ever once it is true: names of manifests and records never come again, those of index files and parts
/// are random, and ages grow. So a collector that slept between its listing and its DELETE, a DELETE that arrives late, two
/// collectors at once, and manifests that are published meanwhile do no harm. Only a store that was deleted and made anew
/// at the same place has those names again: against that, each DELETE carries the time past which it must not take effect,
/// and making a store anew waits longer than that.
///
/// On a store that cannot keep such a time, all this is done only in a maintenance window, when nobody else writes.
struct Collector: Sendable {
    let parts: EngineParts

    private var access: StoreAccess { parts.access }

    /// What the manifests that stand say together.
    private struct Standing {
        let witnesses: [Manifest]
        /// When the oldest of those was stored that follow one another up to the newest.
        let oldest: StoreDate?
        /// The number up to which log records may be gone, as a manifest has said for an hour.
        let announced: Int

        /// Every manifest covers commits up to this number.
        var covered: Int { witnesses.map(\.covers).min() ?? 0 }
        /// The names of the index files that any of them names, of those that are old enough to go.
        var named: Set<String> { Set(witnesses.flatMap(\.indexFiles).map(ObjectNames.index)) }
    }

    /// Removes what may be removed.
    ///
    /// Eight LISTs, one more where there were migrations, and one more for each thousand objects, other than record files, of which none is
    /// looked at; a GET for each pin, for each migration that has kept values, and about three for manifests; a DELETE for each thousand objects that go.
    /// - Returns: Up to which number the next manifest may say that log records may be gone.
    func collect(_ report: inout MaintenanceReport) async throws -> Int {
        let folders = try await listUnknown(&report)
        if folders.contains(ObjectNames.trash) { try await collectTrash(&report) }
        if folders.contains(ObjectNames.migrations) { try await collectValues(&report) }
        guard let standing = try await collectManifests(&report) else {
            report.notCollected = "another process is removing manifests at the same time"
            return 0
        }
        let (collected, oldestRecord) = try await collectLog(standing, &report)
        try await collectIndexFiles(standing, &report)
        if let oldestRecord { try await collectParts(oldestRecord, &report) }
        return collected
    }

    // MARK: Steps

    /// - Returns: What stands after it; nil when another collector removes it at the same time.
    private func collectManifests(_ report: inout MaintenanceReport) async throws -> Standing? {
        let (manifests, date) = try await manifests(&report)
        // After the manifests: a pin of one that may go is there by now.
        let pinned = Set(try await PinFiles(access: access).all { report.add(unknown: $0) }.map(\.manifest))
        let removable = CollectionRules.replaced(manifests, pinned: pinned, at: date)
        let outcome = try await remove(removable.map(\.object), &report)
        report.removed.manifests += outcome.removed.count
        let gone = Set(outcome.removed.map(\.key))
        return try await standing(manifests.filter { !gone.contains($0.object.key) }, at: date)
    }

    /// All manifests, the newest first. Those of another store count as nothing, and are left.
    private func manifests(
        _ report: inout MaintenanceReport
    ) async throws -> (manifests: [CollectionRules.ListedManifest], date: StoreDate) {
        let known = try parts.tip.view().manifest.manifest.version
        let listed = try await access.listed(ObjectNames.folder(ObjectNames.checkpoints))
        guard let date = listed.date else { throw StorageError.noStoreTime(access) }
        var manifests: [CollectionRules.ListedManifest] = []
        for object in try await access.manifests(listed.objects, of: parts.log.owner, above: known) {
            if let version = ObjectNames.version(ofManifest: object.key) {
                manifests.append(CollectionRules.ListedManifest(version: version, object: object))
            } else {
                report.add(unknown: object.key)
            }
        }
        return (manifests, date)
    }

    private func standing(
        _ manifests: [CollectionRules.ListedManifest], at date: StoreDate
    ) async throws -> Standing? {
        guard !manifests.isEmpty else {
            throw StorageError(
                .damaged, "the store has no manifest: its objects '\(ObjectNames.checkpoints)…' are gone",
                remedy: "run cairn rebuild, which makes log and indexes again from the record files")
        }
        let witnesses = CollectionRules.witnesses(manifests)
        let announcement = CollectionRules.announced(manifests, at: date)
        let read = try await (witnesses + [announcement].compactMap { $0 }).map(\.version)
            .concurrently(LogReader.width) { [log = parts.log] version in
                try await log.manifest(version)
            }
        let found = read.prefix(witnesses.count).compactMap { $0 }
        guard found.count == witnesses.count else { return nil }
        return Standing(
            witnesses: found, oldest: witnesses.first?.object.lastModified,
            announced: announcement == nil ? 0 : read.last.flatMap { $0?.collected } ?? 0)
    }

    /// - Returns: Up to which number log records may be announced to go; and when the oldest was stored that stays, nil when that is
    ///   not known. The distant future stands for none.
    private func collectLog(
        _ standing: Standing, _ report: inout MaintenanceReport
    ) async throws -> (collected: Int, oldest: StoreDate?) {
        let collected = try parts.tip.view().manifest.manifest.collected
        var walk: LogWalk?
        var date: StoreDate?
        var hasFailed = false
        var counted = report
        try await access.eachPage(ObjectNames.log) { page in
            if date == nil { date = page.answer.serverDate }
            guard let date else { throw StorageError.noStoreTime(access) }
            var current =
                walk
                ?? LogWalk(
                    announced: standing.announced, collected: collected, covered: standing.covered, at: date)
            var goesOn = true
            for case .object(let object) in page.entries where goesOn {
                if let number = ObjectNames.number(ofRecord: object.key) {
                    goesOn = current.take(number, object)
                } else {
                    counted.add(unknown: object.key)
                }
            }
            let outcome = try await remove(current.removable, &counted)
            counted.removed.logRecords += outcome.removed.count
            hasFailed = hasFailed || !outcome.failed.isEmpty
            current.removable = []
            walk = current
            return goesOn
        }
        report = counted
        guard let walk else { return (collected, nil) }
        if hasFailed || (walk.isSomethingLeft && walk.oldest == nil) { return (walk.reach, nil) }
        return (walk.reach, walk.oldest ?? .distantFuture)
    }

    private func collectIndexFiles(_ standing: Standing, _ report: inout MaintenanceReport) async throws {
        guard let oldest = standing.oldest else { return }
        let named = standing.named
        try await collect(ObjectNames.folder(ObjectNames.indexes), &report) { object, date, report in
            guard ObjectNames.id(ofIndex: object.key) != nil else {
                report.add(unknown: object.key)
                return false
            }
            return CollectionRules.isUnnamed(object, named: named, oldest: oldest, at: date)
        } counted: {
            $0.removed.indexFiles += $1
        }
    }

    private func collectParts(_ oldestRecord: StoreDate, _ report: inout MaintenanceReport) async throws {
        // Without a fence nothing bounds how late a record comes after its parts but the patience of its writer.
        let slack = try await access.canFence() ? CollectionRules.partAge : CollectionRules.fileAge
        try await collect(ObjectNames.folder(ObjectNames.parts), &report) { object, date, report in
            guard ObjectNames.isPart(object.key) else {
                report.add(unknown: object.key)
                return false
            }
            return CollectionRules.isOrphan(object, oldest: oldestRecord, slack: slack, at: date)
        } counted: {
            $0.removed.parts += $1
        }
    }

    private func collectTrash(_ report: inout MaintenanceReport) async throws {
        try await collect(ObjectNames.trash, &report) { object, date, _ in
            ObjectNames.isDropped(object.key)
                && CollectionRules.isOlder(object, than: Double(MigrationTrash.days) * 86_400, at: date)
        } counted: {
            $0.removed.trash += $1
        }
    }

    /// Removes the values that runs of migrations kept which ended before they were decided.
    private func collectValues(_ report: inout MaintenanceReport) async throws {
        // Whoever decides a migration does so within half a day of the first object it has kept: what is decided behind this view
        // names none that are older than a day when they go.
        let eras = try parts.tip.view().manifest.manifest.eras
        let files: [MigrationFile]
        do {
            files = try await eras.filter(\.hasKeptValues).map(\.end).concurrently(LogReader.width) {
                [access] number in try await access.migration(number)
            }
        } catch let error as StorageError where error.code == .damaged {
            // What is decided is not known then, and all of it stays.
            return
        }
        let decided = Set(files.flatMap(\.tables).compactMap { $0.values?.run })
        guard files.allSatisfy({ file in eras.contains { $0.end == file.era.end && $0.time == file.era.time } }) else {
            return
        }
        try await collect(ObjectNames.keptValues, &report) { object, date, report in
            guard let run = ObjectNames.run(ofValues: object.key) else {
                report.add(unknown: object.key)
                return false
            }
            return !decided.contains(run) && CollectionRules.isOlder(object, than: CollectionRules.fileAge, at: date)
        } counted: {
            $0.removed.trash += $1
        }
    }

    /// Removes those objects under a prefix that `isRemovable`, page by page.
    private func collect(
        _ prefix: String, _ report: inout MaintenanceReport,
        _ isRemovable: (ObjectSummary, StoreDate, inout MaintenanceReport) -> Bool,
        counted: (inout MaintenanceReport, Int) -> Void
    ) async throws {
        var changed = report
        var date: StoreDate?
        try await access.eachPage(prefix) { page in
            if date == nil { date = page.answer.serverDate }
            guard let date else { throw StorageError.noStoreTime(access) }
            var removable: [ObjectSummary] = []
            for case .object(let object) in page.entries where isRemovable(object, date, &changed) {
                removable.append(object)
            }
            counted(&changed, try await remove(removable, &changed).removed.count)
            return true
        }
        report = changed
    }

    private func remove(
        _ objects: [ObjectSummary], _ report: inout MaintenanceReport
    ) async throws -> Remover.Outcome {
        let outcome = try await Remover(parts: parts).remove(objects)
        report.removed.bytes += outcome.bytes
        report.failures += outcome.failed.count
        return outcome
    }

    // MARK: Unknown objects

    /// Looks for names that are none of Cairn's at the top of the store, and among the tables. What lies deeper is seen by
    /// the steps that list it; record files are for an examination.
    /// - Returns: The folders at the top.
    private func listUnknown(_ report: inout MaintenanceReport) async throws -> [String] {
        let top = try await access.listed("", delimiter: "/")
        for object in top.objects where !ObjectNames.topObjects.contains(object.key) {
            report.add(unknown: object.key)
        }
        for prefix in top.prefixes where !ObjectNames.topFolders.contains(prefix) { report.add(unknown: prefix) }
        let tables = try await access.listed(ObjectNames.tables, delimiter: "/")
        let known = Set(parts.schema.tables.map { "\(ObjectNames.tables)\($0.name)/" })
        for object in tables.objects { report.add(unknown: object.key) }
        for prefix in tables.prefixes where !known.contains(prefix) { report.add(unknown: prefix) }
        return top.prefixes
    }
}

extension MaintenanceReport {
    /// How many unknown names are kept.
    private static let unknownLimit = 100

    fileprivate mutating func add(unknown name: String) {
        if unknown.count < MaintenanceReport.unknownLimit { unknown.append(name) }
    }
}

extension Manifest {
    /// The ids of all index files it names.
    var indexFiles: [String] {
        tables.flatMap { table in table.indexes.flatMap { index in index.runs.map(\.file) } }
            + receiptRuns.map(\.run.file)
    }
}

import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Forgets deleted records: removes their files, and their entries in the primary indexes.
///
/// A deleted record leaves a file that says so, because a missing file says nothing: it may not have been written yet. That is
/// needed as long as somebody may still read the record as it was, or write an older image of it. In a maintenance window nobody
/// writes; and what is older than every manifest that stands is read as deleted by every view there can be.
///
/// The steps, each of which may be the last: first a manifest raises the ``RevisionFloor`` of the tables, so that no key ever gets a
/// revision again; then the files go; then a manifest forgets the entries of those that are gone. Who begins anew finds entries
/// without files, and goes on with them. The floor reaches processes that follow the log by the record that opens the store.
struct Purge: Sendable {
    let engine: Engine
    /// Records deleted before it are forgotten.
    let before: StoreDate

    /// Records of one table that are forgotten at once: their keys are held in memory.
    private static let limit = 1_000_000

    private var parts: EngineParts { engine.parts }
    private var access: StoreAccess { parts.access }

    /// Deleted records of a table.
    private struct Forgotten: Sendable {
        let table: Table
        /// The encoded keys, ascending.
        var keys: [[UInt8]] = []
        /// The files that are still there.
        var files: [ObjectSummary] = []
        /// The highest revision of any of them.
        var revision = 0
        var hasMore = false
    }

    func run() async throws -> PurgeReport {
        let view = try await settled()
        let horizon = try await horizon()
        var report = PurgeReport()
        var forgotten: [Forgotten] = []
        for overlay in view.tables {
            let found = try await find(overlay, view, horizon, &report)
            if !found.keys.isEmpty { forgotten.append(found) }
            report.hasMore = report.hasMore || found.hasMore
        }
        if forgotten.isEmpty { return report }
        try await raiseFloors(forgotten, view)
        for place in forgotten.indices { try await removeFiles(&forgotten[place], &report) }
        try await rewriteIndexes(forgotten)
        return report
    }

    // MARK: Before

    /// The newest view, with a manifest that covers all of it, and with files that are written as far as they can be.
    private func settled() async throws -> View {
        _ = await engine.materialiser.flush()
        try await engine.follower.adoptNewest()
        for _ in 0..<3 {
            try await engine.checkpointer.checkpoint(forgetting: nil)
            let view = try await engine.follower.follow()
            if view.number == view.manifest.manifest.covers { return view }
        }
        throw StorageError(
            .busy, "no checkpoint could be made", remedy: "try again in the same window", isRetryable: true)
    }

    /// The number of the last commit that every manifest covers: no view shows anything older.
    private func horizon() async throws -> Int {
        let known = try parts.tip.view().manifest.manifest.version
        let listed = try await access.listed(ObjectNames.checkpoints).objects
        let own = try await access.manifests(listed, of: parts.log.owner, above: known)
        let manifests = own.compactMap { object in
            ObjectNames.version(ofManifest: object.key).map {
                CollectionRules.ListedManifest(version: $0, object: object)
            }
        }
        let witnesses = try await CollectionRules.witnesses(manifests).map(\.version)
            .concurrently(LogReader.width) { [log = parts.log] in try await log.manifest($0) }
        return witnesses.compactMap { $0?.covers }.min() ?? 0
    }

    // MARK: Finding

    private func find(
        _ overlay: TableOverlay, _ view: View, _ horizon: Int, _ report: inout PurgeReport
    ) async throws -> Forgotten {
        var forgotten = Forgotten(table: overlay.table)
        var portion: [Candidate] = []
        var cursor = parts.indexes.passing().merged(
            view.manifest.runs(overlay.table, nil), keeping: .allButRemoved, readAhead: .full)
        while let entry = try await IndexReader.live({ try await cursor.next() }) {
            guard case .tombstone(let revision, let commit) = try entry.content(), commit <= horizon,
                // One whose file may not be written yet.
                overlay.records.get(entry.key) == nil,
                let key = overlay.key(entry.key)
            else { continue }
            if forgotten.keys.count + portion.count == Purge.limit {
                forgotten.hasMore = true
                break
            }
            portion.append(Candidate(entry: entry.key, key: key, revision: revision, commit: commit))
            if portion.count == ObjectLimits.batchKeys {
                try await examine(portion, &forgotten, &report)
                portion = []
            }
        }
        try await examine(portion, &forgotten, &report)
        return forgotten
    }

    /// A deleted record that the index knows.
    private struct Candidate: Sendable {
        let entry: [UInt8]
        let key: Key
        let revision: Int
        let commit: Int
    }

    /// What the file of one is.
    private enum Finding: Sendable {
        case absent
        case old(ObjectSummary)
        /// It is too young, or not what the index says.
        case stays(isStrange: Bool)
    }

    private func examine(
        _ candidates: [Candidate], _ forgotten: inout Forgotten, _ report: inout PurgeReport
    ) async throws {
        try Deadline.check()
        let table = forgotten.table
        let findings = try await candidates.concurrently(LogReader.width) { try await look($0, table) }
        for (candidate, finding) in zip(candidates, findings) {
            switch finding {
            case .stays(let isStrange):
                report.kept += 1
                if isStrange { report.strange.append(ObjectNames.file(table, candidate.key)) }
                continue
            case .absent: break
            case .old(let file): forgotten.files.append(file)
            }
            forgotten.keys.append(candidate.entry)
            forgotten.revision = max(forgotten.revision, candidate.revision)
        }
    }

    private func look(_ candidate: Candidate, _ table: Table) async throws -> Finding {
        let name = ObjectNames.file(table, candidate.key)
        guard case .found(let object) = try await access.read(name) else { return .absent }
        guard
            let image = try? await parts.records.shapes.decode(object.bytes, of: table, name: name).image,
            !image.isLive, image.commit == candidate.commit
        else { return .stays(isStrange: true) }
        guard StoreDate(image.metadata.updatedAt) < before, let modified = object.lastModified, modified < before
        else { return .stays(isStrange: false) }
        return .old(ObjectSummary(key: name, size: object.bytes.count, etag: object.etag, lastModified: modified))
    }

    // MARK: Forgetting

    private func raiseFloors(_ forgotten: [Forgotten], _ view: View) async throws {
        try engine.windows.check()
        let floors = forgotten.map { RevisionFloor(table: $0.table.name, revision: $0.revision) }
        guard
            try await engine.checkpointer.amend(
                view.manifest.manifest.version, introduced: nil,
                { manifest in
                    for floor in floors {
                        for place in manifest.tables.indices where manifest.tables[place].name == floor.table {
                            manifest.tables[place].revisionFloor = max(
                                manifest.tables[place].revisionFloor, floor.revision)
                        }
                    }
                })
        else { throw Purge.interrupted() }
    }

    private func removeFiles(_ forgotten: inout Forgotten, _ report: inout PurgeReport) async throws {
        let windows = engine.windows
        let remover = Remover(
            parts: parts, check: { try windows.check() }, willSend: { windows.noteRemoval(effectiveUntil: $0) })
        let outcome = try await remover.remove(forgotten.files)
        report.failures += outcome.failed.count
        report.bytes += outcome.bytes
        let layout = KeyLayout(keyOf: forgotten.table)
        let failed = Set(
            try outcome.failed.compactMap { object in
                try ObjectNames.keyText(ofFile: object.key, of: forgotten.table.name).map {
                    layout.encode(try KeyText.decode($0, of: forgotten.table))
                }
            })
        forgotten.keys.removeAll { failed.contains($0) }
        report.purged += forgotten.keys.count
    }

    /// Writes the primary indexes anew, without what is gone.
    private func rewriteIndexes(_ forgotten: [Forgotten]) async throws {
        try engine.windows.check()
        let written = try await engine.follower.permission()?.date
        let manifest = try engine.tip.view().manifest
        var runs: [String: [IndexRun]] = [:]
        for table in forgotten where !table.keys.isEmpty {
            runs[table.table.name] = try await rewrite(
                table.table, manifest.runs(table.table, nil), without: table.keys)
        }
        let rewritten = runs
        guard
            try await engine.checkpointer.amend(
                manifest.manifest.version, introduced: written,
                { manifest in
                    for place in manifest.tables.indices {
                        guard let runs = rewritten[manifest.tables[place].name],
                            let primary = manifest.tables[place].indexes.firstIndex(where: { $0.name.isEmpty })
                        else { continue }
                        manifest.tables[place].indexes[primary].runs = runs
                    }
                })
        else { throw Purge.interrupted() }
    }

    /// - Parameter keys: Ascending, as the entries are.
    private func rewrite(_ table: Table, _ runs: [IndexRun], without keys: [[UInt8]]) async throws -> [IndexRun] {
        var cursor = parts.indexes.passing().merged(runs, keeping: .allButRemoved, readAhead: .full)
        var rewritten: [IndexRun] = []
        var rest = keys[...]
        let files = IndexFiles(parts)
        while true {
            var writer = IndexFileWriter(store: parts.tip.storeID)
            writer.begin(filter: IndexFilterKeys(nil, of: table))
            let limit = writer.byteCount + IndexCompaction.splitBytes
            while writer.byteCount < limit, let entry = try await IndexReader.live({ try await cursor.next() }) {
                while let next = rest.first, KeyBytes.isLess(next, entry.key) { rest.removeFirst() }
                if let next = rest.first, next == entry.key, case .tombstone = try entry.content() { continue }
                writer.append(entry)
            }
            let file = files.newID()
            guard let run = writer.endSection(file: file) else { return rewritten }
            try Deadline.check()
            try await files.save(file, writer.finish())
            rewritten.append(run)
        }
    }

    private static func interrupted() -> StorageError {
        StorageError(
            .busy, "somebody else made a checkpoint in the maintenance window",
            remedy: "find out who; what was done is safe, and purging again goes on with it", isRetryable: true)
    }
}

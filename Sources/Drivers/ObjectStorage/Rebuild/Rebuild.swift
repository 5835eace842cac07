import CairnCore
import CairnSchema
import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// Makes a store again from its record files, and from what of the log is left.
///
/// Record files are the records; log, manifests and index files can all be made of them. What only the log has, because the files
/// were not written yet, is written first. The store gets another id, so that programs which have the old one open find out, and
/// numbers far above all there were, so that nothing of theirs is ever taken for its own.
///
/// Steps: look; put the new id into `_store.json`, beside the ones before, by which a stray is known; where another program may have the
/// store open, wait until nobody can write by the old one, then look again; write what is missing, and last the manifest. Whatever is cut
/// short can be begun again; until the end the store cannot be opened. What fails before anything else was written takes the new id back.
struct Rebuild: Sendable {
    let access: StoreAccess
    let options: RebuildOptions
    let surroundings: Surroundings
    let progress: (@Sendable (RebuildProgress) -> Void)?
    /// The id of the store that is to be.
    let store: String

    /// How far above the highest number that was seen the next ones are.
    static let distance = 1_000_000
    /// Seconds after which it is looked again whether the waiting is over.
    private static let step: Double = 30

    init(
        _ access: StoreAccess, _ options: RebuildOptions, _ surroundings: Surroundings,
        _ progress: (@Sendable (RebuildProgress) -> Void)?
    ) {
        self.access = access
        self.options = options
        self.surroundings = surroundings
        self.progress = progress
        store = Rebuild.random(surroundings)
    }

    private static func random(_ surroundings: Surroundings) -> String {
        (0..<2).map { _ in Hex.encode(withUnsafeBytes(of: surroundings.random().bigEndian, Array.init)) }.joined()
    }

    // MARK: Steps

    func run() async throws -> RebuildReport {
        let isHealthy = options.isForced ? false : try await StoreRemains.isHealthy(access, surroundings)
        guard !isHealthy else {
            throw StorageError(
                .unsupported, "nothing is missing in the store at \(access.capabilities.location)",
                remedy: "use it as it is; to make its indexes again all the same, force it ('cairn rebuild --force')")
        }
        let remains = try await StoreRemains.find(access, schema: options.schema)
        guard options.waits, remains.mayBeOpen else {
            let (log, findings) = try await survey(remains, writes: true)
            guard isAcceptable(findings) else { return report(findings) }
            _ = try await fence(remains)
            return try await rebuild(remains, log, findings)
        }
        let look = try await survey(remains, writes: false)
        if !isAcceptable(look.findings) { return report(look.findings) }
        let fenced = try await fence(remains)
        let (settled, log, findings): (StoreRemains, LogRemains, RecordSurvey.Findings)
        do {
            try await waitForQuiet()
            settled = try await StoreRemains.find(access, schema: options.schema, of: remains.ids)
            (log, findings) = try await survey(settled, writes: true)
        } catch {
            await takeBack(remains.store, fenced)
            throw error
        }
        guard isAcceptable(findings) else {
            if let old = remains.store { try await replaceStore(old.bytes, fenced) }
            return report(findings)
        }
        return try await rebuild(settled, log, findings)
    }

    /// Looks what a rebuild would find.
    func rehearse() async throws -> ObjectStorage.RebuildRehearsal {
        let isHealthy = try await StoreRemains.isHealthy(access, surroundings)
        let remains = try await StoreRemains.find(access, schema: options.schema)
        let look = try await survey(remains, writes: false)
        return ObjectStorage.RebuildRehearsal(report: report(look.findings), needsForce: isHealthy)
    }

    private func rebuild(
        _ remains: StoreRemains, _ log: LogRemains, _ findings: RecordSurvey.Findings
    ) async throws -> RebuildReport {
        var report = report(findings)
        let commit = max(remains.highest, findings.highest) + Rebuild.distance
        try await write(findings, log, remains, commit)
        report.isDone = true
        report.commit = commit
        report.notes = try await notes(remains.schema)
        report.notes += (remains.strays + log.strays).map { "'\($0)' is of another store, and was left out" }
        return report
    }

    private func survey(
        _ remains: StoreRemains, writes: Bool
    ) async throws -> (log: LogRemains, findings: RecordSurvey.Findings) {
        var log = LogRemains(remains, access, now: surroundings.now())
        try await log.read(progress)
        let newID: @Sendable () -> String = { [surroundings] in Rebuild.newID(surroundings) }
        let survey = RecordSurvey(
            access: access, remains: remains, log: log, store: store, newID: writes ? newID : nil,
            progress: progress)
        return (log, try await survey.run())
    }

    private func isAcceptable(_ findings: RecordSurvey.Findings) -> Bool {
        findings.problems.allSatisfy { options.accepted.contains($0.kind) }
    }

    private func report(_ findings: RecordSurvey.Findings) -> RebuildReport {
        var report = RebuildReport()
        report.tables = findings.tables.map(\.report)
        report.problems = findings.problems
        return report
    }

    /// Folders of records that the schema does not have.
    private func notes(_ schema: Schema) async throws -> [String] {
        let known = Set(schema.tables.map { "\(ObjectNames.tables)\($0.name)/" })
        return try await access.listed(ObjectNames.tables, delimiter: "/").prefixes.filter { !known.contains($0) }
            .map { "'\($0)' is of no table of the schema, and was left as it is" }
    }

    // MARK: Waiting

    /// Tells programs that have the store open, or would open it, that it is another one now.
    private func fence(_ remains: StoreRemains) async throws -> ETag {
        var earlier = remains.ids.all
        // Where `_store.json` was lost, all that is there counts, and so it must if this is cut short: the id of one manifest is not noted.
        if !earlier.isEmpty, let id = remains.manifest?.store, !remains.ids.has(id) { earlier.append(id) }
        let file = StoreFile(
            id: store, location: access.capabilities.location, created: surroundings.now(), rebuilds: earlier)
        return try await put(
            ObjectNames.store, StoreFileJSON.encode(file), remains.store.map { .ifMatch($0.etag) } ?? .create)
    }

    /// Gives the store its old id again, also when the task is cancelled. That it could not be done is not told: the error that led here
    /// says more.
    private func takeBack(_ old: StoreAccess.StoredObject?, _ fenced: ETag) async {
        guard let old else { return }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            surroundings.spawn {
                _ = try? await replaceStore(old.bytes, fenced)
                done.resume()
            }
        }
    }

    /// Waits until no request that was made for the old store can take effect.
    private func waitForQuiet() async throws {
        let start = surroundings.uptime()
        var first: Date?
        while true {
            try Deadline.check()
            let object = try await checkStore()
            first = first ?? object.serverDate
            let elapsed =
                if let first, let date = object.serverDate {
                    date.timeIntervalSince(first)
                } else {
                    (surroundings.uptime() - start).inSeconds
                }
            progress?(
                RebuildProgress(
                    phase: .waiting, table: nil, done: Int(elapsed), total: Int(MaintenanceWindows.quiet)))
            let rest = MaintenanceWindows.quiet - elapsed
            if rest <= 0 { return }
            try await surroundings.sleep(.seconds(min(rest, Rebuild.step)))
        }
    }

    // MARK: Writing

    private func write(
        _ findings: RecordSurvey.Findings, _ log: LogRemains, _ remains: StoreRemains, _ commit: Int
    ) async throws {
        let schema = remains.schema
        try await writeFiles(findings)
        let attributes = access.attributes()
        _ = try await access.create(
            ObjectNames.schema(schema.id), SchemaFile.encode(schema), notAfter: nil, surroundings)
        _ = try await put(ObjectNames.schema, SchemaFile.encode(schema), .overwrite, attributes)
        for table in schema.tables {
            let metadata = TableMetadataJSON.encode(table, created: surroundings.now())
            _ = try await put(ObjectNames.metadata(of: table.name), metadata, .overwrite, attributes)
        }
        if let decision = remains.decision {
            try await SchemaSettlement(access: access, surroundings: surroundings, notAfter: nil)
                .publishFile(decision, of: Ownership(access: access, store: store))
        }
        let receiptRuns = try await writeReceipts(log.receipts)
        let manifest = Manifest(
            store: store, version: remains.version + 1, covers: commit, head: CommitRecord.noHash, collected: commit,
            schema: schema.id, time: max(log.time, findings.time, surroundings.now()),
            tables: findings.tables.map { found in
                Manifest.TableState(
                    name: found.table.name,
                    since: remains.manifest?.tables.first { Utf8.equal($0.name, found.table.name) }?.since ?? 0,
                    count: found.report.records, indexes: found.indexes,
                    revisionFloor: log.floors[found.table.position])
            }, receiptRuns: receiptRuns, eras: remains.eras)
        let name = ObjectNames.manifest(manifest.version)
        try await checkStore()
        guard case .created = try await access.create(name, ManifestJSON.encode(manifest), notAfter: nil, surroundings)
        else { throw Rebuild.disturbed(name) }
    }

    /// Looks whether the store is still the one that is being rebuilt.
    @discardableResult
    private func checkStore() async throws -> StoreAccess.StoredObject {
        guard case .found(let object) = try await access.read(ObjectNames.store),
            let file = try? StoreFileJSON.decode(object.bytes), Utf8.equal(file.id, store)
        else { throw Rebuild.disturbed(ObjectNames.store) }
        return object
    }

    /// Writes receipts that still count into an index file of their own.
    private func writeReceipts(_ receipts: [Manifest.KeptReceipt]) async throws -> [ReceiptRun] {
        let times = receipts.map(\.time)
        guard let oldest = times.min(), let newest = times.max() else { return [] }
        let file = Rebuild.newID(surroundings)
        var writer = IndexFileWriter(store: store)
        writer.begin(filter: .whole)
        for entry in receipts.map(ReceiptEntry.encode).sorted(by: { IndexOrder.isLess($0.key, $1.key) }) {
            writer.append(entry)
        }
        let run = writer.endSection(file: file)
        try await writeIndex(file, writer.finish())
        return run.map { [ReceiptRun(run: $0, oldest: oldest, newest: newest)] } ?? []
    }

    private static func newID(_ surroundings: Surroundings) -> String {
        "\(surroundings.now().microseconds / 1000)-\(random(surroundings))"
    }

    private func writeIndex(_ file: String, _ bytes: [UInt8]) async throws {
        let name = ObjectNames.index(file)
        guard
            case .created = try await access.create(
                name, bytes, notAfter: nil, contentType: "application/octet-stream", surroundings)
        else { throw Rebuild.disturbed(name) }
    }

    private func writeFiles(_ findings: RecordSurvey.Findings) async throws {
        let attributes = RecordAttributes(options.recordAttributes, options.recordTags, access, nil)
        let late = findings.tables.flatMap(\.late)
        let indexes = findings.tables.flatMap(\.files)
        let total = late.count + indexes.count
        for start in stride(from: 0, to: late.count, by: ObjectLimits.batchKeys) {
            try Deadline.check()
            let files = Array(late[start..<min(start + ObjectLimits.batchKeys, late.count)])
            _ = try await files.concurrently(LogReader.width) { [attributes] file in
                try await put(
                    file.name, file.bytes, file.etag.map(PutMode.ifMatch) ?? .create,
                    attributes.attributes(of: file.image, file.table))
            }
            progress?(RebuildProgress(phase: .writing, table: nil, done: start + files.count, total: total))
        }
        for (count, file) in indexes.enumerated() {
            try await writeIndex(file.id, file.bytes)
            progress?(RebuildProgress(phase: .writing, table: nil, done: late.count + count + 1, total: total))
        }
    }

    private func replaceStore(_ bytes: [UInt8], _ etag: ETag) async throws {
        _ = try await put(ObjectNames.store, bytes, .ifMatch(etag))
    }

    /// Writes an object.
    /// - Throws: `storage.conflict` when somebody else did.
    private func put(
        _ name: String, _ bytes: [UInt8], _ mode: PutMode, _ attributes: ObjectAttributes? = nil
    ) async throws -> ETag {
        var pause = Duration.milliseconds(50)
        for attempt in 1... {
            do {
                switch try await access.write(name, bytes, mode, notAfter: nil, attributes ?? access.attributes()) {
                case .written(let etag, _): return etag
                case .refused, .expired: break
                }
            } catch let error as ObjectStoreError {
                guard attempt < Rebuild.attempts, error.isRetryable || error.mayHaveTakenEffect else {
                    throw StoreAccess.translated(error)
                }
                try await surroundings.sleep(pause)
                pause = min(pause * 2, .seconds(5))
                continue
            }
            // An attempt whose answer was lost may have been ours.
            guard case .found(let object) = try await access.read(name), object.bytes == bytes else { break }
            return object.etag
        }
        throw Rebuild.disturbed(name)
    }

    private static let attempts = 8

    static func disturbed(_ name: String) -> StorageError {
        StorageError(
            .conflict, "the object '\(name)' was changed while the store was rebuilt",
            remedy: "see that nothing else works on the store, and begin again")
    }
}

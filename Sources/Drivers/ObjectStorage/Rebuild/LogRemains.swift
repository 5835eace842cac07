import CairnCore
import CairnSchema

/// What the log, and what the manifest carries of it, still tell of records: which commit changed each last.
///
/// Images are not kept: there may be a week of them. Those that are needed, because their files are behind, are read again.
struct LogRemains: Sendable {
    /// The commit that changed a record last.
    private(set) var latest: [Workspace.RecordID: Int] = [:]
    /// Images that the manifest carries.
    private(set) var pending: [Workspace.RecordID: RecordImage] = [:]
    /// Receipts that are young enough to be kept, by the bytes of their keys.
    private var kept: [[UInt8]: Manifest.KeptReceipt] = [:]
    /// For each table, the revision below which no record may begin.
    private(set) var floors: [Int]
    /// The newest time that anything has.
    private(set) var time: Timestamp
    private(set) var problems: [RebuildProblem] = []
    /// The names of records of other stores among those of this one, where it had collected its own.
    private(set) var strays: [String] = []

    private let overlays: [TableOverlay]
    private let log: LogReader
    private let remains: StoreRemains
    private let now: Timestamp

    init(_ remains: StoreRemains, _ access: StoreAccess, now: Timestamp) {
        self.remains = remains
        overlays = remains.schema.tables.map { TableOverlay($0, count: 0) }
        floors = remains.schema.tables.map { _ in 0 }
        log = LogReader(access, remains.schema, of: nil)
        time = now
        self.now = now
    }

    // MARK: Reading

    mutating func read(_ progress: (@Sendable (RebuildProgress) -> Void)?) async throws {
        if let manifest = remains.manifest, manifest.schema == remains.schema.id {
            take(manifest)
            for receipts in manifest.receiptRuns { await take(receipts) }
        }
        var line = Line()
        // A migration was made when the files of all commits before it were written.
        let migrated = remains.eras.last?.end ?? 0
        let all = remains.numbers.filter { $0 > migrated }
        for start in stride(from: 0, to: all.count, by: LogReader.width) {
            try Deadline.check()
            let numbers = Array(all[start..<min(start + LogReader.width, all.count)])
            let found = try await numbers.concurrently(LogReader.width) { [log, remains] number in
                try await LogRemains.reading(number, log, remains)
            }
            for (number, found) in zip(numbers, found) {
                if let found, !isStray(found, line) {
                    take(number, found, &line)
                } else {
                    strays.append(ObjectNames.record(number))
                }
            }
            progress?(
                RebuildProgress(
                    phase: .log, table: nil, done: start + numbers.count, total: all.count))
        }
    }

    /// Whether a record is of another store. What continues the log is of it, whatever it names.
    private func isStray(_ found: Result<LogReader.Found, StorageError>, _ line: Line) -> Bool {
        guard remains.isKnown, case .success(let found) = found, !remains.ids.has(found.record.store)
        else { return false }
        let head = line.number == nil ? remains.manifest?.head ?? [] : line.hash
        return head.isEmpty || head == CommitRecord.noHash || head != found.record.previous
    }

    /// What stands at a number; an error for what cannot be read, nil for what of that is of another store.
    private static func reading(
        _ number: Int, _ log: LogReader, _ remains: StoreRemains
    ) async throws -> Result<LogReader.Found, StorageError>? {
        do {
            switch try await log.read(number) {
            case .found(let found): return .success(found)
            case .absent: return .failure(StoredObject.damaged(ObjectNames.record(number), "it has just been removed"))
            }
        } catch let error as StorageError where error.mayBeOfAStray {
            let isStray = try await remains.ids.stray(ObjectNames.record(number), log.access) != nil
            if isStray, remains.isKnown { return nil }
            // One of the store that a newer Cairn wrote forbids that this program rebuilds it.
            if !isStray, error.code == .upgradeRequired { throw error }
            return .failure(error)
        }
    }

    private mutating func take(_ manifest: Manifest) {
        time = max(time, manifest.time)
        for record in manifest.pending {
            let overlay = overlays[record.table.position]
            // The table of the manifest is that of another reading of the same schema.
            pending[.init(table: overlay.table.position, key: overlay.keyLayout.encode(record.key))] = record.image
        }
        for (place, overlay) in overlays.enumerated() {
            let state = manifest.tables.first { Utf8.equal($0.name, overlay.table.name) }
            floors[place] = state?.revisionFloor ?? 0
        }
        for receipt in manifest.receipts { keep(receipt) }
    }

    /// Receipts of an index file, as far as it can be read: what counts of them, the log of a week has too, unless it was lost.
    private mutating func take(_ receipts: ReceiptRun) async {
        if Limits.isPast(receipts.newest, Limits.receiptLifetime, at: now) { return }
        var cursor = IndexReader(ObjectIndexFiles(log.access.objects)).merged([receipts.run], readAhead: .full)
        while let entry = try? await cursor.next() {
            if let receipt = ReceiptEntry.decode(entry) { keep(receipt) }
        }
    }

    /// How far the records followed one another.
    private struct Line {
        var number: Int?
        var store: String?
        var hash: [UInt8] = []
    }

    private mutating func take(_ number: Int, _ found: Result<LogReader.Found, StorageError>, _ line: inout Line) {
        switch found {
        case .failure(let error):
            note(number, error.message)
            line.number = number
            line.hash = []
        case .success(let found):
            check(found.record, line)
            line = Line(number: number, store: found.record.store, hash: SHA256.digest(found.bytes))
            take(found.record)
        }
    }

    /// Whether a record follows the one before. A store that was rebuilt goes on far above, under another id.
    private mutating func check(_ record: CommitRecord, _ line: Line) {
        guard let last = line.number ?? covered(by: record),
            line.store.map({ Utf8.equal($0, record.store) }) ?? true
        else { return }
        if last + 1 < record.number {
            note(last + 1, "commit records \(last + 1) to \(record.number - 1) are missing")
        } else if !line.hash.isEmpty, line.hash != record.previous {
            note(
                record.number,
                "commit record \(record.number) does not follow record \(last): one is not what was written")
        }
    }

    /// The number behind which the first record of the log must stand; nil when it may stand anywhere.
    private func covered(by first: CommitRecord) -> Int? {
        guard let manifest = remains.manifest, Utf8.equal(manifest.store, first.store), manifest.covers < first.number
        else { return nil }
        return manifest.covers
    }

    private mutating func note(_ number: Int, _ message: String) {
        problems.append(
            RebuildProblem(
                kind: .unreadableLog, object: ObjectNames.record(number), table: nil, id: nil, message: message))
    }

    private mutating func take(_ record: CommitRecord) {
        time = max(time, record.time)
        for transaction in record.transactions {
            for operation in transaction.operations { latest[id(operation)] = record.number }
            if let receipt = Manifest.KeptReceipt(transaction, of: record) { keep(receipt) }
        }
        for floor in record.floors {
            guard let place = overlays.firstIndex(where: { Utf8.equal($0.table.name, floor.table) }) else { continue }
            floors[place] = max(floors[place], floor.revision)
        }
    }

    private mutating func keep(_ receipt: Manifest.KeptReceipt) {
        if receipt.isPast(at: now) { return }
        kept[Array(receipt.key.utf8)] = receipt
    }

    var receipts: [Manifest.KeptReceipt] { kept.values.sorted { $0.number < $1.number } }

    private func id(_ operation: LoggedOperation) -> Workspace.RecordID {
        let overlay = overlays[operation.table.position]
        return Workspace.RecordID(table: overlay.table.position, key: overlay.keyLayout.encode(operation.key))
    }

    // MARK: Asking

    /// The newest commit of a record that the log or the manifest has; 0 when they do not have it.
    func newest(_ id: Workspace.RecordID) -> Int { max(latest[id] ?? 0, pending[id]?.commit ?? 0) }

    /// All records of a table that the log or the manifest has.
    func records(of table: Table) -> Set<Workspace.RecordID> {
        Set(latest.keys.filter { $0.table == table.position }).union(pending.keys.filter { $0.table == table.position })
    }

    /// The newest images of records. A GET for each commit that has one.
    func images(_ ids: [Workspace.RecordID]) async throws -> [Workspace.RecordID: RecordImage] {
        var images: [Workspace.RecordID: RecordImage] = [:]
        var wanted: [Int: [Workspace.RecordID]] = [:]
        for id in ids {
            if let carried = pending[id], carried.commit >= latest[id] ?? 0 {
                images[id] = carried
            } else if let number = latest[id] {
                wanted[number, default: []].append(id)
            }
        }
        for number in wanted.keys.sorted() {
            guard case .found(let found) = try await log.read(number) else {
                throw StorageError(
                    .conflict, "commit record \(number) was removed while the store was rebuilt",
                    remedy: "see that nothing else works on the store, and begin again")
            }
            let needed = Set(wanted[number] ?? [])
            for operation in found.record.transactions.flatMap(\.operations) where needed.contains(id(operation)) {
                images[id(operation)] = operation.after
            }
        }
        return images
    }
}

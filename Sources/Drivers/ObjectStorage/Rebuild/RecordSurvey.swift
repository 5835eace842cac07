import CairnCore
import CairnSchema
import ObjectStores

/// Reads all record files of a store, with what the log has beyond them, and checks that they make a store.
struct RecordSurvey: Sendable {
    let access: StoreAccess
    let remains: StoreRemains
    let log: LogRemains
    /// The id of the store that is to be.
    let store: String
    /// Makes the ids of index files; nil to only look.
    let newID: (@Sendable () -> String)?
    let progress: (@Sendable (RebuildProgress) -> Void)?
    private let shapes: RecordShapes

    init(
        access: StoreAccess, remains: StoreRemains, log: LogRemains, store: String, newID: (@Sendable () -> String)?,
        progress: (@Sendable (RebuildProgress) -> Void)?
    ) {
        self.access = access
        self.remains = remains
        self.log = log
        self.store = store
        self.newID = newID
        self.progress = progress
        shapes = RecordShapes(access, remains.schema, remains.eras)
    }

    /// What the store will be made of.
    struct Findings: Sendable {
        var tables: [TableFindings] = []
        var problems: [RebuildProblem] = []
        /// The highest number any file has.
        var highest = 0
        var time = Timestamp.epoch
    }

    /// One table.
    struct TableFindings: Sendable {
        let table: Table
        var report: RebuildReport.Table
        var indexes: [Manifest.IndexState] = []
        /// Index files to write.
        var files: [(id: String, bytes: [UInt8])] = []
        /// Record files to write.
        var late: [Late] = []
    }

    /// A record file that is behind the log.
    struct Late: Sendable {
        let name: String
        let bytes: [UInt8]
        /// The mark of the file; nil when there is none.
        let etag: ETag?
        let table: Table
        let image: RecordImage
    }

    /// A file that was read.
    private struct File: Sendable {
        let name: String
        let etag: ETag
        let digest: [UInt8]
        let content: Result<RecordShapes.Reading, any Error>
    }

    // MARK: All tables

    func run() async throws -> Findings {
        var findings = Findings()
        findings.problems = log.problems
        var checks = ReferenceChecks(remains.schema)
        for table in remains.schema.referredFirst {
            var found = TableFindings(table: table, report: RebuildReport.Table(table.name))
            var indexes = try await indexes(table, &found, &findings)
            indexes.sort()
            findings.problems += try await missing(from: indexes, findings.problems)
            indexes.eachDuplicate { index, key, other in
                findings.problems.append(
                    RebuildProblem(
                        kind: .duplicateValue, object: ObjectNames.file(table, key), table: table.name,
                        id: KeyText.encode(key),
                        message:
                            "it has the same values as record \(KeyText.encode(other)), and index '\(index.name)' is unique"
                    ))
            }
            checks.take(indexes)
            found.report.records = indexes.records
            found.report.deleted = indexes.deleted
            if let newID { (found.indexes, found.files) = indexes.files(store: store, name: newID) }
            findings.tables.append(found)
        }
        findings.problems += checks.problems()
        findings.tables.sort { $0.table.position < $1.table.position }
        return findings
    }

    // MARK: One table

    private func indexes(
        _ table: Table, _ found: inout TableFindings, _ findings: inout Findings
    ) async throws -> TableIndexes {
        var indexes = TableIndexes(table)
        var awaited = log.records(of: table)
        var late: [Workspace.RecordID: ETag?] = [:]
        var reading = findings
        var count = 0
        try await access.eachPage(ObjectNames.records(of: table.name)) { page in
            try Deadline.check()
            let names = page.entries.map(\.name)
            let files = try await names.concurrently(LogReader.width) { name in try await read(name, table) }
            for file in files.compactMap({ $0 }) {
                take(file, &indexes, &awaited, &late, &reading)
            }
            count += names.count
            progress?(RebuildProgress(phase: .files, table: table.name, done: count, total: nil))
            return !page.isLast
        }
        findings = reading
        for id in awaited { late.updateValue(nil, forKey: id) }
        try await add(late, &indexes, &found, &findings)
        return indexes
    }

    private func read(_ name: String, _ table: Table) async throws -> File? {
        guard case .found(let object) = try await access.read(name) else { return nil }
        let content: Result<RecordShapes.Reading, any Error>
        do {
            content = .success(try await shapes.decode(object.bytes, of: table, name: name))
        } catch let error as StorageError where !error.isRetryable {
            content = .failure(error)
        }
        return File(name: name, etag: object.etag, digest: ComputedETag.md5(object.bytes) ?? [], content: content)
    }

    private func take(
        _ file: File, _ indexes: inout TableIndexes, _ awaited: inout Set<Workspace.RecordID>,
        _ late: inout [Workspace.RecordID: ETag?], _ findings: inout Findings
    ) {
        let table = indexes.table
        let layout = indexes.overlay.keyLayout
        func id(_ key: Key) -> Workspace.RecordID { .init(table: table.position, key: layout.encode(key)) }
        func refuse(_ message: String) {
            let text = ObjectNames.keyText(ofFile: file.name, of: table.name)
            if let key = text.flatMap({ try? KeyText.decode($0, of: table) }), log.newest(id(key)) > 0 {
                // The log has the record as it was written last.
                awaited.remove(id(key))
                late.updateValue(file.etag, forKey: id(key))
                return
            }
            findings.problems.append(problem(file, table, message))
        }
        switch file.content {
        case .success(let reading) where reading.image.commit < StoreRemains.limit:
            let (image, id) = (reading.image, id(reading.key))
            awaited.remove(id)
            if log.newest(id) > image.commit {
                late.updateValue(file.etag, forKey: id)
                return
            }
            findings.highest = max(findings.highest, image.commit)
            findings.time = max(findings.time, image.metadata.updatedAt)
            // Of a table of that name that is no more.
            if reading.isForgotten || image.commit < since(table) { return }
            indexes.add(id.key, image, digest: file.digest)
        case .success(let reading):
            refuse("it says that it is of commit \(reading.image.commit), which no store reaches")
        case .failure(let error): refuse((error as? StorageError)?.message ?? "\(error)")
        }
    }

    private func since(_ table: Table) -> Int {
        remains.manifest?.tables.first { Utf8.equal($0.name, table.name) }?.since ?? 0
    }

    private func problem(_ file: File, _ table: Table, _ message: String) -> RebuildProblem {
        RebuildProblem(
            kind: .unreadableFile, object: file.name, table: table.name,
            id: ObjectNames.keyText(ofFile: file.name, of: table.name), message: message)
    }

    // MARK: What the log has beyond the files

    private func add(
        _ late: [Workspace.RecordID: ETag?], _ indexes: inout TableIndexes, _ found: inout TableFindings,
        _ findings: inout Findings
    ) async throws {
        let table = indexes.table
        let images = try await log.images(Array(late.keys))
        for (id, etag) in late.sorted(by: { $0.key.key.lexicographicallyPrecedes($1.key.key) }) {
            guard let image = images[id], let key = indexes.overlay.key(id.key), image.commit >= since(table) else {
                continue
            }
            let bytes = RecordFile.encode(image, of: table, key: key, schema: remains.schema.id)
            indexes.add(id.key, image, digest: ComputedETag.md5(bytes) ?? [])
            found.late.append(
                Late(name: ObjectNames.file(table, key), bytes: bytes, etag: etag, table: table, image: image))
            found.report.fromLog += 1
            findings.highest = max(findings.highest, image.commit)
            findings.time = max(findings.time, image.metadata.updatedAt)
        }
    }
}

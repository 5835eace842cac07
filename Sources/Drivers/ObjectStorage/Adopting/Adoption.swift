import CairnCore
package import CairnSchema
package import ObjectStores

/// Makes a store of records that another program wrote, where they are.
///
/// First everything is read and checked: that each record has the columns of the schema, keeps its rules, and that together they keep
/// the unique indexes and references. Then the store is made around them: each record is committed to the log, and only
/// then its file is written anew, on the condition that it has not changed. An adoption that was cut short goes on where it
/// was. The other program must not write meanwhile, nor afterwards; it can go on reading.
package struct Adoption: Sendable {
    let access: StoreAccess
    let schema: Schema
    private let options: ObjectStorageOptions
    private let surroundings: Surroundings
    private let progress: (@Sendable (AdoptionProgress) -> Void)?
    private let columns: [RecordJSON]

    /// Where what is replaced for good is kept.
    static let trash = "_trash/adopt/"
    /// Records of one commit.
    private static let batch = 250

    package init(
        _ objects: any ObjectStore, _ schema: Schema, _ options: ObjectStorageOptions = ObjectStorageOptions(),
        surroundings: Surroundings = .machine(), progress: (@Sendable (AdoptionProgress) -> Void)? = nil
    ) {
        access = StoreAccess(objects: objects)
        self.schema = schema
        self.options = options
        self.surroundings = surroundings
        self.progress = progress
        columns = schema.tables.map { RecordFile.columns(of: $0) }
    }

    /// A file that can be adopted.
    struct Candidate: Sendable {
        let name: String
        let etag: ETag
        let record: ForeignRecord
        let key: Key
    }

    /// What a file is.
    enum Reading: Sendable {
        case candidate(Candidate)
        /// Cairn wrote it.
        case own
        case problem(AdoptionReport.Problem)
        /// It is gone by now.
        case gone
    }

    // MARK: Looking

    /// Reads and checks everything. Changes nothing.
    package func check() async throws -> AdoptionReport {
        do {
            return try await look()
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    private func look() async throws -> AdoptionReport {
        var report = AdoptionReport()
        var references = ReferenceChecks(schema)
        let rules = BatchCheck(schema)
        for table in schema.referredFirst {
            var found = AdoptionReport.Table(name: table.name)
            var indexes = TableIndexes(table)
            var problems: [AdoptionReport.Problem] = []
            let layout = indexes.overlay.keyLayout
            try await eachReading(table, isWriting: false) { readings in
                for reading in readings {
                    switch reading {
                    case .own: found.already += 1
                    case .problem(let problem): problems.append(problem)
                    case .gone: break
                    case .candidate(let candidate):
                        if let problem = problem(candidate, table, rules) {
                            problems.append(problem)
                            continue
                        }
                        found.records += 1
                        let metadata = RecordMetadata(
                            revision: 1, createdAt: candidate.record.createdAt, updatedAt: candidate.record.updatedAt)
                        indexes.add(
                            layout.encode(candidate.key),
                            RecordImage(values: candidate.record.values, metadata: metadata, commit: 1), digest: [])
                    }
                }
            }
            indexes.sort()
            indexes.eachDuplicate { index, key, other in
                problems.append(
                    AdoptionReport.Problem(
                        object: ObjectNames.file(table, key), table: table.name,
                        message:
                            "it has the same values as record \(KeyText.encode(other)), and index '\(index.name)' is unique"
                    ))
            }
            references.take(indexes)
            report.tables.append(found)
            report.problems += problems
        }
        report.problems += references.problems().map {
            AdoptionReport.Problem(object: $0.object, table: $0.table ?? "", message: $0.message)
        }
        report.tables.sort {
            (schema.table(named: $0.name)?.position ?? 0) < (schema.table(named: $1.name)?.position ?? 0)
        }
        return report
    }

    /// What the rules of the schema say against a record.
    private func problem(_ candidate: Candidate, _ table: Table, _ rules: BatchCheck) -> AdoptionReport.Problem? {
        var operations: [WriteOperation] = [.insert(table, candidate.record.values)]
        do {
            _ = try rules.check(&operations)
            return nil
        } catch {
            return AdoptionReport.Problem(
                object: candidate.name, table: table.name, message: (error as? StorageError)?.message ?? "\(error)")
        }
    }

    /// Lends the files of a table, page by page.
    func eachReading(_ table: Table, isWriting: Bool, _ body: ([Reading]) async throws -> Void) async throws {
        var done = 0
        try await access.eachPage(ObjectNames.records(of: table.name)) { page in
            try Deadline.check()
            let readings = try await page.entries.map(\.name).concurrently(LogReader.width) { name in
                try await read(name, table)
            }
            try await body(readings)
            done += readings.count
            progress?(AdoptionProgress(isWriting: isWriting, table: table.name, done: done))
            return !page.isLast
        }
    }

    private func read(_ name: String, _ table: Table) async throws -> Reading {
        guard case .found(let object) = try await access.read(name) else { return .gone }
        if (try? RecordFile.decode(object.bytes, columns[table.position], name: name)) != nil { return .own }
        do {
            let record = try ForeignRecord(
                object.bytes, of: columns[table.position], name: name, now: surroundings.now())
            return .candidate(
                Candidate(name: name, etag: object.etag, record: record, key: table.key(of: record.values)))
        } catch let unusable as ForeignRecord.Unusable {
            return .problem(AdoptionReport.Problem(object: name, table: table.name, message: unusable.message))
        }
    }

    // MARK: Making the store

    /// Checks everything, makes the store, and takes every record into it.
    /// - Parameter leavesProblems: Whether records that cannot be adopted are left as they are; else they keep everything from being
    ///   done.
    /// - Throws: `storage.schema_mismatch` when there is a store with another schema; `storage.unavailable`, after which it can be done
    ///   again and goes on.
    package func run(leavingProblems leavesProblems: Bool) async throws -> AdoptionReport {
        var report = try await check()
        guard report.problems.isEmpty || leavesProblems else { return report }
        do {
            let storage = try await open()
            let engine = try storage.engine()
            var adopted = report
            adopted.problems = []
            adopted.tables = []
            for table in schema.referredFirst {
                adopted.tables.append(try await adopt(table, engine, &adopted))
            }
            try await storage.flush()
            try await engine.checkpointer.checkpoint(forgetting: nil)
            try await storage.close()
            report.tables = report.tables.map { checked in adopted.tables.first { $0.name == checked.name } ?? checked }
            report.problems = adopted.problems
            report.notes = adopted.notes
            report.isDone = true
            return report
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    private func open() async throws -> ObjectStorage {
        if case .absent(let date) = try await access.read(ObjectNames.store) {
            try await keepOriginals()
            try await StoreCreation(access: access, surroundings: surroundings).create(schema, at: date)
        }
        let storage = try await ObjectStorage.open(access.objects, options, surroundings: surroundings)
        try await storage.attach(schema)
        return storage
    }

    /// Copies the files that describe the tables to where nobody writes: Cairn's take their place.
    private func keepOriginals() async throws {
        for name in [ObjectNames.schema] + schema.tables.map({ ObjectNames.metadata(of: $0.name) }) {
            guard case .found(let object) = try await access.read(name) else { continue }
            let isOwn = name == ObjectNames.schema && object.bytes == SchemaFile.encode(schema)
            if !isOwn { try await keep(name, object.bytes) }
        }
    }

    private func keep(_ name: String, _ bytes: [UInt8]) async throws {
        // One that is there already is the original, of an adoption that was cut short.
        _ = try await access.create("\(Adoption.trash)\(name)", bytes, notAfter: nil, surroundings)
    }

    private func adopt(
        _ table: Table, _ engine: Engine, _ report: inout AdoptionReport
    ) async throws -> AdoptionReport.Table {
        var found = AdoptionReport.Table(name: table.name)
        var problems: [AdoptionReport.Problem] = []
        var notes: [String] = []
        try await eachReading(table, isWriting: true) { readings in
            var candidates: [Candidate] = []
            for reading in readings {
                switch reading {
                case .own: found.already += 1
                case .problem(let problem): problems.append(problem)
                case .gone: break
                case .candidate(let candidate): candidates.append(candidate)
                }
            }
            for start in stride(from: 0, to: candidates.count, by: Adoption.batch) {
                let batch = Array(candidates[start..<min(start + Adoption.batch, candidates.count)])
                let outcome = try await AdoptionBatch(adoption: self, engine: engine, table: table).run(batch)
                found.records += outcome.adopted
                problems += outcome.problems
                notes += outcome.notes
            }
        }
        report.problems += problems
        report.notes += notes
        return found
    }

    // MARK: Files

    /// Replaces a file that another program wrote by that of its record.
    /// - Returns: Why that could not be; nil when it is done.
    func replace(_ candidate: Candidate, _ image: RecordImage, _ table: Table) async throws -> String? {
        let name = ObjectNames.file(table, candidate.key)
        guard Utf8.equal(name, candidate.name) else { return try await remove(candidate, name) }
        let bytes = RecordFile.encode(image, columns[table.position], key: candidate.key, schema: schema.id)
        let attributes = RecordAttributes(options, access).attributes(of: image, table)
        switch try await access.write(name, bytes, .ifMatch(candidate.etag), notAfter: nil, attributes) {
        case .written: return nil
        case .refused, .expired: return "it was changed while it was adopted; the record has what it had before"
        }
    }

    /// Moves away a file whose name is not the one that Cairn gives its record.
    private func remove(_ candidate: Candidate, _ name: String) async throws -> String? {
        guard case .found(let object) = try await access.read(candidate.name) else { return nil }
        guard object.etag == candidate.etag else {
            return "it was changed while it was adopted; the record has what it had before"
        }
        try await keep(candidate.name, object.bytes)
        let isConditional = access.capabilities.canDeleteConditionally
        _ = try await access.objects.delete(
            candidate.name, DeleteOptions(ifMatch: isConditional ? candidate.etag : nil))
        return nil
    }
}

import CairnCore
import CairnSchema
import ObjectStores

/// The files themselves.
extension Examination {
    /// Compares the files of a page with what is expected, and takes that out.
    func compare(
        _ page: ListPage, _ overlay: TableOverlay, _ expected: inout [String: Expected],
        _ examination: inout StoreExamination
    ) async throws -> [Suspect] {
        let table = overlay.table
        var doubtful: [(name: String, expected: Expected?)] = []
        for case .object(let summary) in page.entries {
            examination.files += 1
            let text = ObjectNames.keyText(ofFile: summary.key, of: table.name)
            let wanted = text.flatMap { expected.removeValue(forKey: $0) }
            // Whatever the store says of its ETags, or nobody has asked it yet: this one is the MD5 of what should be there by no chance.
            if let wanted, !wanted.digest.isEmpty, Utf8.equal(summary.etag.rawValue, Hex.encode(wanted.digest)) {
                continue
            }
            doubtful.append((summary.key, wanted))
        }
        examination.filesRead += doubtful.count
        return try await doubtful.concurrently(LogReader.width) { doubt in
            try await look(doubt.name, doubt.expected, table)
        }.compactMap { $0 }
    }

    /// Reads a file and says what is wrong with it; nil when nothing is.
    private func look(_ name: String, _ expected: Expected?, _ table: Table) async throws -> Suspect? {
        guard case .found(let object) = try await access.read(name) else {
            return expected.flatMap { missing($0, table) }
        }
        let file = try await File(object, name, table, self)
        switch file.standing {
        case .later: return nil
        case .behindTheEnd(let commit) where Examination.isLost(file.image, expected):
            return lost(file.name, table, commit)
        case .known, .behindTheEnd: break
        }
        if expected == nil, file.isForgotten { return nil }
        return expected.map { compare(file, with: $0) } ?? added(file)
    }

    /// A file that was read.
    private struct File {
        let name: String
        let table: Table
        let bytes: [UInt8]
        let etag: ETag
        /// The image, or why it is none.
        let image: Result<RecordImage, any Error>
        /// Whether that is for an object beside it: nothing is known then of the file, but its bytes.
        let isHindered: Bool
        /// Where the commit is that it says it is of.
        let standing: Standing
        /// Whether it is of a table that is no more.
        let isForgotten: Bool

        init(_ object: StoreAccess.StoredObject, _ name: String, _ table: Table, _ examination: Examination)
            async throws
        {
            self.name = name
            self.table = table
            bytes = object.bytes
            etag = object.etag
            let decoded: Result<RecordShapes.Reading, any Error>
            var isHindered = false
            do {
                let shapes = examination.engine.records.shapes
                decoded = .success(try await shapes.read(object.bytes, of: table, name: name))
            } catch let error as StorageError where !error.isRetryable {
                decoded = .failure(error)
            } catch let passed as PassedOn {
                guard let error = passed.error as? StorageError, !error.isRetryable else { throw passed.error }
                decoded = .failure(error)
                isHindered = true
            }
            self.isHindered = isHindered
            image = decoded.map(\.image)
            if case .success(let reading) = decoded {
                isForgotten = reading.isForgotten
                standing = try await examination.standing(of: reading.image.commit, table, reading.key)
            } else {
                isForgotten = false
                standing = .known
            }
        }

        /// The key that its name says.
        var key: Key? {
            ObjectNames.keyText(ofFile: name, of: table.name).flatMap { try? KeyText.decode($0, of: table) }
        }
    }

    /// Where a commit is that a file says it is of.
    private enum Standing: Equatable {
        /// Not behind the view; or behind it, and it did not write the record: then somebody put the number into the file.
        case known
        /// Behind the view: somebody has committed and written it since.
        case later
        /// Behind the end of the log.
        case behindTheEnd(Int)
    }

    /// Where the commit is that the file of a record says it is of.
    private func standing(of commit: Int, _ table: Table, _ key: Key) async throws -> Standing {
        guard commit > view.number else { return .known }
        // The file was read before this looks, and is written when its commit is in the log: what is not there now was not there then.
        guard commit <= (try await engine.follower.follow()).number else {
            return commit < StoreRemains.limit ? .behindTheEnd(commit) : .known
        }
        return try await isChanged(in: commit, table, key) ? .later : .known
    }

    private func isChanged(in commit: Int, _ table: Table, _ key: Key) async throws -> Bool {
        var record = try engine.tip.whileOpen { $0.history[commit]?.record }
        if record == nil { record = try await read(commit) }
        guard let record else { return true }
        return record.transactions.contains { transaction in
            transaction.operations.contains { $0.table == table && $0.key == key }
        }
    }

    private func read(_ commit: Int) async throws -> CommitRecord? {
        guard case .found(let found) = try await engine.parts.log.read(commit) else { return nil }
        return found.record
    }

    // MARK: Files of records

    private func compare(_ file: File, with expected: Expected) -> Suspect? {
        func suspect(_ kind: StoreFinding.Kind, _ message: String, _ remedy: String, _ found: RecordImage?) -> Suspect {
            Suspect(
                finding: StoreFinding(
                    kind: kind, object: file.name, table: file.table.name, id: KeyText.encode(expected.key),
                    message: message, remedy: remedy),
                table: file.table, key: expected.key, found: found, etag: file.etag, expected: expected)
        }
        switch file.image {
        case .failure(let error):
            let reason = (error as? StorageError)?.message ?? "\(error)"
            if file.isHindered { return hindered(file, expected, reason, suspect) }
            // What Cairn wrote is taken for no edit, whatever it is that keeps it from being read.
            if isAsWritten(file, expected) ?? false {
                return suspect(.damagedObject, reason, Examination.restoring, nil)
            }
            // Another program wrote it, or somebody has lost a line: what it says of the record may be readable all the same.
            guard let found = Examination.foreign(file.bytes, file.table, expected.key) else {
                return suspect(.damagedFile, reason, Examination.undoing, nil)
            }
            return suspect(.editedByHand, reason, Examination.deciding, found)
        case .success(let image):
            if image.commit < expected.commit {
                let message = "it is of commit \(image.commit), and the record of commit \(expected.commit)"
                if expected.isAwaited { return suspect(.notWrittenYet, message, "nothing needs to be done", image) }
                return suspect(.outdatedFile, message, Examination.undoing, image)
            }
            if isAsWritten(file, image, expected) { return nil }
            let message =
                image.commit > expected.commit
                ? "it says that commit \(image.commit) wrote it, which did not"
                : "it is not what commit \(expected.commit) wrote"
            return suspect(.editedByHand, message, Examination.deciding, image)
        }
    }

    /// What is said of a file that cannot be read for an object beside it. What it has of the record is never taken for an edit: what
    /// the migration has made of the record would be lost.
    private func hindered(
        _ file: File, _ expected: Expected, _ reason: String,
        _ suspect: (StoreFinding.Kind, String, String, RecordImage?) -> Suspect
    ) -> Suspect {
        if isAsWritten(file, expected) ?? true { return suspect(.damagedObject, reason, Examination.restoring, nil) }
        if expected.isAwaited, let commit = RecordFile.origin(of: file.bytes).commit, commit < expected.commit {
            let message = "it is of commit \(commit), and the record of commit \(expected.commit)"
            return suspect(.notWrittenYet, message, "nothing needs to be done", nil)
        }
        return suspect(
            .damagedFile, "it is not what commit \(expected.commit) wrote, and cannot be read: \(reason)",
            Examination.undoing, nil)
    }

    /// Whether the bytes of a file are what was committed; nil where only what it says can tell.
    private func isAsWritten(_ file: File, _ expected: Expected) -> Bool? {
        if let committed = expected.image {
            return file.bytes
                == RecordFile.encode(committed, of: file.table, key: expected.key, schema: view.schema.id)
        }
        guard !expected.digest.isEmpty, let digest = ComputedETag.md5(file.bytes) else { return nil }
        return digest == expected.digest
    }

    /// Whether a file has what was committed, as far as that is known.
    private func isAsWritten(_ file: File, _ image: RecordImage, _ expected: Expected) -> Bool {
        if let isAsWritten = isAsWritten(file, expected) { return isAsWritten }
        return image.isLive == expected.isLive && image.commit == expected.commit
            && image.metadata.revision == expected.revision
    }

    /// The remedy for an object that nobody can make again.
    static let restoring = "restore the object that it names from a backup"

    /// The remedy for a file that has something else than was committed.
    private static let deciding =
        "run cairn doctor --accept-edits to commit it, or --undo-edits to write the record again"

    // MARK: Other files

    private func added(_ file: File) -> Suspect? {
        let image = try? file.image.get()
        // Of a table of that name that is no more.
        if let image, image.commit < view.manifest.since(file.table) { return nil }
        guard let key = file.key else {
            return Suspect(
                finding: StoreFinding(
                    kind: .addedByHand, object: file.name, table: file.table.name, id: nil,
                    message: "its name is not that of a record", remedy: "move it out of the store"),
                table: file.table, key: Key(.null), found: nil, etag: nil, expected: nil)
        }
        let read = image.flatMap { $0.isLive ? $0 : nil }
        let found = read ?? (file.isHindered ? nil : Examination.foreign(file.bytes, file.table, key))
        let finding = StoreFinding(
            kind: .addedByHand, object: file.name, table: file.table.name, id: KeyText.encode(key),
            message: "no commit made this file",
            remedy: found == nil
                ? "move it out of the store, or make it a record of table '\(file.table.name)'"
                : "run cairn doctor --accept-edits to insert it, or move it out of the store")
        return Suspect(finding: finding, table: file.table, key: key, found: found, etag: file.etag, expected: nil)
    }

    /// What a file that Cairn did not write says of a record; nil when that is nothing, or is of another record than the one it
    /// is named after.
    private static func foreign(_ bytes: [UInt8], _ table: Table, _ key: Key) -> RecordImage? {
        var values: [Value]?
        var metadata = RecordMetadata()
        do {
            var scanner = try JSONScanner(bytes)
            let columns = RecordFile.columns(of: table)
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "fields": try values.set(try columns.readFields(&scanner, depth: 1), member)
                case "created_at": metadata.createdAt = try time(&scanner) ?? metadata.createdAt
                case "updated_at": metadata.updatedAt = try time(&scanner) ?? metadata.updatedAt
                default: try scanner.skipValue(depth: 1)
                }
            }
            try scanner.end()
        } catch {
            return nil
        }
        guard let values, table.key(of: values) == key else { return nil }
        return RecordImage(values: values, metadata: metadata, commit: 0)
    }

    /// Consumes a value; nil when it is no time.
    private static func time(_ scanner: inout JSONScanner) throws -> Timestamp? {
        let start = scanner
        if let time = try? scanner.time("time") { return time }
        scanner = start
        try scanner.skipValue(depth: 1)
        return nil
    }
}

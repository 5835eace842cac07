import CairnCore
import CairnSchema
import ObjectStores

/// Repairs what an examination found: commits what stands in the files, or writes what was committed again.
struct Repair: Sendable {
    let engine: Engine
    let view: View

    var access: StoreAccess { engine.parts.access }

    /// Repairs what can be, and notes the rest with the reason.
    func run(_ action: EditAction, _ suspects: [Examination.Suspect], _ examination: inout StoreExamination)
        async throws
    {
        var rest = suspects.filter { isWanted($0.finding.kind, action) }
        var problems: [String] = []
        // What one edit has in its way may be what another one gives free.
        var isMoving = true
        while isMoving, !rest.isEmpty {
            isMoving = false
            problems = []
            for suspect in rest {
                do {
                    try Deadline.check()
                    if action == .accept { try await accept(suspect) } else { try await undo(suspect) }
                    examination.repaired.append(suspect.finding)
                    rest.removeAll { $0.finding == suspect.finding }
                    isMoving = true
                } catch let error as StorageError where !Repair.isOfStore(error) {
                    problems.append(
                        "\(suspect.finding.object): \(error.message)" + (error.remedy.map { "; \($0)" } ?? ""))
                }
            }
        }
        examination.unrepaired = problems
    }

    private func isWanted(_ kind: StoreFinding.Kind, _ action: EditAction) -> Bool {
        switch kind {
        case .editedByHand, .addedByHand: action != .report
        case .damagedFile, .outdatedFile, .missingFile: action == .undo
        case .notWrittenYet, .wrongCount, .damagedObject, .damagedIndex, .lostCommit, .ofAnotherStore: false
        }
    }

    /// Whether an error is none of the file that is repaired, and would meet all others as well.
    private static func isOfStore(_ error: StorageError) -> Bool {
        switch error.code {
        case .accessDenied, .replaced, .closed, .maintenance, .timeout, .unavailable, .throttled, .outcomeUnknown: true
        default: false
        }
    }

    // MARK: Undoing

    /// Writes what was committed again.
    /// - Throws: an error that says why that cannot be.
    func undo(_ suspect: Examination.Suspect) async throws {
        let name = suspect.finding.object
        guard let expected = suspect.expected else {
            throw StorageError(
                .invalid, "it was never committed, and Cairn removes no files", remedy: "move it out of the store")
        }
        let (bytes, image) = try await committed(expected, suspect)
        let attributes = engine.attributes.attributes(of: image, suspect.table)
        guard try await write(name, bytes, suspect.etag.map(PutMode.ifMatch) ?? .create, attributes) else {
            throw StorageError(
                .conflict, "it was changed meanwhile", remedy: "examine the store again", isRetryable: true)
        }
        // What was read of it before is not what it says now.
        let id = id(suspect)
        try engine.tip.whileOpen { $0.cache.remove(suspect.table, id.key) }
    }

    /// The bytes that a file should have, by the overlay or the log.
    private func committed(
        _ expected: Examination.Expected, _ suspect: Examination.Suspect
    ) async throws -> (bytes: [UInt8], image: RecordImage) {
        if let image = expected.image {
            return (RecordFile.encode(image, of: suspect.table, key: suspect.key, schema: view.schema.id), image)
        }
        guard let (bytes, image) = try await logged(expected, suspect) else {
            throw StorageError(
                .snapshotExpired, "commit \(expected.commit), which wrote it, is no longer in the log",
                remedy: "restore the file from a backup or from an older version of the object, or "
                    + (suspect.etag == nil
                        ? "run cairn rebuild --force --accept missing_file, which leaves the record out"
                        : "accept what it has"))
        }
        guard expected.digest.isEmpty || ComputedETag.md5(bytes) == expected.digest else {
            throw StorageError(
                .damaged, "commit \(expected.commit) has not what the index says of it",
                remedy: "restore the file from a backup")
        }
        return (bytes, image)
    }

    /// The file and the image that were committed, by the log; nil when it does not have it any more.
    func logged(
        _ expected: Examination.Expected, _ suspect: Examination.Suspect
    ) async throws -> (bytes: [UInt8], image: RecordImage)? {
        guard case .found(let found) = try await engine.parts.log.readOfAnyEra(expected.commit) else { return nil }
        for transaction in found.record.transactions {
            for operation in transaction.operations
            where Utf8.equal(operation.table.name, suspect.table.name) && operation.key == suspect.key {
                let bytes = RecordFile.encode(
                    operation.after, of: operation.table, key: operation.key, schema: found.record.schema)
                let name = ObjectNames.file(suspect.table, suspect.key)
                return (bytes, try await engine.records.shapes.decode(bytes, of: suspect.table, name: name).image)
            }
        }
        return nil
    }

    // MARK: Files

    /// Writes a record file.
    /// - Returns: Whether the condition held.
    func write(
        _ name: String, _ bytes: [UInt8], _ mode: PutMode, _ attributes: ObjectAttributes
    ) async throws -> Bool {
        let proof = try await engine.follower.permission()
        let notAfter = proof?.date?.addingTimeInterval(Committer.fence)
        do {
            switch try await access.write(name, bytes, mode, notAfter: notAfter, attributes) {
            case .written: return true
            case .refused: return false
            case .expired: throw ExpiredClaim()
            }
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    func id(_ suspect: Examination.Suspect) -> Workspace.RecordID {
        Workspace.RecordID(
            table: suspect.table.position,
            key: view.tables[suspect.table.position].keyLayout.encode(suspect.key))
    }
}

import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Commits some records of another program, and then writes their files.
struct AdoptionBatch {
    let adoption: Adoption
    let engine: Engine
    let table: Table

    struct Outcome {
        var adopted = 0
        var problems: [AdoptionReport.Problem] = []
        var notes: [String] = []
    }

    func run(_ candidates: [Adoption.Candidate]) async throws -> Outcome {
        var outcome = Outcome()
        var rest = candidates
        // Those of an adoption that was cut short: in the log, and not yet in their files.
        let view = try await engine.follower.follow()
        for candidate in candidates {
            guard let image = try await committed(candidate, in: view, &outcome) else { continue }
            rest.removeAll { $0.name == candidate.name }
            if let image { try await replace([candidate], [image], &outcome) }
        }
        if rest.isEmpty { return outcome }
        do {
            try await commit(rest, &outcome)
        } catch let error as StorageError where AdoptionBatch.isOfRecord(error) {
            // One of them is at fault: each by itself tells which.
            for candidate in rest {
                do {
                    try await commit([candidate], &outcome)
                } catch let error as StorageError where AdoptionBatch.isOfRecord(error) {
                    note(candidate, error.message, &outcome)
                }
            }
        }
        return outcome
    }

    private static func isOfRecord(_ error: StorageError) -> Bool {
        [.duplicate, .reference, .invalid, .limit].contains(error.code)
    }

    private func note(_ candidate: Adoption.Candidate, _ message: String, _ outcome: inout Outcome) {
        outcome.problems.append(
            AdoptionReport.Problem(object: candidate.name, table: table.name, message: message))
    }

    private func id(_ key: Key, _ view: View) -> Workspace.RecordID {
        Workspace.RecordID(table: table.position, key: view.tables[table.position].keyLayout.encode(key))
    }

    /// The image of a record that is in the store already; `.some(nil)`, and a problem, when it is another one; nil when it is not.
    private func committed(
        _ candidate: Adoption.Candidate, in view: View, _ outcome: inout Outcome
    ) async throws -> RecordImage?? {
        let id = id(candidate.key, view)
        if let image = view.tables[table.position].records.get(id.key) {
            if image.values == candidate.record.values { return .some(image) }
        } else {
            guard try await engine.indexes.has(table, id.key, in: view) else { return nil }
        }
        note(candidate, "the store has a record \(KeyText.encode(candidate.key)) already", &outcome)
        return .some(nil)
    }

    // MARK: Committing

    private func commit(_ candidates: [Adoption.Candidate], _ outcome: inout Outcome) async throws {
        var operations = candidates.map { WriteOperation.insert(table, $0.record.values) }
        _ = try BatchCheck(adoption.schema).check(&operations)
        var workspace = Workspace(try await engine.follower.follow(), at: engine.now())
        var known: [Workspace.RecordID: RecordImage?] = [:]
        for candidate in candidates { known.updateValue(nil, forKey: id(candidate.key, workspace.view)) }
        let lookups = try await engine.preparation.lookups(for: operations, in: workspace, knowing: known)
        for (operation, candidate) in zip(operations, candidates) {
            _ = try workspace.apply(operation, lookups)
            workspace.setTimes(
                id(candidate.key, workspace.view), created: candidate.record.createdAt,
                updated: candidate.record.updatedAt)
        }
        try await engine.preparation.checkReferences(&workspace)
        guard case .committed(let number, _, _) = try await engine.commit(workspace, idempotency: nil) else {
            throw StorageError(
                .conflict, "another program wrote while the records were adopted", remedy: "do it again; it goes on",
                isRetryable: true)
        }
        outcome.adopted += candidates.count
        let images = workspace.operations.map { operation in
            var image = operation.after
            image.commit = number
            return image
        }
        try await replace(candidates, images, &outcome)
    }

    /// Writes the files of records that are in the log.
    private func replace(
        _ candidates: [Adoption.Candidate], _ images: [RecordImage], _ outcome: inout Outcome
    ) async throws {
        let table = table
        let adoption = adoption
        let problems = try await Array(zip(candidates, images)).concurrently(LogReader.width) { candidate, image in
            try await adoption.replace(candidate, image, table)
        }
        for (candidate, problem) in zip(candidates, problems) {
            if let problem { note(candidate, problem, &outcome) }
            let name = ObjectNames.file(table, candidate.key)
            if !Utf8.equal(candidate.name, name) {
                outcome.notes.append("'\(candidate.name)' is '\(name)' now")
            }
        }
        // The materialiser has found files of another program in its way.
        _ = await engine.materialiser.flush()
    }
}

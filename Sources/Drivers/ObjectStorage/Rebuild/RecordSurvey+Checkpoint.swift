import CairnCore
import CairnSchema

/// Compares what was found of records with what the newest checkpoint says, as far as that can still be read.
///
/// Record files are the records, and nothing in a folder of files tells that one is gone. The primary index does, while it is there.
extension RecordSurvey {
    /// The records of a table that the newest checkpoint has, and that are gone or older now. A GET for each index file of the table; an
    /// index that cannot be read says no more than it has said until then: to make it again is what a rebuild is for.
    /// - Parameters:
    ///   - indexes: What was found of records, sorted.
    ///   - problems: What is known already: of a file that cannot be read is spoken once.
    func missing(from indexes: TableIndexes, _ problems: [RebuildProblem]) async throws -> [RebuildProblem] {
        let table = indexes.table
        // The keys of another schema may be others, and an older checkpoint has records that were purged since.
        guard let manifest = remains.manifest, manifest.schema == remains.schema.id,
            manifest.version == remains.version
        else { return [] }
        let runs = ManifestBox(manifest, remains.schema).runs(table, nil)
        let unreadable = Set(
            problems.filter { $0.kind == .unreadableFile && $0.table == table.name }.compactMap(\.id))
        var missing: [RebuildProblem] = []
        do {
            var cursor = IndexReader(ObjectIndexFiles(access.objects)).passing().merged(
                runs, .all, keeping: .allButRemoved, readAhead: .full)
            while let entry = try await IndexReader.live({ try await cursor.next() }) {
                try Deadline.check()
                // Purging removes the files of deleted records.
                guard case .record(_, let commit, _) = try entry.content(), let key = indexes.overlay.key(entry.key)
                else { continue }
                let id = KeyText.encode(key)
                if unreadable.contains(id) { continue }
                let found = indexes.commit(entry.key)
                if let found, found >= commit { continue }
                missing.append(
                    RebuildProblem(
                        kind: found == nil ? .missingFile : .outdatedFile, object: ObjectNames.file(table, key),
                        table: table.name, id: id,
                        message: found.map {
                            "it is of commit \($0), and the newest checkpoint has the record of commit \(commit), which the log no longer tells"
                        }
                            ?? "the newest checkpoint has the record of commit \(commit), and there is neither a file nor a commit that tells it"
                    ))
            }
        } catch let error as StorageError where error.code == .damaged || error.code == .snapshotExpired {
            return missing
        }
        return missing
    }
}

import CairnCore
import CairnSchema
import ObjectStores

/// Makes views of moments that are over: of a manifest that is still kept, and of the log behind it up to the moment.
struct PastViews: Sendable {
    let parts: EngineParts

    private var log: LogReader { parts.log }

    // MARK: Moments

    /// The view of a commit.
    ///
    /// No request for one that this process has followed since its manifest. Else a LIST, a GET for each halving of the number of
    /// manifests that are kept, and one for each commit between the manifest and the moment, of which there are seldom more than fifty.
    /// - Throws: `storage.invalid` for a number that is none yet; `storage.snapshot_expired` for one that is no longer kept.
    func view(of commit: Int) async throws -> View {
        let newest = try await parts.follower.follow()
        guard (0...newest.number).contains(commit) else {
            throw StorageError.misuse("there is no commit \(commit): the newest is \(newest.number)")
        }
        if commit == newest.number { return newest }
        let manifest = newest.manifest.manifest
        return try await view(
            manifest.covers <= commit ? manifest : try await self.manifest(before: commit, manifest.version), commit)
    }

    /// The view of a pin.
    /// - Throws: `storage.invalid`, `storage.not_found`; `storage.snapshot_expired` when what it kept is gone all the same.
    func view(pinned name: String) async throws -> View {
        try PinFiles.check(name)
        guard let (pin, _) = try await PinFiles(access: parts.access).find(name) else {
            throw ObjectStorage.noPin(name)
        }
        guard let manifest = try await log.manifest(pin.manifest), manifest.covers == pin.commit else {
            throw PastViews.expired(pin.commit)
        }
        return try await view(manifest, pin.commit)
    }

    private static let sinceMigrated =
        "read a moment since the store was migrated; records of before are read as migrations have made them"

    /// A moment that is no longer kept.
    static func expired(_ commit: Int) -> StorageError {
        StorageError(
            .snapshotExpired, "the store no longer keeps how it was at commit \(commit)",
            remedy: "moments are kept for a day; pin one to keep it longer")
    }

    // MARK: Making

    /// The newest manifest that covers no more than a commit.
    /// - Parameter newest: A version that covers more. Above it there may be some of another store.
    private func manifest(before commit: Int, _ newest: Int) async throws -> Manifest {
        var versions = try await parts.access.listed(ObjectNames.checkpoints).objects.compactMap {
            ObjectNames.version(ofManifest: $0.key)
        }.filter { $0 < newest }
        // The newest first: those that cover too much come before those that do not.
        var (low, high) = (0, versions.count)
        var best: Manifest?
        while low < high {
            let middle = (low + high) / 2
            guard let manifest = try await log.manifest(versions[middle]) else {
                // Collected just now, as are those before it: the others decide.
                versions.remove(at: middle)
                high -= 1
                continue
            }
            if manifest.covers <= commit {
                best = manifest
                high = middle
            } else {
                low = middle + 1
            }
        }
        guard let best else { throw PastViews.expired(commit) }
        return best
    }

    /// The view of a manifest and the log behind it, up to a commit.
    private func view(_ manifest: Manifest, _ commit: Int) async throws -> View {
        guard manifest.schema == parts.schema.id else {
            throw StorageError(
                .schemaMismatch, "the store had the schema \(manifest.schema.short) at commit \(commit)",
                remedy: PastViews.sinceMigrated)
        }
        // The schema may be that of then once more: record files are read as the migrations since have made them all the same.
        if let last = parts.records.shapes.eras.last, commit < last.end {
            throw StorageError(
                .schemaMismatch, "the store was migrated at commit \(last.end), after commit \(commit)",
                remedy: PastViews.sinceMigrated)
        }
        var view = View(manifest, parts.schema)
        while view.number < commit {
            try Deadline.check()
            let numbers = Array(view.number + 1...min(commit, view.number + LogReader.width))
            for found in try await PastViews.records(numbers, parts) {
                guard let found else { throw PastViews.expired(commit) }
                guard found.record.previous == view.hash else {
                    throw StorageError(
                        .damaged, "commit record \(found.record.number) does not follow record \(view.number)",
                        remedy: LogReader.mending)
                }
                view.append(found.record, hash: found.hash)
            }
        }
        return view
    }

    /// A commit record, the SHA-256 of its bytes, and how many bytes it has with its parts.
    struct Found: Sendable {
        let record: CommitRecord
        let hash: [UInt8]
        let size: Int
    }

    /// The records of several numbers, side by side; nil for one that is gone. No request for those this process remembers.
    static func records(_ numbers: [Int], _ parts: EngineParts) async throws -> [Found?] {
        try await numbers.concurrently(LogReader.width) { number in try await record(number, parts) }
    }

    /// The record of a number; nil when it is gone. No request for one this process remembers.
    /// - Parameter most: How many bytes it is taken for.
    /// - Throws: ``CommitTooLarge`` for one that has parts and is larger.
    static func record(_ number: Int, _ parts: EngineParts, most: Int = .max) async throws -> Found? {
        if let known = try parts.tip.whileOpen({ $0.history[number] }) {
            return Found(record: known.record, hash: known.hash, size: known.size)
        }
        guard case .found(let found) = try await parts.log.read(number, most: most) else { return nil }
        return Found(record: found.record, hash: SHA256.digest(found.bytes), size: found.size)
    }
}

public import CairnCore
import CairnSchema
import ObjectStores

/// Pins: moments of the store that are kept until somebody lets go of them.
extension ObjectStorage {
    /// Keeps the store as it is now, under a name, until ``unpin(_:)``: for a backup that takes long, or to come back to.
    ///
    /// What is kept are the index files of the moment, and from then on the whole commit log, by which changed records are read
    /// as they were. So a pin that is forgotten makes the store grow with every write.
    ///
    /// A GET and a PUT, and a checkpoint unless one was just made.
    /// - Parameter name: 1 to 100 of `a-z A-Z 0-9 - _ .`, not beginning with a point.
    /// - Returns: The pin. Its commit is the newest there was, or a newer one.
    /// - Throws: `storage.invalid` for another name; `storage.duplicate` when there is a pin of that name; `storage.maintenance`
    ///   while another process has closed the store; `storage.read_only`; `storage.busy`.
    @discardableResult
    public func pin(_ name: String) async throws -> StorePin {
        try PinFiles.check(name)
        let engine = try engine()
        try checkWritable()
        let parts = engine.parts
        let newest = try await engine.follower.follow().number
        for _ in 0..<ObjectStorage.pinAttempts {
            if try engine.tip.view().manifest.manifest.covers < newest {
                try await engine.checkpointer.checkpoint(forgetting: nil)
            }
            let proof = try await engine.follower.permission()
            let (manifest, sighting) = try engine.tip.whileOpen { ($0.view.manifest.manifest, $0.sighting) }
            guard manifest.covers >= newest else { continue }
            let file = PinFile(
                store: manifest.store, name: name, created: max(manifest.time, engine.now()),
                manifest: manifest.version,
                commit: manifest.covers,
                attempt: Hex.encode(withUnsafeBytes(of: parts.surroundings.random().bigEndian, Array.init)))
            // Later the manifest may be gone.
            let limits = [
                proof?.date?.addingTimeInterval(Committer.fence),
                sighting.date?.addingTimeInterval(Follower.relianceOnManifest),
            ]
            switch try await parts.access.create(
                ObjectNames.pin(name), file.encoded, notAfter: limits.compactMap { $0 }.min(), parts.surroundings)
            {
            case .created: return StorePin(file)
            case .taken:
                throw StorageError(
                    .duplicate, "there is a pin '\(name)' already", remedy: "remove it first, or choose another name")
            case .expired:
                _ = try await engine.follower.follow()
                try await engine.follower.adoptNewest()
            }
        }
        throw StorageError(
            .busy, "no checkpoint could be made for the pin '\(name)'", remedy: "try again", isRetryable: true)
    }

    /// How often a pin is tried.
    private static let pinAttempts = 5

    /// Lets go of what a pin keeps: ``maintain()`` removes it. Two GETs and a DELETE.
    /// - Throws: `storage.invalid` for a text that is no name; `storage.not_found` when there is no such pin;
    ///   `storage.maintenance` while another process has closed the store; `storage.read_only`.
    public func unpin(_ name: String) async throws {
        try PinFiles.check(name)
        let engine = try engine()
        try checkWritable()
        let access = engine.parts.access
        _ = try await engine.follower.follow()
        guard let (_, etag) = try await PinFiles(access: access).find(name) else { throw ObjectStorage.noPin(name) }
        let proof = try await engine.follower.permission()
        var options = DeleteOptions()
        if try await access.canFence() { options.notAfter = proof?.date?.addingTimeInterval(Committer.fence) }
        if access.capabilities.canDeleteConditionally { options.ifMatch = etag }
        do {
            _ = try await access.objects.delete(ObjectNames.pin(name), options)
        } catch let error as ObjectStoreError {
            // Another was quicker.
            if error.code == .notFound || error.code == .preconditionFailed { return }
            throw StoreAccess.translated(error)
        }
    }

    /// All pins, by name. A LIST, and a GET for each.
    /// - Throws: `storage.damaged` for one that cannot be read.
    public func pins() async throws -> [StorePin] {
        try await PinFiles(access: try engine().parts.access).all().map(StorePin.init)
    }

    static func noPin(_ name: String) -> StorageError {
        StorageError(
            .notFound, "there is no pin '\(name)'", remedy: "pins() and 'cairn pins' tell which there are")
    }
}

extension StorePin {
    fileprivate init(_ file: PinFile) {
        self.init(name: file.name, created: file.created, commit: file.commit)
    }
}

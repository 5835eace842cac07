import CairnCore
import CairnSchema
import ObjectStores

/// Stores index files.
struct IndexFiles {
    private let parts: EngineParts

    init(_ parts: EngineParts) {
        self.parts = parts
    }

    /// Stores a file that nothing names yet. A PUT, and a proof of the tip when the last one is old, also for the store, which
    /// may have been asleep longer than this process.
    /// - Throws: `storage.busy` when that took too long; `storage.maintenance` when another process has closed the store.
    func save(_ file: String, _ bytes: [UInt8]) async throws {
        let name = ObjectNames.index(file)
        for attempt in 1...2 {
            if attempt > 1 { _ = try await parts.follower.follow() }
            let notAfter = try await parts.follower.permission()?.date?.addingTimeInterval(Committer.fence)
            let end = try await parts.access.create(
                name, bytes, notAfter: notAfter, contentType: "application/octet-stream", parts.surroundings)
            if case .created = end { return }
        }
        throw StorageError(.busy, "the index file '\(name)' could not be written in time", isRetryable: true)
    }

    /// Names of index files sort by the time of their making, and no two are the same.
    func newID() -> String {
        let time = String(parts.surroundings.now().microseconds / 1000)
        let random = (0..<2).map { _ in
            Hex.encode(withUnsafeBytes(of: parts.surroundings.random().bigEndian, Array.init))
        }
        return "\(time)-\(random.joined())"
    }
}

import CairnCore
import ObjectStores

/// A store that does a little less, or a little else, than it was asked to.
struct MutantObjectStore: ObjectStoreWrapper {
    /// What it gets wrong.
    enum Mistake: Sendable {
        /// Writes carry no date.
        case noFence
        /// Manifests carry no date.
        case lateManifests
        /// What stands under a prefix is written without conditions.
        case overwrites(String)
        /// A commit record of a store that was removed is written over without a condition.
        case overwritesStrays
        /// A commit record that is there already is reported as created.
        case falseCreation
        /// A commit record whose answer was lost is reported as refused.
        case falseRefusal
        /// A record file whose answer was lost is reported as written.
        case falseFile
        /// A commit record that was not there a moment ago is still not there.
        case staleAbsence
        /// Tombstones are not written: the files are removed.
        case noTombstones
    }

    let base: any ObjectStore
    let mistake: Mistake
    private let absences = Lock<[String: ObjectStoreError]>([:])

    init(_ base: any ObjectStore, _ mistake: Mistake) {
        self.base = base
        self.mistake = mistake
    }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result { try await body() }

    private static let log = "_log/main/"

    func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        var options = options
        switch mistake {
        case .noFence: options.notAfter = nil
        case .lateManifests where key.hasPrefix("_checkpoints/"): options.notAfter = nil
        case .overwrites(let prefix) where key.hasPrefix(prefix): options.mode = .overwrite
        case .overwritesStrays where key.hasPrefix(MutantObjectStore.log):
            // Nothing else of the log is ever written over.
            if case .ifMatch = options.mode { options.mode = .overwrite }
        case .noTombstones where key.hasPrefix("tables/"):
            if let bytes = body.whole, let file = try? JSONValue(parsing: bytes), file["deleted"] == .bool(true) {
                let answer = try await base.delete(key, DeleteOptions(notAfter: options.notAfter))
                return ObjectInfo(
                    key: key, size: bytes.count, etag: ETag(rawValue: "none"), lastModified: nil, answer: answer)
            }
        default: break
        }
        do {
            return try await base.put(key, body, options)
        } catch let error as ObjectStoreError {
            return try excused(error, key, body)
        }
    }

    /// What is made of an error.
    private func excused(_ error: ObjectStoreError, _ key: String, _ body: ObjectBody) throws -> ObjectInfo {
        let written = ObjectInfo(
            key: key, size: body.length ?? 0, etag: ETag(rawValue: "none"), lastModified: nil, answer: error.answer)
        switch mistake {
        case .falseCreation where key.hasPrefix(MutantObjectStore.log) && error.code == .preconditionFailed:
            return written
        case .falseRefusal where key.hasPrefix(MutantObjectStore.log) && error.mayHaveTakenEffect:
            throw ObjectStoreError(.accessDenied, "a planted mistake: it was refused", key: key)
        case .falseFile where key.hasPrefix("tables/") && error.mayHaveTakenEffect: return written
        default: throw error
        }
    }

    func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        guard case .staleAbsence = mistake, key.hasPrefix(MutantObjectStore.log) else {
            return try await base.get(key, options)
        }
        // Each absence is told twice.
        if let absence = absences.withLock({ $0.removeValue(forKey: key) }) { throw absence }
        do {
            return try await base.get(key, options)
        } catch let error as ObjectStoreError where error.code == .notFound {
            absences.withLock { $0[key] = error }
            throw error
        }
    }
}

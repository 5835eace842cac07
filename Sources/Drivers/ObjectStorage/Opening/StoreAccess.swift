import CairnCore
import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// The object store as the driver uses it: whole objects, absence as a value, errors in the words of a storage.
///
/// The one place that decides what an answer means. Only `object.not_found` is absence; an answer that spent time in a cache is
/// an error, because it proves nothing about now.
struct StoreAccess: Sendable {
    let objects: any ObjectStore
    /// Deliberate mistakes, for simulations.
    var faults: ObjectStorageFaults = []

    /// What a read found.
    enum Reading: Sendable {
        case found(StoredObject)
        /// Nothing, as of a moment of the store's clock.
        case absent(Date?)
    }

    /// An object that was read.
    struct StoredObject: Sendable {
        let bytes: [UInt8]
        let etag: ETag
        let lastModified: Date?
        let serverDate: Date?
    }

    /// How a conditional write ended.
    enum Writing: Sendable {
        case written(ETag, Date?)
        /// The condition does not hold; nothing was written.
        case refused
        /// It came after the time past which it must not take effect; nothing was written.
        case expired
    }

    var capabilities: ObjectStoreCapabilities { objects.capabilities }

    /// What the objects of the driver are.
    static let contentType = "application/json"

    /// Attributes of objects that no cache may keep: a stale commit record or manifest would be taken for the truth.
    func attributes(_ contentType: String = StoreAccess.contentType) -> ObjectAttributes {
        let kept = capabilities.attributes
        return ObjectAttributes(
            contentType: kept.contains(.contentType) ? contentType : nil,
            cacheControl: kept.contains(.cacheControl) ? "no-store" : nil)
    }

    /// Writes an object on a condition.
    /// - Parameter notAfter: Left away where the store cannot keep it.
    /// - Throws: ``ObjectStoreError``, because what to do next depends on whether it may have taken effect.
    func write(
        _ name: String, _ bytes: [UInt8], _ mode: PutMode, notAfter: Date?,
        _ attributes: ObjectAttributes = ObjectAttributes()
    ) async throws -> Writing {
        let fence = try await objects.prepareWriting().canFence ? notAfter : nil
        do {
            let info = try await objects.put(
                name, .bytes(bytes), PutOptions(mode: mode, notAfter: fence, attributes: attributes))
            return .written(info.etag, info.serverDate)
        } catch let error as ObjectStoreError {
            switch error.code {
            case .preconditionFailed where !error.mayHaveTakenEffect: return .refused
            // If-Match on an object that is not there.
            case .notFound where mode != .create && mode != .overwrite: return .refused
            case .expired where !error.mayHaveTakenEffect: return .expired
            default: throw error
            }
        }
    }

    /// The entries under a prefix behind a name.
    func list(_ prefix: String, after: String? = nil, pageSize: Int = 1000) -> ObjectListing {
        objects.list(ListOptions(prefix: prefix, startAfter: after, pageSize: pageSize))
    }

    /// The first names under a prefix, in their order.
    func names(_ prefix: String, after: String? = nil, limit: Int) async throws -> [String] {
        var names: [String] = []
        do {
            for try await entry in list(prefix, after: after, pageSize: min(limit, 1000)) {
                names.append(entry.name)
                if names.count == limit { break }
            }
        } catch let error as ObjectStoreError {
            throw StoreAccess.storageError(error, prefix, .list)
        }
        return names
    }

    // MARK: Meaning

    /// Refuses an answer that proves nothing.
    func check(_ answer: AnswerDetails, _ name: String) throws {
        if let mark = answer.cacheMark ?? answer.age.map({ "age: \($0)" }) {
            throw StorageError(
                .unavailable,
                "the answer for '\(name)' is one that a cache between this program and the store has kept: it has the header '\(mark)'",
                remedy: "connect to the store itself, or make the cache leave this prefix alone")
        }
        if let rule = answer.expiration, !name.hasPrefix(ObjectNames.tables) || name.hasSuffix(".json") {
            throw StorageError(
                .damaged, "a lifecycle rule of the bucket will remove '\(name)': \(rule)",
                remedy: "take the prefix of the store out of that rule")
        }
    }

    /// An error in the words of a storage; those that are not of the object store stay as they are.
    static func translated(_ error: any Error) -> any Error {
        switch error {
        // What reads and lists say is translated where it is read.
        case let error as ObjectStoreError: return storageError(error, error.key ?? "", .write)
        case is ExpiredClaim:
            return StorageError(
                .busy, "the store was so slow that what was written was not to be taken any more", remedy: "try again",
                isRetryable: true)
        case let missing as IndexFileMissing:
            return StorageError(
                .snapshotExpired,
                "the index file '\(ObjectNames.index(missing.file))' of the moment that is read is no longer kept",
                remedy: "begin again; if that says the same, the store is damaged: run cairn doctor",
                isRetryable: true)
        default: return error
        }
    }

    /// What was asked of the store when it refused, by the permission that allows it.
    enum Permission: String, Sendable {
        /// Reading. Without the permission to list, an object that is not there looks forbidden.
        case read = "s3:GetObject, and s3:ListBucket, without which a missing object looks forbidden"
        case list = "s3:ListBucket"
        case write = "s3:PutObject"
        case delete = "s3:DeleteObject"
    }

    /// An error of the object store in the words of a storage.
    static func storageError(
        _ error: ObjectStoreError, _ name: String, _ permission: Permission? = nil
    ) -> StorageError {
        if error.provider?.code == "InvalidObjectState" {
            return StorageError(
                .archived, "the object '\(name)' is in an archive storage class and cannot be read as it is",
                remedy: "restore it in the object store first, which takes minutes to hours")
        }
        let code: StorageError.Code =
            switch error.code {
            case .notFound: .damaged
            case .noSuchContainer: .notAStore
            case .accessDenied: .accessDenied
            case .throttled: .throttled
            case .network, .unavailable, .outcomeUnknown: .unavailable
            case .timeout: .timeout
            case .full: .full
            case .io: .io
            case .unsupported: .unsupported
            case .conflict: .busy
            case .damaged: .damaged
            case .invalid: .invalid
            default: .io
            }
        var remedy = error.remedy ?? "look at the object '\(name)'"
        if code == .accessDenied, let permission {
            remedy = "let these credentials have \(permission.rawValue) on the bucket"
        }
        return StorageError(code, error.message, remedy: remedy, isRetryable: error.isRetryable)
    }
}

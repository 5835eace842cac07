import CairnCore
import CairnSchema
import ObjectStores

/// What an object means that was read.
enum Decoded<Value: Sendable>: Sendable {
    case value(Value)
    /// It is gone by now, as of a moment of the store's clock.
    case absent(StoreDate?)
}

/// Reading, where one answer may be damaged.
///
/// An answer that breaks off, or is other bytes than were stored, says nothing of the object: the way is damaged, not the store. It
/// costs nobody a call: the object is asked for again, at once and a few times. What comes damaged in the same way twice is
/// damaged where it is kept. Only reads: a write whose answer was lost is settled by what its caller knows of it.
extension StoreAccess {
    /// How often an object is asked for while its body does not arrive whole.
    static let tries = 3

    /// The bytes of an object, or of a part of it. One GET, and one more for each body that does not arrive whole.
    /// - Throws: ``ObjectStoreError``; `storage.unavailable` for the answer of a cache, and what else ``check(_:_:)`` refuses.
    func fetch(_ name: String, range: ByteRange? = nil) async throws -> (info: ObjectInfo, bytes: [UInt8]) {
        var tries = 0
        while true {
            tries += 1
            let result = try await objects.get(name, range: range)
            try check(result.info.answer, name)
            do {
                return (result.info, try await result.bytes())
            } catch let error as ObjectStoreError where tries < StoreAccess.tries && StoreAccess.isBroken(error) {
                try Deadline.check()
            }
        }
    }

    /// Whether a body failed in a way that the next one need not: it broke off, is other bytes than announced, or the object was
    /// written over while it was on its way.
    private static func isBroken(_ error: ObjectStoreError) -> Bool {
        error.isRetryable || error.code == .preconditionFailed
    }

    func read(_ name: String) async throws -> Reading {
        do {
            let (info, bytes) = try await fetch(name)
            return .found(
                StoredObject(
                    bytes: bytes, etag: info.etag, lastModified: info.lastModified, serverDate: info.serverDate))
        } catch let error as ObjectStoreError where error.code == .notFound {
            try check(error.answer, name)
            return .absent(error.answer.serverDate)
        } catch let error as ObjectStoreError {
            throw StoreAccess.storageError(error, name, .read)
        }
    }

    /// Reads an object that must be there.
    func bytes(_ name: String) async throws -> [UInt8] {
        guard case .found(let object) = try await read(name) else { throw StoreAccess.missing(name) }
        return object.bytes
    }

    /// The error for an object that must be there and is not.
    static func missing(_ name: String) -> StorageError {
        StorageError(
            .damaged, "the object '\(name)' is missing", remedy: "run cairn doctor, which says what can be rebuilt")
    }

    /// The schema of an id. One GET.
    /// - Throws: `storage.damaged` when it is not there, or is not that schema; `storage.upgrade_required`.
    func schema(_ id: SchemaID) async throws -> Schema {
        let name = ObjectNames.schema(id)
        guard case .found(let object) = try await read(name),
            case .value(let schema) = try await decoded(
                name, object, { try SchemaFile.decode($0.bytes, name: name, id: id) })
        else { throw StoreAccess.missing(name) }
        return schema
    }

    /// What an object that was read means. When it is not what Cairn wrote, it is asked for once more: a store that checks no
    /// bodies gives out what was changed on its way.
    /// - Throws: what `decode` does, for bytes that came the same way twice or that it refuses again.
    func decoded<Value>(
        _ name: String, _ object: StoredObject, _ decode: (StoredObject) async throws -> Value
    ) async throws -> Decoded<Value> {
        do {
            return .value(try await decode(object))
        } catch let error as StorageError where StoreAccess.isOfContent(error) {
            switch try await read(name) {
            case .absent(let date): return .absent(date)
            case .found(let again):
                if again.bytes == object.bytes { throw error }
                return .value(try await decode(again))
            }
        }
    }

    /// Whether an error says that bytes cannot be used, whoever changed them.
    private static func isOfContent(_ error: StorageError) -> Bool {
        error.code == .damaged || error.code == .upgradeRequired
    }
}

import CairnCore
import ObjectStores

/// The steps of a ``NumberClaim``, done.
extension StoreAccess {
    /// Tries to create an object, or to put it in the place of a stray.
    func claim(
        _ name: String, _ bytes: [UInt8], _ mode: PutMode, notAfter: StoreDate?,
        contentType: String = StoreAccess.contentType
    ) async -> NumberClaim.Event {
        do {
            switch try await write(name, bytes, mode, notAfter: notAfter, attributes(contentType)) {
            case .written(_, let date): return .written(date)
            case .refused: return .exists
            case .expired: return .refused(ExpiredClaim())
            }
        } catch let error as ObjectStoreError {
            // 409 says that something else was under way, and not which of the two came first.
            if error.mayHaveTakenEffect || error.code == .conflict { return .unclear(error) }
            return error.isRetryable ? .busy(error) : .refused(error)
        } catch {
            // Cancelled, or an error nobody declared: it may be under way.
            return .unclear(error)
        }
    }

    /// Looks what stands under a name.
    /// - Parameter isStray: Whether bytes are of another store, and may be replaced.
    func look(_ name: String, isStray: ([UInt8]) async throws -> Bool) async -> NumberClaim.Event {
        do {
            switch try await read(name) {
            case .absent: return .absent
            case .found(let object):
                do {
                    return try await isStray(object.bytes) ? .stray(object.etag) : .found(object.bytes)
                } catch let error as StorageError where error.code == .replaced || error.code == .damaged {
                    // Whoever reads what stands there is told.
                    return .found(object.bytes)
                }
            }
        } catch {
            return .unreadable(error)
        }
    }

    /// How the creation of an object ended.
    enum Creation: Sendable {
        /// It is there, with these bytes.
        case created
        /// Another one is there.
        case taken([UInt8])
        /// It was not created in time.
        case expired
    }

    /// Creates an object; tries again, and looks, until it is known what became of it.
    /// - Parameter owner: The store it is of, for an object that names it: one of another store is replaced.
    /// - Throws: `storage.unavailable` and others when that cannot be found out in a few attempts.
    func create(
        _ name: String, _ bytes: [UInt8], notAfter: StoreDate?, contentType: String = StoreAccess.contentType,
        of owner: Ownership? = nil, _ surroundings: Surroundings
    ) async throws -> Creation {
        var claim = NumberClaim(bytes)
        var pause = Duration.milliseconds(50)
        var pauses = 0
        while true {
            switch claim.step {
            case .end(.won): return .created
            case .end(.lost(let found)): return .taken(found)
            case .end(.refused(let error)), .end(.unknown(let error)):
                if error is ExpiredClaim { return .expired }
                throw StoreAccess.translated(error)
            case .put:
                claim.take(await self.claim(name, bytes, claim.mode, notAfter: notAfter, contentType: contentType))
            case .read:
                claim.take(await look(name) { found in try await owner?.stray(name, found) != nil })
            case .pause:
                pauses += 1
                guard pauses <= StoreAccess.pauses else {
                    claim.take(.late)
                    continue
                }
                try await surroundings.sleep(pause)
                pause = min(pause * 2, .seconds(5))
                claim.take(.paused)
            }
        }
    }

    /// How often a creation is tried again.
    private static let pauses = 8
}

/// An object reached the store after the time past which it must not take effect.
struct ExpiredClaim: Error {}

import CairnCore
import ObjectStores

/// The steps of a ``NumberClaim``, done.
extension StoreAccess {
    /// Tries to create an object.
    func claim(_ name: String, _ bytes: [UInt8], notAfter: StoreDate?) async -> NumberClaim.Event {
        do {
            switch try await write(name, bytes, .create, notAfter: notAfter, attributes()) {
            case .written(_, let date): return .written(date)
            case .refused: return .exists
            case .expired: return .refused(ExpiredClaim())
            }
        } catch let error as ObjectStoreError {
            if error.mayHaveTakenEffect { return .unclear(error) }
            return error.isRetryable ? .busy(error) : .refused(error)
        } catch {
            // Cancelled, or an error nobody declared: it may be under way.
            return .unclear(error)
        }
    }

    /// Looks what stands under a name.
    func look(_ name: String) async -> NumberClaim.Event {
        do {
            switch try await read(name) {
            case .found(let object): return .found(object.bytes)
            case .absent: return .absent
            }
        } catch {
            return .unreadable(error)
        }
    }
}

/// An object reached the store after the time past which it must not take effect.
struct ExpiredClaim: Error {}

import CairnCore
import CairnSchema
import ObjectStores

/// Which manifests are of this store: one that came late from a store that was here before may have a higher version. See ``Ownership``.
extension StoreAccess {
    /// The newest manifest of a store, read and decoded, and a moment of the store's clock when it was that; nil when there is none. One LIST
    /// and one GET; where some of another store come before it, one LIST more, and two GETs for each of them.
    /// - Parameters:
    ///   - owner: Whose; nil: whosesoever.
    ///   - decode: Makes something of an object of a name; throws `storage.damaged` for one that names another store.
    /// - Throws: `storage.damaged` when all there are belong to another store.
    func newestManifest<Value: Sendable>(
        of owner: Ownership?, _ decode: (StoredObject, String) async throws -> Value
    ) async throws -> (value: Value, name: String, date: StoreDate?)? {
        // One that is listed may be collected before it is read: then there is a newer one.
        for _ in 0..<3 {
            let newest = try await listed(ObjectNames.checkpoints, limit: 1)
            guard let name = newest.objects.first?.key else { return nil }
            switch try await manifest(name, owner, decode) {
            case .value(.own(let value)): return (value, name, newest.date)
            case .value(.stray(let stray)):
                if let found = try await manifest(behind: stray, owner, decode) { return found }
            case .absent: continue
            }
        }
        return nil
    }

    private enum Whose<Value: Sendable>: Sendable {
        case own(Value)
        case stray(Ownership.Stray)
    }

    private func manifest<Value: Sendable>(
        _ name: String, _ owner: Ownership?, _ decode: (StoredObject, String) async throws -> Value
    ) async throws -> Decoded<Whose<Value>> {
        let object: StoredObject
        switch try await read(name) {
        case .absent(let date): return .absent(date)
        case .found(let found): object = found
        }
        return try await decoded(name, object) { object in
            do {
                return Whose.own(try await decode(object, name))
            } catch let error as StorageError where error.mayBeOfAStray {
                guard let stray = try await owner?.stray(name, object.bytes) else { throw error }
                return Whose.stray(stray)
            }
        }
    }

    /// The newest one behind those of another store, one after the other: some may stand between the store's own, where those in between
    /// were collected, so that none tells of those before it.
    /// - Returns: nil when one is gone by now: look again.
    private func manifest<Value: Sendable>(
        behind stray: Ownership.Stray, _ owner: Ownership?, _ decode: (StoredObject, String) async throws -> Value
    ) async throws -> (value: Value, name: String, date: StoreDate?)? {
        let all = try await listed(ObjectNames.checkpoints)
        let names = all.objects.map(\.key).filter { ObjectNames.version(ofManifest: $0) != nil }
        for name in names {
            switch try await manifest(name, owner, decode) {
            case .value(.own(let value)): return (value, name, all.date)
            case .value(.stray): continue
            case .absent: return nil
            }
        }
        throw StorageError(
            .damaged, "manifest '\(stray.name)' is of the store '\(stray.store)', not of '\(owner?.store ?? "")'",
            remedy:
                "wait, if the store is being rebuilt, and run cairn rebuild if that was cut short; else somebody mixed the objects of two stores: restore one of them from a backup"
        )
    }

    /// The names of the manifests of a store, of some names of manifests. Those up to a version that is known to be the store's are not
    /// looked at: a GET for each of the others, and one more if it is of another store.
    func manifests(_ names: [String], of owner: Ownership?, above version: Int) async throws -> Set<String> {
        guard let owner else { return Set(names) }
        let unknown = names.filter { ObjectNames.version(ofManifest: $0).map { $0 > version } ?? false }
        let strays = try await unknown.concurrently(LogReader.width) { name -> String? in
            guard case .found(let object) = try await read(name) else { return nil }
            return try await owner.stray(name, object.bytes).map(\.name)
        }
        return Set(names).subtracting(strays.compactMap { $0 })
    }

    /// The id in `_store.json`; "gone" when there is none. One GET.
    func storeID() async throws -> String {
        guard case .found(let object) = try await read(ObjectNames.store) else { return "gone" }
        let decoded = try await decoded(ObjectNames.store, object) { try StoreFileJSON.decode($0.bytes).id }
        guard case .value(let id) = decoded else { return "gone" }
        return id
    }
}

import CairnCore
import CairnSchema
import ObjectStores

/// Which manifests are of this store: one that came late from a store that was here before may have a higher version. See ``Ownership``.
extension StoreAccess {
    /// The newest manifest of a store, read and decoded, and a moment of the store's clock when it was that; nil when there is none. One LIST
    /// and one GET; where some of another store come before it, one LIST more, a GET for each of them and for a few behind them, side by
    /// side, and one for each such round.
    /// - Parameters:
    ///   - owner: Whose; nil: whosesoever.
    ///   - decode: Makes something of an object of a name; throws `storage.damaged` for one that names another store.
    /// - Throws: `storage.damaged` when all there are belong to another store.
    func newestManifest<Value: Sendable>(
        of owner: Ownership?, _ decode: @escaping @Sendable (StoredObject, String) async throws -> Value
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

    /// What stands under the name of a manifest. One that is said to be a stray is one if ``Ownership/checkPlace()`` finds nothing.
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
                guard let stray = owner?.suspect(name, object.bytes) else { throw error }
                return Whose.stray(stray)
            }
        }
    }

    /// How many manifests are read at once at first where one of another store was met: mostly it is the only one.
    private static let firstLook = 4

    /// The newest one behind those of another store, each of which is looked at: some may stand between the store's own, where those in
    /// between were collected, so that none tells of those before it.
    /// - Returns: nil when one is gone by now: look again.
    private func manifest<Value: Sendable>(
        behind stray: Ownership.Stray, _ owner: Ownership?,
        _ decode: @escaping @Sendable (StoredObject, String) async throws -> Value
    ) async throws -> (value: Value, name: String, date: StoreDate?)? {
        let all = try await listed(ObjectNames.checkpoints)
        var names = all.objects.map(\.key).filter { ObjectNames.version(ofManifest: $0) != nil }[...]
        var width = StoreAccess.firstLook
        while !names.isEmpty {
            try Deadline.check()
            let some = Array(names.prefix(width))
            names = names.dropFirst(width)
            width = min(2 * width, LogReader.width)
            let readings = try await some.concurrently(LogReader.width) {
                [self] name -> Result<Decoded<Whose<Value>>, any Error> in
                do { return .success(try await manifest(name, owner, decode)) } catch { return .failure(error) }
            }
            // What is wrong with one matters only where none of the store's own comes before it.
            let strays = readings.prefix { if case .success(.value(.stray)) = $0 { true } else { false } }.count
            if strays > 0 { try await owner?.checkPlace() }
            guard strays < readings.count else { continue }
            switch try readings[strays].get() {
            case .value(.own(let value)): return (value, some[strays], all.date)
            case .value(.stray), .absent: return nil
            }
        }
        try await owner?.checkPlace()
        throw StorageError(
            .damaged, "manifest '\(stray.name)' is of the store '\(stray.store)', not of '\(owner?.store ?? "")'",
            remedy:
                "wait, if the store is being rebuilt, and run cairn rebuild if that was cut short; else somebody mixed the objects of two stores: restore one of them from a backup"
        )
    }

    /// The manifests of a store, of those that were listed; what else was listed among them is left. Those up to a version that was known
    /// to be the store's when they were listed are not looked at: a GET for each of the others, and one more if some are of another store.
    ///
    /// Each that is looked at has the time of what was read: what was listed may have been a stray, whose place one of the store's own has
    /// taken since.
    func manifests(
        _ listed: [ObjectSummary], of owner: Ownership?, above version: Int
    ) async throws -> [ObjectSummary] {
        guard let owner else { return listed }
        let looks = try await listed.concurrently(LogReader.width) { object -> (own: ObjectSummary?, isStray: Bool) in
            guard let found = ObjectNames.version(ofManifest: object.key), found > version,
                case .found(let read) = try await read(object.key)
            else { return (object, false) }
            if owner.suspect(object.key, read.bytes) != nil { return (nil, true) }
            let summary = ObjectSummary(
                key: object.key, size: read.bytes.count, etag: read.etag, lastModified: read.lastModified)
            return (summary, false)
        }
        if looks.contains(where: \.isStray) { try await owner.checkPlace() }
        return looks.compactMap(\.own)
    }

    /// The id in `_store.json`; "gone" when there is none. One GET.
    func storeID() async throws -> String {
        guard case .found(let object) = try await read(ObjectNames.store) else { return "gone" }
        let decoded = try await decoded(ObjectNames.store, object) { try StoreFileJSON.decode($0.bytes).id }
        guard case .value(let id) = decoded else { return "gone" }
        return id
    }
}

import CairnCore
import ObjectStores

/// Names what came late from a store that was at the same place before.
extension Examination {
    /// The commit records and manifests of other stores. Two LISTs, and two GETs for each.
    func strays() async throws -> [StoreFinding] {
        guard let owner = engine.parts.log.owner else { return [] }
        let version = view.manifest.manifest.version
        let records = try await access.names(ObjectNames.log, after: ObjectNames.record(view.number), limit: .max)
            .filter { ObjectNames.number(ofRecord: $0) != nil }
        let manifests = try await access.names(ObjectNames.checkpoints, limit: .max)
            .filter { ObjectNames.version(ofManifest: $0).map { $0 > version } ?? false }
        return try await (manifests + records).concurrently(LogReader.width) { [access] name -> StoreFinding? in
            guard case .found(let object) = try await access.read(name),
                let stray = try await owner.stray(name, object.bytes)
            else { return nil }
            return StoreFinding(
                kind: .ofAnotherStore, object: name, table: "", id: nil,
                message: "it is of the store '\(stray.store)', which was here before, came late and counts as nothing",
                remedy: "nothing needs to be done: this store writes over it when it gets there")
        }.compactMap { $0 }
    }
}

import CairnCore
import CairnSchema

/// The schemas a store has ever had, read as they are asked for.
struct SchemaShelf: Sendable {
    let access: StoreAccess
    private let known = Lock<[SchemaID: Schema]>([:])

    init(_ access: StoreAccess) {
        self.access = access
    }

    /// The schema of an id.
    /// - Throws: `storage.damaged` when it is not there, or is not that schema; `storage.upgrade_required`.
    func schema(_ id: SchemaID) async throws -> Schema {
        if let schema = known.withLock({ $0[id] }) { return schema }
        let schema = try await access.schema(id)
        known.withLock { $0[id] = schema }
        return schema
    }

    /// A manifest, in terms of its own schema.
    func manifest(_ bytes: [UInt8], _ name: String) async throws -> Manifest {
        struct Needed: Error { let id: SchemaID }
        do {
            return try ManifestJSON.decode(bytes, name: name) { id in
                guard let schema = known.withLock({ $0[id] }) else { throw Needed(id: id) }
                return schema
            }
        } catch let needed as Needed {
            let schema = try await schema(needed.id)
            return try ManifestJSON.decode(bytes, name: name) { _ in schema }
        }
    }
}

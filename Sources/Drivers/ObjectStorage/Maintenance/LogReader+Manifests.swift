import CairnCore
import CairnSchema

/// Manifests by their version, also those of an earlier schema.
extension LogReader {
    /// The manifest of a version; nil when it is not there. One GET, and one for its schema if that is another than the program's.
    func manifest(_ version: Int) async throws -> Manifest? {
        struct Needed: Error { let id: SchemaID }
        let name = ObjectNames.manifest(version)
        guard case .found(let object) = try await access.read(name) else { return nil }
        do {
            return try ManifestJSON.decode(object.bytes, name: name) { id in
                guard id == schema.id else { throw Needed(id: id) }
                return schema
            }
        } catch let needed as Needed {
            let old = try await access.schema(needed.id)
            return try ManifestJSON.decode(object.bytes, name: name) { _ in old }
        }
    }
}

import CairnCore
import CairnSchema

/// `_store.json`, indented for people.
package enum StoreFileJSON {
    /// The bytes of the file.
    package static func encode(_ file: StoreFile) -> [UInt8] {
        var writer = JSONWriter(indent: 2)
        writer.object { writer in
            Requirements.write(needs: file.needs, to: &writer)
            writer.name("store")
            writer.string(file.id)
            writer.name("location")
            writer.string(file.location)
            writer.name("created_at")
            writer.timestamp(file.created)
            guard !file.rebuilds.isEmpty else { return }
            writer.name("rebuilds")
            writer.array { writer in
                for id in file.rebuilds {
                    writer.element()
                    writer.string(id)
                }
            }
        }
        return writer.bytes + [0x0A]
    }

    /// Reads the file.
    /// - Throws: `storage.damaged`, `storage.upgrade_required`.
    package static func decode(_ bytes: [UInt8]) throws -> StoreFile {
        try StoredObject.read(bytes, ObjectNames.store) { scanner in
            var requirements = Requirements()
            var id: String?
            var location: String?
            var created: Timestamp?
            var rebuilds: [String]?
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "store": try id.set(try scanner.name(member), member)
                case "location": try location.set(try scanner.text(member), member)
                case "created_at": try created.set(try scanner.time(member), member)
                case "rebuilds":
                    var ids: [String] = []
                    try scanner.forEachElement(depth: 1) { ids.append(try $0.name(member)) }
                    try rebuilds.set(ids, member)
                default:
                    if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
                }
            }
            let needs = try requirements.checked()
            return StoreFile(
                id: try id.needed("store"), needs: needs, location: try location.needed("location"),
                created: try created.needed("created_at"), rebuilds: rebuilds ?? [])
        }
    }
}

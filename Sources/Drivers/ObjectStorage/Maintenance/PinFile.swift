import CairnCore
import CairnSchema
import ObjectStores

/// `_pins/<name>.json`, indented for people: which manifest a pin keeps.
struct PinFile: Sendable, Hashable {
    /// The store it belongs to.
    var store: String
    var name: String
    var created: Timestamp
    /// The version of the manifest that covers exactly the commits up to `commit`.
    var manifest: Int
    var commit: Int
    /// What no other attempt to make a pin shares: who finds it in the store has made this one.
    var attempt: String

    /// The bytes of the file.
    var encoded: [UInt8] {
        var writer = JSONWriter(indent: 2)
        writer.object { writer in
            Requirements.write(to: &writer)
            writer.name("store")
            writer.string(store)
            writer.name("name")
            writer.string(name)
            writer.name("created_at")
            writer.timestamp(created)
            writer.name("manifest")
            writer.int(manifest)
            writer.name("commit")
            writer.int(commit)
            writer.name("attempt")
            writer.string(attempt)
        }
        return writer.bytes + [0x0A]
    }

    /// Reads the file.
    /// - Parameter object: The name of the object.
    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`.
    static func decode(_ bytes: [UInt8], _ object: String) throws -> PinFile {
        try StoredObject.read(bytes, object) { scanner in
            var requirements = Requirements()
            var store: String?
            var name: String?
            var created: Timestamp?
            var manifest: Int?
            var commit: Int?
            var attempt: String?
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "store": try store.set(try scanner.name(member), member)
                case "name": try name.set(try scanner.name(member), member)
                case "created_at": try created.set(try scanner.time(member), member)
                case "manifest": try manifest.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
                case "commit": try commit.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
                case "attempt": try attempt.set(try scanner.text(member), member)
                default:
                    if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
                }
            }
            try requirements.checked()
            let file = PinFile(
                store: try store.needed("store"), name: try name.needed("name"),
                created: try created.needed("created_at"), manifest: try manifest.needed("manifest"),
                commit: try commit.needed("commit"), attempt: try attempt.needed("attempt"))
            guard Utf8.equal(ObjectNames.pin(file.name), object) else {
                throw Damage("it says that it is the pin '\(file.name)'")
            }
            return file
        }
    }
}

/// The pins of a store.
struct PinFiles: Sendable {
    let access: StoreAccess

    /// All pins, by name. One LIST for each thousand, one GET for each.
    ///
    /// A pin that cannot be read is an error: whoever removes things must not take it for none.
    /// - Parameter unknown: Hears of names that are none of a pin.
    func all(unknown: (String) -> Void = { _ in }) async throws -> [PinFile] {
        var names: [String] = []
        for object in try await access.listed(ObjectNames.pins).objects {
            if ObjectNames.name(ofPin: object.key) == nil { unknown(object.key) } else { names.append(object.key) }
        }
        return try await names.concurrently(LogReader.width) { name in
            // One that is gone by now is none.
            guard case .found(let object) = try await access.read(name) else { return nil }
            return try PinFile.decode(object.bytes, name)
        }.compactMap { $0 }
    }

    /// A pin, and the mark of its object; nil when there is none of that name. One GET.
    func find(_ name: String) async throws -> (file: PinFile, etag: ETag)? {
        let object = ObjectNames.pin(name)
        guard case .found(let found) = try await access.read(object) else { return nil }
        return (try PinFile.decode(found.bytes, object), found.etag)
    }

    /// Bytes of the name of a pin.
    static let nameBytes = 100

    /// - Throws: `storage.invalid` for a text that is no name of a pin.
    static func check(_ name: String) throws {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard isPlain, (1...nameBytes).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".") else {
            throw StorageError.misuse(
                "'\(name)' cannot be the name of a pin",
                remedy:
                    "use 1 to \(nameBytes) letters a-z and A-Z, digits, '-', '_' and '.', and no '.' at the beginning")
        }
    }
}

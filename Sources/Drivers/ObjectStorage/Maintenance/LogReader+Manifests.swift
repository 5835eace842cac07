import CairnCore
import CairnSchema

/// What is of an earlier schema, too.
extension LogReader {
    /// The record of a number, in terms of its own schema. As ``read(_:)``, and two GETs more for one of another schema.
    func readOfAnyEra(_ number: Int) async throws -> Reading {
        do {
            return try await read(number)
        } catch let error as StorageError where error.code == .schemaMismatch {
            let name = ObjectNames.record(number)
            guard case .found(let object) = try await access.read(name) else { return .absent(nil) }
            guard let id = LogReader.schema(ofRecord: object.bytes) else { throw error }
            return try await LogReader(access, try await access.schema(id), of: nil).read(number)
        }
    }

    /// The schema that a commit record follows.
    static func schema(ofRecord bytes: [UInt8]) -> SchemaID? { kind(ofRecord: bytes).schema }

    /// The schema that a commit record follows, and what it is for, as far as it can be read.
    static func kind(ofRecord bytes: [UInt8]) -> (schema: SchemaID?, kind: CommitRecord.Kind?) {
        var found: (schema: SchemaID?, kind: CommitRecord.Kind?)
        do {
            var scanner = try JSONScanner(bytes)
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "schema": found.schema = try scanner.schemaID(member)
                case "kind": found.kind = CommitRecord.Kind(rawValue: try scanner.text(member))
                default: try scanner.skipValue(depth: 1)
                }
            }
        } catch {
            // What was found so far is what can be said of it.
        }
        return found
    }

    /// The manifest of a version, whosesoever it is: a store that was rebuilt has some of before, under another id. nil when it is not
    /// there. One GET, and one for its schema if that is another than the program's.
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

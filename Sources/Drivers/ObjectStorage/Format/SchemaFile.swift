import CairnCore
package import CairnSchema

/// `_schema.json` and `_schemas/<sha256>.json`: schemas in their canonical form, which is a schema file itself.
package enum SchemaFile {
    /// The bytes of the file of a schema.
    package static func encode(_ schema: Schema) -> [UInt8] { Array(schema.canonicalText.utf8) }

    /// Reads the file of a schema.
    /// - Parameters:
    ///   - name: The name of the object.
    ///   - id: The schema it must be.
    /// - Throws: `storage.damaged` naming the object.
    package static func decode(_ bytes: [UInt8], name: String, id: SchemaID) throws -> Schema {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StoredObject.damaged(name, "the text is not valid UTF-8")
        }
        let schema: Schema
        do {
            schema = try Schema(stored: text, file: name)
        } catch {
            throw StoredObject.damaged(name, "it is no schema that this version knows: \(error)")
        }
        guard schema.id == id else {
            throw StoredObject.damaged(name, "it is the schema \(schema.id), and \(id) is expected")
        }
        return schema
    }
}

package import CairnCore
package import CairnSchema

/// The file of a record, `tables/<table>/objects/<id>.json`.
///
/// Other programs read these files, and some write them: the members are those of DDAO's envelope. The text is indented for
/// people. Its bytes depend on the image, the key and the id of the schema alone, and not on the order in which a
/// program declares its columns: whoever writes the file of an image writes the same bytes, so their entity tag can be
/// computed.
package enum RecordFile {
    /// The bytes of the file of an image.
    /// - Parameter schema: The schema the columns follow.
    package static func encode(_ image: RecordImage, of table: Table, key: Key, schema: SchemaID) -> [UInt8] {
        encode(image, columns(of: table), key: key, schema: schema)
    }

    /// What writes and reads the columns of a table in files. Making it takes as long as writing a file, so whoever writes or
    /// reads many of a table keeps it.
    package static func columns(of table: Table) -> RecordJSON { RecordJSON(table, form: .stored) }

    /// The bytes of the file of an image.
    /// - Parameter columns: What ``columns(of:)`` gave.
    package static func encode(
        _ image: RecordImage, _ columns: RecordJSON, key: Key, schema: SchemaID
    ) -> [UInt8] {
        var writer = JSONWriter(indent: 2, capacity: columns.typicalLength + 512)
        writer.object { writer in
            writer.name("id")
            writer.string(KeyText.encode(key))
            writer.name("table_name")
            writer.string(columns.table.name)
            ImageJSON.writeContent(image, columns, to: &writer)
            writer.name("created_at")
            writer.timestamp(image.metadata.createdAt)
            writer.name("updated_at")
            writer.timestamp(image.metadata.updatedAt)
            writer.name("revision")
            writer.int(image.metadata.revision)
            writer.name("commit")
            writer.int(image.commit)
            writer.name("schema")
            writer.string(schema.description)
        }
        return writer.bytes + [0x0A]
    }

    /// Reads the file of a record. Members may stand in any order, and others beside them are of no concern.
    /// - Parameters:
    ///   - table: The table whose columns the file has.
    ///   - name: The name of the object, which must be that of the record.
    /// - Throws: `storage.damaged` naming the object for anything that Cairn did not write; `storage.upgrade_required`.
    package static func decode(
        _ bytes: [UInt8], of table: Table, name: String
    ) throws -> (key: Key, image: RecordImage) {
        try decode(bytes, columns(of: table), name: name)
    }

    /// Reads the file of a record.
    /// - Parameter columns: What ``columns(of:)`` gave.
    /// - Throws: as ``decode(_:of:name:)``.
    package static func decode(
        _ bytes: [UInt8], _ columns: RecordJSON, name: String
    ) throws -> (key: Key, image: RecordImage) {
        var details = StorageError.Details()
        details.table = columns.table.name
        details.id = ObjectNames.keyText(ofFile: name, of: columns.table.name)
        return try StoredObject.read(bytes, name, details: details) { scanner in
            do {
                return try read(&scanner, columns, name)
            } catch let newer as Newer {
                throw newer
            } catch {
                // Whatever else is odd about it: that another program wrote it explains it.
                guard isForeign(bytes) else { throw error }
                throw Damage("it has no 'commit', so another program wrote it")
            }
        }
    }

    private static func read(
        _ scanner: inout JSONScanner, _ columns: RecordJSON, _ name: String
    ) throws -> (key: Key, image: RecordImage) {
        let table = columns.table
        var requirements = Requirements()
        var id: String?
        var tableName: String?
        var schema: SchemaID?
        var members = ImageJSON.Members()
        try scanner.forEachMember(depth: 0) { member, scanner in
            switch member {
            case "id": try id.set(try scanner.text(member), member)
            case "table_name": try tableName.set(try scanner.text(member), member)
            case "schema": try schema.set(try scanner.schemaID(member), member)
            default:
                if try members.take(member, &scanner, columns, depth: 0) { return }
                try skip(member, &scanner, &requirements)
            }
        }
        _ = try schema.needed("schema")
        let found = try tableName.needed("table_name")
        guard Utf8.equal(found, table.name) else {
            throw Damage("'table_name' is '\(found)', and the object is of table '\(table.name)'")
        }
        let image = try members.image(table)
        let key = try table.key(id: id.needed("id"), image)
        guard Utf8.equal(ObjectNames.file(table, key), name) else {
            throw Damage("it is the file of record '\(KeyText.encode(key))'")
        }
        return (key, image)
    }

    /// Consumes what is none of the members of a record. A newer Cairn may say here that it is newer; another program may have
    /// members of the same names for itself.
    private static func skip(
        _ member: String, _ scanner: inout JSONScanner, _ requirements: inout Requirements
    ) throws {
        let start = scanner
        do {
            if try requirements.take(member, &scanner) { return }
        } catch let newer as Newer {
            throw newer
        } catch {
            scanner = start
        }
        try scanner.skipValue(depth: 1)
    }

    /// The commit and the schema that a file says it is of, as far as it can be read.
    static func origin(of bytes: [UInt8]) -> (commit: Int?, schema: SchemaID?) {
        var origin: (commit: Int?, schema: SchemaID?)
        do {
            var scanner = try JSONScanner(bytes)
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "commit": origin.commit = try scanner.int(member, in: 1...StoreFormat.largest)
                case "schema": origin.schema = try scanner.schemaID(member)
                default: try scanner.skipValue(depth: 1)
                }
            }
        } catch {
            // What was found so far is what can be said of it.
        }
        return origin
    }

    /// Whether it is an object without `commit`.
    private static func isForeign(_ bytes: [UInt8]) -> Bool {
        var isForeign = true
        do {
            var scanner = try JSONScanner(bytes)
            try scanner.forEachMember(depth: 0) { member, scanner in
                if member == "commit" { isForeign = false }
                try scanner.skipValue(depth: 1)
            }
            try scanner.end()
            return isForeign
        } catch {
            return false
        }
    }
}

import CairnCore
import CairnSchema

/// Images of records, as commit records, manifests and record files hold them: revision, times, and either the columns or that
/// the record is deleted.
enum ImageJSON {
    /// Writes the columns, or that there are none.
    static func writeContent(_ image: RecordImage, _ columns: RecordJSON, to writer: inout JSONWriter) {
        if let values = image.values {
            writer.name("fields")
            columns.writeFields(values, to: &writer)
        } else {
            writer.name("deleted")
            writer.bool(true)
        }
    }

    /// Writes an image as an object.
    /// - Parameter hasCommit: Whether the number of its commit is written; where it can only be one it is not.
    static func write(_ image: RecordImage, _ columns: RecordJSON, hasCommit: Bool, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("revision")
            writer.int(image.metadata.revision)
            writer.name("created_at")
            writer.timestamp(image.metadata.createdAt)
            writer.name("updated_at")
            writer.timestamp(image.metadata.updatedAt)
            if hasCommit {
                writer.name("commit")
                writer.int(image.commit)
            }
            writeContent(image, columns, to: &writer)
        }
    }

    /// Reads an object that ``write(_:_:hasCommit:to:)`` wrote.
    /// - Parameter commit: The number of its commit where none is written.
    static func read(
        _ scanner: inout JSONScanner, _ columns: RecordJSON, commit: Int? = nil, depth: Int
    ) throws -> RecordImage {
        var members = Members()
        try scanner.forEachMember(depth: depth) { name, scanner in
            if try !members.take(name, &scanner, columns, depth: depth) { try scanner.skipValue(depth: depth + 1) }
        }
        if let commit {
            guard members.commit == nil else { throw Damage("'commit' does not belong here") }
            members.commit = commit
        }
        return try members.image(columns.table)
    }

    /// The members of an image that were read so far.
    struct Members {
        var commit: Int?
        private var revision: Int?
        private var createdAt: Timestamp?
        private var updatedAt: Timestamp?
        private var values: [Value]?
        private var isDeleted: Bool?

        init() {}

        /// Reads the value of a member if it is part of an image.
        mutating func take(
            _ name: String, _ scanner: inout JSONScanner, _ columns: RecordJSON, depth: Int
        ) throws -> Bool {
            switch name {
            case "revision": try revision.set(try scanner.int(name, in: 1...StoreFormat.largest), name)
            case "created_at": try createdAt.set(try scanner.time(name), name)
            case "updated_at": try updatedAt.set(try scanner.time(name), name)
            case "commit": try commit.set(try scanner.int(name, in: 1...StoreFormat.largest), name)
            case "deleted": try isDeleted.set(try scanner.flag(name), name)
            case "fields": try values.set(try columns.readFields(&scanner, depth: depth + 1), name)
            default: return false
            }
            return true
        }

        /// The image.
        /// - Throws: ``Damage`` when something is missing; `storage.damaged` for a revision that no record reaches.
        func image(_ table: Table) throws -> RecordImage {
            guard (isDeleted == true) == (values == nil) else {
                throw Damage(values == nil ? "'fields' is missing" : "it is deleted, and has fields")
            }
            let metadata = RecordMetadata(
                revision: try Revisions.checked(revision.needed("revision"), of: table),
                createdAt: try createdAt.needed("created_at"), updatedAt: try updatedAt.needed("updated_at"))
            return RecordImage(values: values, metadata: metadata, commit: try commit.needed("commit"))
        }
    }
}

extension Table {
    /// The key of a record that has these images, whose text must be `id`.
    /// - Throws: ``Damage``; `storage.invalid` for a text that is none of a key.
    func key(id: String, _ images: RecordImage?...) throws -> Key {
        var key: Key?
        for case let values? in images.lazy.map({ $0?.values }) {
            let found = self.key(of: values)
            if key == nil, !Utf8.equal(KeyText.encode(found), id) {
                throw Damage(
                    name, id: id, "the fields are those of record '\(KeyText.encode(found))', and not of '\(id)'")
            }
            if let key, key != found {
                throw Damage(name, id: id, "the fields before and after are of different records")
            }
            key = found
        }
        return try key ?? KeyText.decode(id, of: self)
    }
}

/// The codecs of the tables that one object is about, made as they are met.
struct ColumnCodecs {
    private var codecs: [String: RecordJSON] = [:]
    /// The one used last: most operations of a commit are on one table.
    private var last: RecordJSON?

    init() {}

    mutating func codec(of table: Table) -> RecordJSON {
        if let last, last.table === table { return last }
        let codec = codecs[table.name].flatMap { $0.table === table ? $0 : nil } ?? RecordJSON(table, form: .stored)
        codecs[table.name] = codec
        last = codec
        return codec
    }

    /// - Throws: ``Damage`` when the schema has no table of that name.
    mutating func codec(named name: String, in schema: Schema) throws -> RecordJSON {
        if let last, Utf8.equal(last.table.name, name) { return last }
        guard let table = codecs[name]?.table ?? schema.table(named: name) else {
            throw Damage("it names the table '\(name)', which its schema does not have")
        }
        return codec(of: table)
    }
}

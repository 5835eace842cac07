import CairnCore
import CairnSchema

/// Where the values are kept that the records of a table got in a migration, and that nobody can make again: Swift code gave them.
///
/// They stand beside the record files, which stay as they are: in parts of some thousand records, in the order of their keys, and in a
/// directory that says which records each part has. They are needed as long as there are files of before the migration, and are never
/// written over. The hash of the directory stands in the commit that decides, those of the parts stand in the directory.
package struct KeptValues: Sendable, Hashable {
    /// The run of the migration that kept them: no two have the same.
    package var run: String
    /// The SHA-256 of the directory.
    package var hash: [UInt8]

    package init(run: String, hash: [UInt8]) {
        self.run = run
        self.hash = hash
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("run")
            writer.string(run)
            writer.name("sha256")
            writer.plain(Hex.encode(hash))
        }
    }

    static func read(_ scanner: inout JSONScanner) throws -> KeptValues {
        var run: String?
        var hash: [UInt8]?
        try scanner.forEachMember(depth: 4) { member, scanner in
            switch member {
            case "run": try run.set(try scanner.name(member), member)
            case "sha256": try hash.set(try scanner.hash(member), member)
            default: try scanner.skipValue(depth: 5)
            }
        }
        return KeptValues(run: try run.needed("run"), hash: try hash.needed("sha256"))
    }
}

/// Which records each part has: `directory.json`.
struct KeptValuesDirectory: Sendable, Hashable {
    struct Part: Sendable, Hashable {
        /// The text of the key of its first record.
        let first: String
        let hash: [UInt8]
    }

    var store: String
    var parts: [Part] = []

    var encoded: [UInt8] {
        var writer = JSONWriter(capacity: 128 * (parts.count + 1))
        writer.object { writer in
            Requirements.write(needs: [StoreFormat.keptValues], to: &writer)
            writer.name("store")
            writer.string(store)
            writer.name("parts")
            writer.array { writer in
                for part in parts {
                    writer.element()
                    writer.object { writer in
                        writer.name("first")
                        writer.string(part.first)
                        writer.name("sha256")
                        writer.plain(Hex.encode(part.hash))
                    }
                }
            }
        }
        return writer.bytes
    }

    init(store: String) {
        self.store = store
    }

    /// - Parameter hash: What the commit says of its bytes.
    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`.
    init(decoding bytes: [UInt8], hash: [UInt8], name: String) throws {
        self = try StoredObject.read(bytes, name) { scanner in
            guard SHA256.digest(bytes) == hash else { throw Damage("it is not what the migration has kept") }
            var requirements = Requirements()
            var store: String?
            var parts: [Part]?
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "store": try store.set(try scanner.text(member), member)
                case "parts": try parts.set(try scanner.list(depth: 1, KeptValuesDirectory.part), member)
                default: if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
                }
            }
            try requirements.checked()
            var directory = KeptValuesDirectory(store: try store.needed("store"))
            directory.parts = try parts.needed("parts")
            return directory
        }
    }

    private static func part(_ scanner: inout JSONScanner) throws -> Part {
        var first: String?
        var hash: [UInt8]?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "first": try first.set(try scanner.text(member), member)
            case "sha256": try hash.set(try scanner.hash(member), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        return Part(first: try first.needed("first"), hash: try hash.needed("sha256"))
    }
}

/// The values of some records.
struct KeptValuesPart: Sendable {
    struct Entry: Sendable, Hashable {
        let key: Key
        /// The commit that wrote the record which the values were made of.
        let commit: Int
        /// By the positions of the columns in the new table.
        let values: [Int: Value]
    }

    var store: String
    var entries: [Entry]

    /// The bytes of the object.
    /// - Parameter table: The table they are of, in the new schema.
    func encoded(_ table: Table) -> [UInt8] {
        var writer = JSONWriter(capacity: 96 * (entries.count + 1))
        writer.object { writer in
            Requirements.write(needs: [StoreFormat.keptValues], to: &writer)
            writer.name("store")
            writer.string(store)
            writer.name("table")
            writer.string(table.name)
            writer.name("records")
            writer.array { writer in
                for entry in entries {
                    writer.element()
                    writer.object { writer in
                        writer.name("id")
                        writer.string(KeyText.encode(entry.key))
                        writer.name("commit")
                        writer.int(entry.commit)
                        writer.name("fields")
                        writer.object { writer in
                            for (column, value) in entry.values.sorted(by: { $0.key < $1.key }) {
                                writer.name(table.columns[column].name)
                                ValueJSON.write(value, to: &writer)
                            }
                        }
                    }
                }
            }
            // No directory says what the bytes are while a run is at work, and the next one goes on with them.
            let digest = SHA256.digest(writer.bytes)
            writer.name("sha256")
            writer.plain(Hex.encode(digest))
        }
        return writer.bytes
    }

    /// Whether the last member of an object is the SHA-256 of all that stands before it.
    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        func end(_ bytes: [UInt8]) -> [UInt8] { Array(",\"sha256\":\"\(Hex.encode(SHA256.digest(bytes)))\"}".utf8) }
        let length = end([]).count
        return bytes.count > length && end(Array(bytes.dropLast(length))) == Array(bytes.suffix(length))
    }

    init(store: String, entries: [Entry] = []) {
        self.store = store
        self.entries = entries
    }

    /// - Parameters:
    ///   - pair: The table they are of: columns that it does not add have no values here.
    ///   - hash: What the directory says of the bytes; nil where there is none, of a run that was cut short: it
    ///     is compared with what the object says of itself.
    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`.
    init(decoding bytes: [UInt8], of pair: TablePair, hash: [UInt8]?, name: String) throws {
        self = try StoredObject.read(bytes, name) { scanner in
            // Before anything of it is read: what is said of bytes that somebody has changed may be of a value.
            guard hash.map({ $0 == SHA256.digest(bytes) }) ?? KeptValuesPart.isWhole(bytes) else {
                throw Damage("it is not what the migration has kept")
            }
            var requirements = Requirements()
            var store: String?
            var entries: [Entry]?
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "store": try store.set(try scanner.text(member), member)
                case "records":
                    try entries.set(try scanner.list(depth: 1) { try KeptValuesPart.entry(&$0, pair) }, member)
                default: if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
                }
            }
            try requirements.checked()
            return KeptValuesPart(store: try store.needed("store"), entries: try entries.needed("records"))
        }
    }

    private static func entry(_ scanner: inout JSONScanner, _ pair: TablePair) throws -> Entry {
        var key: Key?
        var commit: Int?
        var values: [Int: Value] = [:]
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "id": try key.set(try KeyText.decode(try scanner.string(), of: pair.old), member)
            case "commit": try commit.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
            case "fields":
                try scanner.forEachMember(depth: 3) { name, scanner in
                    guard let column = pair.new.column(named: name), pair.sources[column.position] == nil else {
                        throw Damage("it has a value of '\(name)', which '\(pair.new.name)' did not get")
                    }
                    // What is made of a sensitive column is no less sensitive, and nobody knows of what code makes a value.
                    let isHidden = pair.old.columns.contains(where: \.isSensitive)
                    values[column.position] = try scanner.value(of: column, in: pair.new, isHidden: isHidden, depth: 4)
                }
            default: try scanner.skipValue(depth: 3)
            }
        }
        return Entry(key: try key.needed("id"), commit: try commit.needed("commit"), values: values)
    }
}

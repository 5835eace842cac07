import CairnCore
import CairnSchema

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The file a memory store can be kept in: one JSON object a line.
///
/// The first line says what the file is and holds the schema. Each other line is a record,
/// `{"table":…,"revision":…,"created_at":…,"updated_at":…,"fields":{…}}`, or the last revision of a deleted key,
/// `{"table":…,"deleted":…,"revision":…}`. Receipts of idempotency keys are not kept.
enum MemoryFile {
    private static let format = 1

    // MARK: Writing

    static func write(_ schema: Schema, _ state: MemoryState, to path: String) throws {
        do {
            // Atomic: a file under another name that takes the place of the old one when it is whole.
            try Data(bytes(schema, state)).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw StorageError(
                .io, "the memory store cannot be saved to \(path): \(error)",
                remedy: "check that the folder exists and has room")
        }
    }

    /// What a file of a store holds.
    static func bytes(_ schema: Schema, _ state: MemoryState) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("cairn")
            writer.string("memory")
            writer.name("format")
            writer.int(format)
            writer.name("schema")
            // The canonical text is JSON that the schema made itself.
            writer.write((try? JSONValue(parsing: schema.canonicalText)) ?? .null)
        }
        var bytes = writer.bytes
        bytes.append(0x0A)
        for table in state.tables { append(table, to: &bytes) }
        return bytes
    }

    private static func append(_ stored: MemoryTable, to bytes: inout [UInt8]) {
        let json = RecordJSON(stored.table)
        var records = OrderedMap.Cursor(stored.records, before: nil)
        while let (_, record) = records.next() {
            line(to: &bytes) { writer in
                writer.name("table")
                writer.string(stored.table.name)
                writer.name("revision")
                writer.int(record.metadata.revision)
                writer.name("created_at")
                writer.timestamp(record.metadata.createdAt)
                writer.name("updated_at")
                writer.timestamp(record.metadata.updatedAt)
                writer.name("fields")
                json.writeFields(record.values, to: &writer)
            }
        }
        var deleted = OrderedMap.Cursor(stored.deleted, before: nil)
        while let (key, revision) = deleted.next() {
            line(to: &bytes) { writer in
                writer.name("table")
                writer.string(stored.table.name)
                writer.name("deleted")
                writer.string(KeyText.encode(stored.key(key)))
                writer.name("revision")
                writer.int(revision)
            }
        }
    }

    private static func line(to bytes: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.object(body)
        bytes += writer.bytes
        bytes.append(0x0A)
    }

    // MARK: Reading

    static func read(_ path: String) throws -> (schema: Schema, state: MemoryState) {
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw StorageError(.notAStore, "\(path) cannot be read", remedy: "check the path")
        }
        return try read(bytes, from: path)
    }

    /// Reads what the file at a path holds.
    static func read(_ bytes: [UInt8], from path: String) throws -> (schema: Schema, state: MemoryState) {
        var lines = bytes.split(separator: 0x0A).enumerated().makeIterator()
        guard let first = lines.next() else { throw StorageError(.notAStore, "\(path) is empty") }
        let schema = try header(Array(first.element), path)
        let reader = LineReader(schema: schema)
        var state = MemoryState()
        state.tables = schema.tables.map(MemoryTable.init)
        while let (index, line) = lines.next() {
            do {
                try reader.read(Array(line), into: &state)
            } catch let error as StorageError {
                throw StorageError(
                    .damaged, "\(path):\(index + 1): \(error.message)", remedy: "restore the file from a backup",
                    details: error.details)
            } catch let error as JSONError {
                throw StorageError(
                    .damaged, "\(path):\(index + 1): \(error.message)", remedy: "restore the file from a backup")
            }
        }
        try state.checkReferences(ofEverythingIn: path)
        return (schema, state)
    }

    private static func header(_ line: [UInt8], _ path: String) throws -> Schema {
        guard let json = try? JSONValue(parsing: line), json["cairn"] == "memory",
            case .int(let found)? = json["format"]
        else {
            throw StorageError(.notAStore, "\(path) is not the file of a memory store", remedy: "check the path")
        }
        guard found <= format else {
            throw StorageError(
                .upgradeRequired, "\(path) was written by a newer Cairn (format \(found))",
                remedy: "use a newer version of Cairn")
        }
        guard let text = json["schema"]?.description, let schema = try? Schema(stored: text, file: path) else {
            throw StorageError(
                .damaged, "the schema in \(path) cannot be read", remedy: "restore the file from a backup")
        }
        return schema
    }
}

/// Reads the lines behind the first.
private struct LineReader {
    let schema: Schema
    let check: BatchCheck
    private let codecs: [RecordJSON]

    init(schema: Schema) {
        self.schema = schema
        check = BatchCheck(schema)
        codecs = schema.tables.map { RecordJSON($0) }
    }

    /// The members of one line.
    private struct Line {
        var table: Table?
        var revision = 0
        var deleted: String?
        var createdAt: Timestamp?
        var updatedAt: Timestamp?
        var values: [Value]?
    }

    func read(_ bytes: [UInt8], into state: inout MemoryState) throws {
        let line = try parse(bytes)
        guard let table = line.table else {
            throw StorageError(.damaged, "the line names no table of the schema")
        }
        guard line.revision > 0 else { throw StorageError(.damaged, "the line has no revision") }
        _ = try Revisions.checked(line.revision, of: table)
        if let deleted = line.deleted {
            let key = state.tables[table.position].keyLayout.encode(try KeyText.decode(deleted, of: table))
            state.tables[table.position].remember(deleted: key, revision: line.revision)
            return
        }
        guard let values = line.values, let createdAt = line.createdAt, let updatedAt = line.updatedAt else {
            throw StorageError(.damaged, "the line is no record")
        }
        var operations = [WriteOperation.insert(table, values)]
        _ = try check.check(&operations)
        let metadata = RecordMetadata(revision: line.revision, createdAt: createdAt, updatedAt: updatedAt)
        try state.load(operations[0], metadata)
    }

    private func parse(_ bytes: [UInt8]) throws -> Line {
        var line = Line()
        var scanner = try JSONScanner(bytes)
        try scanner.open(.object, depth: 0)
        var names: Set<String> = []
        while try scanner.hasNext(.object, isFirst: names.isEmpty) {
            let name = try scanner.string()
            guard names.insert(name).inserted else {
                throw StorageError(.damaged, "the line has the member '\(name)' twice")
            }
            try scanner.expect(UInt8(ascii: ":"), "':' after the name of a member")
            switch name {
            case "table": line.table = schema.table(named: try scanner.string())
            case "revision": line.revision = try scanner.number().int ?? 0
            case "deleted": line.deleted = try scanner.string()
            case "created_at": line.createdAt = Timestamp(try scanner.string())
            case "updated_at": line.updatedAt = Timestamp(try scanner.string())
            case "fields":
                // The table stands before its fields, because it says what they are.
                guard let table = line.table else {
                    throw StorageError(.damaged, "the line names no table of the schema before its fields")
                }
                line.values = try codecs[table.position].readFields(&scanner, depth: 1)
            default: throw StorageError(.damaged, "the line has the unknown member '\(name)'")
            }
        }
        try scanner.end()
        return line
    }
}

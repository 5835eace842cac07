import CairnCore
import CairnSchema
import ObjectStores

/// Commit records that are too large for one object.
///
/// The operations of such a record stand in parts, in their order, and the record holds the hash of each part. Parts are uploaded
/// before the record, so whoever finds the record finds them; parts without a record mean nothing.
package enum CommitParts {
    /// The most bytes of one object, where it can be helped.
    package static let limit = 4 << 20

    /// A part to upload.
    package struct Part: Sendable {
        /// The name of its object.
        package let name: String
        package let bytes: [UInt8]
    }

    /// What a record says of one of its parts.
    struct Entry: Sendable, Hashable {
        /// The name of its object.
        let name: String
        /// The SHA-256 of its bytes.
        let hash: [UInt8]
        /// How many bytes it has.
        let length: Int
    }

    // MARK: Writing

    /// The objects of a record: itself, and the parts to upload before it.
    ///
    /// No operation is split, so a part of one operation may be larger than the limit; and so may a record of very many
    /// transactions, whose ids and results stand in the record in any case.
    package static func split(
        _ record: CommitRecord, limit: Int = CommitParts.limit
    ) -> (record: [UInt8], parts: [Part]) {
        let whole = CommitRecordJSON.encode(record)
        guard whole.count > limit, record.transactions.contains(where: { !$0.operations.isEmpty }) else {
            return (whole, [])
        }
        var bodies = Bodies(record: record, limit: limit)
        for transaction in record.transactions {
            for operation in transaction.operations { bodies.append(operation) }
        }
        let parts = bodies.finish()
        let entries = parts.map {
            Entry(name: $0.name, hash: MessageDigest.of($0.bytes, .sha256), length: $0.bytes.count)
        }
        return (CommitRecordJSON.encode(record, parts: entries), parts)
    }

    /// Collects operations into parts.
    private struct Bodies {
        let record: CommitRecord
        let limit: Int
        private var codecs = ColumnCodecs()
        private var finished: [Part] = []
        private var current: [UInt8] = []
        private var count = 0

        init(record: CommitRecord, limit: Int) {
            self.record = record
            self.limit = limit
            current = head(0)
        }

        mutating func append(_ operation: LoggedOperation) {
            var writer = JSONWriter(capacity: 512)
            CommitRecordJSON.write(operation, &codecs, to: &writer)
            let bytes = writer.bytes
            // The comma before, the two brackets behind.
            if count > 0, current.count + bytes.count + 3 > limit { endPart() }
            if count > 0 { current.append(UInt8(ascii: ",")) }
            current += bytes
            count += 1
        }

        mutating func finish() -> [Part] {
            if count > 0 { endPart() }
            return finished
        }

        private mutating func endPart() {
            let name = ObjectNames.part(finished.count, ofCommit: record.commit)
            finished.append(Part(name: name, bytes: current + Array("]}".utf8)))
            current = head(finished.count)
            count = 0
        }

        /// All of a part before its operations.
        private func head(_ index: Int) -> [UInt8] {
            var writer = JSONWriter()
            writer.object { writer in
                Requirements.write(to: &writer)
                writer.name("store")
                writer.string(record.store)
                writer.name("commit")
                writer.string(record.commit)
                writer.name("part")
                writer.int(index)
                writer.name("ops")
                writer.array { _ in }
            }
            return Array(writer.bytes.dropLast(2))
        }
    }

    /// Writes what a record says of its parts.
    static func write(_ entries: [Entry], to writer: inout JSONWriter) {
        writer.name("parts")
        writer.array { writer in
            for entry in entries {
                writer.element()
                writer.object { writer in
                    writer.name("sha256")
                    writer.plain(Hex.encode(entry.hash))
                    writer.name("bytes")
                    writer.int(entry.length)
                }
            }
        }
    }

    // MARK: Reading

    /// Reads what a record says of its parts. Their names follow from their order.
    static func entries(_ scanner: inout JSONScanner, ofCommit commit: String) throws -> [Entry] {
        var entries: [Entry] = []
        try scanner.forEachElement(depth: 1) { scanner in
            var hash: [UInt8]?
            var length: Int?
            try scanner.forEachMember(depth: 2) { member, scanner in
                switch member {
                case "sha256": try hash.set(try scanner.hash(member), member)
                case "bytes": try length.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
                default: try scanner.skipValue(depth: 3)
                }
            }
            let name = ObjectNames.part(entries.count, ofCommit: commit)
            entries.append(Entry(name: name, hash: try hash.needed("sha256"), length: try length.needed("bytes")))
        }
        if entries.isEmpty { throw Damage("'parts' is empty") }
        return entries
    }

    /// Reads the operations of a part.
    /// - Throws: `storage.damaged` naming the part, also when it is not the one the record was written with.
    static func read(
        _ body: [UInt8], _ entry: Entry, _ reader: inout OperationReader
    ) throws -> [LoggedOperation] {
        guard body.count == entry.length else {
            throw StoredObject.damaged(entry.name, "it has \(body.count) bytes, and its record says \(entry.length)")
        }
        guard MessageDigest.of(body, .sha256) == entry.hash else {
            throw StoredObject.damaged(entry.name, "its SHA-256 is not the one its record says")
        }
        return try StoredObject.read(body, entry.name) { scanner in
            var requirements = Requirements()
            var operations: [LoggedOperation]?
            try scanner.forEachMember(depth: 0) { member, scanner in
                if member == "ops" {
                    try operations.set(try scanner.list(depth: 1) { try reader.read(&$0, depth: 2) }, member)
                } else if try !requirements.take(member, &scanner) {
                    // Store, commit and index are for people: the hash says that it is this part of this record.
                    try scanner.skipValue(depth: 1)
                }
            }
            try requirements.checked()
            return try operations.needed("ops")
        }
    }
}

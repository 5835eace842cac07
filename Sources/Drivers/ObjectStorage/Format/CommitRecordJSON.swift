import CairnCore
package import CairnSchema

/// Commit records as JSON, without white space: they are written and read on every commit.
///
/// What follows from the rest is not written: the commit of an `after` image is that of the record, and changes of indexes follow
/// from images and schema. What is written twice, such as the kind of an operation and the id of a record, is for people
/// who read the log, and checked when it is read.
package enum CommitRecordJSON {
    /// The bytes of a record, whatever its size.
    package static func encode(_ record: CommitRecord) -> [UInt8] {
        encode(record, parts: nil)
    }

    /// The bytes of a record.
    /// - Parameter parts: Where its operations stand; nil when in the record itself.
    static func encode(_ record: CommitRecord, parts: [CommitParts.Entry]?) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        var codecs = ColumnCodecs()
        writer.object { writer in
            Requirements.write(needs: record.change.map { StoreFormat.needs(of: $0.tables) } ?? [], to: &writer)
            writer.name("store")
            writer.string(record.store)
            writer.name("group")
            writer.plain("main")
            writer.name("seq")
            writer.int(record.number)
            writer.name("prev")
            writer.plain(Hex.encode(record.previous))
            writer.name("commit")
            writer.string(record.commit)
            writer.name("schema")
            writer.plain(record.schema.description)
            writer.name("at")
            writer.timestamp(record.time)
            writer.name("kind")
            writer.plain(record.kind.rawValue)
            if let parts { CommitParts.write(parts, to: &writer) }
            if let note = record.note { write(note, to: &writer) }
            if !record.floors.isEmpty { write(record.floors, to: &writer) }
            if let change = record.change {
                writer.name("change")
                change.write(to: &writer)
            }
            writer.name("transactions")
            writer.array { writer in
                for transaction in record.transactions {
                    writer.element()
                    write(transaction, hasOperations: parts == nil, &codecs, to: &writer)
                }
            }
        }
        return Seal.put(on: writer.bytes)
    }

    private static func write(_ note: MaintenanceNote, to writer: inout JSONWriter) {
        writer.name("note")
        writer.object { writer in
            writer.name("by")
            writer.string(note.by)
            writer.name("reason")
            writer.string(note.reason)
            writer.name("until")
            writer.timestamp(note.until)
        }
    }

    private static func write(_ floors: [RevisionFloor], to writer: inout JSONWriter) {
        writer.name("revision_floors")
        writer.array { writer in
            for floor in floors {
                writer.element()
                writer.object { writer in
                    writer.name("table")
                    writer.string(floor.table)
                    writer.name("revision")
                    writer.int(floor.revision)
                }
            }
        }
    }

    private static func write(
        _ transaction: LoggedTransaction, hasOperations: Bool, _ codecs: inout ColumnCodecs, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.name("id")
            writer.string(transaction.id)
            if let idempotency = transaction.idempotency {
                writer.name("idempotency_key")
                writer.string(idempotency.key)
                writer.name("digest")
                writer.plain(Hex.encode(idempotency.digest))
                writer.name("results")
                ResultsJSON.write(idempotency.results, to: &writer)
            }
            guard hasOperations else {
                writer.name("count")
                writer.int(transaction.operations.count)
                return
            }
            writer.name("ops")
            writer.array { writer in
                for operation in transaction.operations {
                    writer.element()
                    write(operation, &codecs, to: &writer)
                }
            }
        }
    }

    /// Writes one operation.
    static func write(_ operation: LoggedOperation, _ codecs: inout ColumnCodecs, to writer: inout JSONWriter) {
        let columns = codecs.codec(of: operation.table)
        writer.object { writer in
            writer.name("table")
            writer.string(operation.table.name)
            writer.name("id")
            writer.string(KeyText.encode(operation.key))
            writer.name("kind")
            writer.plain(operation.kind.rawValue)
            writer.name("after")
            ImageJSON.write(operation.after, columns, hasCommit: false, to: &writer)
            if let before = operation.before {
                writer.name("before")
                ImageJSON.write(before, columns, hasCommit: true, to: &writer)
            }
        }
    }

    /// Reads a record that has no parts.
    /// - Parameters:
    ///   - name: The name of the object, which says the number of the record.
    ///   - schema: Gives the schema of an id. Its errors are passed on.
    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`; `storage.invalid` for a record with parts: use
    ///   ``Reading`` where there may be one.
    package static func decode(
        _ bytes: [UInt8], name: String, schema: (SchemaID) throws -> Schema
    ) throws -> CommitRecord {
        let reading = try Reading(bytes, name: name, schema: schema)
        guard reading.parts.isEmpty else {
            throw StorageError.misuse(
                "the operations of '\(name)' stand in \(reading.parts.count) parts", remedy: "fetch and add them")
        }
        return reading.record
    }

    /// A record that is being read: its own object, then its parts if it has any.
    package struct Reading: Sendable {
        /// The record. While parts are missing, its transactions have no operations.
        package private(set) var record: CommitRecord
        /// The objects with the operations, to fetch and ``add(_:schema:)``; empty when nothing is missing.
        package var parts: [String] { entries.map(\.name) }
        /// How many bytes they have together, as the record says; no more than is believed of one.
        var partBytes: Int { entries.reduce(0) { min($0 + $1.length, StoreFormat.largest) } }
        private var entries: [CommitParts.Entry]
        /// How many operations of each transaction stand in parts.
        private let counts: [Int]

        /// Reads the object of a record.
        /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`; what `schema` throws.
        package init(_ bytes: [UInt8], name: String, schema: (SchemaID) throws -> Schema) throws {
            (record, entries, counts) = try StoredObject.read(bytes, name, isSealed: true) { scanner in
                var reader = CommitRecordReader(name: name)
                return try reader.read(&scanner, schema)
            }
        }

        /// Completes the record.
        /// - Parameter bodies: The bytes of its parts, in their order.
        /// - Throws: `storage.damaged` naming a part that is not the one the record was written with, or the record;
        ///   `storage.upgrade_required`; what `schema` throws.
        package mutating func add(_ bodies: [[UInt8]], schema: (SchemaID) throws -> Schema) throws {
            guard bodies.count == entries.count else {
                throw StorageError.misuse("a commit record has \(entries.count) parts, and \(bodies.count) were given")
            }
            if entries.isEmpty { return }
            var reader = OperationReader(schema: try schema(record.schema), number: record.number)
            var operations: [LoggedOperation] = []
            for (entry, body) in zip(entries, bodies) { operations += try CommitParts.read(body, entry, &reader) }
            try distribute(operations)
            entries = []
        }

        private mutating func distribute(_ operations: [LoggedOperation]) throws {
            var rest = operations[...]
            for (index, count) in counts.enumerated() {
                guard count <= rest.count else { throw otherCount(operations.count) }
                record.transactions[index].operations = Array(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            guard rest.isEmpty else { throw otherCount(operations.count) }
        }

        private func otherCount(_ found: Int) -> StorageError {
            StoredObject.damaged(
                ObjectNames.record(record.number), "its parts have \(found) operations, which is not what it says")
        }
    }
}

/// The results of a batch: `[revision, created, updated]` with times in microseconds from 1970, and how many records in a row have
/// the same when it is more than one. The 100,000 records of an import almost always do.
enum ResultsJSON {
    static func write(_ results: [RecordMetadata], to writer: inout JSONWriter) {
        writer.array { writer in
            var start = 0
            while start < results.count {
                let end = results[start...].firstIndex { $0 != results[start] } ?? results.count
                writer.element()
                write(results[start], count: end - start, to: &writer)
                start = end
            }
        }
    }

    private static func write(_ result: RecordMetadata, count: Int, to writer: inout JSONWriter) {
        writer.array { writer in
            writer.element()
            writer.int(result.revision)
            writer.element()
            writer.int(Int(result.createdAt.microseconds))
            writer.element()
            writer.int(Int(result.updatedAt.microseconds))
            if count > 1 {
                writer.element()
                writer.int(count)
            }
        }
    }

    /// - Throws: ``Damage`` for more results than a batch can have.
    static func read(_ scanner: inout JSONScanner, depth: Int) throws -> [RecordMetadata] {
        var results: [RecordMetadata] = []
        try scanner.forEachElement(depth: depth) { scanner in
            var numbers: [Int] = []
            try scanner.forEachElement(depth: depth + 1) {
                numbers.append(try $0.int("results", in: Int.min...Int.max))
            }
            guard numbers.count == 3 || numbers.count == 4, (0...Revisions.largest).contains(numbers[0]),
                let created = Timestamp(microseconds: Int64(numbers[1])),
                let updated = Timestamp(microseconds: Int64(numbers[2]))
            else { throw Damage("'results' are revision, time of creation and time of change, found \(numbers)") }
            let count = numbers.count == 4 ? numbers[3] : 1
            guard (1...Limits.batchOperations).contains(count), results.count + count <= Limits.batchOperations else {
                throw Damage("'results' are of more than \(Limits.batchOperations) operations")
            }
            let result = RecordMetadata(revision: numbers[0], createdAt: created, updatedAt: updated)
            results.append(contentsOf: repeatElement(result, count: count))
        }
        return results
    }
}

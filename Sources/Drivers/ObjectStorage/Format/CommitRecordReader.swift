import CairnCore
import CairnSchema

/// Reads one commit record: what stands before its transactions, then them.
struct CommitRecordReader {
    private let name: String
    private var requirements = Requirements()
    private var store: String?
    private var hasGroup: Bool?
    private var number: Int?
    private var previous: [UInt8]?
    private var commit: String?
    private var time: Timestamp?
    private var kind: CommitRecord.Kind?
    private var schemaID: SchemaID?
    private var note: MaintenanceNote?
    private var floors: [RevisionFloor]?
    private var change: SchemaCommit?
    private var parts: [CommitParts.Entry]?
    private var transactions: [LoggedTransaction]?
    /// How many operations of each transaction stand in parts.
    private var counts: [Int] = []
    /// What reads the operations, once schema and number are known.
    private var operations: OperationReader?

    init(name: String) {
        self.name = name
    }

    mutating func read(
        _ scanner: inout JSONScanner, _ schema: (SchemaID) throws -> Schema
    ) throws -> (CommitRecord, [CommitParts.Entry], counts: [Int]) {
        try scanner.forEachMember(depth: 0) { try take($0, &$1, schema) }
        try requirements.checked()
        _ = try hasGroup.needed("group")
        let number = try number.needed("seq")
        guard ObjectNames.number(ofRecord: name) == number else {
            throw Damage("it says that it is commit \(number)")
        }
        let record = CommitRecord(
            store: try store.needed("store"), number: number, previous: try previous.needed("prev"),
            commit: try commit.needed("commit"), schema: try schemaID.needed("schema"), time: try time.needed("at"),
            kind: try kind.needed("kind"), transactions: try transactions.needed("transactions"), note: note,
            floors: floors ?? [], change: change)
        return (record, parts ?? [], counts)
    }

    private mutating func take(
        _ member: String, _ scanner: inout JSONScanner, _ schema: (SchemaID) throws -> Schema
    ) throws {
        switch member {
        case "store": try store.set(try scanner.name(member), member)
        case "group":
            try scanner.group()
            try hasGroup.set(true, member)
        case "seq": try number.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
        case "prev": try previous.set(try scanner.hash(member), member)
        case "commit": try commit.set(try scanner.name(member), member)
        case "schema": try schemaID.set(try scanner.schemaID(member), member)
        case "at": try time.set(try scanner.time(member), member)
        case "kind":
            let text = try scanner.text(member)
            guard let known = CommitRecord.Kind(rawValue: text) else {
                throw Damage("'kind' is '\(text)', which is none")
            }
            try kind.set(known, member)
        case "note": try note.set(try CommitRecordReader.note(&scanner), member)
        case "revision_floors":
            try floors.set(try scanner.list(depth: 1, CommitRecordReader.floor), member)
        case "change": try change.set(try SchemaCommit.read(&scanner, schema), member)
        case "parts":
            guard transactions == nil else { throw Damage("'parts' stands behind 'transactions'") }
            let commit = try commit.neededBefore(member, "commit")
            try parts.set(try CommitParts.entries(&scanner, ofCommit: commit), member)
        case "transactions": try transactions.set(try readTransactions(&scanner, schema), member)
        default:
            if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
        }
    }

    private static func note(_ scanner: inout JSONScanner) throws -> MaintenanceNote {
        var by: String?
        var reason: String?
        var until: Timestamp?
        try scanner.forEachMember(depth: 1) { member, scanner in
            switch member {
            case "by": try by.set(try scanner.text(member), member)
            case "reason": try reason.set(try scanner.text(member), member)
            case "until": try until.set(try scanner.time(member), member)
            default: try scanner.skipValue(depth: 2)
            }
        }
        return MaintenanceNote(
            by: try by.needed("by"), reason: try reason.needed("reason"), until: try until.needed("until"))
    }

    private static func floor(_ scanner: inout JSONScanner) throws -> RevisionFloor {
        var table: String?
        var revision: Int?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "table": try table.set(try scanner.name(member), member)
            case "revision": try revision.set(try scanner.int(member, in: 1...Revisions.largest), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        return RevisionFloor(table: try table.needed("table"), revision: try revision.needed("revision"))
    }

    // MARK: Transactions

    private mutating func readTransactions(
        _ scanner: inout JSONScanner, _ schema: (SchemaID) throws -> Schema
    ) throws -> [LoggedTransaction] {
        // What follows is in terms of both, so they stand before it.
        let id = try schemaID.neededBefore("transactions", "schema")
        let number = try number.neededBefore("transactions", "seq")
        let schema = try PassedOn.from { try schema(id) }
        operations = OperationReader(schema: schema, number: number)
        var transactions: [LoggedTransaction] = []
        try scanner.forEachElement(depth: 1) { transactions.append(try readTransaction(&$0)) }
        return transactions
    }

    private mutating func readTransaction(_ scanner: inout JSONScanner) throws -> LoggedTransaction {
        var id: String?
        var key: String?
        var digest: [UInt8]?
        var results: [RecordMetadata]?
        var operations: [LoggedOperation]?
        var count: Int?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "id": try id.set(try scanner.text(member), member)
            case "idempotency_key": try key.set(try scanner.text(member), member)
            case "digest": try digest.set(try scanner.hash(member), member)
            case "results": try results.set(try ResultsJSON.read(&scanner, depth: 3), member)
            case "ops": try operations.set(try readOperations(&scanner), member)
            case "count": try count.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        var transaction = LoggedTransaction(id: try id.needed("id"), operations: [])
        if let key {
            transaction.idempotency = LoggedTransaction.Idempotency(
                key: key, digest: try digest.needed("digest"), results: try results.needed("results"))
        } else if digest != nil || results != nil {
            throw Damage("'idempotency_key' is missing")
        }
        if parts == nil {
            transaction.operations = try operations.needed("ops")
        } else {
            guard operations == nil else { throw Damage("it has operations in itself and in parts") }
            counts.append(try count.needed("count"))
        }
        return transaction
    }

    private mutating func readOperations(_ scanner: inout JSONScanner) throws -> [LoggedOperation] {
        var read: [LoggedOperation] = []
        try scanner.forEachElement(depth: 3) { scanner in
            if let operation = try operations?.read(&scanner, depth: 4) { read.append(operation) }
        }
        return read
    }
}

extension Optional {
    /// The value of a member that stands before another one.
    /// - Throws: ``Damage`` when it did not.
    fileprivate func neededBefore(_ later: String, _ member: String) throws -> Wrapped {
        guard let self else { throw Damage("'\(member)' does not stand before '\(later)'") }
        return self
    }
}

/// Reads the operations of one commit record.
struct OperationReader {
    private let schema: Schema
    private let number: Int
    private var codecs = ColumnCodecs()
    /// The records that were met: a commit touches none twice.
    private var met: Set<Place> = []

    private struct Place: Hashable {
        let table: Int
        let key: Key
    }

    init(schema: Schema, number: Int) {
        self.schema = schema
        self.number = number
    }

    mutating func read(_ scanner: inout JSONScanner, depth: Int) throws -> LoggedOperation {
        var columns: RecordJSON?
        var id: String?
        var kind: String?
        var before: RecordImage?
        var after: RecordImage?
        try scanner.forEachMember(depth: depth) { member, scanner in
            switch member {
            case "table":
                guard columns == nil else { throw Damage("'table' is given twice") }
                columns = try codecs.codec(named: try scanner.text(member), in: schema)
            case "id": try id.set(try scanner.text(member), member)
            case "kind": try kind.set(try scanner.text(member), member)
            case "before", "after":
                guard let columns else { throw Damage("'table' does not stand before '\(member)'") }
                if member == "before" {
                    try before.set(try ImageJSON.read(&scanner, columns, depth: depth + 1), member)
                } else {
                    try after.set(try ImageJSON.read(&scanner, columns, commit: number, depth: depth + 1), member)
                }
            default: try scanner.skipValue(depth: depth + 1)
            }
        }
        guard let table = columns?.table else { throw Damage("'table' is missing") }
        return try operation(
            table, id: id.needed("id"), kind: kind.needed("kind"), before: before, after: after.needed("after"))
    }

    private mutating func operation(
        _ table: Table, id: String, kind: String, before: RecordImage?, after: RecordImage
    ) throws -> LoggedOperation {
        let key = try table.key(id: id, after, before)
        let operation = LoggedOperation(table: table, key: key, before: before, after: after)
        guard operation.kind.rawValue == kind else {
            throw Damage(
                table.name, id: id, "'kind' of record '\(id)' is '\(kind)', and its images are of '\(operation.kind)'")
        }
        if let before, before.commit >= number {
            throw Damage(
                table.name, id: id, "record '\(id)' was changed before by commit \(before.commit), which is not earlier"
            )
        }
        guard met.insert(Place(table: table.position, key: key)).inserted else {
            throw Damage(table.name, id: id, "record '\(id)' of table '\(table.name)' is changed twice")
        }
        return operation
    }
}

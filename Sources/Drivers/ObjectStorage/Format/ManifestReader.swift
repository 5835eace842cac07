import CairnCore
import CairnSchema

/// Reads one manifest, and checks that all of it fits together.
struct ManifestReader {
    /// Of the object; nil for a manifest that stands in a commit record.
    private let name: String?
    private var requirements = Requirements()
    private var store: String?
    private var hasGroup: Bool?
    private var version: Int?
    private var covers: Int?
    private var head: [UInt8]?
    private var collected: Int?
    private var schemaID: SchemaID?
    private var time: Timestamp?
    private var tables: [Manifest.TableState]?
    private var receipts: [Manifest.KeptReceipt]?
    private var receiptRuns: [ReceiptRun]?
    private var pending: [Manifest.PendingRecord]?
    private var closing: Closing?
    private var eras: [SchemaEra]?

    init(name: String?) {
        self.name = name
    }

    mutating func read(_ scanner: inout JSONScanner, _ schema: (SchemaID) throws -> Schema) throws -> Manifest {
        try scanner.forEachMember(depth: 0) { try take($0, &$1, schema) }
        try requirements.checked()
        _ = try hasGroup.needed("group")
        let id = try schemaID.needed("schema")
        let manifest = Manifest(
            store: try store.needed("store"), version: try version.needed("version"),
            covers: try covers.needed("covers"), head: try head.needed("head"),
            collected: try collected.needed("collected"), schema: id, time: try time.needed("at"),
            tables: try ManifestReader.ordered(
                try tables.needed("tables"), by: try PassedOn.from { try schema(id) }),
            receipts: try receipts.needed("receipts"), receiptRuns: receiptRuns ?? [],
            pending: try pending.needed("pending"), closing: closing, eras: eras ?? [])
        try check(manifest)
        return manifest
    }

    private mutating func take(
        _ member: String, _ scanner: inout JSONScanner, _ schema: (SchemaID) throws -> Schema
    ) throws {
        switch member {
        case "store": try store.set(try scanner.name(member), member)
        case "group":
            try scanner.group()
            try hasGroup.set(true, member)
        case "version": try version.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
        case "covers": try covers.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
        case "head": try head.set(try scanner.hash(member), member)
        case "collected": try collected.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
        case "schema": try schemaID.set(try scanner.schemaID(member), member)
        case "at": try time.set(try scanner.time(member), member)
        case "closed": try closing.set(try ManifestReader.closing(&scanner), member)
        case "migrations": try eras.set(try scanner.list(depth: 1, SchemaEra.read), member)
        case "tables": try tables.set(try scanner.list(depth: 1, ManifestReader.table), member)
        case "receipts": try receipts.set(try scanner.list(depth: 1, ManifestReader.receipt), member)
        case "receipt_runs":
            try receiptRuns.set(try scanner.list(depth: 1, ManifestReader.receiptRun), member)
        case "pending":
            guard let id = schemaID else { throw Damage("'schema' does not stand before 'pending'") }
            let schema = try PassedOn.from { try schema(id) }
            var codecs = ColumnCodecs()
            try pending.set(
                try scanner.list(depth: 1) { try ManifestReader.pending(&$0, schema, &codecs) }, member)
        default:
            if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
        }
    }

    // MARK: Elements

    private static func closing(_ scanner: inout JSONScanner) throws -> Closing {
        var number: Int?
        var by: String?
        var reason: String?
        var until: Timestamp?
        try scanner.forEachMember(depth: 1) { member, scanner in
            switch member {
            case "seq": try number.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
            case "by": try by.set(try scanner.text(member), member)
            case "reason": try reason.set(try scanner.text(member), member)
            case "until": try until.set(try scanner.time(member), member)
            default: try scanner.skipValue(depth: 2)
            }
        }
        return Closing(
            number: try number.needed("seq"),
            note: MaintenanceNote(
                by: try by.needed("by"), reason: try reason.needed("reason"), until: try until.needed("until")))
    }

    private static func table(_ scanner: inout JSONScanner) throws -> Manifest.TableState {
        var name: String?
        var since: Int?
        var count: Int?
        var indexes: [Manifest.IndexState]?
        var floor: Int?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "name": try name.set(try scanner.name(member), member)
            case "since": try since.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
            case "count": try count.set(try scanner.int(member, in: 0...StoreFormat.largest), member)
            case "revision_floor": try floor.set(try scanner.int(member, in: 1...Revisions.largest), member)
            case "indexes": try indexes.set(try scanner.list(depth: 3, index), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        return Manifest.TableState(
            name: try name.needed("name"), since: try since.needed("since"), count: try count.needed("count"),
            indexes: try indexes.needed("indexes"), revisionFloor: floor ?? 0)
    }

    private static func index(_ scanner: inout JSONScanner) throws -> Manifest.IndexState {
        var name: String?
        var runs: [IndexRun]?
        try scanner.forEachMember(depth: 4) { member, scanner in
            switch member {
            case "name": try name.set(try scanner.text(member), member)
            case "runs": try runs.set(try scanner.list(depth: 5, run), member)
            default: try scanner.skipValue(depth: 5)
            }
        }
        return Manifest.IndexState(name: try name.needed("name"), runs: try runs.needed("runs"))
    }

    private static func receiptRun(_ scanner: inout JSONScanner) throws -> ReceiptRun {
        var oldest: Timestamp?
        var newest: Timestamp?
        var found: IndexRun?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "oldest": try oldest.set(try scanner.time(member), member)
            case "newest": try newest.set(try scanner.time(member), member)
            case "run": try found.set(try run(&scanner, depth: 3), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        return ReceiptRun(
            run: try found.needed("run"), oldest: try oldest.needed("oldest"), newest: try newest.needed("newest"))
    }

    private static func run(_ scanner: inout JSONScanner) throws -> IndexRun { try run(&scanner, depth: 6) }

    private static func run(_ scanner: inout JSONScanner, depth: Int) throws -> IndexRun {
        var file: String?
        var numbers: [String: Int] = [:]
        var first: [UInt8]?
        var last: [UInt8]?
        try scanner.forEachMember(depth: depth) { member, scanner in
            switch member {
            case "file": try file.set(try scanner.name(member), member)
            case "offset", "length", "directory_offset", "directory_length", "count", "filter_offset", "filter_length",
                "filter_pieces":
                try numbers[member].set(try scanner.int(member, in: 0...StoreFormat.largest), member)
            case "first": try first.set(try scanner.hex(member), member)
            case "last": try last.set(try scanner.hex(member), member)
            default: try scanner.skipValue(depth: depth + 1)
            }
        }
        func number(_ member: String) throws -> Int { try numbers[member].needed(member) }
        let hasDirectory = numbers["directory_offset"] != nil || numbers["directory_length"] != nil
        var run = IndexRun(
            file: try file.needed("file"), offset: try number("offset"), length: try number("length"),
            directoryOffset: hasDirectory ? try number("directory_offset") : 0,
            directoryLength: hasDirectory ? try number("directory_length") : 0, count: try number("count"),
            first: try first.needed("first"), last: try last.needed("last"))
        if numbers["filter_offset"] != nil || numbers["filter_length"] != nil || numbers["filter_pieces"] != nil {
            run.filter = IndexRun.Filter(
                offset: try number("filter_offset"), length: try number("filter_length"),
                pieces: try number("filter_pieces"))
        }
        try check(run)
        return run
    }

    private static func check(_ run: IndexRun) throws {
        let ends = [
            run.offset.addingReportingOverflow(run.length),
            run.directoryOffset.addingReportingOverflow(run.directoryLength),
        ]
        if ends.contains(where: \.overflow) { throw Damage("a run of index file '\(run.file)' ends beyond any file") }
        guard run.filter?.isPossible ?? true else {
            throw Damage("the filter of a run of index file '\(run.file)' cannot be where it is said to be")
        }
        guard !run.last.lexicographicallyPrecedes(run.first) else {
            throw Damage("a run of index file '\(run.file)' ends before it begins")
        }
    }

    private static func receipt(_ scanner: inout JSONScanner) throws -> Manifest.KeptReceipt {
        var key: String?
        var digest: [UInt8]?
        var number: Int?
        var transaction: String?
        var time: Timestamp?
        var results: [RecordMetadata]?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "key": try key.set(try scanner.text(member), member)
            case "digest": try digest.set(try scanner.hash(member), member)
            case "seq": try number.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
            case "transaction": try transaction.set(try scanner.text(member), member)
            case "at": try time.set(try scanner.time(member), member)
            case "results": try results.set(try ResultsJSON.read(&scanner, depth: 3), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        return Manifest.KeptReceipt(
            key: try key.needed("key"), digest: try digest.needed("digest"), number: try number.needed("seq"),
            transaction: try transaction.needed("transaction"), time: try time.needed("at"),
            results: try results.needed("results"))
    }

    private static func pending(
        _ scanner: inout JSONScanner, _ schema: Schema, _ codecs: inout ColumnCodecs
    ) throws -> Manifest.PendingRecord {
        var columns: RecordJSON?
        var id: String?
        var image: RecordImage?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "table":
                guard columns == nil else { throw Damage("'table' is given twice") }
                columns = try codecs.codec(named: try scanner.text(member), in: schema)
            case "id": try id.set(try scanner.text(member), member)
            case "image":
                guard let columns else { throw Damage("'table' does not stand before 'image'") }
                try image.set(try ImageJSON.read(&scanner, columns, depth: 3), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        guard let table = columns?.table else { throw Damage("'table' is missing") }
        let found = try image.needed("image")
        return Manifest.PendingRecord(table: table, key: try table.key(id: id.needed("id"), found), image: found)
    }

    // MARK: The whole

    /// The tables and their indexes in the order of the schema: exactly those it has.
    private static func ordered(
        _ tables: [Manifest.TableState], by schema: Schema
    ) throws -> [Manifest.TableState] {
        let ordered = try pick(schema.tables.map(\.name), from: tables, by: \.name, "table")
        return try zip(schema.tables, ordered).map { table, state in
            var state = state
            state.indexes = try pick(
                [""] + table.indexes.map(\.name), from: state.indexes, by: \.name, "index of table '\(table.name)'")
            return state
        }
    }

    private static func pick<Element>(
        _ names: [String], from elements: [Element], by name: (Element) -> String, _ what: String
    ) throws -> [Element] {
        var rest: [String: Element] = [:]
        for element in elements where rest.updateValue(element, forKey: name(element)) != nil {
            throw Damage("it has the \(what) '\(name(element))' twice")
        }
        let picked = try names.map { name in
            guard let element = rest.removeValue(forKey: name) else { throw Damage("it lacks the \(what) '\(name)'") }
            return element
        }
        if let other = rest.keys.min() { throw Damage("it has the \(what) '\(other)', which its schema does not have") }
        return picked
    }

    private func check(_ manifest: Manifest) throws {
        if let name, ObjectNames.version(ofManifest: name) != manifest.version {
            throw Damage("it says that it is version \(manifest.version)")
        }
        if manifest.covers == 0, manifest.head != CommitRecord.noHash {
            throw Damage("it covers no commit, and 'head' is the hash of one")
        }
        try check("collected", manifest.collected, manifest)
        for table in manifest.tables { try check("since", table.since, manifest) }
        if let closing = manifest.closing { try check("seq", closing.number, manifest) }
        for era in manifest.eras { try check("seq", era.end, manifest) }
        guard zip(manifest.eras, manifest.eras.dropFirst()).allSatisfy({ $0.end < $1.end }) else {
            throw Damage("its migrations are out of order")
        }
        var keys: Set<Value> = []
        for receipt in manifest.receipts {
            try check("seq", receipt.number, manifest)
            // As values, which are compared by their bytes.
            guard keys.insert(.string(receipt.key)).inserted else {
                throw Damage("it has the idempotency key '\(receipt.key)' twice")
            }
        }
        var records: Set<Place> = []
        for record in manifest.pending {
            try check("commit", record.image.commit, manifest)
            guard records.insert(Place(table: record.table.position, key: record.key)).inserted else {
                let id = KeyText.encode(record.key)
                throw Damage(
                    record.table.name, id: id, "record '\(id)' of table '\(record.table.name)' is pending twice")
            }
        }
    }

    private struct Place: Hashable {
        let table: Int
        let key: Key
    }

    private func check(_ member: String, _ number: Int, _ manifest: Manifest) throws {
        guard number <= manifest.covers else {
            throw Damage("'\(member)' is \(number), and it covers commits up to \(manifest.covers)")
        }
    }
}

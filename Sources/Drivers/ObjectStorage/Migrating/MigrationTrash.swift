import CairnCore
import CairnSchema
import ObjectStores

/// Keeps what a migration drops: objects with a few thousand records each, of the columns that go.
///
/// People find in them what should not have gone, and a migration that is taken back puts it where it was. ``Collector`` removes them
/// after 30 days.
struct MigrationTrash {
    private let parts: EngineParts
    private let table: Table
    private let columns: [Int]
    private let schema: SchemaID
    /// The number of the commit that closed the store: no two migrations have the same.
    private let window: Int
    private var records: [JSONValue] = []
    private var bytes = 0
    private var place = 0

    /// Bytes of an object, roughly.
    private static let limit = 4 << 20
    /// Days for which it is kept.
    static let days = 30

    init(_ parts: EngineParts, _ table: Table, _ columns: [Int], _ schema: SchemaID, window: Int) {
        self.parts = parts
        self.table = table
        self.columns = columns
        self.schema = schema
        self.window = window
    }

    /// Adds a record of the old table.
    mutating func add(_ key: Key, _ metadata: RecordMetadata, _ values: [Value]) {
        let fields = columns.map { column in
            JSONObject.Member(name: table.columns[column].name, value: ValueJSON.value(values[column]))
        }
        let id = KeyText.encode(key)
        records.append(
            .object(
                JSONObject([
                    .init(name: "id", value: .string(id)), .init(name: "revision", value: .int(metadata.revision)),
                    .init(name: "created_at", value: .string(metadata.createdAt.description)),
                    .init(name: "fields", value: .object(JSONObject(fields))),
                ])))
        bytes += id.utf8.count + 64 + columns.reduce(0) { $0 + ValueSize.bytes([values[$1]]) }
    }

    /// Stores what is held, when that is much.
    mutating func spill() async throws {
        if bytes >= MigrationTrash.limit { try await store() }
    }

    mutating func finish() async throws {
        if !records.isEmpty { try await store() }
    }

    private mutating func store() async throws {
        var writer = JSONWriter(capacity: bytes)
        writer.object { writer in
            Requirements.write(to: &writer)
            writer.name("store")
            writer.string(parts.tip.storeID)
            writer.name("table")
            writer.string(table.name)
            writer.name("schema")
            writer.plain(schema.description)
            writer.name("records")
            writer.write(.array(records))
        }
        let name = ObjectNames.trash(window, table.name, place)
        let notAfter = try await parts.follower.permission()?.date?.addingTimeInterval(Committer.fence)
        // Only a process that was overtaken may have written another one there, and it wrote the same records.
        if case .expired = try await parts.access.create(name, writer.bytes, notAfter: notAfter, parts.surroundings) {
            throw StoreAccess.translated(ExpiredClaim())
        }
        place += 1
        records = []
        bytes = 0
    }

    /// What an object keeps of the records of a table: the values of these columns.
    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`.
    static func decode(_ bytes: [UInt8], of table: Table, _ columns: [Int], name: String) throws -> [DroppedRecord] {
        try StoredObject.read(bytes, name) { scanner in
            var requirements = Requirements()
            var records: [DroppedRecord]?
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "records":
                    try records.set(try scanner.list(depth: 1) { try record(&$0, table, columns) }, member)
                default: if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
                }
            }
            try requirements.checked()
            return try records.needed("records")
        }
    }

    private static func record(
        _ scanner: inout JSONScanner, _ table: Table, _ columns: [Int]
    ) throws -> DroppedRecord {
        var key: Key?
        var createdAt: Timestamp?
        var values: [Int: Value] = [:]
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "id": try key.set(try KeyText.decode(try scanner.string(), of: table), member)
            case "created_at": try createdAt.set(try scanner.time(member), member)
            case "fields":
                try scanner.forEachMember(depth: 3) { name, scanner in
                    guard let column = table.column(named: name) else {
                        throw Damage("it has a column '\(name)', which '\(table.name)' had not")
                    }
                    values[column.position] = try scanner.value(of: column, in: table, depth: 4)
                }
            default: try scanner.skipValue(depth: 3)
            }
        }
        return DroppedRecord(
            key: try key.needed("id"), createdAt: createdAt,
            values: try columns.map { column in
                guard let value = values[column] else { throw Damage("it lacks '\(table.columns[column].name)'") }
                return value
            })
    }
}

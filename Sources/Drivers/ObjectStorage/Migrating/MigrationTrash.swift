import CairnCore
import CairnSchema
import ObjectStores

/// Keeps what a migration drops: objects with a few thousand records each, of the columns that go.
///
/// They are for people, who find in them what should not have gone. ``Collector`` removes them after 30 days.
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
    mutating func add(_ key: Key, _ revision: Int, _ values: [Value]) {
        let fields = columns.map { column in
            JSONObject.Member(name: table.columns[column].name, value: ValueJSON.value(values[column]))
        }
        let id = KeyText.encode(key)
        records.append(
            .object(
                JSONObject([
                    .init(name: "id", value: .string(id)), .init(name: "revision", value: .int(revision)),
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
}

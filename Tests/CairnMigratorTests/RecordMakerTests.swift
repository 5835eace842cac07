import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@Suite("Migrations in which Swift code makes what records get")
struct RecordMakerTests {
    private static let drivers = Driver.allCases

    private static let old = database(table("name string; note string?", indexes: "\"i\": [\"name\"]"))
    private static let new = database(
        table(
            """
            name string; initials {"type": "string", "renamed_from": "initials"}; length int?; \
            kind {"enum": ["short", "long"], "default": "short", "renamed_from": "kind"}
            """)
    )
    private static let content: Content = [
        "t": [
            ["id": 1, "name": "Ada Lovelace", "note": "x"], ["id": 2, "name": "Björk", "note": .null],
            ["id": 3, "name": "", "note": .null],
        ]
    ]

    /// What somebody may have thought of.
    private struct Mistake: Error {}

    /// A mistake that says of what.
    private struct Told: Error {
        let value: Value?
    }

    private func place(_ driver: Driver) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: Self.old)) { try await $0.insert(Self.content) }
        return place
    }

    /// The initials of a name, and its length unless it is empty.
    private static func make(_ record: Record) -> [String: Value] {
        guard case .string(let name)? = record["name"] else { return [:] }
        let initials = String(name.split(separator: " ").compactMap(\.first))
        return ["initials": .string(initials), "length": name.isEmpty ? .null : .int(name.count)]
    }

    private func migrate(
        _ place: Place, to schema: String = new, isRehearsal: Bool = false,
        _ making: @escaping @Sendable (Record) throws -> [String: Value] = RecordMakerTests.make
    ) async throws {
        let storage = try await place.storage()
        do {
            let held = try #require(try await storage.schema())
            try await storage.apply(
                .migrate(
                    Migration(
                        from: held, to: Schema(parsing: schema), allowsDestructive: true, isRehearsal: isRehearsal,
                        making: making)))
        } catch {
            try await place.leave(storage)
            throw error
        }
        try await place.leave(storage)
    }

    private func content(_ place: Place, _ schema: String = old) async throws -> Content {
        try await place.with(Schema(parsing: schema)) { try await $0.content() }
    }

    @Test("New columns have what the code gives, or what they have without it", arguments: drivers)
    func made(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await migrate(place, isRehearsal: true)
        #expect(try await content(place) == Self.content)
        try await migrate(place)
        #expect(
            try await content(place, Self.new) == [
                "t": [
                    ["id": 1, "name": "Ada Lovelace", "initials": "AL", "length": 12, "kind": "short"],
                    ["id": 2, "name": "Björk", "initials": "B", "length": 5, "kind": "short"],
                    ["id": 3, "name": "", "initials": "", "length": .null, "kind": "short"],
                ]
            ])
        let revisions = try await place.with(Schema(parsing: Self.new)) { store in
            try await store.records("t").all().map(\.revision)
        }
        #expect(revisions == [1, 1, 1])
    }

    @Test("It is taken back as any other", arguments: drivers.filter(\.remembersMigrations))
    func back(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await migrate(place)
        try await place.rollback(before: 1, allowsDestructive: true)
        #expect(try await content(place) == Self.content)
    }

    @Test("It is called only for tables that get a column", arguments: drivers)
    func tables(_ driver: Driver) async throws {
        let place = Place(driver)
        let others = table("a int", name: "u")
        try await place.with(Schema(parsing: database(table("a int"), others))) {
            try await $0.insert(["t": [["id": 1, "a": 1]], "u": [["id": 1, "a": 1]]])
        }
        let schema = database(
            table("b {\"type\": \"int\", \"renamed_from\": \"a\"}; twice int", name: "v", renamedFrom: "t"), others)
        try await migrate(place, to: schema) { record in
            guard record.table.name == "t", case .int(let a)? = record["a"] else { throw Mistake() }
            return ["twice": .int(2 * a)]
        }
        #expect(
            try await content(place, schema) == [
                "v": [["id": 1, "b": 1, "twice": 2]], "u": [["id": 1, "a": 1]],
            ])
    }

    @Test(
        "Where the code throws, or gives what does not fit, the record is named and the store is as it was",
        arguments: drivers)
    func stopped(_ driver: Driver) async throws {
        let place = try await place(driver)
        let mistakes: [(@Sendable () throws -> [String: Value], String)] = [
            ({ throw Mistake() }, "Mistake"),
            ({ ["initials": .int(7)] }, "initials"),
            ({ ["initials": .null] }, "initials"),
            ({ [:] }, "initials"),
            ({ ["initials": .string("x"), "kind": .string("other")] }, "kind"),
            ({ ["initials": .string("x"), "nmae": .string("y")] }, "'nmae'"),
            ({ ["initials": .string("x"), "name": .string("y")] }, "'name', which is not new"),
            ({ ["initials": .string("x"), "id": .int(7)] }, "'id', which is not new"),
        ]
        for (make, part) in mistakes {
            let error = try await expectError(.invalid) {
                try await migrate(place) { try $0["id"] == .int(2) ? make() : Self.make($0) }
            }
            #expect(error.details.id == "2" && error.message.contains(part), "\(error)")
            #expect(error.message.contains("record 2 of table 't' stands in the way"), "\(error)")
            #expect(try await content(place) == Self.content)
        }
        let unique = Self.new.replacing(
            "\"indexes\": {", with: "\"indexes\": { \"one\": { \"on\": [\"length\"], \"unique\": true }")
        try await expectError(.duplicate) {
            try await migrate(place, to: unique) { _ in ["initials": .string("x"), "length": .int(1)] }
        }
        #expect(try await content(place) == Self.content)
    }

    @Test(
        "What is at fault is told: the code, or the record; nothing of a table with secrets is told", arguments: drivers
    )
    func remedies(_ driver: Driver) async throws {
        let old = database(table("name {\"type\": \"string\", \"sensitive\": true}"))
        let new = database(
            table(
                "name {\"type\": \"string\", \"sensitive\": true}; kind {\"enum\": [\"a\", \"b\"], \"default\": \"a\"}")
        )
        let place = Place(driver)
        try await place.with(Schema(parsing: old)) { try await $0.insert(["t": [["id": 2, "name": "secret"]]]) }
        let mistakes: [@Sendable (Record) throws -> [String: Value]] = [
            { throw Told(value: $0["name"]) },
            { throw StorageError(.invalid, "it is \($0["name"] ?? .null)") },
            { ["kind": $0["name"] ?? .null] },
            { ["name": $0["name"] ?? .null] },
        ]
        for making in mistakes {
            let error = try await expectError(.invalid) { try await migrate(place, to: new, making) }
            #expect(error.remedy?.contains("the code of the migration") == true, "\(error)")
            #expect(!"\(error)".contains("secret") && error.details.id == "2", "\(error)")
        }
        // Without the code it is the record.
        let bounded = database(table("name {\"type\": \"string\", \"max_length\": 3}; kind string?"))
        let error = try await expectError(.invalid) { try await migrate(place, to: bounded) { _ in [:] } }
        #expect(error.remedy?.hasPrefix("change the record") == true, "\(error)")
    }

    @Test("What it gives for a reference, or for a unique index, is checked like anything else", arguments: drivers)
    func constraints(_ driver: Driver) async throws {
        let place = try await place(driver)
        let schema = database(
            table(
                "name string; note string?; next {\"references\": \"t\", \"renamed_from\": \"next\"}; slug {\"type\": \"string\", \"unique\": true, \"renamed_from\": \"slug\"}",
                indexes: "\"i\": [\"name\"]"))
        let id: @Sendable (Record) -> Int = { if case .int(let id)? = $0["id"] { id } else { 0 } }
        try await expectError(.reference) {
            try await migrate(place, to: schema) { ["next": .int(id($0) + 1), "slug": .string("s\(id($0))")] }
        }
        try await expectError(.duplicate) {
            try await migrate(place, to: schema) { ["next": .int(1), "slug": .string("s\(id($0) / 2)")] }
        }
        #expect(try await content(place) == Self.content)
        try await migrate(place, to: schema) { ["next": .int(id($0) % 3 + 1), "slug": .string("s\(id($0))")] }
        let slugs = try await place.with(Schema(parsing: schema)) { store in
            let records = try store.records("t")
            try await expectError(.duplicate) {
                try await records.insert(
                    Record(records.table, ["id": .int(9), "name": .string(""), "next": .int(1), "slug": .string("s2")]))
            }
            try await expectError(.reference) { try await records.delete(Key(.int(2))) }
            return try await records.all().map { [$0["next"], $0["slug"]] }
        }
        #expect(slugs == [[.int(2), .string("s1")], [.int(3), .string("s2")], [.int(1), .string("s3")]])
    }

    @Test("Where no table gets a column there is nothing to make")
    func nothing() throws {
        let (old, wider) = (
            try Schema(parsing: Self.old), try Schema(parsing: Self.old.replacing("string?", with: "string"))
        )
        for schema in [old, wider] {
            #expect {
                try Migration(from: old, to: schema, making: Self.make)
            } throws: {
                ($0 as? StorageError)?.code == .migrationUnsupported
            }
        }
    }
}

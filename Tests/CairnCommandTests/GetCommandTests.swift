import CairnSchema
import Testing

@testable import CairnCommand

@Suite("cairn get")
struct GetCommandTests {
    @Test("A record is shown column by column, aligned, what a terminal would obey spelled out")
    func people() async throws {
        let folder = try TestFolder()
        let outcome = await cairn("get", try await Zoo.make(in: folder), "animals", "7")
        #expect(outcome.code == .done)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        // The store keeps the schema in canonical form, columns in the order of their names.
        #expect(
            lines.dropLast(2) == [
                "born         2026-11-20", "id           7", "keeper       \(Zoo.keeper)", "kind         bird",
                "name         \"Ωmega\\u001b[31m\"", #"notes        {"a":[null],"b":1}"#, "photo        AP8=",
                "price        12.5", "seen         2026-11-20T15:06:01.870549Z", #"tags         ["x y","z"]"#,
                "tame         true", "weight       1.5", "_revision    1",
            ])
        #expect(lines.count == 15)
        #expect(lines[13].hasPrefix("_created_at  20"))
        #expect(lines[14].hasPrefix("_updated_at  20"))
    }

    @Test("Null and the text 'null' do not look the same")
    func null() async throws {
        let folder = try TestFolder()
        let outcome = await cairn("get", try await Zoo.make(in: folder), "animals", "-8")
        #expect(outcome.output.contains("\nname         \"null\"\n"))
        #expect(outcome.output.contains("\nweight       null\n"))
    }

    @Test("For programs a record is one object, columns in the order of the schema, then what Cairn keeps")
    func json() async throws {
        let folder = try TestFolder()
        let outcome = await cairn("get", try await Zoo.make(in: folder), "animals", "7", "--json")
        let record = try JSONValue(parsing: outcome.output)
        #expect(record["name"] == "Ωmega\u{1B}[31m")
        #expect(record["weight"] == 1.5)
        #expect(record["price"] == "12.5")
        #expect(record["notes"] == ["a": [.null], "b": 1])
        #expect(record["_revision"] == 1)
        let names = outcome.output.split(separator: "\n").compactMap { line in
            line.hasPrefix("  \"") ? line.dropFirst(3).prefix { $0 != "\"" } : nil
        }
        #expect(
            names == [
                "born", "id", "keeper", "kind", "name", "notes", "photo", "price", "seen", "tags", "tame", "weight",
                "_revision", "_created_at", "_updated_at",
            ])
    }

    @Test("Sensitive columns are shown only when asked for")
    func sensitive() async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let hidden = await cairn("get", store, "keepers", Zoo.keeper)
        #expect(hidden.output.contains("\npin          •••\nsalary       •••\n"))
        let json = try JSONValue(parsing: await cairn("get", store, "keepers", Zoo.keeper, "--json").output)
        #expect(json["pin"] == "•••")
        #expect(json["salary"] == "•••")
        let shown = await cairn("get", store, "keepers", Zoo.keeper, "--show-sensitive")
        #expect(shown.output.contains("\npin          1234\nsalary       12.5\n"))
    }

    @Test(
        "A key is its canonical text or its plain value",
        arguments: [
            ("zones", "plain", "name         plain"), ("zones", "Europe%2FParis", "name         Europe/Paris"),
            ("zones", "Europe/Paris", "name         Europe/Paris"), ("zones", "a%20b", "name         a b"),
            ("zones", "a b", "name         a b"), ("zones", "%", "name         \"\""),
            ("zones", "", "name         \"\""),
            ("keepers", Zoo.keeper.uppercased(), "id           \(Zoo.keeper)"),
            ("visits", "Big%20Cats/2026-11-20", "guests       3"), ("visits", "Big Cats/2026-11-20", "guests       3"),
            ("photos", "deadbe", "hash         3q2+"), ("photos", "3q2+", "hash         3q2+"),
        ])
    func keys(table: String, key: String, line: String) async throws {
        let folder = try TestFolder()
        let outcome = await cairn("get", try await Zoo.make(in: folder), table, key)
        #expect(outcome.code == .done, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").contains { $0 == line })
    }

    @Test("A record that is not there is an exit code of its own")
    func missing() async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let outcome = await cairn("get", store, "animals", "99")
        #expect(outcome.code == .found)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors == "cairn: storage.not_found: table 'animals' has no record 99\n")
        let json = try JSONValue(parsing: await cairn("get", store, "animals", "99", "--json").errors)
        #expect(
            json == ["code": "storage.not_found", "message": "table 'animals' has no record 99", "remedy": .null])
    }

    @Test(
        "What cannot be looked up says why",
        arguments: [
            (["animal", "7"], "storage.invalid: the database 'zoo' has no table 'animal'; did you mean 'animals'?"),
            (
                ["things", "7"],
                "storage.invalid: the database 'zoo' has no table 'things'; it has animals, keepers, photos, visits, zones"
            ),
            (
                ["animals", "7/8"],
                "storage.invalid: '7/8' is not the text of a key of table 'animals': the key of 'animals' has 1 part: id"
            ),
            (
                ["animals", "seven"],
                "storage.invalid: 'seven' is not the text of a key of table 'animals': 'seven' is no value of column 'id' of type int"
            ),
            (
                ["visits", "Lions"],
                "storage.invalid: 'Lions' is not the text of a key of table 'visits': the key of 'visits' has 2 parts: zone, day"
            ),
            (
                ["visits", "Lions/2026-02-30"],
                "storage.invalid: 'Lions/2026-02-30' is not the text of a key of table 'visits': '2026-02-30' is no value of column 'day' of type date"
            ),
        ])
    func wrong(arguments: [String], error: String) async throws {
        let folder = try TestFolder()
        let outcome = await cairn(["get", try await Zoo.make(in: folder)] + arguments)
        #expect(outcome.code == .failed)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors == "cairn: \(error)\n")
    }
}

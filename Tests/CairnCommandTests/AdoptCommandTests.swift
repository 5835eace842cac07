import CairnSchema
import Foundation
import Testing

@testable import CairnCommand

@Suite("cairn adopt")
struct AdoptCommandTests {
    /// A folder as DDAO writes it, with three records.
    private static func peers(in folder: TestFolder) throws -> String {
        let columns = [
            ("name", "text", false), ("email", "text", true), ("age", "integer", false), ("joined", "datetime", false),
        ]
        let fields = columns.map { name, type, isUnique in
            "\"\(name)\": {\"Name\":\"\(name)\",\"DataType\":\"\(type)\",\"Nullable\":false,\"Default\":null,\"Comment\":\"\",\"Unique\":\(isUnique),\"Index\":\(name == "age"),\"AutoIncrement\":false,\"PrimaryKey\":false}"
        }
        try folder.write(
            "peers/_schema.json",
            "{\"DatabaseName\":\"peers\",\"Tables\":{\"users\":{\"TableName\":\"users\",\"Fields\":{\(fields.joined(separator: ","))},\"FieldOrder\":[\"id\",\"name\",\"email\",\"age\",\"joined\"],\"PrimaryKey\":\"id\",\"Indexes\":null,\"Comment\":\"\"}},\"FieldOrder\":null}"
        )
        try folder.write("peers/tables/users/_metadata.json", "{\"table_name\":\"users\"}")
        for id in 1...3 {
            try record(
                folder, "u\(id)",
                "{\"age\":\(id),\"email\":\"u\(id)@x\",\"name\":\"User \(id)\",\"joined\":\"2026-11-20T15:06:01.870549501Z\"}"
            )
        }
        return "file:\(folder("peers"))"
    }

    private static func record(_ folder: TestFolder, _ id: String, _ fields: String, file: String? = nil) throws {
        try folder.write(
            "peers/tables/users/objects/\(file ?? id).json",
            "{\n  \"id\": \"\(id)\",\n  \"table_name\": \"users\",\n  \"fields\": \(fields),\n  \"created_at\": \"2026-11-20T15:06:01.870549501Z\",\n  \"updated_at\": \"0001-01-01T00:00:00Z\"\n}"
        )
    }

    @Test("A schema is proposed, and nothing is changed")
    func propose() async throws {
        let folder = try TestFolder()
        let address = try Self.peers(in: folder)
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        let outcome = await cairn("adopt", address)
        #expect(outcome.code == .done, "\(outcome.errors)")
        let schema = try Schema(parsing: outcome.output)
        let users = try #require(schema.table(named: "users"))
        #expect(users.columns.map(\.name) == ["id", "name", "email", "age", "joined"])
        #expect(users.column(named: "joined")?.valueType == .timestamp)
        #expect(users.indexes.map(\.name).sorted() == ["by_age", "unique_email"])
        #expect(outcome.errors.contains("All records fit the schema"))
        let after = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(after.filter { !$0.hasPrefix("peers/.cairn") } == before)
    }

    @Test("A store is made, every id, value and time kept, and again does nothing")
    func write() async throws {
        let folder = try TestFolder()
        let address = try Self.peers(in: folder)
        let original = try folder.read("peers/_schema.json")
        let file = folder("peers.jsonc")
        #expect(await cairn("adopt", address, "--output", file).code == .done)
        let outcome = await cairn("adopt", address, "--schema", file, "--write")
        #expect(
            outcome.code == .done && outcome.output.contains("users  3 records"), "\(outcome.output)\(outcome.errors)")
        let record = try JSONValue(parsing: await cairn("get", address, "users", "u2", "--json").output)
        #expect(record["age"] == 2 && record["_revision"] == 1)
        #expect(record["joined"] == "2026-11-20T15:06:01.870549Z")
        #expect(record["_created_at"] == "2026-11-20T15:06:01.870549Z")
        #expect(record["_updated_at"] == "2026-11-20T15:06:01.870549Z")
        #expect(try folder.read("peers/_trash/adopt/_schema.json") == original)
        #expect(await cairn("doctor", address).code == .done)
        let again = await cairn("adopt", address, "--schema", file, "--write")
        #expect(again.code == .done && again.output.contains("users  0 records  3 in the store already"))
    }

    @Test("Records that do not fit are all named, and nothing is changed unless they may be left")
    func problems() async throws {
        let folder = try TestFolder()
        let address = try Self.peers(in: folder)
        let file = folder("peers.jsonc")
        #expect(await cairn("adopt", address, "--output", file).code == .done)
        try Self.record(
            folder, "u4", "{\"age\":\"old\",\"email\":\"u4@x\",\"name\":\"N\",\"joined\":\"2026-11-20T15:06:01Z\"}")
        try Self.record(
            folder, "u5", "{\"age\":5,\"email\":\"u1@x\",\"name\":\"N\",\"joined\":\"2026-11-20T15:06:01Z\"}")
        try folder.write("peers/tables/users/objects/notes.txt", "milk")
        let refused = await cairn("adopt", address, "--schema", file, "--write")
        #expect(
            refused.code == .found
                && refused.output.contains("3 records cannot be adopted as they are. Nothing was changed."))
        for name in ["u4.json", "u5.json", "notes.txt"] { #expect(refused.output.contains(name)) }
        #expect(!FileManager.default.fileExists(atPath: folder("peers/_store.json")))
        let left = await cairn("adopt", address, "--schema", file, "--write", "--leave-failing")
        #expect(
            left.code == .found && left.output.contains("Adopted, but for 3 records"), "\(left.output)\(left.errors)")
        #expect(try folder.read("peers/tables/users/objects/notes.txt") == "milk")
        #expect(try folder.read("peers/tables/users/objects/u4.json").contains("\"old\""))
    }

    @Test("A file under another name than Cairn gives it is kept in the trash")
    func otherName() async throws {
        let folder = try TestFolder()
        let address = try Self.peers(in: folder)
        try Self.record(
            folder, "a b", "{\"age\":9,\"email\":\"ab@x\",\"name\":\"N\",\"joined\":\"2026-11-20T15:06:01Z\"}")
        let outcome = await cairn("adopt", address, "--write")
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("'tables/users/objects/a b.json' is 'tables/users/objects/a%20b.json' now"))
        #expect(try folder.read("peers/_trash/adopt/tables/users/objects/a b.json").contains("\"a b\""))
        #expect(await cairn("get", address, "users", "a b").code == .done)
        #expect(await cairn("doctor", address).code == .done)
    }

    @Test("A folder without tables, and lines that make no sense, are refused")
    func refused() async throws {
        let folder = try TestFolder()
        #expect(await cairn("adopt", "file:\(folder.path)").errors.contains("there are no tables of another program"))
        #expect(await cairn("adopt", "memory:").errors.contains("keeps no objects"))
        #expect(
            await cairn("adopt", "file:x", "--to", "sqlite:x.db").errors.contains("'--to' is for a SQLite database"))
        #expect(await cairn("adopt", "file:x", "--leave-failing").errors.contains("'--leave-failing' needs '--write'"))
    }
}

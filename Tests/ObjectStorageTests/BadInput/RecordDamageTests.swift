import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Record files that are not what was written")
struct RecordDamageTests {
    private let scene = Scene()
    private static let file = "tables/rows/objects/1.json"

    /// What became of the file of record 1, whose value is 100.
    static let damage: [(what: String, change: @Sendable (String) -> String)] = [
        ("cut short", { String($0.prefix($0.count / 2)) }),
        ("empty", { _ in "" }),
        ("not JSON", { _ in "<html>not here</html>" }),
        ("a list", { "[\($0)]" }),
        ("a text where a number was", { $0.replacing("\"value\": 100", with: "\"value\": \"100\"") }),
        ("a number that is no integer", { $0.replacing("\"value\": 100", with: "\"value\": 100.5") }),
        ("null where none may be", { $0.replacing("\"value\": 100", with: "\"value\": null") }),
        ("without a column", { $0.replacing("\"value\": 100", with: "\"price\": 100") }),
        ("another id", { $0.replacing("\"id\": \"1\"", with: "\"id\": \"2\"") }),
        ("another table", { $0.replacing("\"table_name\": \"rows\"", with: "\"table_name\": \"users\"") }),
        ("no commit: another program wrote it", { $0.replacing("\"commit\"", with: "\"version\"") }),
        ("two values", { $0.replacing("\"value\": 100", with: "\"value\": 100, \"value\": 100") }),
        ("something behind it", { $0 + "{}" }),
    ]

    @Test(
        "Is told with table and id, by key, by index and in whole tables, and nothing else suffers", arguments: damage)
    func damaged(what: String, change: @Sendable (String) -> String) async throws {
        try await scene.fill(3, isSettled: true)
        let old = try await scene.text(Self.file)
        try #require(change(old) != old, "\(what) changes nothing")
        try await scene.write(Self.file, change(old))
        let store = try await scene.open()
        for read in [{ _ = try await store.row(1) }, { _ = try await store.allRows() }] {
            let error = try await expectRemedy(.damaged, "\(what)") { try await read() }
            #expect(error.details.table == "rows" && error.details.id == "1", "\(what): \(error) \(error.details)")
            #expect(error.message.contains(Self.file), "\(what): \(error)")
        }
        // Reading what it was is needed to change it.
        try await expectRemedy(.damaged, "\(what)") { try await store.setRow(1, 7) }
        #expect(try await store.row(2) == 200)
        #expect(try await scene.text(Self.file) == change(old), "\(what): somebody wrote over it")
    }

    @Test("A file that is gone is damage where an index has its record, and not nothing")
    func gone() async throws {
        try await scene.fill(3, isSettled: true)
        try await scene.objects.delete(Self.file)
        let store = try await scene.open()
        let error = try await expectRemedy(.damaged) { _ = try await store.allRows() }
        #expect(error.details.table == "rows" && error.details.id == "1", "\(error) \(error.details)")
        try await expectRemedy(.damaged) { _ = try await store.row(1) }
        // Else its revisions would begin anew.
        try await expectRemedy(.damaged) { try await store.insertRow(1) }
    }

    @Test("A file that somebody put back to what it was is damage where an index knows better")
    func older() async throws {
        try await scene.fill(3, isSettled: true)
        let old = try await scene.text(Self.file)
        let storage = try await ObjectStorage.open(scene.objects, surroundings: scene.clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        try await store.setRow(1, 101)
        try await storage.flush()
        try await store.maintain()
        try await scene.write(Self.file, old)
        let again = try await scene.open()
        try await expectRemedy(.damaged) { _ = try await again.allRows() }
    }

    @Test("A stranger's file in the place of a new record is reported, never written over, and the record is there")
    func stranger() async throws {
        try await scene.fill(1)
        let foreign = "{ \"id\": \"9\", \"table_name\": \"rows\", \"fields\": { \"id\": 9, \"value\": 1 } }"
        try await scene.write("tables/rows/objects/9.json", foreign)
        let storage = try await ObjectStorage.open(scene.objects, surroundings: scene.clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        try await store.insertRow(9, 900)
        let error = try await expectRemedy(.unavailable) { try await storage.flush() }
        #expect(error.message.contains("tables/rows/objects/9.json"), "\(error)")
        #expect(try await scene.text("tables/rows/objects/9.json") == foreign)
        // Manifests carry it from here on.
        for id in 20..<60 { try await store.insertRow(id) }
        try await store.close()
        let again = try await scene.open()
        #expect(try await again.row(9) == 900)
        #expect(try await again.allRows()[9] == 900)
        #expect(try await scene.text("tables/rows/objects/9.json") == foreign)
    }
}

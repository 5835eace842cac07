import CairnCore
import CairnMigrator
import CairnSchema
import MemoryStorage
import ObjectStorage
import Testing

@Suite("Programs of two schemas at once")
struct WindowTests {
    private static let persistent = Driver.allCases.filter(\.remembersMigrations)

    private let old = database(table(#"a string; n string; gone {"type": "string", "default": "d"}"#))
    private let new = database(
        table(
            #"a string; n int; b {"type": "string", "default": "x", "renamed_from": "b"}"#),
        table("t {\"references\": \"t\"}", name: "u"))

    /// A store of the old schema with records, which programs of the new one use, too.
    private func place(_ driver: Driver) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: old)) { store in
            try await store.insert([
                "t": [["id": 1, "a": "x", "n": "7", "gone": "g"], ["id": 2, "a": "y", "n": "8", "gone": "h"]]
            ])
        }
        try await change(place) { try Migration.start(from: $0, to: Schema(parsing: new)) }
        return place
    }

    private func change(_ place: Place, _ migration: (Schema) throws -> Migration) async throws {
        let storage = try await place.storage()
        let held = try #require(try await storage.schema())
        do {
            try await storage.apply(.migrate(migration(held)))
        } catch {
            try await place.leave(storage)
            throw error
        }
        try await place.leave(storage)
    }

    private func read(_ place: Place, _ schema: String) async throws -> Content {
        try await place.with(Schema(parsing: schema)) { try await $0.content() }
    }

    // MARK: The way of a change

    @Test(
        "Programs of both schemas read what was there, and what is there when it is completed",
        arguments: Driver.allCases)
    func completed(_ driver: Driver) async throws {
        let place = try await place(driver)
        let before = try await read(place, old)
        #expect(before["t"]?[1] == ["id": 2, "a": "y", "n": "8", "gone": "h"])
        #expect(try await read(place, new)["t"]?[0] == ["id": 1, "a": "x", "n": 7, "b": "x"])
        try await place.with(Schema(parsing: new)) { store in
            try await store.insert(["t": [["id": 3, "a": "z", "n": 9, "b": "new"]], "u": [["id": 1, "t": 3]]])
        }
        #expect(try await read(place, old)["t"]?[2] == ["id": 3, "a": "z", "n": "9", "gone": "d"])
        try await change(place) { try Migration.complete($0, allowsDestructive: true) }
        let content = try await read(place, new)
        #expect(content["t"]?.map { $0["n"] } == [7, 8, 9] && content["u"]?.count == 1)
        try await expectError(.schemaMismatch) { _ = try await read(place, old) }
    }

    @Test(
        "A change that is aborted leaves the old schema, with what programs of the new one wrote",
        arguments: Driver.allCases)
    func aborted(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await place.with(Schema(parsing: new)) { store in
            var record = try await store.records("t").get(Key(.int(1)))
            try record.set("n", .int(70))
            try await store.records("t").update(record)
        }
        try await change(place) { try Migration.abort($0, allowsDestructive: true) }
        #expect(try await read(place, old)["t"]?[0] == ["id": 1, "a": "x", "n": "70", "gone": "g"])
        try await place.with(Schema(parsing: old)) { try await $0.rewrite() }
    }

    @Test(
        "Dropping what only one schema has must be allowed, and the store is not changed otherwise",
        arguments: persistent)
    func guarded(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await expectError(.migrationDestructive) { try await change(place) { try Migration.complete($0) } }
        try await expectError(.migrationDestructive) { try await change(place) { try Migration.abort($0) } }
        for schema in [old, new, database(table("a string"))] {
            try await expectError(.migrationUnsupported) {
                try await place.migrate(to: Schema(parsing: schema), allowsDestructive: true)
            }
        }
        try await expectError(.migrationUnsupported) {
            try await change(place) { try Migration.start(from: $0, to: Schema(parsing: database(table("z int")))) }
        }
        #expect(try await read(place, old)["t"]?.count == 2)
    }

    @Test(
        "Records that the new schema does not allow stop the start, and nothing is changed", arguments: Driver.allCases)
    func stopped(_ driver: Driver) async throws {
        let place = Place(driver)
        try await place.with(Schema(parsing: old)) { store in
            try await store.insert(["t": [["id": 1, "a": "x", "n": "007", "gone": "g"]]])
        }
        let error = try await expectError(.invalid) {
            try await change(place) { try Migration.start(from: $0, to: Schema(parsing: new)) }
        }
        #expect(error.message.contains("'007'"), "\(error)")
        #expect(try await read(place, old)["t"]?.count == 1)
    }

    @Test("It is part of the history, and is not taken back once it is completed", arguments: persistent)
    func history(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await change(place) { try Migration.complete($0, allowsDestructive: true) }
        let history = try await place.history()
        #expect(history.map(\.number) == [1, 2])
        #expect(history[0].steps.first?.hasPrefix("let programs of") == true, "\(history[0].steps)")
        for number in [2, 1] {
            let error = #expect(throws: StorageError.self) {
                try Rollback(before: number, in: history, held: history[1].to)
            }
            #expect(error?.code == .migrationUnsupported, "\(String(describing: error))")
            #expect(error?.remedy?.contains("--before") == false)
        }
    }

    @Test("While both are used it is taken back with what programs of the new schema wrote", arguments: persistent)
    func takenBack(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await place.with(Schema(parsing: new)) { store in
            try await store.insert(["t": [["id": 3, "a": "z", "n": 9, "b": "new"]]])
        }
        let history = try await place.history()
        let rollback = try Rollback(before: 1, in: history, held: history[0].to)
        _ = try await rollback.run(
            allowsDestructive: true, isRehearsal: false, open: { try await place.storage() }, progress: { _ in })
        #expect(try await read(place, old)["t"]?[2] == ["id": 3, "a": "z", "n": "9", "gone": "d"])
    }

    @Test("Records are written anew for both, once, beside programs of both", arguments: [Driver.folder])
    func backfill(_ driver: Driver) async throws {
        let place = try await place(driver)
        let before = (try await read(place, old), try await read(place, new))
        for written in [2, 0] {
            let history = try await place.history()
            let storage = try #require(try await place.storage() as? ObjectStorage)
            let store = try await Store.open(rewriting: storage)
            let report = try await EagerRewrite(store, history) { try await storage.precede($0, $1, $2) }.run()
            #expect(report.written == written)
            try await place.leave(storage)
        }
        #expect(try await read(place, old) == before.0)
        #expect(try await read(place, new) == before.1)
    }

    // MARK: What cannot be so

    /// A change that `start` refuses, and the column and words of the refusal.
    struct Refused: CustomTestStringConvertible, Sendable {
        let old: String
        let new: String
        let column: String
        let words: String
        var testDescription: String { "\(column): \(words)" }
    }

    @Test(
        "A change of which writes would not reach the other program is refused, naming the column",
        arguments: [
            Refused(
                old: table("a string"), new: table("a string; b string"), column: "b",
                words: "programs of the old schema do not know the column"),
            Refused(
                old: table("a string; b string"), new: table("a string"), column: "b",
                words: "programs of the new schema do not know the column"),
            Refused(
                old: table("a string"),
                new: table(
                    #"b {"type": "string", "renamed_from": "b", "convert": {"split": "a", "at": " ", "part": 1}}"#),
                column: "a", words: "nothing leads back"),
            Refused(
                old: table("a string; b string"),
                new: table(
                    #"c {"type": "string", "renamed_from": "c", "convert": {"join": ["a", "b"]}}"#),
                column: "a", words: "nothing leads back"),
            Refused(
                old: table("a string"),
                new: table(#"a string; b {"type": "string", "default": "x", "unique": true, "renamed_from": "b"}"#),
                column: "b", words: "it is unique"),
            Refused(
                old: table(#"a string; b {"type": "string", "default": "x", "unique": true}"#), new: table("a string"),
                column: "b", words: "it is unique"),
        ])
    func refused(_ refused: Refused) throws {
        let error = #expect(throws: StorageError.self) {
            try Migration.start(
                from: Schema(parsing: database(refused.old)), to: Schema(parsing: database(refused.new)))
        }
        #expect(error?.code == .migrationUnsupported)
        #expect(error?.details.column == refused.column, "\(String(describing: error))")
        #expect(error?.message.contains(refused.words) == true, "\(String(describing: error))")
        #expect(error?.remedy != nil)
    }

    @Test("A window says in the schema which two it is between, and is read as it was written")
    func stored() throws {
        let from = try Schema(parsing: old)
        let to = try Schema(parsing: new)
        let held = try Migration.start(from: from, to: to).to
        let read = try Schema(stored: held.canonicalText, file: "held")
        #expect(read.id == held.id && read.window?.old.id == from.id && read.window?.new.id == to.id)
        #expect(held.id != from.id && held.id != to.id)
        #expect(read.table(named: "t")?.columns.map(\.name).sorted() == ["a", "b", "gone", "id", "n", "n_before"])
        let error = #expect(throws: SchemaError.self) { try Schema(parsing: held.canonicalText) }
        #expect(error?.diagnostics.contains { $0.code == "schema.window" } == true)
    }

    /// A store in memory for programs of two schemas, and one of each.
    private func window(_ old: String, _ new: String) async throws -> (old: Store, new: Store) {
        let (from, to) = (try Schema(parsing: database(old)), try Schema(parsing: database(new)))
        let storage = MemoryStorage()
        try await storage.apply(.create(from))
        try await storage.apply(.migrate(Migration.start(from: from, to: to)))
        return (try await Store.open(storage, schema: from), try await Store.open(storage, schema: to))
    }

    @Test("A list of one element is its element to programs that know no list, and a longer one is refused")
    func lists() async throws {
        let window = try await window(
            table("a string; n int"), table("a [string]; n [int]"))
        try await window.new.insert(["t": [["id": 1, "a": ["x"], "n": [5]]]])
        #expect(try await window.old.content() == ["t": [["id": 1, "a": "x", "n": 5]]])
        try await expectError(.invalid) {
            try await window.new.insert(["t": [["id": 2, "a": ["x", "y"], "n": [5]]]])
        }
        #expect(try await window.old.content()["t"]?.count == 1)
    }

    @Test("A text is put together from its parts without what nobody wrote", arguments: ["", "Ann", "Ann Evans"])
    func parts(_ rest: String) async throws {
        let split = #""convert": { "split": "name", "at": " ", "part""#
        let window = try await window(
            table("name string"),
            table(
                #"first { "type": "string", "renamed_from": "first", \#(split): 1 } }; "#
                    + #"rest { "type": "string", "renamed_from": "rest", \#(split): 2, "parts": 2, "otherwise": "" } }"#
            ))
        try await window.new.insert(["t": [["id": 1, "first": "Mary", "rest": .string(rest)]]])
        let name = rest.isEmpty ? "Mary" : "Mary \(rest)"
        #expect(try await window.old.content() == ["t": [["id": 1, "name": .string(name)]]])
        #expect(try await window.new.content()["t"]?[0]["rest"] == .string(rest))
    }

    @Test("A text does not get what stands for a part that it did not have")
    func otherwise() async throws {
        let split = #""convert": { "split": "name", "at": " ", "part""#
        let window = try await window(
            table("name string"),
            table(
                #"first { "type": "string", "renamed_from": "first", \#(split): 1 } }; "#
                    + #"rest { "type": "string", "renamed_from": "rest", \#(split): 2, "parts": 2, "otherwise": "-" } }"#
            ))
        try await window.old.insert(["t": [["id": 1, "name": "Plato"]]])
        var record = try await window.new.records("t").get(Key(.int(1)))
        try record.set("first", .string("Platon"))
        try await window.new.records("t").update(record)
        #expect(try await window.old.content() == ["t": [["id": 1, "name": "Platon"]]])
    }

    @Test("Of several texts that stand for a value the one that a record has stays")
    func severalTexts() async throws {
        let state = ##"{ "from": "code", "values": { "a": "open", "b": "open" } }"##
        let window = try await window(
            table("code string; name string"),
            table(
                #"state { "enum": ["open"], "renamed_from": "state", "convert": \#(state) }; "#
                    + #"full { "type": "string", "renamed_from": "full", "convert": { "join": ["code", "name"], "with": " " } }"#
            ))
        try await window.old.insert(["t": [["id": 1, "code": "b", "name": "Tom"]]])
        var record = try await window.new.records("t").get(Key(.int(1)))
        try record.set("full", .string("b Tim"))
        try await window.new.records("t").update(record)
        #expect(try await window.old.content() == ["t": [["id": 1, "code": "b", "name": "Tim"]]])
    }

    @Test("What is gone from between joined texts moves none of the others")
    func middle() async throws {
        let join = #""renamed_from": "name", "convert": { "join": ["a", "b", "c"], "with": " " }"#
        let window = try await window(
            table("a string; b string?; c string?"), table(#"name { "type": "string", \#(join) }"#))
        try await window.old.insert(["t": [["id": 1, "a": "Ann", "b": "B", "c": "Lee"]]])
        var record = try await window.new.records("t").get(Key(.int(1)))
        try record.set("name", .string("Ann Lee"))
        let changed = record
        try await expectError(.invalid) { try await window.new.records("t").update(changed) }
        #expect(try await window.old.content() == ["t": [["id": 1, "a": "Ann", "b": "B", "c": "Lee"]]])
    }

    @Test("A table that is new under the name of one that is renamed is refused: neither could be taken back")
    func reusedName() throws {
        let columns = #""columns": { "id": "int" }, "key": "id""#
        let error = #expect(throws: StorageError.self) {
            try Migration.start(
                from: Schema(parsing: #"{ "database": "d", "tables": { "cities": { \#(columns) } } }"#),
                to: Schema(
                    parsing:
                        #"{ "database": "d", "tables": { "places": { "renamed_from": "cities", \#(columns) }, "cities": { \#(columns) } } }"#
                ))
        }
        #expect(error?.code == .migrationUnsupported)
        #expect(error?.message.contains("gives its name to another table") == true, "\(String(describing: error))")
    }

    @Test("A joined text is taken apart where there is one way to do it, and moves nothing between columns")
    func joined() async throws {
        let join = #""renamed_from": "name", "convert": { "join": ["a", "b"], "with": " " }"#
        let window = try await window(table("a string; b string?"), table(#"name { "type": "string", \#(join) }"#))
        try await window.old.insert(["t": [["id": 1, "a": "Mary Ann", "b": "Evans"], ["id": 2, "a": "Ada"]]])
        func change(_ id: Int, _ name: String) async throws -> JSONValue? {
            var record = try await window.new.records("t").get(Key(.int(id)))
            try record.set("name", .string(name))
            try await window.new.records("t").update(record)
            return try await window.old.content()["t"]?[id - 1]
        }
        #expect(try await change(1, "Mary Ann Smith") == ["id": 1, "a": "Mary Ann", "b": "Smith"])
        #expect(try await change(1, "Eliza Jane Smith") == ["id": 1, "a": "Eliza Jane", "b": "Smith"])
        #expect(try await change(2, "Augusta") == ["id": 2, "a": "Augusta", "b": .null])
        #expect(try await change(2, "Augusta King") == ["id": 2, "a": "Augusta", "b": "King"])
        try await expectError(.invalid) { _ = try await change(1, "Mary Ann Evans") }
        // Which of the two words is the second name nobody knows.
        try await window.old.insert(["t": [["id": 4, "a": "Mary Ann"]]])
        try await expectError(.invalid) {
            var record = try await window.new.records("t").get(Key(.int(4)))
            try record.set("name", .string("Mary Anna"))
            try await window.new.records("t").update(record)
        }
        #expect(try await window.old.records("t").get(Key(.int(4)))["a"] == .string("Mary Ann"))
        try await window.old.records("t").delete(Key(.int(4)))
        try await expectError(.invalid) {
            try await window.new.insert(["t": [["id": 3, "name": "Mary Ann Evans"]]])
        }
    }

    @Test("A value that several texts stand for comes back as the first one that the old column can have")
    func texts() async throws {
        let values = #""values": { "z": "open", "o": "open", "x": "open", "c": "closed" }"#
        let window = try await window(
            table(#"code { "enum": ["x", "o", "c"] }"#),
            table(
                #"state { "enum": ["open", "closed"], "renamed_from": "state", "convert": { "from": "code", \#(values) } }"#
            ))
        try await window.new.insert(["t": [["id": 1, "state": "open"]]])
        #expect(try await window.old.content() == ["t": [["id": 1, "code": "o"]]])
    }

    @Test("A rename alone is one column under two names, and nothing is written")
    func renamed() async throws {
        let from = database(table("a string"))
        let to = database(table(#"b {"type": "string", "renamed_from": "a"}"#))
        let migration = try Migration.start(from: Schema(parsing: from), to: Schema(parsing: to))
        #expect(migration.to.table(named: "t")?.columns.map(\.name).sorted() == ["b", "id"])
        let storage = MemoryStorage()
        try await storage.apply(.create(Schema(parsing: from)))
        try await storage.apply(.migrate(migration))
        let one = try await Store.open(storage, schema: Schema(parsing: from))
        let other = try await Store.open(storage, schema: Schema(parsing: to))
        try await one.insert(["t": [["id": 1, "a": "x"]]])
        #expect(try await other.content() == ["t": [["id": 1, "b": "x"]]])
        try await other.rewrite()
        #expect(try await one.content() == ["t": [["id": 1, "a": "x"]]])
    }
}

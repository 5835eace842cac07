import CairnCore
import CairnMigrator
import CairnSchema
import Testing

/// The drivers that remember their migrations: one of each kind.
private let remembering: [Driver] = [.sqlite, .folder]

@Suite("Taking migrations back")
struct RollbackTests {
    private let three: Content = [
        "t": [["id": 1, "a": "x", "b": 10], ["id": 2, "a": "y", "b": .null], ["id": 3, "a": "z", "b": 30]]
    ]
    private let wide = database(table("a string; b int?"))
    private let narrow = database(table("a string"))

    /// A store of the first schema with records, which was brought to the others, one after the other.
    private func place(_ driver: Driver, _ content: Content, _ schemas: String...) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: schemas[0])) { try await $0.insert(content) }
        for schema in schemas.dropFirst() {
            try await place.migrate(to: Schema(parsing: schema), allowsDestructive: true)
        }
        return place
    }

    private func content(_ place: Place, _ schema: String) async throws -> Content {
        try await place.with(Schema(parsing: schema)) { store in
            try await store.rewrite()
            return try await store.content()
        }
    }

    // MARK: History

    @Test(
        "A store tells its migrations, renames among them, and of which tables it keeps something",
        arguments: Driver.allCases.filter(\.remembersMigrations))
    func history(_ driver: Driver) async throws {
        let renamed = database(
            table(
                #"b int?; c {"type": "string", "renamed_from": "a"}"#, name: "u", renamedFrom: "t"))
        let last = database(table("c string", name: "u"))
        let place = try await place(driver, three, wide, renamed, last)
        let history = try await place.history()
        #expect(history.map(\.number) == [1, 2])
        #expect(try history.map(\.from) == [Schema(parsing: wide), Schema(parsing: renamed)])
        #expect(try history.map(\.to) == [Schema(parsing: renamed), Schema(parsing: last)])
        #expect(
            history.map(\.steps) == [
                ["rename table 't' to 'u'", "rename column 'a' of 'u' to 'c'"], ["drop column 'b' of 'u'"],
            ])
        #expect(history.map(\.kept) == [[], ["u"]])
        #expect(history[0].time <= history[1].time)
    }

    @Test("A store that was never migrated has no history, and nothing to take back", arguments: Driver.allCases)
    func none(_ driver: Driver) async throws {
        let place = try await place(driver, three, wide)
        #expect(try await place.history().isEmpty)
        let error = try await expectError(.invalid) { try await place.rollback(before: 1) }
        #expect(error.message.contains("no migration 1"))
    }

    // MARK: Columns

    @Test(
        "A column comes back with what it had; of records that came or went since nothing is made up",
        arguments: Driver.allCases.filter(\.remembersMigrations))
    func column(_ driver: Driver) async throws {
        let place = try await place(driver, three, wide, narrow)
        try await place.with(Schema(parsing: narrow)) { store in
            try await store.insert(["t": [["id": 4, "a": "new"]]])
            try await store.records("t").delete(Key(.int(3)))
        }
        let restored = try await place.rollback(before: 1)
        #expect(restored.map(\.records) == [2] && restored.map(\.deleted) == [1])
        #expect(
            try await content(place, wide) == [
                "t": [
                    ["id": 1, "a": "x", "b": 10], ["id": 2, "a": "y", "b": .null], ["id": 4, "a": "new", "b": .null],
                ]
            ])
        #expect(try await place.rollback(before: 1).isEmpty, "a second time there is nothing to do")
    }

    @Test(
        "Columns that must not be null, are unique, refer, have defaults or rules come back with what they had, whatever their type",
        arguments: remembering)
    func required(_ driver: Driver) async throws {
        let columns: [(declaration: String, values: [JSONValue])] = [
            (#""int""#, [2, 1]), (#"{"type": "int", "default": 7}"#, [2, 1]),
            (#"{"type": "int", "unique": true}"#, [2, 1]),
            (#"{"type": "int", "unique": true, "default": 7}"#, [2, 1]), (#"{"references": "t"}"#, [2, 1]),
            (#"{"type": "int", "min": 1, "max": 3}"#, [2, 1]), (#""[int]""#, [[1, 2], []]),
            (#""json""#, [["x": 1], .null]),
            (#""json?""#, [.null, [1]]), (#""decimal""#, ["1.50", "-2"]), (#""bytes""#, ["AAE=", ""]),
            (#""timestamp""#, ["2026-01-02T03:04:05.000006Z", "1969-12-31T23:59:59Z"]),
            (#""uuid""#, ["0194e4ea-1111-7abc-8def-0123456789ab", "0194e4ea-2222-7abc-8def-0123456789ab"]),
            (#""date""#, ["2026-02-28", "1900-03-01"]), (#""double""#, [1.5, -0.25]), (#""bool""#, [true, false]),
            (#"{"enum": ["one", "two"]}"#, ["two", "one"]),
        ]
        let texts = columns.enumerated().map { "\"c\($0)\": \($1.declaration)" }.joined(separator: ", ")
        let before = database(
            "\"t\": { \"columns\": { \"id\": \"int\", \"a\": \"string\", \(texts) }, \"key\": [\"id\"] }")
        let records = (0..<2).map { record in
            JSONValue.object(
                JSONObject(
                    [.init(name: "id", value: .int(record + 1)), .init(name: "a", value: "x")]
                        + columns.enumerated().map { .init(name: "c\($0)", value: $1.values[record]) }))
        }
        let place = try await place(driver, ["t": records], before, narrow)
        try await place.rollback(before: 1)
        #expect(try await content(place, before) == content(self.place(driver, ["t": records], before), before))
    }

    @Test(
        "Unique indexes that ask for a column that comes back, and lists that must not be short, are in nobody's way",
        arguments: remembering)
    func conditions(_ driver: Driver) async throws {
        let before = database(
            table(
                #"a string; gone timestamp?; list {"type": "[int]", "min_length": 1}"#,
                indexes: #""u": { "on": ["a"], "unique": true, "where": "gone is null" }"#))
        let content: Content = [
            "t": [
                ["id": 1, "a": "x", "gone": "2026-01-02T03:04:05Z", "list": [1]],
                ["id": 2, "a": "x", "gone": .null, "list": [2, 3]],
            ]
        ]
        let place = try await place(driver, content, before, narrow)
        try await place.rollback(before: 1)
        #expect(try await self.content(place, before) == self.content(self.place(driver, content, before), before))
    }

    @Test(
        "A column that must not be null is refused when records came since, and nothing is changed",
        arguments: remembering)
    func added(_ driver: Driver) async throws {
        let before = database(table("a string; b int"))
        let place = try await place(driver, ["t": [["id": 1, "a": "x", "b": 10]]], before, narrow)
        try await place.with(Schema(parsing: narrow)) { try await $0.insert(["t": [["id": 2, "a": "new"]]]) }
        let error = try await expectError(.init(rawValue: "migration.not_kept")) { try await place.rollback(before: 1) }
        #expect(error.message.contains("1 of 2 records of table 't'") && error.message.contains("'b'"))
        #expect(try await content(place, narrow)["t"]?.count == 2)
        // The way the error names.
        let open = database(table("a string; b int?"))
        try await place.migrate(to: Schema(parsing: open))
        #expect(try await content(place, open)["t"]?.count == 2)
    }

    @Test("Columns of a table that was renamed at once come back under their old names", arguments: remembering)
    func renamed(_ driver: Driver) async throws {
        let after = database(
            table(#"c {"type": "string", "renamed_from": "a"}"#, name: "u", renamedFrom: "t"))
        let place = try await place(driver, three, wide, after)
        try await place.rollback(before: 1)
        #expect(try await content(place, wide) == three)
    }

    // MARK: Tables

    @Test("Tables come back, those that are referred to first, and circles and trees at once", arguments: remembering)
    func tables(_ driver: Driver) async throws {
        let gone = [
            table(#"x {"references": "b"}"#, name: "a"), table("y string", name: "b"),
            table(#"up {"references": "tree"}"#, name: "tree"),
        ]
        let before = "{ \"database\": \"d\", \"tables\": { \(([table("a string")] + gone).joined(separator: ", ")) } }"
        let content: Content = [
            "t": [["id": 1, "a": "x"]], "a": [["id": 1, "x": 2], ["id": 2, "x": 1]],
            "b": [["id": 1, "y": "p"], ["id": 2, "y": "q"]],
            // Each refers to the next, and the last to the first.
            "tree": (1...120).map { ["id": .int($0), "up": .int($0 % 120 + 1)] },
        ]
        let place = try await place(driver, content, before, narrow)
        let restored = try await place.rollback(before: 1)
        #expect(restored.map(\.records).reduce(0, +) == 124)
        #expect(try await self.content(place, before) == content)
    }

    @Test("Tables and columns that refer to one another come back together", arguments: remembering)
    func circles(_ driver: Driver) async throws {
        let before = database(
            table(#"n string?; cover {"references": "albums", "nullable": true}"#, name: "users"),
            table(#"owner {"references": "users"}; next {"references": "bands", "nullable": true}"#, name: "albums"),
            table(#"best {"references": "albums", "nullable": true}"#, name: "bands"))
        let content: Content = [
            "users": [["id": 1, "n": .null, "cover": 1]], "albums": [["id": 1, "owner": 1, "next": 1]],
            "bands": [["id": 1, "best": 1], ["id": 2, "best": .null]],
        ]
        let place = try await place(driver, content, before, database(table("n string?", name: "users")))
        try await place.rollback(before: 1)
        #expect(try await self.content(place, before) == content)
    }

    @Test("Of what does not fit any more as little as can be stays away", arguments: remembering)
    func little(_ driver: Driver) async throws {
        let before = database(
            table("a string"),
            table(#"up {"references": "v"}; x {"references": "t", "nullable": true}; note string?"#, name: "v"),
            table(#"up {"references": "w"}; x {"references": "t", "nullable": true}"#, name: "w"))
        let content: Content = [
            "t": [["id": 1, "a": "x"], ["id": 2, "a": "y"]],
            "v": [["id": 1, "up": 1, "x": 2, "note": "kept"], ["id": 2, "up": 2, "x": 1, "note": "too"]],
            "w": [["id": 1, "up": 2, "x": 1], ["id": 2, "up": 1, "x": 1], ["id": 3, "up": 3, "x": 2]],
        ]
        let place = try await place(
            driver, content, before, database(table("a string"), table(#"up {"references": "v"}"#, name: "v")))
        _ = try await place.with(
            Schema(parsing: database(table("a string"), table(#"up {"references": "v"}"#, name: "v")))
        ) {
            try await $0.records("t").delete(Key(.int(2)))
        }
        try await expectError(.reference) { try await place.rollback(before: 1) }
        let restored = try await place.rollback(before: 1, acceptsLoss: true)
        #expect(restored.flatMap(\.lost).count == 2)
        #expect(
            try await self.content(place, before) == [
                "t": [["id": 1, "a": "x"]],
                "v": [
                    ["id": 1, "up": 1, "x": .null, "note": "kept"], ["id": 2, "up": 2, "x": 1, "note": "too"],
                ],
                "w": [
                    ["id": 1, "up": 2, "x": 1], ["id": 2, "up": 1, "x": 1], ["id": 3, "up": 3, "x": .null],
                ],
            ])
    }

    @Test(
        "What refers to a record that went since stops it, and stays away where that is accepted",
        arguments: remembering)
    func dangling(_ driver: Driver) async throws {
        let before = database(table("a string"), table(#"x {"references": "t"}"#, name: "v"))
        let content: Content = [
            "t": [["id": 1, "a": "x"], ["id": 2, "a": "y"]], "v": [["id": 1, "x": 1], ["id": 2, "x": 2]],
        ]
        let place = try await place(driver, content, before, narrow)
        _ = try await place.with(Schema(parsing: narrow)) { try await $0.records("t").delete(Key(.int(2))) }
        let error = try await expectError(.reference) { try await place.rollback(before: 1) }
        #expect(error.message.contains("record 2 of table 'v'") && error.remedy?.contains("--accept-loss") == true)
        try await expectError(.schemaMismatch) { try await place.with(Schema(parsing: before)) { _ in } }
        let restored = try await place.rollback(before: 1, acceptsLoss: true)
        #expect(restored.flatMap(\.lost).count == 1)
        #expect(try await self.content(place, before)["v"] == [["id": 1, "x": 1]])
    }

    @Test("A store on the way back goes forward again with all that it had", arguments: remembering)
    func forward(_ driver: Driver) async throws {
        let after = database(table("a string; c bool?"))
        let place = try await place(driver, three, wide, after)
        try await place.with(Schema(parsing: after)) { store in
            _ = try await store.session.write([
                .upsert(store.schema.tables[0], [.int(1), .string("x"), .bool(true)])
            ])
        }
        await #expect(throws: Stop.self) {
            try await place.rollback(before: 1, allowsDestructive: true, openings: 2)
        }
        let (held, history) = try await place.state()
        #expect(Rollback.isUnderWay(held))
        for schema in [wide, after] {
            try await expectError(.schemaMismatch) { try await place.with(Schema(parsing: schema)) { _ in } }
        }
        let error = try await expectError(.migrationUnsupported) { try Rollback.checkLeaving(held, history) }
        #expect(error.remedy?.contains("--before 2 --allow-destructive") == true)
        if driver == .sqlite {
            // Nor is it made whole by saying so.
            let refused = try await expectError(.migrationUnsupported) {
                try await place.baseline(Schema(parsing: wide))
            }
            #expect(refused.remedy == error.remedy)
        }
        try await place.rollback(before: 2, allowsDestructive: true)
        #expect(try await content(place, after)["t"]?.map { $0["c"] } == [true, .null, .null])
        try await place.rollback(before: 1, allowsDestructive: true)
        #expect(try await content(place, wide) == three)
        #expect(try await place.left(before: 1) == [])
    }

    // MARK: Several

    @Test("Several are taken back, the last first, and what came since goes only when allowed", arguments: remembering)
    func several(_ driver: Driver) async throws {
        let added = database(table("a string; b int?"), table("z bool", name: "u"))
        let renamed = database(
            table(#"e {"type": "string", "renamed_from": "a"}; b int?"#), table("z bool", name: "u"))
        let dropped = database(table("e string"), table("z bool", name: "u"))
        let place = try await place(driver, three, wide, added, renamed, dropped)
        try await place.with(Schema(parsing: dropped)) { try await $0.insert(["u": [["id": 1, "z": true]]]) }
        try await expectError(.migrationDestructive) { try await place.rollback(before: 1) }
        #expect(try await place.history().count == 3, "nothing was done")
        try await place.rollback(before: 3)
        #expect(try await content(place, renamed)["t"]?.count == 3)
        try await place.rollback(before: 1, allowsDestructive: true)
        #expect(try await content(place, wide) == three)
        // What was taken back is a migration too, and is taken back like one.
        let history = try await place.history()
        try await place.rollback(before: try #require(history.last).number)
        #expect(try await content(place, added)["u"] == [["id": 1, "z": true]])
    }

    @Test("The same change made twice is taken back with what the second one dropped", arguments: remembering)
    func twice(_ driver: Driver) async throws {
        let before = database(table("a string; b int?"), table("c int", name: "v"))
        let content: Content = ["t": [["id": 1, "a": "x", "b": 1]], "v": [["id": 1, "c": 1], ["id": 2, "c": 2]]]
        let place = try await place(driver, content, before)
        func change(_ value: Int) async throws {
            try await place.with(Schema(parsing: before)) { store in
                _ = try await store.session.write([
                    .upsert(store.schema.tables[0], [.int(1), .string("x"), .int(value)]),
                    .insert(store.schema.tables[1], [.int(9), .int(value)]),
                    .delete(store.schema.tables[1], Key(.int(9)), expecting: nil),
                    .upsert(store.schema.tables[1], [.int(2), .int(value)]),
                ])
            }
            try await place.migrate(to: Schema(parsing: narrow), allowsDestructive: true)
        }
        for value in [10, 20, 30] {
            try await change(value)
            try await place.rollback(before: 1)
            #expect(
                try await self.content(place, before) == [
                    "t": [["id": 1, "a": "x", "b": .int(value)]],
                    "v": [["id": 1, "c": 1], ["id": 2, "c": .int(value)]],
                ])
        }
    }

    @Test("A table that other tables went on naming comes back, and is referred to again", arguments: remembering)
    func referred(_ driver: Driver) async throws {
        let before = database(table("n string?", name: "a"), table(#"x {"references": "a"}"#, name: "b"))
        let content: Content = [
            "a": [["id": 1, "n": "x"], ["id": 2, "n": .null]], "b": [["id": 1, "x": 2], ["id": 2, "x": 1]],
        ]
        let place = try await place(driver, content, before, database(table("x int", name: "b")))
        try await place.rollback(before: 1)
        #expect(try await self.content(place, before) == content)
    }

    @Test("A record with the key of one that went gets nothing of it", arguments: remembering)
    func keys(_ driver: Driver) async throws {
        let place = try await place(driver, three, wide, narrow)
        try await place.with(Schema(parsing: narrow)) { store in
            try await store.records("t").delete(Key(.int(1)))
            try await store.insert(["t": [["id": 1, "a": "other"]]])
        }
        let restored = try await place.rollback(before: 1)
        #expect(restored.map(\.records) == [2] && restored.map(\.deleted) == [1])
        #expect(try await content(place, wide)["t"]?.map { $0["b"] } == [.null, .null, 30])
    }

    @Test(
        "Records of a table that came back get their columns back, too, wherever a run ends", arguments: remembering,
        [4, 6, 8])
    func remade(_ driver: Driver, _ openings: Int) async throws {
        let both = database(table("a string"), table("z bool", name: "u"))
        let place = try await place(driver, three, wide, narrow, both, database(table("z bool", name: "u")))
        await #expect(throws: Stop.self) {
            try await place.rollback(before: 1, allowsDestructive: true, openings: openings)
        }
        try await place.rollback(before: 1, allowsDestructive: true)
        #expect(try await content(place, wide) == three)
    }

    @Test("What came back in another way is told from what was put back", arguments: remembering)
    func otherWay(_ driver: Driver) async throws {
        let place = try await place(driver, three, wide, narrow, wide)
        #expect(try await place.left(before: 1) == [1])
        // Also when it went once more, and is taken back.
        try await place.migrate(to: Schema(parsing: narrow), allowsDestructive: true)
        #expect(try await place.left(before: 1) == [1])
        let other = try await self.place(driver, three, wide, narrow)
        try await other.rollback(before: 1)
        #expect(try await other.left(before: 1) == [])
    }

    @Test("A rehearsal says what stands in the way, and changes nothing", arguments: remembering)
    func rehearsal(_ driver: Driver) async throws {
        let place = try await place(driver, three, wide, narrow)
        #expect(try await place.rollback(before: 1, isRehearsal: true).isEmpty)
        #expect(try await content(place, narrow)["t"]?.count == 3)
        #expect(try await place.history().count == 1)
    }

    // MARK: Ends

    @Test("Ended before any of its steps, the same again goes on and comes to the same", arguments: remembering)
    func ended(_ driver: Driver) async throws {
        let before = database(table("a string; b int"), table("c string", name: "v"))
        let content: Content = [
            "t": (1...120).map { ["id": .int($0), "a": "x", "b": .int($0)] }, "v": [["id": 1, "c": "kept"]],
        ]
        for openings in 0..<5 {
            let place = try await place(driver, content, before, narrow)
            if openings < 4 {
                await #expect(throws: Stop.self) { try await place.rollback(before: 1, openings: openings) }
                // Whatever was done, no program sees half of it.
                for schema in [before, narrow] {
                    let count = try? await place.with(Schema(parsing: schema)) { try await $0.records("t").count() }
                    #expect(count == (schema == narrow && openings < 2 ? 120 : nil))
                }
            }
            try await place.rollback(before: 1)
            #expect(try await self.content(place, before) == content, "ended before opening \(openings)")
        }
    }

    @Test("Ended while it puts records back, the same again goes on", arguments: remembering)
    func cancelled(_ driver: Driver) async throws {
        let before = database(table("a string; b int"))
        let content: Content = ["t": (1...250).map { ["id": .int($0), "a": "x", "b": .int($0)] }]
        let place = try await place(driver, content, before, narrow)
        nonisolated(unsafe) let shared = place
        let task = Task {
            try await shared.rollback(before: 1) { progress in
                if progress.done >= 100, progress.total == 250 { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await #expect(throws: (any Error).self) { try await task.value }
        let restored = try await place.rollback(before: 1)
        #expect(restored.map(\.records) == [250])
        #expect(try await self.content(place, before) == content)
    }

    @Test("A schema that has no room for the table between is refused before anything is done")
    func full() async throws {
        let tables = (0..<499).map { table("a int", name: "t\($0)") }
        let from = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \((tables + [table("b int", name: "u")]).joined(separator: ", ")) } }"
        )
        let to = try Schema(parsing: "{ \"database\": \"d\", \"tables\": { \(tables.joined(separator: ", ")) } }")
        let past = PastMigration(number: 1, time: .now, from: from, to: to, names: FormerNames(), kept: ["u"])
        try await expectError(.migrationUnsupported) {
            try Rollback(before: 1, in: [past], held: to).check(allowsDestructive: true)
        }
    }

    @Test("What is not kept any more is an error before anything is done, unless the loss is accepted")
    func expired() async throws {
        let past = PastMigration(
            number: 1, time: .now, from: try Schema(parsing: wide), to: try Schema(parsing: narrow),
            names: FormerNames(), kept: [])
        let later = try #require(Timestamp(microseconds: Timestamp.now.microseconds + 30 * 86_400_000_000))
        let rollback = try Rollback(before: 1, in: [past], held: past.to)
        let error = try await expectError(.init(rawValue: "migration.not_kept")) {
            try rollback.check(allowsDestructive: false, now: later)
        }
        #expect(error.remedy?.contains("--accept-loss") == true)
        try rollback.check(allowsDestructive: false)
        try Rollback(before: 1, in: [past], held: past.to, acceptsLoss: true).check(
            allowsDestructive: false, now: later)
        try await expectError(.schemaMismatch) {
            _ = try Rollback(before: 1, in: [past], held: Schema(parsing: database(table("other bool"))))
        }
    }

    @Test("What was dropped by hand was never kept, which is an error at once where a store keeps always")
    func byHand() async throws {
        let past = PastMigration(
            number: 1, time: .now, from: try Schema(parsing: wide), to: try Schema(parsing: narrow),
            names: FormerNames(), kept: [], isKeptAlways: true)
        #expect(past.lost == ["t"])
        let error = try await expectError(.init(rawValue: "migration.not_kept")) {
            try Rollback(before: 1, in: [past], held: past.to).check(allowsDestructive: false)
        }
        #expect(error.message.contains("by hand") && error.remedy?.contains("--accept-loss") == true, "\(error)")
        try Rollback(before: 1, in: [past], held: past.to, acceptsLoss: true).check(allowsDestructive: false)
    }
}

/// The end of a process, before it opens a store.
private struct Stop: Error {}

extension Place {
    func history() async throws -> [PastMigration] { try await state().history }

    /// The schema it holds, and its migrations.
    fileprivate func state() async throws -> (held: Schema, history: [PastMigration]) {
        let storage = try await storage()
        let held = try #require(try await storage.schema())
        let history = try await storage.migrations()
        try await leave(storage)
        return (held, history)
    }

    /// The numbers of the migrations of which something is kept that was not put back.
    fileprivate func left(before number: Int) async throws -> [Int] {
        let (held, history) = try await state()
        return try Rollback(before: number, in: history, held: held).left.map(\.number)
    }

    /// Takes migrations back.
    /// - Parameter openings: How often the store is opened before the process ends; nil: it does not.
    @discardableResult
    func rollback(
        before number: Int, allowsDestructive: Bool = false, acceptsLoss: Bool = false, isRehearsal: Bool = false,
        openings: Int? = nil, progress: @escaping @Sendable (MigrationProgress) -> Void = { _ in }
    ) async throws -> [RestoredTable] {
        let (held, history) = try await state()
        let rollback = try Rollback(before: number, in: history, held: held, acceptsLoss: acceptsLoss)
        var opened = 0
        return try await rollback.run(
            allowsDestructive: allowsDestructive, isRehearsal: isRehearsal,
            open: {
                if opened == openings { throw Stop() }
                opened += 1
                return try await self.storage()
            }, progress: progress)
    }
}

import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@Suite("Values that are made of others")
struct ConversionTests {
    private static let schemas = [
        database(table("a string; s string")),
        database(
            table(
                """
                a int; s string; b {"type": "string", "convert": {"split": "s", "at": "-", "part": 1}}
                """, indexes: "\"i\": [\"a\"]")),
        database(
            table(
                """
                a decimal; b string; c {"type": "string", "renamed_from": "c", "convert": {"join": ["b", "a"], "with": "="}}
                """, indexes: "\"i\": [\"a\"]")),
        database(
            table(
                "a string; b string; c string; d {\"type\": \"date?\", \"convert\": {\"from\": \"c\", \"otherwise\": null}}",
                name: "u", indexes: "\"i\": [\"a\"]", renamedFrom: "t")),
    ]
    private static let first: Content = [
        "t": [["id": 1, "a": "10", "s": "x-1"], ["id": 2, "a": "9", "s": "y-2-z"], ["id": 3, "a": "-5", "s": "w"]]
    ]
    private static let last: Content = [
        "u": [
            ["id": 1, "a": "10", "b": "x", "c": "x=10", "d": .null],
            ["id": 2, "a": "9", "b": "y", "c": "y=9", "d": .null],
            ["id": 3, "a": "-5", "b": "w", "c": "w=-5", "d": .null],
        ]
    ]

    /// A store of the first schema, which was brought through the others, and of which no record was written since.
    private func place(_ driver: Driver, upTo count: Int) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: Self.schemas[0])) { try await $0.insert(Self.first) }
        for schema in Self.schemas[1..<count] {
            try await place.migrate(to: Schema(parsing: schema), allowsDestructive: true)
        }
        return place
    }

    @Test(
        "Records go through several migrations, whether they are written meanwhile or not", arguments: Driver.allCases)
    func chain(_ driver: Driver) async throws {
        let place = try await place(driver, upTo: 4)
        let schema = try Schema(parsing: Self.schemas[3])
        try await place.with(schema) { store in
            #expect(try await store.content() == Self.last)
            let table = store.schema.tables[0]
            // An index over texts orders as texts do.
            let column = try #require(table.column(named: "a"))
            let ordered = try await store.records("u").all().sorted { left, right in
                Value.compare(left.values[column.position], right.values[column.position]) ?? 0 < 0
            }
            #expect(ordered.map { $0["id"] } == [.int(3), .int(1), .int(2)])
            try await store.rewrite()
            #expect(try await store.content() == Self.last)
        }
    }

    @Test(
        "They are taken back with all that the records had",
        arguments: Driver.allCases.filter(\.remembersMigrations))
    func back(_ driver: Driver) async throws {
        for count in 2...4 {
            let place = try await place(driver, upTo: count)
            #expect(try await place.history().count == count - 1)
            try await place.rollback(before: 1, allowsDestructive: true)
            let content = try await place.with(Schema(parsing: Self.schemas[0])) { store in
                try await store.rewrite()
                return try await store.content()
            }
            #expect(content == Self.first, "after \(count - 1) migrations")
        }
    }

    @Test("A name that is given to what is made from the old one goes back, too", arguments: [Driver.sqlite, .folder])
    func sameName(_ driver: Driver) async throws {
        let place = Place(driver)
        let old = try Schema(parsing: database(table("price string")))
        let new = try Schema(
            parsing: database(
                table(
                    """
                    price_text {"type": "string", "renamed_from": "price"}; \
                    price {"type": "decimal?", "convert": {"from": "price", "otherwise": null}}
                    """)))
        let content: Content = ["t": [["id": 1, "price": "007"], ["id": 2, "price": "free"]]]
        try await place.with(old) { try await $0.insert(content) }
        try await place.migrate(to: new)
        let after = try await place.with(new) { try await $0.content() }
        #expect(
            after == [
                "t": [["id": 1, "price_text": "007", "price": "7"], ["id": 2, "price_text": "free", "price": .null]]
            ])
        try await place.rollback(before: 1, allowsDestructive: true)
        #expect(try await place.with(old) { try await $0.content() } == content)
    }

    @Test(
        "Records that came since are given the old type, too, and what was dropped comes back",
        arguments: [Driver.sqlite, .folder])
    func added(_ driver: Driver) async throws {
        let place = Place(driver)
        let old = try Schema(
            parsing: database(table("a string; x int?"), table("b int", name: "u")))
        try await place.with(old) { try await $0.insert(["t": [["id": 1, "a": "7", "x": 1]]]) }
        let new = try Schema(parsing: database(table("a int"), table("b int", name: "u")))
        try await place.migrate(to: new, allowsDestructive: true)
        try await place.with(new) { try await $0.insert(["t": [["id": 2, "a": 8]]]) }
        try await place.rollback(before: 1, allowsDestructive: true)
        let content = try await place.with(old) { try await $0.content() }
        #expect(content["t"] == [["id": 1, "a": "7", "x": 1], ["id": 2, "a": "8", "x": .null]])
    }

    @Test("A program that only adds when it opens a store does not skip what a column is made from")
    func additive() async throws {
        let place = Place(.sqlite)
        let old = try Schema(parsing: database(table("a string")))
        let new = try Schema(
            parsing: database(table("a string; b {\"type\": \"int?\", \"convert\": {\"from\": \"a\"}}")))
        try await place.with(old) { try await $0.insert(["t": [["id": 1, "a": "7"]]]) }
        let generated = try Schema(stored: new.declarationText, file: "generated")
        let error = await #expect(throws: StorageError.self) {
            try await place.with(generated, StoreOptions(migrating: .additive)) { _ in }
        }
        #expect(error?.code == .schemaMismatch, "\(String(describing: error))")
        #expect(try await place.with(old) { try await $0.content() } == ["t": [["id": 1, "a": "7"]]])
    }

    @Test("What is kept out of messages stays out when it is made into something else")
    func secrets() async throws {
        for column in [
            "b {\"enum\": [\"x\"], \"convert\": {\"from\": \"a\"}}",
            "b {\"type\": \"int\", \"convert\": {\"from\": \"a\"}}",
            "a {\"enum\": [\"x\"]}", "a int",
        ] {
            let place = Place(.memory)
            try await place.with(Schema(parsing: database(table("a {\"type\": \"string\", \"sensitive\": true}")))) {
                try await $0.insert(["t": [["id": 1, "a": "123-45-6789"]]])
            }
            let error = try await expectError(.invalid) {
                try await place.migrate(to: Schema(parsing: database(table(column))), allowsDestructive: true)
            }
            #expect(error.details.id == "1" && !"\(error)".contains("6789"), "\(error)")
        }
    }

    @Test(
        "The key that a sensitive column refers to is kept out of the error when there is no such record",
        arguments: Driver.allCases,
        [
            #"b { "references": "u", "sensitive": true, "renamed_from": "a" }"#,
            #"b { "references": "u", "renamed_from": "a" }"#,
            #"a { "references": "u" }"#,
            #"b { "references": "u", "renamed_from": "b", "convert": { "from": "a" } }"#,
        ])
    func secretReferences(_ driver: Driver, _ column: String) async throws {
        let place = Place(driver)
        let other = table("x int?", name: "u")
        try await place.with(Schema(parsing: database(table(#"a { "type": "int", "sensitive": true }"#), other))) {
            try await $0.insert(["t": [["id": 1, "a": 4711]]])
        }
        let error = try await expectError(.reference) {
            try await place.migrate(to: Schema(parsing: database(table(column), other)), allowsDestructive: true)
        }
        #expect(error.details.id == "1" && error.details.otherID == nil, "\(error.details)")
        #expect(!"\(error)".contains("4711"), "\(error)")
    }

    @Test("The history says what was made of what", arguments: Driver.allCases.filter(\.remembersMigrations))
    func history(_ driver: Driver) async throws {
        let history = try await place(driver, upTo: 3).history()
        #expect(
            history.map(\.steps) == [
                [
                    "add column 'b' to 't', made by {\"at\":\"-\",\"part\":1,\"split\":\"s\"}: {\"type\":\"string\"}",
                    "convert the values of column 'a' of 't': string becomes int",
                    "add index 'i' to 't': {\"on\":[\"a\"]}",
                ],
                [
                    "add column 'c' to 't', made by {\"join\":[\"b\",\"a\"],\"with\":\"=\"}: {\"type\":\"string\"}",
                    "widen the type of column 'a' of 't': int becomes decimal", "drop column 's' of 't'",
                ],
            ])
    }

    @Test(
        "A record that stands in the way of going back is named, and nothing is changed",
        arguments: [Driver.sqlite, .folder])
    func stopped(_ driver: Driver) async throws {
        let place = Place(driver)
        let (old, new) = (
            try Schema(parsing: database(table("a int"))), try Schema(parsing: database(table("a string")))
        )
        try await place.with(old) { try await $0.insert(["t": [["id": 1, "a": 7]]]) }
        try await place.migrate(to: new)
        try await place.with(new) { try await $0.insert(["t": [["id": 2, "a": "x"]]]) }
        let error = try await expectError(.invalid) { try await place.rollback(before: 1, allowsDestructive: true) }
        #expect(error.details.id == "2" && error.message.contains("'x' is no int"), "\(error)")
        let content = try await place.with(new) { try await $0.content() }
        #expect(content == ["t": [["id": 1, "a": "7"], ["id": 2, "a": "x"]]])
    }

    @Test("A plan in a file has what columns are made from")
    func planFile() throws {
        let plan = MigrationPlan(from: try Schema(parsing: Self.schemas[0]), to: try Schema(parsing: Self.schemas[1]))
        let file = try PlanFile(parsing: Array(PlanFile(plan).text.utf8), name: "p")
        #expect(file.plan.diff.operations == plan.diff.operations)
        let changed = try PlanFile(plan).text.replacing("\"part\": 1", with: "\"part\": 2")
        #expect(throws: StorageError.self) { try PlanFile(parsing: Array(changed.utf8), name: "p") }
    }

    @Test("Two plans do not commute where one changes what a column of the other is made from")
    func merge() throws {
        let base = try Schema(parsing: database(table("a string; b int")))
        func plan(_ columns: String) throws -> MigrationPlan {
            MigrationPlan(from: base, to: try Schema(parsing: database(table(columns))))
        }
        let makes = try plan("a string; b int; c {\"type\": \"string\", \"convert\": {\"from\": \"a\"}}")
        #expect(SchemaMerge(makes, try plan("b int")).plan == nil)
        #expect(SchemaMerge(makes, try plan("a int; b int")).plan == nil)
        let merged = try #require(SchemaMerge(makes, try plan("a string; b string")).plan)
        #expect(Set(merged.diff.operations.map(\.kind)) == [.addConvertedColumn, .widenType])
    }
}

import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@Suite("Several plans made one")
struct SchemaSquashTests {
    private static let schemas = [
        database(table("a string; b int; c string?"), table("z bool", name: "o")),
        database(
            table(
                """
                x {"type": "string", "renamed_from": "a"}; b int; c string?; d {"type": "int", "default": 7}; \
                r {"references": "n", "nullable": true}
                """), table("z bool", name: "o"), table("y int", name: "n")),
        database(
            table(
                """
                x string; b decimal; d {"type": "int", "default": 7}; r {"references": "n", "nullable": true}; \
                e {"type": "string", "convert": {"join": ["x", "b"], "with": "-"}, "renamed_from": "e"}
                """), table("y int; w {\"type\": \"string\", \"default\": \"w\"}", name: "n")),
        database(
            table(
                """
                b decimal; d {"type": "int", "default": 7, "min": 0}; r {"references": "n", "nullable": true}; \
                f {"type": "string", "renamed_from": "e"}; x string
                """, name: "u", indexes: "\"i\": [\"f\"]", renamedFrom: "t"),
            table("y int; w {\"type\": \"string\", \"default\": \"w\"}", name: "n")),
    ]
    private static let content: Content = [
        "t": [["id": 1, "a": "k", "b": 5, "c": "gone"], ["id": 2, "a": "", "b": -1, "c": .null]],
        "o": [["id": 1, "z": true]],
    ]

    private func plans(_ schemas: [String]) throws -> [MigrationPlan] {
        let schemas = try schemas.map { try Schema(parsing: $0) }
        return zip(schemas, schemas.dropFirst()).map { MigrationPlan(from: $0, to: $1) }
    }

    private func squash(_ schemas: String...) throws -> SchemaSquash {
        let plans = try plans(schemas)
        return SchemaSquash(plans, names: plans.indices.map { "plan \($0 + 1)" })
    }

    @Test("Records get what the plans one by one give them", arguments: Driver.allCases)
    func same(_ driver: Driver) async throws {
        let (first, last) = (try Schema(parsing: Self.schemas[0]), try Schema(parsing: Self.schemas[3]))
        let (one, each) = (Place(driver), Place(driver))
        for place in [one, each] { try await place.with(first) { try await $0.insert(Self.content) } }
        for schema in Self.schemas.dropFirst() {
            try await each.migrate(to: Schema(parsing: schema), allowsDestructive: true)
        }
        let squash = SchemaSquash(try plans(Self.schemas), names: ["1", "2", "3"])
        let plan = try #require(squash.plan, "\(squash.conflicts)")
        #expect(plan.diff.new.id == last.id)
        // As somebody does it who has the file.
        let file = try PlanFile(parsing: Array(PlanFile(plan).text.utf8), name: "all.plan")
        #expect(file.plan.diff.operations == plan.diff.operations)
        try await one.migrate(to: file.plan.diff.new, allowsDestructive: true)
        let wanted = try await each.with(last) { try await $0.content() }
        #expect(try await one.with(last) { try await $0.content() } == wanted)
        #expect(wanted["u"]?.first?["f"] == "k-5" && wanted["u"]?.first?["d"] == 7)
    }

    @Test("What comes and goes on the way is left out")
    func gone() throws {
        let squash = try squash(
            database(table("a int")), database(table("a {\"type\": \"int\", \"max\": 5}; b int?")),
            database(table("a int?"), table("x int", name: "o")), database(table("a int?")))
        #expect(
            squash.plan?.diff.operations.map(\.description) == ["let column 'a' of 't' be null"], "\(squash.conflicts)")
    }

    private static let others = table("x int", name: "o")

    @Test(
        "Plans that would give records something else at once are not made one, with the reason",
        arguments: [
            (
                [table("a string"), table("a int"), table("a string")],
                "plan 1 and plan 2 each give column 'a' of 't' another type"
            ),
            ([table("a int"), table("a int; b int?"), table("a int; b string?")], "a plan before it has added it"),
            (
                [
                    table("a int"), table("a int; b {\"type\": \"int\", \"default\": 1}"),
                    table("a int; b {\"type\": \"int\", \"default\": 2}"),
                ], "gets another default"
            ),
            (
                [
                    table("a string"), table("a string; b {\"type\": \"int?\", \"default\": 1}"),
                    table(
                        "a string; b {\"type\": \"int?\", \"default\": 1}; c {\"type\": \"string?\", \"convert\": {\"from\": \"b\"}}"
                    ),
                ], "from 'b', which a plan before it has made"
            ),
            (
                [
                    table("a json"), table("a json?"),
                    table("a json?; c {\"type\": \"json?\", \"convert\": {\"from\": \"a\"}}"),
                ], "JSON null is a value only where it may not"
            ),
            ([table("a int; b bool?"), table("a int"), table("a int; b bool?")], "another one gets its name"),
            ([table("a int"), table("b int")], "was it renamed"),
            ([table("a bytes"), table("a json")], "which this version does not do"),
            (
                ["a string", "a int", "a {\"references\": \"o\"}"].map { "\(table($0)), \(others)" },
                "one migration would change the type of column 'a' of 't'"
            ),
        ])
    func refused(_ tables: [String], _ part: String) throws {
        let plans = try plans(tables.map { database($0) })
        let squash = SchemaSquash(plans, names: plans.indices.map { "plan \($0 + 1)" })
        #expect(squash.plan == nil)
        #expect(squash.conflicts.contains { $0.message.contains(part) }, "\(squash.conflicts)")
    }

    @Test("Plans that do not follow one another are not made one")
    func apart() throws {
        let plans = try plans([database(table("a int")), database(table("a int?")), database(table("a int?; b int?"))])
        let squash = SchemaSquash([plans[1], plans[0]], names: ["A", "B"])
        #expect(squash.plan == nil && squash.conflicts[0].message.hasPrefix("B begins with the schema "))
    }
}

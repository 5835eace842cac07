import CairnCore
import CairnSchema
import Testing

/// A change of a schema, with data before it and after it.
struct Change: CustomTestStringConvertible, Sendable {
    let name: String
    let old: String
    let new: String
    let before: Content
    let outcome: Outcome
    var allowsDestructive = false

    enum Outcome: Sendable {
        /// It is done, and this is there.
        case gives(Content)
        /// It is refused before anything is read.
        case isNotPlanned(StorageError.Code)
        /// Records stand in the way: the error names this one.
        case isStopped(StorageError.Code, id: String)
    }

    var testDescription: String { name }
}

@Suite("Changes of a schema")
struct SchemaChangeTests {
    @Test("Each is done with all the data, or refused with nothing changed", arguments: Change.all, Driver.allCases)
    func change(_ change: Change, _ driver: Driver) async throws {
        let old = try Schema(parsing: change.old)
        let new = try Schema(parsing: change.new)
        let place = Place(driver)
        try await place.with(old) { try await $0.insert(change.before) }
        switch change.outcome {
        case .gives(let expected):
            try await place.migrate(to: new, allowsDestructive: change.allowsDestructive)
            try await expect(expected, in: place, new)
        case .isNotPlanned(let code):
            #expect(throws: (any Error).self) {
                try Migration(from: old, to: new, allowsDestructive: change.allowsDestructive)
            }
            try await expectError(code) {
                try await place.migrate(to: new, allowsDestructive: change.allowsDestructive)
            }
            try await expect(change.before, in: place, old)
        case .isStopped(let code, let id):
            let error = try await expectError(code) {
                try await place.migrate(to: new, allowsDestructive: change.allowsDestructive)
            }
            #expect([error.details.id, error.details.otherID].contains(id), "\(error)")
            try await expect(change.before, in: place, old)
        }
    }

    @Test(
        "What only adds can be taken back, and then everything is as it was", arguments: Change.additive,
        Driver.allCases)
    func back(_ change: Change, _ driver: Driver) async throws {
        let old = try Schema(parsing: change.old)
        let place = Place(driver)
        try await place.with(old) { try await $0.insert(change.before) }
        try await place.migrate(to: Schema(parsing: change.new))
        try await place.migrate(to: old, allowsDestructive: true)
        try await expect(change.before, in: place, old)
        try await place.migrate(to: Schema(parsing: change.new))
        if case .gives(let expected) = change.outcome {
            try await expect(expected, in: place, Schema(parsing: change.new))
        }
    }

    /// The store has this content under this schema, at its first revisions, and is as that schema says.
    private func expect(_ content: Content, in place: Place, _ schema: Schema) async throws {
        try await place.with(schema) { store in
            var expected = content
            for table in schema.tables where expected[table.name] == nil { expected[table.name] = [] }
            #expect(try await store.content() == expected)
            for table in schema.tables {
                for record in try await store.records(table.name).all() { #expect(record.revision == 1) }
            }
        }
        guard let survey = try await place.survey() else { return }
        #expect(survey.held == schema && survey.findings.isEmpty, "\(survey.findings)")
    }
}

extension Change {
    /// The changes that only add and whose way back is no question of what was renamed.
    static var additive: [Change] {
        all.filter { change in
            guard case .gives = change.outcome, let old = try? Schema(parsing: change.old),
                let new = try? Schema(parsing: change.new)
            else { return false }
            // The null of a JSON document becomes null where null may be, and stays so.
            if change.new.contains("json") { return false }
            let back = SchemaDiff(from: new, to: old)
            return SchemaDiff(from: old, to: new).effect == .additive && back.ambiguities.isEmpty
                && back.effect != .refused
        }
    }

    static var all: [Change] {
        tables + columns + types + rules + indexes + references + refusals + more + conversions
    }

    static let one: Content = ["t": [["id": 1, "a": "x"], ["id": 2, "a": "y"]]]
    static let a = database(table("a string"))

    static func change(
        _ name: String, _ old: String, _ new: String, _ before: Content, _ outcome: Outcome, destructive: Bool = false
    ) -> Change {
        Change(name: name, old: old, new: new, before: before, outcome: outcome, allowsDestructive: destructive)
    }

    private static var tables: [Change] {
        [
            change("nothing", a, a, one, .gives(one)),
            change("create a table", a, database(table("a string"), table("b int", name: "u")), one, .gives(one)),
            change(
                "create a table that refers to an old one", a,
                database(table("a string"), table("t {\"references\": \"t\"}", name: "u")), one, .gives(one)),
            change(
                "create a table with an index", a,
                database(table("a string"), table("b string", name: "u", indexes: "\"by_b\": [\"b desc\"]")), one,
                .gives(one)),
            change(
                "rename a table", a, database(table("a string", name: "u", renamedFrom: "t")), one,
                .gives(["u": one["t"] ?? []])),
            change(
                "rename a table that others refer to",
                database(table("a string"), table("t {\"references\": \"t\"}", name: "u")),
                database(table("a string", name: "w", renamedFrom: "t"), table("t {\"references\": \"w\"}", name: "u")),
                ["t": one["t"] ?? [], "u": [["id": 1, "t": 2]]],
                .gives(["w": one["t"] ?? [], "u": [["id": 1, "t": 2]]])),
            change(
                "rename a table that refers to itself",
                database(table("up {\"references\": \"t?\"}")),
                database(table("up {\"references\": \"w?\"}", name: "w", renamedFrom: "t")),
                ["t": [["id": 1, "up": .null], ["id": 2, "up": 1]]],
                .gives(["w": [["id": 1, "up": .null], ["id": 2, "up": 1]]])),
            change(
                "rename a table and give its name to a new one", a,
                database(table("a string", name: "u", renamedFrom: "t"), table("z int")), one,
                .gives(["u": one["t"] ?? [], "t": []])),
            change(
                "drop a table", database(table("a string"), table("b int", name: "u")), a,
                ["t": one["t"] ?? [], "u": [["id": 1, "b": 1]]], .gives(one), destructive: true),
            change(
                "drop a table that referred to another",
                database(table("a string"), table("t {\"references\": \"t\"}", name: "u")), a,
                ["t": one["t"] ?? [], "u": [["id": 1, "t": 1]]], .gives(one), destructive: true),
            change(
                "drop a table that another referred to",
                database(table("a string"), table("k bool; t {\"references\": \"t\"}", name: "u")),
                database(table("k bool", name: "u")), ["t": one["t"] ?? [], "u": [["id": 1, "k": true, "t": 1]]],
                .gives(["u": [["id": 1, "k": true]]]), destructive: true),
            change(
                "drop a table and rename another to its name",
                database(table("a string"), table("b int; c int; d int; e int", name: "u")),
                database(table("b int; c int; d int; e int", renamedFrom: "u")),
                ["t": one["t"] ?? [], "u": [["id": 5, "b": 1, "c": 2, "d": 3, "e": 4]]],
                .isNotPlanned(.migrationAmbiguous), destructive: true),
        ]
    }

    private static var columns: [Change] {
        [
            change(
                "add a column that may be null", a, database(table("a string; b int?")), one,
                .gives(["t": [["id": 1, "a": "x", "b": .null], ["id": 2, "a": "y", "b": .null]]])),
            change(
                "add two columns in front of the old one", a, database(table("b int?; c string?; a string")), one,
                .gives([
                    "t": [
                        ["id": 1, "a": "x", "b": .null, "c": .null], ["id": 2, "a": "y", "b": .null, "c": .null],
                    ]
                ])),
            change(
                "add a column with a default", a, database(table("a string; b {\"type\": \"int\", \"default\": 7}")),
                one, .gives(["t": [["id": 1, "a": "x", "b": 7], ["id": 2, "a": "y", "b": 7]]])),
            change(
                "add a column that may be null and has a default", a,
                database(table("a string; b {\"type\": \"int?\", \"default\": 7}")), one,
                .gives(["t": [["id": 1, "a": "x", "b": 7], ["id": 2, "a": "y", "b": 7]]])),
            change(
                "add a list", a, database(table("a string; b [string]")), one,
                .gives(["t": [["id": 1, "a": "x", "b": []], ["id": 2, "a": "y", "b": []]]])),
            change(
                "add an enum with a default", a,
                database(table("a string; b {\"enum\": [\"u\", \"v\"], \"default\": \"v\"}")), one,
                .gives(["t": [["id": 1, "a": "x", "b": "v"], ["id": 2, "a": "y", "b": "v"]]])),
            change(
                "add a reference that may be null", a, database(table("a string; b {\"references\": \"t?\"}")), one,
                .gives(["t": [["id": 1, "a": "x", "b": .null], ["id": 2, "a": "y", "b": .null]]])),
            change(
                "add a unique column that may be null", a,
                database(table("a string; b {\"type\": \"int?\", \"unique\": true}")), one,
                .gives(["t": [["id": 1, "a": "x", "b": .null], ["id": 2, "a": "y", "b": .null]]])),
            change(
                "add a unique column with a default to two records", a,
                database(table("a string; b {\"type\": \"int\", \"default\": 7, \"unique\": true}")), one,
                .isStopped(.duplicate, id: "2")),
            change(
                "add a required column to records", a, database(table("a string; b int")), one,
                .isStopped(.invalid, id: "1")),
            change("add a required column to an empty table", a, database(table("a string; b int")), [:], .gives([:])),
            change(
                "rename a column", a, database(table("b {\"type\": \"string\", \"renamed_from\": \"a\"}")), one,
                .gives(["t": [["id": 1, "b": "x"], ["id": 2, "b": "y"]]])),
            change(
                "rename a column that is indexed and unique",
                database(table("a {\"type\": \"string\", \"unique\": true}")),
                database(table("b {\"type\": \"string\", \"unique\": true, \"renamed_from\": \"a\"}")), one,
                .gives(["t": [["id": 1, "b": "x"], ["id": 2, "b": "y"]]])),
            change(
                "rename a column and give its name to a new one", a,
                database(table("b {\"type\": \"string\", \"renamed_from\": \"a\"}; a int?")), one,
                .gives(["t": [["id": 1, "b": "x", "a": .null], ["id": 2, "b": "y", "a": .null]]])),
            change(
                "rename the key that others refer to",
                database(
                    "\"t\": { \"columns\": { \"k\": \"string\" }, \"key\": \"k\" }",
                    table("t {\"references\": \"t\"}", name: "u")),
                database(
                    "\"t\": { \"columns\": { \"code\": { \"type\": \"string\", \"renamed_from\": \"k\" } }, \"key\": \"code\" }",
                    table("t {\"references\": \"t\"}", name: "u")),
                ["t": [["k": "x"]], "u": [["id": 1, "t": "x"]]],
                .gives(["t": [["code": "x"]], "u": [["id": 1, "t": "x"]]])),
            change(
                "rename a table and a column of it at once", a,
                database(table("b {\"type\": \"string\", \"renamed_from\": \"a\"}", name: "u", renamedFrom: "t")), one,
                .gives(["u": [["id": 1, "b": "x"], ["id": 2, "b": "y"]]])),
            change(
                "drop a column", database(table("a string; b int")), a,
                ["t": [["id": 1, "a": "x", "b": 5], ["id": 2, "a": "y", "b": 6]]], .gives(one), destructive: true),
            change(
                "drop a column with its index", database(table("a string; b int", indexes: "\"i\": [\"b\", \"a\"]")), a,
                ["t": [["id": 1, "a": "x", "b": 5], ["id": 2, "a": "y", "b": 6]]], .gives(one), destructive: true),
            change(
                "drop a column and rename another to its name", database(table("a string; b int")),
                database(table("a {\"type\": \"int\", \"renamed_from\": \"b\"}")),
                ["t": [["id": 1, "a": "x", "b": 5]]], .isNotPlanned(.migrationAmbiguous), destructive: true),
            change(
                "drop a column and add one of another type", a, database(table("b int?")), one,
                .gives(["t": [["id": 1, "b": .null], ["id": 2, "b": .null]]]), destructive: true),
            change(
                "columns in another order", database(table("a string; b int")), database(table("b int; a string")),
                ["t": [["id": 1, "a": "x", "b": 5]]], .gives(["t": [["id": 1, "a": "x", "b": 5]]])),
        ]
    }

    private static var types: [Change] {
        func numbers(_ values: JSONValue...) -> Content {
            ["t": values.enumerated().map { ["id": .int($0.offset + 1), "a": $0.element] }]
        }
        return [
            change(
                "int becomes double", database(table("a int")), database(table("a double")),
                numbers(1, -9_007_199_254_740_992),
                .gives(numbers(.double(1), .double(-9_007_199_254_740_992)))),
            change(
                "int becomes double with a number that would be rounded", database(table("a int")),
                database(table("a double")), numbers(1, 9_007_199_254_740_993), .isStopped(.invalid, id: "2")),
            change(
                "int becomes decimal", database(table("a int?", indexes: "\"i\": [\"a\"]")),
                database(table("a decimal?", indexes: "\"i\": [\"a\"]")), numbers(9_007_199_254_740_993, .null, -5),
                .gives(numbers("9007199254740993", .null, "-5"))),
            change(
                "int with bounds becomes double with bounds",
                database(table("a {\"type\": \"int\", \"min\": 0, \"default\": 1}")),
                database(table("a {\"type\": \"double\", \"min\": 0.5, \"default\": 1}")), numbers(1, 0),
                .isStopped(.invalid, id: "2")),
            change(
                "required becomes nullable", a, database(table("a string?")), one, .gives(one)),
            change(
                "json null becomes null where null may be", database(table("a json")), database(table("a json?")),
                numbers(.null, 1), .gives(numbers(.null, 1))),
            change(
                "nullable becomes required without a null", database(table("a string?")), a, one, .gives(one)),
            change(
                "nullable becomes required with a null", database(table("a string?")), a, numbers("x", .null),
                .isStopped(.invalid, id: "2")),
            change(
                "json becomes int", database(table("a json")), database(table("a int")), numbers(1),
                .isNotPlanned(.migrationUnsupported)),
            change(
                "a list of another type", database(table("a [int]")), database(table("a [double]")), [:],
                .isNotPlanned(.migrationUnsupported)),
        ]
    }

    private static var rules: [Change] {
        func int(_ rules: String) -> String { database(table("a {\"type\": \"int\"\(rules)}")) }
        func text(_ rules: String) -> String { database(table("a {\"type\": \"string\"\(rules)}")) }
        func state(_ values: String) -> String { database(table("a {\"enum\": [\(values)]}")) }
        let numbers: Content = ["t": [["id": 1, "a": 1], ["id": 2, "a": 9]]]
        return [
            change("a bound goes", int(", \"min\": 0"), int(""), numbers, .gives(numbers)),
            change("a bound allows more", int(", \"max\": 9"), int(", \"max\": 99"), numbers, .gives(numbers)),
            change("a bound comes that all keep", int(""), int(", \"min\": 1"), numbers, .gives(numbers)),
            change(
                "a bound comes that one breaks", int(""), int(", \"max\": 8"), numbers, .isStopped(.invalid, id: "2")),
            change(
                "a bound that allows more below and less above", int(", \"min\": 1, \"max\": 99"),
                int(", \"min\": 0, \"max\": 5"), numbers, .isStopped(.invalid, id: "2")),
            change("a length comes that all keep", text(""), text(", \"max_length\": 1"), one, .gives(one)),
            change(
                "a length comes that one breaks", text(""), text(", \"min_length\": 2"), one,
                .isStopped(.invalid, id: "1")),
            change("a length allows more", text(", \"max_length\": 1"), text(", \"max_length\": 2"), one, .gives(one)),
            change("a default comes", int(""), int(", \"default\": 3"), numbers, .gives(numbers)),
            change("a default goes", int(", \"default\": 3"), int(""), numbers, .gives(numbers)),
            change("a default changes", int(", \"default\": 3"), int(", \"default\": 4"), numbers, .gives(numbers)),
            change("a column becomes a secret", text(""), text(", \"sensitive\": true"), one, .gives(one)),
            change(
                "values are added to an enum", state("\"x\", \"y\""), state("\"z\", \"y\", \"x\""), one, .gives(one)),
            change(
                "a value that nobody has goes from an enum", state("\"x\", \"y\", \"z\""), state("\"x\", \"y\""), one,
                .gives(one)),
            change(
                "a value that one has goes from an enum", state("\"x\", \"y\""), state("\"x\""), one,
                .isStopped(.invalid, id: "2")),
            change("an enum becomes text", state("\"x\", \"y\""), a, one, .gives(one)),
            change("text becomes an enum that has all of it", a, state("\"x\", \"y\""), one, .gives(one)),
            change("text becomes an enum that lacks some of it", a, state("\"y\""), one, .isStopped(.invalid, id: "1")),
            change(
                "the values of an enum in another order", state("\"x\", \"y\""), state("\"y\", \"x\""), one, .gives(one)
            ),
        ]
    }

    private static var indexes: [Change] {
        func indexed(_ indexes: String) -> String { database(table("a string; b int?", indexes: indexes)) }
        let rows: Content = [
            "t": [["id": 1, "a": "x", "b": 1], ["id": 2, "a": "x", "b": 2], ["id": 3, "a": "z", "b": .null]]
        ]
        let unique = "\"i\": { \"on\": [\"a\", \"b\"], \"unique\": true }"
        return [
            change("add an index", indexed(""), indexed("\"i\": [\"a\", \"b desc\"]"), rows, .gives(rows)),
            change(
                "add an index that covers", indexed(""), indexed("\"i\": { \"on\": [\"a\"], \"include\": [\"b\"] }"),
                rows, .gives(rows)),
            change(
                "add a unique index of some records", indexed(""),
                indexed("\"i\": { \"on\": [\"a\"], \"unique\": true, \"where\": \"b > 1\" }"), rows, .gives(rows)),
            change(
                "a unique index gets more records than it bears",
                indexed("\"i\": { \"on\": [\"a\"], \"unique\": true, \"where\": \"b > 1\" }"),
                indexed("\"i\": { \"on\": [\"a\"], \"unique\": true, \"where\": \"b > 0\" }"), rows,
                .isStopped(.duplicate, id: "2")),
            change(
                "an index gets a condition, and loses it",
                indexed("\"i\": [\"a\"], \"j\": { \"on\": [\"b\"], \"where\": \"a = 'x'\" }"),
                indexed("\"i\": { \"on\": [\"a\"], \"where\": \"b is not null\" }, \"j\": [\"b\"]"), rows, .gives(rows)),
            change(
                "a column is renamed that the condition of an index names",
                indexed("\"i\": { \"on\": [\"a\"], \"where\": \"b is not null\" }"),
                database(
                    table(
                        "a string; c {\"type\": \"int?\", \"renamed_from\": \"b\"}",
                        indexes: "\"i\": { \"on\": [\"a\"], \"where\": \"c is not null\" }")),
                rows,
                .gives([
                    "t": [["id": 1, "a": "x", "c": 1], ["id": 2, "a": "x", "c": 2], ["id": 3, "a": "z", "c": .null]]
                ])),
            change("drop an index", indexed("\"i\": [\"a\"]"), indexed(""), rows, .gives(rows)),
            change("rename an index", indexed("\"i\": [\"a\"]"), indexed("\"j\": [\"a\"]"), rows, .gives(rows)),
            change(
                "an index in the other direction", indexed("\"i\": [\"a\"]"), indexed("\"i\": [\"a desc\"]"), rows,
                .gives(rows)),
            change(
                "two indexes exchange their names", indexed("\"i\": [\"a\"], \"j\": [\"b\"]"),
                indexed("\"i\": [\"b\"], \"j\": [\"a\"]"), rows, .gives(rows)),
            change("add a unique index of two columns", indexed(""), indexed(unique), rows, .gives(rows)),
            change(
                "add a unique index that two records break", indexed(""),
                indexed("\"i\": { \"on\": [\"a\"], \"unique\": true }"), rows, .isStopped(.duplicate, id: "1")),
            change("an index becomes unique", indexed("\"i\": [\"a\", \"b\"]"), indexed(unique), rows, .gives(rows)),
            change(
                "an index becomes unique and two records break it", indexed("\"i\": [\"a\"]"),
                indexed("\"i\": { \"on\": [\"a\"], \"unique\": true }"), rows, .isStopped(.duplicate, id: "2")),
            change(
                "a unique index becomes a plain one", indexed(unique), indexed("\"i\": [\"a\", \"b\"]"), rows,
                .gives(rows)),
            change(
                "a unique column becomes a plain one", database(table("a {\"type\": \"string\", \"unique\": true}")), a,
                one, .gives(one)),
            change(
                "a column becomes unique", a, database(table("a {\"type\": \"string\", \"unique\": true}")), one,
                .gives(one)),
            change(
                "a unique column becomes a declared index",
                database(table("a {\"type\": \"string\", \"unique\": true}")),
                database(table("a string", indexes: "\"i\": { \"on\": [\"a\"], \"unique\": true }")), one, .gives(one)),
        ]
    }

    private static var references: [Change] {
        let plain = database(table("a string"), table("t int?", name: "u"))
        let referring = database(table("a string"), table("t {\"references\": \"t?\"}", name: "u"))
        let good: Content = ["t": one["t"] ?? [], "u": [["id": 1, "t": 2], ["id": 2, "t": .null]]]
        let bad: Content = ["t": one["t"] ?? [], "u": [["id": 1, "t": 2], ["id": 2, "t": 3]]]
        return [
            change("add a reference that holds", plain, referring, good, .gives(good)),
            change("add a reference that one record breaks", plain, referring, bad, .isStopped(.reference, id: "2")),
            change("drop a reference", referring, plain, good, .gives(good)),
            change(
                "a reference to another table",
                database(
                    table("a string"), table("a string; z int", name: "w"),
                    table("t {\"references\": \"t\"}", name: "u")),
                database(
                    table("a string"), table("a string; z int", name: "w"),
                    table("t {\"references\": \"w\"}", name: "u")),
                ["t": [["id": 1, "a": "x"]], "w": [["id": 1, "a": "y", "z": 0]], "u": [["id": 1, "t": 1]]],
                .gives(["t": [["id": 1, "a": "x"]], "w": [["id": 1, "a": "y", "z": 0]], "u": [["id": 1, "t": 1]]])),
            change(
                "a reference becomes required", referring,
                database(table("a string"), table("t {\"references\": \"t\"}", name: "u")), good,
                .isStopped(.invalid, id: "2")),
            change(
                "the table referred to is made anew", referring,
                database(
                    table("a string; n {\"type\": \"int\", \"default\": 1}"),
                    table("t {\"references\": \"t?\"}", name: "u")), good,
                .gives(["t": [["id": 1, "a": "x", "n": 1], ["id": 2, "a": "y", "n": 1]], "u": good["u"] ?? []])),
            change(
                "an index takes the place of the one that a reference implies", referring,
                database(
                    table("a string"),
                    table("t {\"references\": \"t?\"}", name: "u", indexes: "\"i\": [\"t\", \"id desc\"]")), good,
                .gives(good)),
        ]
    }

    private static var refusals: [Change] {
        func keyed(_ key: String) -> String {
            database("\"t\": { \"columns\": { \"k\": \"int\", \"a\": \"int\" }, \"key\": [\"\(key)\"] }")
        }
        return [
            change(
                "drop a table unasked", database(table("a string"), table("b int", name: "u")), a, one,
                .isNotPlanned(.migrationDestructive)),
            change(
                "drop a column unasked", database(table("a string; b int?")), a, [:],
                .isNotPlanned(.migrationDestructive)),
            change(
                "a column that could be renamed", a, database(table("b string")), one,
                .isNotPlanned(.migrationAmbiguous), destructive: true),
            change(
                "a table that could be renamed", a, database(table("a string", name: "u")), one,
                .isNotPlanned(.migrationAmbiguous), destructive: true),
            change(
                "a rename that was done already", database(table("a string; b string")),
                database(table("a string; b {\"type\": \"string\", \"renamed_from\": \"a\"}; c int?")), [:],
                .isNotPlanned(.migrationAmbiguous)),
            change(
                "two columns that were the same", a,
                database(
                    table(
                        "b {\"type\": \"string\", \"renamed_from\": \"a\"}; c {\"type\": \"string\", \"renamed_from\": \"a\"}"
                    )), one,
                .isNotPlanned(.migrationAmbiguous)),
            change(
                "another key", keyed("k"), keyed("a"), ["t": [["k": 1, "a": 2]]], .isNotPlanned(.migrationUnsupported)),
            change(
                "a key of more columns", keyed("k"), keyed("k\", \"a"), ["t": [["k": 1, "a": 2]]],
                .isNotPlanned(.migrationUnsupported)),
            change(
                "a key in another order", keyed("k\", \"a"), keyed("a\", \"k"), ["t": [["k": 1, "a": 2]]],
                .isNotPlanned(.migrationUnsupported)),
            change(
                "a key of another type", database("\"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" }"),
                database("\"t\": { \"columns\": { \"id\": \"decimal\" }, \"key\": \"id\" }"), ["t": [["id": 1]]],
                .isNotPlanned(.migrationUnsupported)),
            change(
                "another database", a, a.replacing("\"d\"", with: "\"e\""), one, .isNotPlanned(.migrationUnsupported)),
        ]
    }
}

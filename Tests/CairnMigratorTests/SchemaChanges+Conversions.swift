import CairnCore
import CairnSchema

extension Change {
    /// Changes that make values of others.
    static var conversions: [Change] { exact + made }

    private static func rows(_ values: JSONValue...) -> Content {
        ["t": values.enumerated().map { ["id": .int($0.offset + 1), "a": $0.element] }]
    }

    private static func becomes(
        _ old: String, _ new: String, _ before: Content, _ outcome: Outcome, indexes: String = ""
    ) -> Change {
        change(
            "\(old) becomes \(new)", database(table("a \(old)", indexes: indexes)),
            database(table("a \(new)", indexes: indexes)), before, outcome)
    }

    /// The same column in another type.
    private static var exact: [Change] {
        let index = "\"i\": [\"a\"]"
        return [
            becomes("string", "int", rows("7", "-12", "0"), .gives(rows(7, -12, 0)), indexes: index),
            becomes("string?", "int", rows("7", "007"), .isStopped(.invalid, id: "2")),
            becomes("string?", "int?", rows("7", .null), .gives(rows(7, .null)), indexes: index),
            becomes("string", "decimal", rows("3.50", "12"), .gives(rows("3.5", "12")), indexes: "\"i\": [\"a desc\"]"),
            becomes("string", "date", rows("2026-11-30"), .gives(rows("2026-11-30"))),
            becomes("string", "uuid", rows("no"), .isStopped(.invalid, id: "1")),
            becomes("int", "string", rows(7, 12, -1), .gives(rows("7", "12", "-1")), indexes: index),
            becomes("double", "int", rows(.double(7), .double(-2)), .gives(rows(7, -2))),
            becomes("double", "int", rows(.double(7), .double(7.5)), .isStopped(.invalid, id: "2")),
            becomes("decimal", "double", rows("0.1"), .gives(rows(.double(0.1)))),
            becomes("bool", "int", rows(true, false), .gives(rows(1, 0))),
            becomes(
                "date?", "timestamp?", rows("2026-11-30", .null), .gives(rows("2026-11-30T00:00:00.000000Z", .null)),
                indexes: index),
            becomes("int", "[int]", rows(7), .gives(rows([7]))),
            becomes("[string]", "string", rows(["x"], ["y", "z"]), .isStopped(.invalid, id: "2")),
            becomes(
                "string", "{\"type\": \"int\", \"max\": 9}", rows("7", "12"), .isStopped(.invalid, id: "2")),
            becomes(
                "int", "{\"enum\": [\"a1\", \"b\"]}", rows(1), .isStopped(.invalid, id: "1")),
            change(
                "a unique text becomes a unique number", database(table("a {\"type\": \"string\", \"unique\": true}")),
                database(table("a {\"type\": \"int\", \"unique\": true}")), rows("10", "9"), .gives(rows(10, 9))),
            change(
                "numbers that are written in two ways become one number, which is unique",
                database(table("a {\"type\": \"string\", \"unique\": true}")),
                database(table("a {\"type\": \"decimal\", \"unique\": true}")), rows("1.5", "1.50"),
                .isStopped(.duplicate, id: "2")),
            change(
                "a column is renamed and converted", database(table("a string")),
                database(table("b {\"type\": \"int\", \"renamed_from\": \"a\"}", indexes: "\"i\": [\"b\"]")),
                rows("7"), .gives(["t": [["id": 1, "b": 7]]])),
            change(
                "a key keeps its type",
                #"{ "database": "d", "tables": { "t": { "columns": { "id": "string" }, "key": "id" } } }"#,
                #"{ "database": "d", "tables": { "t": { "columns": { "id": "int" }, "key": "id" } } }"#,
                ["t": [["id": "7"]]], .isNotPlanned(.migrationUnsupported)),
        ]
    }

    /// New columns.
    private static var made: [Change] {
        let names = database(table("name string?; b int"))
        let people: Content = [
            "t": [
                ["id": 1, "name": "Ada Lovelace", "b": 1], ["id": 2, "name": "Alan Mathison Turing", "b": 2],
                ["id": 3, "name": .null, "b": 3],
            ]
        ]
        func split(_ rest: String) -> String {
            database(
                table(
                    """
                    b int; first {"type": "string?", "convert": {"split": "name", "at": " ", "part": 1}}; \
                    last {"type": "string?", "convert": {"split": "name", "at": " ", "part": 2, "parts": 2}}\(rest)
                    """, indexes: "\"i\": [\"last\"]"))
        }
        let parts: Content = [
            "t": [
                ["id": 1, "b": 1, "first": "Ada", "last": "Lovelace"],
                ["id": 2, "b": 2, "first": "Alan", "last": "Mathison Turing"],
                ["id": 3, "b": 3, "first": .null, "last": .null],
            ]
        ]
        return [
            change("a text is split and goes", names, split(""), people, .gives(parts), destructive: true),
            change("a text is split and may not go", names, split(""), people, .isNotPlanned(.migrationDestructive)),
            change(
                "texts are joined", split(""),
                database(
                    table(
                        "b int; name {\"type\": \"string?\", \"convert\": {\"join\": [\"first\", \"last\"], \"with\": \" \"}}"
                    )),
                parts, .gives(people), destructive: true),
            change(
                "a required column is made from one that is null", names,
                database(table("name string?; b int; c {\"type\": \"string\", \"convert\": {\"from\": \"name\"}}")),
                people, .isStopped(.invalid, id: "3")),
            change(
                "what is null gets the default", database(table("a string?")),
                database(table("a string?; c {\"type\": \"int\", \"default\": 5, \"convert\": {\"from\": \"a\"}}")),
                rows("007", .null), .gives(["t": [["id": 1, "a": "007", "c": 7], ["id": 2, "a": .null, "c": 5]]])),
            change(
                "what cannot be made is stopped", database(table("a string?")),
                database(table("a string?; c {\"type\": \"int?\", \"convert\": {\"from\": \"a\"}}")),
                rows("007", "x"), .isStopped(.invalid, id: "2")),
            change(
                "values are looked up", database(table("a string")),
                database(
                    table(
                        """
                        a string; state {"enum": ["open", "closed"], "convert": \
                        {"from": "a", "values": {"o": "open", "c": "closed"}, "otherwise": "open"}}
                        """, indexes: "\"i\": [\"state\", \"a\"]")),
                rows("o", "c", "?"),
                .gives([
                    "t": [
                        ["id": 1, "a": "o", "state": "open"], ["id": 2, "a": "c", "state": "closed"],
                        ["id": 3, "a": "?", "state": "open"],
                    ]
                ])),
            change(
                "a reference is made from a text", database(table("a string")),
                database(table("a string; up {\"references\": \"t?\", \"convert\": {\"from\": \"a\"}}")),
                rows("1", "1"), .gives(["t": [["id": 1, "a": "1", "up": 1], ["id": 2, "a": "1", "up": 1]]])),
            change(
                "a reference is made to nothing", database(table("a string")),
                database(table("a string; up {\"references\": \"t?\", \"convert\": {\"from\": \"a\"}}")),
                rows("1", "3"), .isStopped(.reference, id: "2")),
            change(
                "unique values are made of different ones", database(table("a string")),
                database(table("a string; c {\"type\": \"int\", \"unique\": true, \"convert\": {\"from\": \"a\"}}")),
                rows("1", "01"), .isStopped(.duplicate, id: "2")),
            change(
                "the table is renamed, too", database(table("a string")),
                database(
                    table(
                        "a string; c {\"type\": \"int\", \"convert\": {\"from\": \"a\"}}", name: "u", renamedFrom: "t")),
                rows("7"), .gives(["u": [["id": 1, "a": "7", "c": 7]]])),
            change(
                "it is made from what is not there", database(table("a string")),
                database(table("a string; c {\"type\": \"int?\", \"convert\": {\"from\": \"gone\"}}")), rows("7"),
                .isNotPlanned(.migrationAmbiguous)),
            change(
                "what is there already is not made anew", database(table("a string; c int")),
                database(table("a string; c {\"type\": \"int\", \"convert\": {\"from\": \"a\"}}; d bool?")),
                ["t": [["id": 1, "a": "7", "c": 8]]], .gives(["t": [["id": 1, "a": "7", "c": 8, "d": .null]]])),
        ]
    }
}

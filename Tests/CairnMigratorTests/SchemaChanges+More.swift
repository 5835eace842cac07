import CairnCore
import CairnSchema

extension Change {
    /// Changes of what a table or a column can have beside its type, and several changes at once.
    static var more: [Change] { actions + options + patterns + defaults + coverings + together }

    private static let rows: Content = ["t": [["id": 1, "a": "x", "b": 5], ["id": 2, "a": "y", "b": 6]]]

    private static func adding(_ column: String, indexes: String = "") -> String {
        database(table("a string; \(column)", indexes: indexes))
    }

    /// The two rows of `one`, each with more.
    private static func with(_ members: (String, JSONValue)...) -> Content {
        let rows: [[(String, JSONValue)]] = [[("id", 1), ("a", "x")], [("id", 2), ("a", "y")]]
        return [
            "t": rows.map { row in
                .object(JSONObject((row + members).map { .init(name: $0.0, value: $0.1) }))
            }
        ]
    }

    private static var actions: [Change] {
        func referring(_ action: String) -> String {
            database(
                table("a string"), table("t {\"references\": \"t?\", \"on_delete\": \"\(action)\"}", name: "u"))
        }
        let content: Content = ["t": one["t"] ?? [], "u": [["id": 1, "t": 2], ["id": 2, "t": .null]]]
        return [
            change("restrict becomes cascade", referring("restrict"), referring("cascade"), content, .gives(content)),
            change("cascade becomes set_null", referring("cascade"), referring("set_null"), content, .gives(content)),
            change("set_null becomes restrict", referring("set_null"), referring("restrict"), content, .gives(content)),
        ]
    }

    private static var options: [Change] {
        let kept = database(table("a string").replacing("\"key\"", with: "\"changes\": true, \"key\""))
        return [
            change("changes are kept", a, kept, one, .gives(one)),
            change("changes are kept no more", kept, a, one, .gives(one)),
        ]
    }

    private static var patterns: [Change] {
        func text(_ pattern: String?) -> String {
            database(table("a {\"type\": \"string\"\(pattern.map { ", \"pattern\": \"\($0)\"" } ?? "")}"))
        }
        return [
            change("a pattern comes that all keep", text(nil), text("^[a-z]$"), one, .gives(one)),
            change("a pattern comes that one breaks", text(nil), text("^x"), one, .isStopped(.invalid, id: "2")),
            change("a pattern goes", text("^[xy]$"), text(nil), one, .gives(one)),
            change("a pattern changes to one that all keep", text("^[xy]$"), text("[a-z]"), one, .gives(one)),
            change(
                "a pattern changes to one that one breaks", text("^[xy]$"), text("y"), one,
                .isStopped(.invalid, id: "1")),
        ]
    }

    private static var defaults: [Change] {
        func added(_ type: String, _ text: String, _ value: JSONValue) -> Change {
            change(
                "add a \(type) with a default", a, adding("b {\"type\": \"\(type)\", \"default\": \(text)}"), one,
                .gives(with(("b", value))))
        }
        return [
            added("bool", "true", true), added("double", "2.5", .double(2.5)),
            added("decimal", "\"1.50\"", "1.5"), added("string", "\"é\"", "é"),
            added("date", "\"2024-02-29\"", "2024-02-29"),
            added("timestamp", "\"2024-02-29T12:00:00Z\"", "2024-02-29T12:00:00.000000Z"),
            added(
                "uuid", "\"018e0000-0000-7000-8000-000000000001\"", "018e0000-0000-7000-8000-000000000001"),
            change(
                "add a json that may be null", a, adding("b json?"), one, .gives(with(("b", .null)))),
            change(
                "add a list that may be null", a, adding("b {\"type\": \"[int]?\"}"), one,
                .gives(with(("b", .null)))),
            change(
                "add an enum that may be null", a, adding("b {\"enum\": [\"u\"], \"nullable\": true}"), one,
                .gives(with(("b", .null)))),
            change(
                "add two columns with defaults and an index over both", a,
                database(
                    table(
                        "a string; b {\"type\": \"int\", \"default\": 7}; c {\"type\": \"bool\", \"default\": false}",
                        indexes: "\"i\": [\"c\", \"b desc\"]")), one,
                .gives(with(("b", 7), ("c", false)))),
            change(
                "add a column with a default that an index covers", a,
                adding(
                    "b {\"type\": \"int\", \"default\": 7}", indexes: "\"i\": { \"on\": [\"a\"], \"include\": [\"b\"] }"
                ), one, .gives(with(("b", 7)))),
            change(
                "add a reference with a default that is there", a,
                adding("b {\"references\": \"t\", \"default\": 2}"), one, .gives(with(("b", 2)))),
            change(
                "add a reference with a default that is not there", a,
                adding("b {\"references\": \"t\", \"default\": 9}"), one, .isStopped(.reference, id: "1")),
        ]
    }

    private static var coverings: [Change] {
        func indexed(_ indexes: String) -> String { adding("b int", indexes: indexes) }
        let covering = "\"i\": { \"on\": [\"a\"], \"include\": [\"b\"] }"
        return [
            change("an index covers more", indexed("\"i\": [\"a\"]"), indexed(covering), rows, .gives(rows)),
            change("an index covers less", indexed(covering), indexed("\"i\": [\"a\"]"), rows, .gives(rows)),
            change(
                "an index covers columns that are named in no order", database(table("d int?; c string?; a string")),
                database(
                    table(
                        "d int?; c string?; a string",
                        indexes: "\"i\": { \"on\": [\"a\"], \"include\": [\"d\", \"c\"] }")),
                with(("c", .null), ("d", .null)), .gives(with(("c", .null), ("d", .null)))),
            change(
                "a column goes that an index covered", indexed(covering),
                database(table("a string", indexes: "\"i\": [\"a\"]")), rows, .gives(one), destructive: true),
            change(
                "an index gets a column more", indexed("\"i\": [\"b\"]"), indexed("\"i\": [\"b\", \"a\"]"), rows,
                .gives(rows)),
            change(
                "a column is renamed that an index covers", indexed(covering),
                database(
                    table(
                        "a string; z {\"type\": \"int\", \"renamed_from\": \"b\"}",
                        indexes: "\"i\": { \"on\": [\"a\"], \"include\": [\"z\"] }")), rows,
                .gives(["t": [["id": 1, "a": "x", "z": 5], ["id": 2, "a": "y", "z": 6]]])),
            change(
                "a covered int becomes decimal", indexed(covering),
                database(
                    table("a string; b decimal", indexes: "\"i\": { \"on\": [\"a\"], \"include\": [\"b\"] }")), rows,
                .gives(["t": [["id": 1, "a": "x", "b": "5"], ["id": 2, "a": "y", "b": "6"]]])),
            change(
                "a unique int becomes double", adding("b {\"type\": \"int\", \"unique\": true}"),
                adding("b {\"type\": \"double\", \"unique\": true}"), rows,
                .gives(["t": [["id": 1, "a": "x", "b": .double(5)], ["id": 2, "a": "y", "b": .double(6)]]])),
            change(
                "add a unique index that nulls do not break", adding("b int?"),
                adding("b int?", indexes: "\"i\": { \"on\": [\"b\"], \"unique\": true }"), with(("b", .null)),
                .gives(with(("b", .null)))),
        ]
    }

    private static var together: [Change] {
        let old = database(table("a string; b int", indexes: "\"i\": [\"b\"]"))
        return [
            change(
                "rename a table and give it another index", old,
                database(
                    table("a string; b int", name: "u", indexes: "\"i\": [\"b\"], \"j\": [\"a\"]", renamedFrom: "t")),
                rows, .gives(["u": rows["t"] ?? []])),
            change(
                "rename a table and drop a column of it", old,
                database(table("a string", name: "u", renamedFrom: "t")), rows, .gives(["u": one["t"] ?? []]),
                destructive: true),
            change(
                "rename a table and forbid null in it", database(table("a string?")),
                database(table("a string", name: "u", renamedFrom: "t")),
                ["t": [["id": 1, "a": "x"], ["id": 2, "a": .null]]], .isStopped(.invalid, id: "2")),
            change(
                "rename a table and let a new one refer to it", a,
                database(
                    table("a string", name: "u", renamedFrom: "t"), table("r {\"references\": \"u\"}", name: "w")),
                one, .gives(["u": one["t"] ?? [], "w": []])),
            change(
                "rename a column, drop one, add one and forbid null in another",
                database(table("a string; b int; c string?; d bool")),
                database(
                    table(
                        "z {\"type\": \"string\", \"renamed_from\": \"a\"}; b int; c string; e {\"type\": \"double\", \"default\": 1}"
                    )),
                ["t": [["id": 1, "a": "x", "b": 5, "c": "v", "d": true]]],
                .gives(["t": [["id": 1, "z": "x", "b": 5, "c": "v", "e": .double(1)]]]), destructive: true),
            change(
                "two columns exchange their names", old,
                database(
                    table(
                        "b {\"type\": \"string\", \"renamed_from\": \"a\"}; a {\"type\": \"int\", \"renamed_from\": \"b\"}"
                    )), rows, .isNotPlanned(.migrationAmbiguous)),
            change(
                "a table of a key of two columns gets a column and an index",
                database(
                    "\"t\": { \"columns\": { \"k\": \"string\", \"l\": \"int\", \"a\": \"int\" }, \"key\": [\"k\", \"l\"] }"
                ),
                database(
                    "\"t\": { \"columns\": { \"k\": \"string\", \"l\": \"int\", \"a\": \"int\", \"b\": \"bool?\" }, \"key\": [\"k\", \"l\"], \"indexes\": { \"i\": [\"a desc\"] } }"
                ),
                ["t": [["k": "p/q", "l": -1, "a": 4], ["k": "é", "l": 2, "a": 3]]],
                .gives(["t": [["k": "p/q", "l": -1, "a": 4, "b": .null], ["k": "é", "l": 2, "a": 3, "b": .null]]])),
        ]
    }
}

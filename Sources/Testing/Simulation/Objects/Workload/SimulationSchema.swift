import CairnCore

/// The tables that simulated processes work on.
///
/// Every record carries in `stamp` the number of the deed that wrote it, so each deed can be found in the log, or not.
struct SimulationSchema: Sendable {
    let schema: Schema
    let accounts: Table
    let lists: Table
    let users: Table
    let posts: Table
    /// What somebody may edit by hand: nothing is said of its records but that nothing else suffers.
    let notes: Table

    private static let text = """
        {
          "database": "simulation",
          "tables": {
            "accounts": {
              "columns": { "id": "int", "owner": "string", "balance": "int", "stamp": "int" },
              "key": "id",
              "indexes": { "by_owner": ["owner"], "by_balance": { "on": ["balance desc"], "include": ["owner"] } }
            },
            "lists": { "columns": { "id": "int", "items": "[int]", "stamp": "int" }, "key": "id" },
            "users": {
              "columns": {
                "id": "int", "handle": { "type": "string", "unique": true }, "age": "int?", "stamp": "int"
              },
              "key": "id",
              "indexes": { "by_age": ["age"] }
            },
            "posts": {
              "columns": { "author": { "references": "users" }, "number": "int", "text": "string", "stamp": "int" },
              "key": ["author", "number"],
              "indexes": { "by_text": ["text"] }
            },
            "notes": { "columns": { "id": "int", "text": "string", "stamp": "int" }, "key": "id" }
          }
        }
        """

    init() throws {
        schema = try Schema(parsing: SimulationSchema.text)
        (accounts, lists, users, posts) = (schema.tables[0], schema.tables[1], schema.tables[2], schema.tables[3])
        notes = schema.tables[4]
    }

    /// Another schema of the same tables, as an older or newer program has it.
    static func other() throws -> Schema {
        try Schema(parsing: text.replacing("\"number\": \"int\"", with: "\"number\": \"int\", \"likes\": \"int?\""))
    }

    func account(_ id: Int, owner: String, balance: Int, stamp: Int) -> [Value] {
        [.int(id), .string(owner), .int(balance), .int(stamp)]
    }

    func list(_ id: Int, _ items: [Int], stamp: Int) -> [Value] {
        [.int(id), .array(items.map(Value.int)), .int(stamp)]
    }

    func user(_ id: Int, handle: String, age: Int?, stamp: Int) -> [Value] {
        [.int(id), .string(handle), age.map(Value.int) ?? .null, .int(stamp)]
    }

    func note(_ id: Int, _ text: String, stamp: Int) -> [Value] { [.int(id), .string(text), .int(stamp)] }

    func post(_ author: Int, _ number: Int, _ text: String, stamp: Int) -> [Value] {
        [.int(author), .int(number), .string(text), .int(stamp)]
    }
}

extension ModelState.Row {
    /// The integer of a column; 0 for anything else.
    func int(_ column: Int) -> Int {
        if case .int(let int) = values[column] { int } else { 0 }
    }

    func text(_ column: Int) -> String {
        if case .string(let text) = values[column] { text } else { "" }
    }

    func ints(_ column: Int) -> [Int] {
        guard case .array(let elements) = values[column] else { return [] }
        return elements.map { if case .int(let int) = $0 { int } else { 0 } }
    }
}

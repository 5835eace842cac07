import CairnCore
import Foundation
import SQLiteStorage

// A process of its own for tests of what several processes, and killed ones, do to one store.
//
//   StoreWorker insert PATH FIRST COUNT   inserts rows one by one; prints each id once it is acknowledged
//   StoreWorker move PATH COUNT           moves 1 from row to row in transactions; prints a line after each
//   StoreWorker hold PATH                 begins a transaction, writes, prints "holding", ends when its input does
//
// Output is not buffered: what was printed was acknowledged.

/// The schema of the tests that use the worker.
let schema = """
    { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int" }, "key": "id",
    "indexes": { "by_value": ["value"] } } } }
    """

func say(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(2) }
let storage = try await SQLiteStorage.open(SQLiteOptions(.file(arguments[2]), timeout: .seconds(60)))
let store = try await Store.open(storage, schema: Schema(parsing: schema))
let table = store.schema.tables[0]

switch arguments[1] {
case "insert":
    let (first, count) = (Int(arguments[3]) ?? 0, Int(arguments[4]) ?? 0)
    for id in first..<first + count {
        _ = try await store.session.write([.insert(table, [.int(id), .int(id)])])
        say("\(id)")
    }
case "move":
    for step in 0..<(Int(arguments[3]) ?? 0) {
        try await store.transaction { tx in
            for (id, change) in [(step % 4, -1), ((step + 1) % 4, 1)] {
                let record = try await tx.records("rows").get(Key(.int(id)))
                guard case .int(let value)? = record["value"] else { continue }
                _ = try await tx.write([.update(table, [.int(id), .int(value + change)], expecting: record.revision)])
            }
        }
        say("\(step)")
    }
case "hold":
    try await store.transaction { tx in
        _ = try await tx.write([.upsert(table, [.int(-1), .int(-1)])])
        say("holding")
        _ = readLine()
    }
    say("released")
default: exit(2)
}
try await store.close()

import CairnCore
import CairnMigrator
import CairnSchema
import Foundation
import SQLiteStorage
import WriterProgram

// A process of its own for tests of what several processes, and killed ones, do to one store.
//
//   StoreWorker insert PATH FIRST COUNT   inserts rows one by one; prints each id once it is acknowledged
//   StoreWorker migrate PATH SCHEMA       prints "start", changes the store to the schema of this text, prints "done"
//   StoreWorker change PATH SCHEMA KIND   the same, as a command does it: apply, start, complete, abort or rollback:NUMBER; prints
//                                         "found" when that is done already
//   StoreWorker hold PATH                 begins a transaction, writes, prints "holding", ends when its input does
//   StoreWorker program PATH SYNCHRONOUS SEED STARTS COUNT READERS
//       Prints "start" and opens the store. STARTS is WRITER:STEP,…: each of these writers takes COUNT steps of its program from
//       STEP on, all at once, and prints "WRITER STEP TOKEN" after each. READERS tasks read meanwhile. Prints "torn: …" and exits
//       with 1 when one of them met a part of a commit.
//
// Output is not buffered: what was printed was acknowledged.

func say(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
}

func open(_ path: String, _ schema: String, _ synchronous: SQLiteOptions.Synchronous = .full) async throws -> Store {
    let storage = try await SQLiteStorage.open(
        SQLiteOptions(.file(path), synchronous: synchronous, timeout: .seconds(60)))
    return try await Store.open(storage, schema: Schema(parsing: schema))
}

/// The schema of the tests that need no more than a row.
let rowSchema = """
    { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int" }, "key": "id",
    "indexes": { "by_value": ["value"] } } } }
    """

func insert(_ path: String, first: Int, count: Int) async throws {
    let store = try await open(path, rowSchema)
    for id in first..<first + count {
        _ = try await store.session.write([.insert(store.schema.tables[0], [.int(id), .int(id)])])
        say("\(id)")
    }
    try await store.close()
}

func migrate(_ path: String, _ schema: String) async throws {
    let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path), synchronous: .normal, timeout: .seconds(60)))
    guard let held = try await storage.schema() else { return say("failed: no store") }
    let migration = try Migration(from: held, to: Schema(parsing: schema), allowsDestructive: true)
    say("start")
    try await storage.apply(.migrate(migration))
    say("done")
    try await storage.close()
}

func change(_ path: String, _ schema: String, _ kind: String) async throws {
    let options = SQLiteOptions(.file(path), synchronous: .normal, timeout: .seconds(60))
    say("start")
    let storage = try await SQLiteStorage.open(options)
    guard let held = try await storage.schema() else { return say("failed: no store") }
    if kind.hasPrefix("rollback:"), let number = Int(kind.dropFirst("rollback:".count)) {
        let rollback = try Rollback(before: number, in: try await storage.migrations(), held: held)
        try await storage.close()
        _ = try await rollback.run(allowsDestructive: true, open: { try await SQLiteStorage.open(options) })
        return say(rollback.undoings.isEmpty ? "found" : "done")
    }
    let wanted = try Schema(parsing: schema)
    let isDone =
        switch kind {
        case "apply": held.id == wanted.id
        case "start": held.window != nil
        default: held.window == nil
        }
    if !isDone {
        let migration =
            switch kind {
            case "apply": try Migration(from: held, to: wanted, allowsDestructive: true)
            case "start": try Migration.start(from: held, to: wanted)
            case "complete": try Migration.complete(held, allowsDestructive: true)
            default: try Migration.abort(held, allowsDestructive: true)
            }
        try await storage.apply(.migrate(migration))
    }
    say(isDone ? "found" : "done")
    try await storage.close()
}

func hold(_ path: String) async throws {
    let store = try await open(path, rowSchema)
    try await store.transaction { tx in
        _ = try await tx.write([.upsert(store.schema.tables[0], [.int(-1), .int(-1)])])
        say("holding")
        _ = readLine()
    }
    say("released")
    try await store.close()
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch (arguments.first, arguments.count) {
    case ("insert", 4):
        try await insert(arguments[1], first: Int(arguments[2]) ?? 0, count: Int(arguments[3]) ?? 0)
    case ("migrate", 3): try await migrate(arguments[1], arguments[2])
    case ("change", 4): try await change(arguments[1], arguments[2], arguments[3])
    case ("hold", 2):
        try await hold(arguments[1])
    case ("program", 7):
        say("start")
        let store = try await open(
            arguments[1], WriterProgram.schema, SQLiteOptions.Synchronous(rawValue: arguments[2]) ?? .full)
        try await WriterProgram.run(
            on: store, seed: UInt64(arguments[3]) ?? 0, starts: arguments[4], count: Int(arguments[5]) ?? 0,
            readers: Int(arguments[6]) ?? 0, say: { say($0) })
        try await store.close()
    default: exit(2)
    }
} catch let error as Watcher.SawPart {
    say("torn: \(error)")
    exit(1)
} catch {
    say("failed: \(error)")
    exit(1)
}

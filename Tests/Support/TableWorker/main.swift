import CairnCore
import CairnSchema
import Foundation
import ObjectStorage
import ObjectStores
import WriterProgram

// A process of its own for tests of what several processes, and killed ones, do to the tables in an object store.
//
//   TableWorker program FOLDER SEED STARTS COUNT READERS
//       Prints "start" and opens the store in a folder. STARTS is WRITER:STEP,…: each of these writers takes COUNT steps of its program
//       from STEP on, all at once, and prints "WRITER STEP TOKEN" after each. READERS tasks read meanwhile. Prints "torn: …" and exits
//       with 1 when one of them met a part of a commit.
//   TableWorker migrate FOLDER SCHEMA PATIENCE [KIND]
//       Prints "start" and changes the store in a folder to the schema of this text: KIND is apply, eager, start, complete, abort or
//       rollback:NUMBER, as the commands do it; the last three look at the schema only to say what they found. Another process that does it counts as dead when
//       nothing was heard of it for PATIENCE milliseconds. Prints "done", or "found" when another one had done it.
//   TableWorker history SERVER PORT BUCKET PREFIX SEED FIRST LAST COUNT FILE
//       Opens the store under a prefix of a bucket of SERVER, reached at PORT, prints "ready", and waits for a line. Then the clients FIRST to
//       LAST each commit COUNT transactions, all at once, and more until the input ends, and write what they did and saw into FILE. Prints
//       "done". Goes on where a killed process with the same FILE was.
//   TableWorker writes SERVER PORT BUCKET PREFIX NAME TASKS FILE
//       The same with TASKS tasks that insert rows until the input ends, and write the keys of those that were acknowledged into FILE.
//
// Output is not buffered: what was printed was acknowledged.

@Sendable func say(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
}

/// What is in the folder need not outlive a loss of power, which the tests do not make.
func folder(_ path: String) throws -> FolderObjectStore {
    var options = FolderObjectStore.Options()
    options.isDurable = false
    return try FolderObjectStore(path, options)
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch (arguments.first, arguments.count) {
    case ("program", 6):
        say("start")
        let store = try await Store.open(
            ObjectStorage.open(folder(arguments[1])), schema: Schema(parsing: WriterProgram.schema))
        try await WriterProgram.run(
            on: store, seed: UInt64(arguments[2]) ?? 0, starts: arguments[3], count: Int(arguments[4]) ?? 0,
            readers: Int(arguments[5]) ?? 0, say: say)
        try await store.close()
    case ("migrate", _):
        guard let command = try MigrateCommand(arguments.dropFirst()) else { exit(2) }
        say("start")
        say(try await command.run() ? "done" : "found")
    case ("history", _):
        guard let command = HistoryCommand(arguments.dropFirst()) else { exit(2) }
        try await command.run(Input())
        say("done")
    case ("writes", _):
        guard let command = WritesCommand(arguments.dropFirst()) else { exit(2) }
        try await command.run(Input())
        say("done")
    default: exit(2)
    }
} catch let error as Watcher.SawPart {
    say("torn: \(error)")
    exit(1)
} catch {
    say("failed: \(error)")
    exit(1)
}

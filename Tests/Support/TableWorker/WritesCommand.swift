import CairnCore
import Foundation
import Histories

/// Some tasks of one process, each of which inserts one row after the other, and notes those that were acknowledged, until nobody wants
/// more.
struct WritesCommand {
    private let place: ServerPlace
    private let name: String
    private let tasks: Int
    private let file: String

    init?(_ arguments: ArraySlice<String>) {
        let arguments = Array(arguments)
        guard arguments.count == 7, let place = ServerPlace(arguments.prefix(4)), let tasks = Int(arguments[5]) else {
            return nil
        }
        self.place = place
        name = arguments[4]
        self.tasks = tasks
        file = arguments[6]
    }

    func run(_ input: Input) async throws {
        let store = try await place.openStore(WrittenRows.schema, probing: "probe-\(name)")
        let table = store.schema.tables[0]
        guard FileManager.default.createFile(atPath: file, contents: nil),
            let output = FileHandle(forWritingAtPath: file)
        else { throw CocoaError(.fileWriteUnknown) }
        let lines = Lock(output)
        input.isReady()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var step = 0
                    while !input.isOver {
                        let id = "\(name)-\(task)-\(step)"
                        step += 1
                        do {
                            _ = try await store.session.write([.insert(table, WrittenRows.row(id))])
                        } catch is StorageError {
                            // What is not acknowledged may be there or not: the next one is another row.
                            continue
                        }
                        lines.withLock { $0.write(Data((id + "\n").utf8)) }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }
}

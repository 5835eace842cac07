import CairnCore
import CairnSchema
import Foundation
import Histories
import ObjectStorage

/// Some clients of one process, who work on a store in a bucket until each has committed so many transactions, in all runs of the
/// process together, and nobody wants more.
struct HistoryCommand {
    let place: ServerPlace
    let seed: UInt64
    let clients: ClosedRange<Int>
    let count: Int
    /// The file for the transactions, which has those of earlier runs.
    let file: String

    init?(_ arguments: ArraySlice<String>) {
        let arguments = Array(arguments)
        guard arguments.count == 9, let place = ServerPlace(arguments.prefix(4)), let seed = UInt64(arguments[4]),
            let first = Int(arguments[5]), let last = Int(arguments[6]), first <= last, let count = Int(arguments[7])
        else { return nil }
        self.place = place
        self.seed = seed
        clients = first...last
        self.count = count
        file = arguments[8]
    }

    /// - Parameter input: Told when the store is open; says when the work is to begin, and when it may end.
    func run(_ input: Input) async throws {
        let before = try HistoryFile(contentsOf: file)
        let store = try await place.openStore(
            HistoryClient.schema, probing: "probe-\(clients.lowerBound)-\(before.runs)")
        input.isReady()
        let writer = try HistoryWriter(file)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in clients {
                group.addTask {
                    var client = HistoryClient(number, on: store, seed: seed, run: before.runs) {
                        try writer.note(attempt: $0)
                    }
                    let rest = max(0, count - before.committed(by: number))
                    try await client.run(rest, until: { input.isOver }) { try writer.note($0) }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }
}

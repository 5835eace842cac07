import Cairn
import Foundation
import ObjectStorage
import ObjectStores

/// `cairn-bench objects-writer PLACE LATENCY SECONDS NUMBER`: one of several processes that write to one store.
///
/// Opens it, prints "ready", waits for a line, commits one row after the other for that time, and prints what came of it.
struct WriterProcess {
    /// What a process did: a line of JSON.
    struct Outcome: Codable {
        /// Rows that were acknowledged.
        var commits = 0
        /// Seconds from the first try to the last acknowledgement.
        var time = 0.0
        /// The longest that one commit took, in seconds.
        var longest = 0.0
        /// Seconds of the processor.
        var cpu = 0.0
        /// PUTs, and those of them that came to nothing: numbers of the log that another got.
        var puts = 0
        var lost = 0
        /// All other requests.
        var others = 0
    }

    private let place: WriterPlace
    private let latency: Duration
    private let duration: Duration
    private let number: Int

    init(_ arguments: ArraySlice<String>) throws {
        let arguments = Array(arguments)
        guard arguments.count == 4, let latency = Int(arguments[1]), let seconds = Double(arguments[2]),
            let number = Int(arguments[3])
        else { throw UsageError(message: "objects-writer is started by objects") }
        place = WriterPlace(text: arguments[0])
        self.latency = .milliseconds(latency)
        duration = .seconds(seconds)
        self.number = number
    }

    func run() async throws {
        let objects = CountingObjectStore(try await place.open(latency: latency))
        let bench = try await Bench.open(on: ObjectStorage.open(objects))
        let items = Rows(count: 1_000).items
        say("ready")
        _ = readLine()
        let before = objects.counts
        var outcome = Outcome()
        let cost = try await Cost.measured {
            let start = ContinuousClock.now
            var now = start
            while start.duration(to: now) < duration {
                let begun = now
                try await bench.items.insert(row(outcome.commits, like: items))
                now = .now
                outcome.commits += 1
                outcome.longest = max(outcome.longest, begun.duration(to: now) / .seconds(1))
            }
            outcome.time = start.duration(to: now) / .seconds(1)
        }
        let counts = objects.counts - before
        outcome.cpu = cost.cpu
        outcome.puts = counts[.put]
        outcome.lost = counts.failures[.put] ?? 0
        outcome.others = counts.total - counts[.put]
        say(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
        try await bench.close()
    }

    /// Whoever started this reads it at once.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private func row(_ step: Int, like items: [Item]) -> Item {
        let item = items[step % items.count]
        return Item(
            id: Item.ID("\(number)-\(1_000_000 + step)"), title: item.title, author: item.author, city: item.city,
            note: item.note, quantity: item.quantity, rank: step, price: item.price, isOpen: item.isOpen,
            seenAt: item.seenAt)
    }
}

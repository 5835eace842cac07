import Foundation

/// What a client did in one transaction, when, and how it ended: a line of a history.
package struct HistoryTransaction: Sendable, Codable, Equatable {
    /// How it ended.
    package enum Outcome: String, Sendable, Codable {
        case committed
        /// Surely not committed.
        case failed
        /// Nobody could say.
        case unknown
    }

    /// What it read and wrote, in its order.
    package enum Operation: Sendable, Codable, Equatable {
        /// A list was seen with these values, the transaction's own included; empty when there was none.
        case read(list: Int, [Int])
        /// A value, which no other transaction has, was put at the end of a list.
        case append(list: Int, Int)
        /// An account was seen at a revision.
        case see(account: Int, balance: Int, revision: Int)
        /// An account got a balance, and has this revision then.
        case set(account: Int, balance: Int, revision: Int)
        /// The balances of all accounts had this sum.
        case audit(sum: Int)
    }

    /// Which client, of all processes.
    package var client: Int
    /// Nanoseconds of the machine's time that only passes, the same for all its processes.
    package var began: UInt64
    package var ended: UInt64
    package var outcome: Outcome
    package var operations: [Operation]

    package init(client: Int, began: UInt64, ended: UInt64, outcome: Outcome, _ operations: [Operation]) {
        self.client = client
        self.began = began
        self.ended = ended
        self.outcome = outcome
        self.operations = operations
    }

    /// One line of text, to send to another process.
    package func line() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// - Throws: when the line is none of ``line()``.
    package init(line: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(line.utf8)) }

    /// The machine's time that only passes.
    package static func time() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }
}

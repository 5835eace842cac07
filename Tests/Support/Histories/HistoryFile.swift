import CairnCore
import Foundation

/// What the clients of a process did: a file that also says what the process was about to do when it was killed.
///
/// A client writes down each try of a transaction before it is committed, and how the transaction ended. A try without an end is one of
/// which nobody knows, if the process ended there; an earlier one of the same transaction did not take effect.
package struct HistoryFile: Sendable {
    /// The transactions of all runs.
    package private(set) var transactions: [HistoryTransaction] = []
    /// How many times a process has begun to write it.
    package private(set) var runs = 0

    fileprivate static let run = "run"
    fileprivate static let attempt = "try "

    /// Reads a file; one that is not there has nothing in it.
    package init(contentsOf path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var attempts: [Int: HistoryTransaction] = [:]
        func end() {
            for attempt in attempts.values.sorted(by: { $0.client < $1.client }) { transactions.append(attempt) }
            attempts = [:]
        }
        for line in text.split(separator: "\n") {
            if line == Self.run {
                end()
                runs += 1
            } else if line.hasPrefix(Self.attempt) {
                // What a killed process had not ended to write, it had not begun to do.
                guard let attempt = try? HistoryTransaction(line: String(line.dropFirst(Self.attempt.count))) else {
                    continue
                }
                attempts[attempt.client] = attempt
            } else if let transaction = try? HistoryTransaction(line: String(line)) {
                attempts[transaction.client] = nil
                transactions.append(transaction)
            }
        }
        end()
    }

    /// How many transactions of a client were committed, as far as it heard of it.
    package func committed(by client: Int) -> Int {
        transactions.count { $0.client == client && $0.outcome == .committed }
    }
}

/// Writes a ``HistoryFile``. Every line goes to the system at once: a killed process has lost none.
package final class HistoryWriter: Sendable {
    private let file: Lock<FileHandle>

    /// Begins a run at the end of a file.
    package init(_ path: String) throws {
        if !FileManager.default.fileExists(atPath: path),
            !FileManager.default.createFile(atPath: path, contents: nil)
        {
            throw CocoaError(.fileWriteUnknown)
        }
        guard let handle = FileHandle(forWritingAtPath: path) else { throw CocoaError(.fileWriteUnknown) }
        try handle.seekToEnd()
        file = Lock(handle)
        // The last line may have been cut.
        write("\n" + HistoryFile.run)
    }

    /// A transaction ended.
    package func note(_ transaction: HistoryTransaction) throws { write(try transaction.line()) }

    /// A transaction is about to be committed.
    package func note(attempt: HistoryTransaction) throws { write(HistoryFile.attempt + (try attempt.line())) }

    private func write(_ line: String) { file.withLock { $0.write(Data((line + "\n").utf8)) } }
}

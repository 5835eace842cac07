import CairnCore
import Foundation

/// What whoever started the process says to it.
final class Input: Sendable {
    private let isClosed = Lock(false)

    /// Says that all is open, and waits for a line, or the end.
    ///
    /// Then it is listened to beside the work.
    func isReady() {
        say("ready")
        guard readLine() != nil else { return close() }
        Thread.detachNewThread { [self] in
            while readLine() != nil {}
            close()
        }
    }

    /// Whether the work may end.
    var isOver: Bool { isClosed.withLock { $0 } }

    private func close() { isClosed.withLock { $0 = true } }
}

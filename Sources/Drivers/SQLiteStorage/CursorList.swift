import CairnCore

/// The open cursors of a connection that something else is about to happen on.
final class CursorList: Sendable {
    private struct Weak: Sendable {
        weak var cursor: SQLiteCursor?
    }

    private let cursors = Lock([Weak]())

    func add(_ cursor: SQLiteCursor) {
        cursors.withLock { cursors in
            cursors.removeAll { $0.cursor == nil }
            cursors.append(Weak(cursor: cursor))
        }
    }

    /// The cursors that are still used. Ask under the connection's lock, so that none is made meanwhile, and keep the result
    /// until after it: the last reference to a cursor must not end under that lock, which its end takes.
    var live: [SQLiteCursor] {
        cursors.withLock { $0.compactMap(\.cursor) }
    }
}

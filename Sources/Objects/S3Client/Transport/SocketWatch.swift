import CCurl

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Waits for what happens on libcurl's sockets, and watches over connections that nobody uses.
///
/// A socket stays registered for reading when libcurl loses interest in it: the next request on a kept connection then costs no
/// system call here. And what a server sends unasked is noticed: such a connection is spoiled, because the next request on it
/// would take those bytes for its answer (libcurl 7.88 does not look). So it is shut down, and libcurl makes a new one.
///
/// Belongs to the thread of its loop. The buffer of events is allocated in `init`, has room for all that one wait gives, and is
/// freed in `deinit`.
final class SocketWatch {
    /// Events of libcurl's kind, together.
    typealias Events = Int32

    private enum Use {
        /// A request is under way, or it is no connection.
        case busy
        /// An HTTP/1 connection between two requests: nothing may come.
        case idle
        /// HTTP/2: the server may speak at any time.
        case shared
    }

    private struct Entry {
        /// What the system was told.
        var registered: Events = 0
        /// What libcurl wants to know.
        var wanted: Events = 0
        /// Whether it was seen being made, and will be seen being closed. libcurl closes others behind our back.
        var isConnection = false
        var use = Use.busy
        /// Which of the connections that had this number.
        var serial = 0
    }

    /// A connection.
    struct Connection {
        let socket: Int32
        let serial: Int
    }

    private let queue: Int32
    private let wakeFile: Int32
    private let events: UnsafeMutablePointer<cairn_event>
    /// By file descriptor: small numbers.
    private var entries: [Entry] = []
    private var lastSerial = 0
    /// How many requests stand still on a connection that libcurl has not named: sent and half answered in one go. As long as
    /// there are any, a connection that looks idle may be theirs.
    var hiddenUses = 0

    /// - Parameter wakeFile: Ends waiting when it is woken.
    /// - Throws: `resources`.
    init(wakeFile: Int32) throws(TransportError) {
        queue = cairn_events_queue(wakeFile)
        guard queue >= 0 else { throw .resources("no file to wait with: \(SystemError.last).") }
        self.wakeFile = wakeFile
        events = .allocate(capacity: 64)
    }

    deinit {
        _ = Glibc.close(queue)
        events.deallocate()
    }

    // MARK: What libcurl says

    /// A connection's socket was made.
    func made(_ socket: Int32) {
        lastSerial += 1
        // Programs that are started meanwhile do not get it.
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        change(socket) { $0 = Entry(isConnection: true, serial: lastSerial) }
    }

    /// The connection of a socket; nil when the socket is something else.
    func connection(_ socket: Int32) -> Connection? {
        guard entries.indices.contains(Int(socket)), entries[Int(socket)].isConnection else { return nil }
        return Connection(socket: socket, serial: entries[Int(socket)].serial)
    }

    /// Closes a socket.
    func close(_ socket: Int32) -> Int32 {
        // The system forgets what was registered for it.
        change(socket) { $0 = Entry() }
        return Glibc.close(socket)
    }

    /// libcurl wants to know of these events; none: it has lost interest.
    func watch(_ socket: Int32, _ wanted: Events) {
        change(socket) { entry in
            entry.wanted = wanted
            if wanted != 0 { entry.use = .busy }
            let isEnough = entry.registered & wanted == wanted
            if !entry.isConnection || !isEnough { register(socket, &entry, wanted) }
        }
    }

    /// A request on a connection has ended, and libcurl keeps the connection, or has closed it by now.
    func rest(_ connection: Connection, isShared: Bool) {
        let socket = connection.socket
        change(socket) { entry in
            guard entry.isConnection, entry.serial == connection.serial, entry.wanted == 0 else { return }
            entry.use = isShared ? .shared : .idle
            // libcurl reads no further than a body is long: what is here was not asked for.
            var byte: UInt8 = 0
            let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
            if !isShared, recv(socket, &byte, 1, flags) >= 0 { spoil(socket, &entry) }
        }
    }

    private func change(_ socket: Int32, _ body: (inout Entry) -> Void) {
        guard socket >= 0 else { return }
        let index = Int(socket)
        if index >= entries.count {
            entries.append(contentsOf: repeatElement(Entry(), count: index + 1 - entries.count))
        }
        body(&entries[index])
    }

    private func register(_ socket: Int32, _ entry: inout Entry, _ events: Events) {
        guard entry.registered != events else { return }
        _ = cairn_events_watch(queue, socket, entry.registered, events)
        entry.registered = events
    }

    /// Ends a connection that libcurl keeps: it finds it closed when it wants to use it again.
    private func spoil(_ socket: Int32, _ entry: inout Entry) {
        shutdown(socket, Int32(SHUT_RDWR))
        // libcurl takes a connection with unread bytes for a good one.
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        var rounds = 64
        while rounds > 0, recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0 { rounds -= 1 }
        register(socket, &entry, 0)
    }

    // MARK: Waiting

    /// Waits until something happens, but no longer than this; nil: for ever.
    /// - Returns: How many events there are, for `each`.
    func wait(milliseconds: Int?) -> Int {
        // Interrupted is like nothing: the loop looks and waits again.
        max(0, Int(cairn_events_wait(queue, events, Int32(milliseconds ?? -1))))
    }

    /// Calls `handle` for each socket on which libcurl wants to know what happened.
    /// - Parameter count: What `wait` returned last.
    func each(_ count: Int, _ handle: (Int32, Events) -> Void) {
        for index in 0..<count {
            let event = events[index]
            if event.file != wakeFile, isWanted(event) { handle(event.file, event.events) }
        }
    }

    private func isWanted(_ event: cairn_event) -> Bool {
        var isWanted = false
        change(event.file) { entry in
            if entry.wanted == 0, entry.use == .idle {
                if event.events & (CURL_CSELECT_IN | CURL_CSELECT_ERR) == 0 {
                    // Ready for writing is no news.
                    register(event.file, &entry, CURL_CSELECT_IN)
                } else if hiddenUses > 0 {
                    register(event.file, &entry, 0)
                } else {
                    spoil(event.file, &entry)
                }
            } else if entry.wanted == 0 || event.events & (entry.wanted | CURL_CSELECT_ERR) == 0 {
                register(event.file, &entry, entry.wanted)
            } else {
                isWanted = true
            }
        }
        return isWanted
    }
}

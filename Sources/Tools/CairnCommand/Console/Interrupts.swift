import CairnCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Signals that ask the process to end (SIGINT, SIGTERM, SIGHUP): the first lets it end in order, a second ends it at once.
enum Interrupts {
    /// Both ends; -1 for a pipe that could not be made, which `poll` passes over.
    private struct Pipe {
        var output: Int32 = -1
        var input: Int32 = -1

        init() {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { return }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (output, input) = (ends[0], ends[1])
        }
    }

    private struct State {
        var isWatching = false
        var signal: Int32?
    }

    /// What a handler may do is little: it writes the number of its signal here, and a thread does the rest.
    private static let signals = Pipe()
    /// Loses its writing end with the first signal, so that whoever waits for something else wakes.
    private static let told = Pipe()
    private static let state = Lock(State())

    /// The first signal that came; nil when none did.
    static var signal: Int32? { state.withLock { $0.signal } }

    /// Whether signals are watched for.
    static var isWatching: Bool { state.withLock { $0.isWatching } }

    /// Watches from now on. A signal that the process was started to ignore, as by `nohup`, stays ignored.
    /// - Parameter cancel: Called once, on a thread of its own.
    static func watch(_ cancel: @escaping @Sendable () -> Void) {
        // Also makes both pipes before a handler needs one.
        guard signals.input >= 0, told.input >= 0, startThread(cancel) else { return }
        state.withLock { $0.isWatching = true }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = Interrupts.setHandler(number) { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(Interrupts.signals.input, &byte, 1)
                errno = saved
            }
            // Functions cannot be compared, their addresses can: both are pointers, nil is none.
            if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                _ = Interrupts.setHandler(number, SIG_IGN)
            }
        }
    }

    /// Waits until a descriptor can be read or written, or tells why not when one tries.
    /// - Parameter events: `POLLIN` or `POLLOUT`.
    /// - Returns: false when a signal came first.
    static func wait(for descriptor: Int32, _ events: Int32) -> Bool {
        var files = [
            pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0),
            pollfd(fd: told.output, events: Int16(truncatingIfNeeded: POLLIN), revents: 0),
        ]
        while true {
            if poll(&files, nfds_t(files.count), -1) >= 0 { return files[0].revents != 0 }
            if errno != EINTR { return true }
        }
    }

    private final class Watch {
        let cancel: @Sendable () -> Void

        init(_ cancel: @escaping @Sendable () -> Void) {
            self.cancel = cancel
        }

        func run() {
            guard let first = Interrupts.next() else { return }
            Interrupts.state.withLock { $0.signal = first }
            close(Interrupts.told.input)
            cancel()
            if let second = Interrupts.next() { _exit(128 + second) }
        }
    }

    private static func startThread(_ cancel: @escaping @Sendable () -> Void) -> Bool {
        // The thread takes over this reference.
        let context = Unmanaged.passRetained(Watch(cancel)).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = pthread_create(&thread, nil, Interrupts.body, context)
        if code != 0 { Unmanaged<Watch>.fromOpaque(context).release() }
        return code == 0
    }

    #if canImport(Darwin)
        private static let body: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { run($0) }
    #else
        private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            if let context { _ = run(context) }
            return nil
        }
    #endif

    private static func run(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        // Threads of the runtime may block signals; one that takes them must be there.
        var all = sigset_t()
        sigemptyset(&all)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&all, number) }
        pthread_sigmask(SIG_UNBLOCK, &all, nil)
        Unmanaged<Watch>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }

    /// The next signal; nil when the pipe is broken.
    private static func next() -> Int32? {
        var byte: UInt8 = 0
        while true {
            let count = read(signals.output, &byte, 1)
            if count == 1 { return Int32(byte) }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    private typealias Handler = @convention(c) (Int32) -> Void

    private static func setHandler(_ number: Int32, _ handler: Handler) -> Handler? {
        #if canImport(Glibc)
            Glibc.signal(number, handler)
        #elseif canImport(Musl)
            Musl.signal(number, handler)
        #else
            Darwin.signal(number, handler)
        #endif
    }
}

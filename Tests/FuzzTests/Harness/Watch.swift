import Foundation

/// Names the input that ended the process, or that must end it because it does not end itself.
///
/// Before each input its name is put where a signal handler finds it. A trap, a fault or an abort then writes the name before
/// the process ends, and an alarm ends an input that takes too long.
enum Watch {
    /// What is running. Allocated once and never freed, because a handler may read it until the very end.
    ///
    /// Safety of `@unchecked Sendable`: the fuzzing thread alone writes to it, while its count is 0. A handler reads `count`
    /// bytes; it runs in the fuzzing thread itself, or stops the process while that works on an input and does not write.
    private struct Mark: @unchecked Sendable {
        let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: Mark.capacity)
        static let capacity = 1024

        init() { count.initialize(to: 0) }
    }

    private static let mark = Mark()

    /// How long an input may take when nothing else runs, in seconds; the slowest take a tenth of one.
    static let seconds: UInt32 = 10

    /// Begins to watch the process.
    static func install() {
        _ = mark
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM] {
            var action = sigaction()
            #if canImport(Darwin)
                action.__sigaction_u.__sa_handler = { signal in Watch.handle(signal) }
            #else
                action.__sigaction_handler.sa_handler = { signal in Watch.handle(signal) }
            #endif
            // The handler is used once: behind it the signal does what it always does. It has a stack of its own, because the
            // usual one may be what is used up.
            action.sa_flags = Int32(truncatingIfNeeded: Int(SA_ONSTACK) | Int(SA_RESETHAND))
            sigaction(signal, &action, nil)
        }
    }

    /// Gives the thread that calls it a stack for handlers.
    static func prepareThread() {
        let size = 64 << 10
        var stack = stack_t(ss_sp: .allocate(byteCount: size, alignment: 16), ss_flags: 0, ss_size: size)
        sigaltstack(&stack, nil)
    }

    /// An input begins.
    /// - Parameter seconds: How long it may take.
    static func begin(_ name: String, seconds: UInt32) {
        mark.count.pointee = 0
        let text = name.utf8.prefix(Mark.capacity)
        for (index, byte) in text.enumerated() { mark.bytes[index] = byte }
        mark.count.pointee = text.count
        alarm(seconds)
    }

    /// The input ended.
    static func end() {
        alarm(0)
        mark.count.pointee = 0
    }

    /// Only calls what POSIX lets a handler call (`write`, `_exit`).
    private static func handle(_ signal: Int32) {
        guard mark.count.pointee > 0 else {
            if signal == SIGALRM { _exit(1) }
            return
        }
        let what: StaticString =
            switch signal {
            case SIGALRM: "\n*** fuzzing: it takes too long: "
            case SIGSEGV, SIGBUS: "\n*** fuzzing: memory fault (or no stack left) at "
            case SIGABRT: "\n*** fuzzing: abort at "
            default: "\n*** fuzzing: trap at "
            }
        write(STDERR_FILENO, what.utf8Start, what.utf8CodeUnitCount)
        write(STDERR_FILENO, mark.bytes, mark.count.pointee)
        write(STDERR_FILENO, "\n", 1)
        if signal == SIGALRM { _exit(1) }
    }

    // MARK: Memory

    /// How much an input, or all of them together, may add to what the process holds at most.
    static let growth = 256 << 20

    /// Lets the process have a little more than it has: who asks for much gets nothing, traps, and is named.
    static func limitMemory() {
        #if os(Linux)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            limit.rlim_cur = rlim_t(addressSpace + 4 * growth)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #endif
    }

    /// The bytes of memory the process has had at most; where the system counts in another unit, 0.
    static var peak: Int {
        #if os(Linux)
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss << 10
        #else
            return 0
        #endif
    }

    private static var addressSpace: Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").first
        return (pages.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
}

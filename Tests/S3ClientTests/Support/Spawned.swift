import Foundation
import Testing

/// A program that a test started. It is killed with the last reference to it, unless it has ended.
///
/// Not Foundation's `Process`: that one reads behind the end of its list of open files when there are more than a thousand, as there
/// are in these tests (https://github.com/swiftlang/swift-corelibs-foundation/pull/5472), and so ends all of them now and then.
final class Spawned {
    private struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private let process: pid_t
    /// What `waitpid` said; nil: it was not waited for.
    private var status: Int32?
    private let output: FileHandle?

    /// - Parameter readsOutput: Whether `availableOutput()` is going to be asked; otherwise what it prints is lost.
    init(_ program: URL, _ arguments: [String], in folder: String, readsOutput: Bool = false) throws {
        let path = program.path(percentEncoded: false)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        let pipe = readsOutput ? Pipe() : nil
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if let pipe {
            posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForWriting.fileDescriptor, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // The sockets of other tests are none of its business, and whoever waits for their end would wait for this program.
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
        for file in files where file > 2 { posix_spawn_file_actions_addclose(&actions, file) }
        // This thread may block signals, which it would inherit.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        // The shell goes to the folder; what would do so here is not there for Swift.
        let line = ["sh", "-c", #"cd "$0" && exec "$@""#, folder, path] + arguments
        var texts = line.map { strdup($0) } + [nil]
        var variables = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (texts + variables).forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/bin/sh", &actions, &attributes, &texts, &variables)
        guard code == 0 else {
            throw Failed(description: "\(path) cannot be started: \(String(cString: strerror(code)))")
        }
        self.process = process
        try pipe?.fileHandleForWriting.close()
        output = pipe?.fileHandleForReading
    }

    deinit {
        if isRunning {
            kill(process, SIGKILL)
            wait()
        }
    }

    var isRunning: Bool {
        if status == nil {
            var found: Int32 = 0
            if waitpid(process, &found, WNOHANG) == process { status = found }
        }
        return status == nil
    }

    /// What it printed since; nothing at its end.
    func availableOutput() -> Data { output?.availableData ?? Data() }

    /// Waits until it has ended.
    /// - Returns: Whether it went well.
    @discardableResult
    func wait() -> Bool {
        while status == nil {
            var found: Int32 = 0
            if waitpid(process, &found, 0) == process {
                status = found
            } else if errno != EINTR {
                status = -1
            }
        }
        return status == 0
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a command of the shell and gives what it prints.
///
/// The command reads nothing, and writes its complaints where this program writes its own. It runs in a process group of its own,
/// which is killed whole when time is up, when it prints too much, or when the task is cancelled. Nobody's thread is blocked: a
/// program that is asked once an hour may be looked at every few milliseconds.
///
/// Unsafe code: the arrays of C strings are made and freed here and used by `posix_spawn` in between only; files are closed once,
/// by `defer`; the process is waited for exactly once, and never signalled after that, so its id cannot be another's.
enum ChildProcess {
    private static let interval = Duration.milliseconds(10)

    /// What a command prints.
    /// - Parameter timeout: How long it may take, as far as this program has the time to look.
    /// - Throws: `s3.credentials` when it cannot be started, fails, takes too long or prints too much; `CancellationError`.
    static func output(
        of command: String, environment: [String: String], timeout: Duration, limit: Int
    ) async throws -> [UInt8] {
        let (process, pipe) = try start(command, environment)
        defer { close(pipe) }
        // Counted in looks, not on the clock: when this program itself gets no time, the command is not to blame, and what it
        // printed meanwhile, more than a pipe holds perhaps, is still to be read.
        var looks = Int((timeout / interval).rounded(.up))
        var output: [UInt8] = []
        do {
            while true {
                // Asked before reading: what it printed before it ended is then there to be read.
                let status = exitStatus(process)
                try read(pipe, into: &output, limit: limit)
                if let status {
                    guard status == 0 else { throw Ended(status: status) }
                    return output
                }
                guard looks > 0 else { throw failure("took longer than \(timeout)") }
                looks -= 1
                try await Task.sleep(for: interval)
            }
        } catch let error as Ended {
            throw failure("ended with status \(error.status)")
        } catch {
            kill(-process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    /// The command ended by itself, and was waited for.
    private struct Ended: Error { let status: Int32 }

    private static func failure(_ reason: String) -> S3Error {
        S3Error.credentials("'credential_process' \(reason)", remedy: "run the command by hand to see why")
    }

    /// Starts a command; gives its process and the end of the pipe it prints to.
    private static func start(_ command: String, _ environment: [String: String]) throws(S3Error) -> (pid_t, Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failure("cannot be started: \(systemError(errno))") }
        // The child gets a copy of one end as its output; neither end itself, nor does any other child of this program.
        for file in ends { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { close(ends[1]) }

        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawnattr_setpgroup(&attributes, 0)
        // A thread that runs tasks blocks most signals, and a command would inherit that: nobody could ask it to end, and a shell
        // that waits for what it started would wait for ever.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        let arguments = CStrings(["sh", "-c", command])
        let variables = CStrings(environment.map { "\($0.key)=\($0.value)" })
        defer {
            arguments.free()
            variables.free()
        }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments.pointers, variables.pointers)
        guard code == 0 else {
            close(ends[0])
            throw failure("cannot be started: \(systemError(code))")
        }
        return (process, ends[0])
    }

    /// A list of C strings with a null at its end.
    private struct CStrings {
        let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        private let count: Int

        init(_ texts: [String]) {
            count = texts.count
            pointers = .allocate(capacity: count + 1)
            for (index, text) in texts.enumerated() { (pointers + index).initialize(to: strdup(text)) }
            (pointers + count).initialize(to: nil)
        }

        func free() {
            for index in 0..<count { Self.release(pointers[index]) }
            pointers.deallocate()
        }

        private static func release(_ pointer: UnsafeMutablePointer<CChar>?) {
            #if canImport(Glibc)
                Glibc.free(pointer)
            #elseif canImport(Musl)
                Musl.free(pointer)
            #else
                Darwin.free(pointer)
            #endif
        }
    }

    /// How a process ended; nil as long as it runs. A signal is told as a shell would: 128 and its number.
    private static func exitStatus(_ process: pid_t) -> Int32? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }

    /// Reads what is there.
    private static func read(_ pipe: Int32, into output: inout [UInt8], limit: Int) throws(S3Error) {
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = systemRead(pipe, &piece, piece.count)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return }
                throw failure("cannot be read from: \(systemError(errno))")
            }
            output.append(contentsOf: piece[..<count])
            guard output.count <= limit else { throw failure("printed more than \(limit) bytes") }
        }
    }

    private static func systemRead(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(file, bytes, count)
        #elseif canImport(Musl)
            Musl.read(file, bytes, count)
        #else
            Darwin.read(file, bytes, count)
        #endif
    }

    private static func systemError(_ code: Int32) -> String { String(cString: strerror(code)) }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The standard streams of the process.
enum Terminal {
    /// Makes the standard streams safe to use. Called once, before anything opens a file.
    ///
    /// A program started with a stream closed would get that number for the first file it opens, and its messages would go
    /// into the file. So each number is taken: by `/dev/null`, opened so that writing to it still fails. And a reader that
    /// goes away must not kill the process between two files it writes.
    static func secureStreams() {
        signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // Takes the lowest free number, which is this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// The arguments of the process, without its name.
    /// - Throws: `command.usage` for one that is not UTF-8: read with replacements it would name something else.
    static func arguments() throws(CommandError) -> [String] {
        var arguments: [String] = []
        // The system gives as many pointers as it says, to texts that end with 0 and stay as long as the process.
        for place in 1..<max(1, Int(CommandLine.argc)) {
            guard let bytes = CommandLine.unsafeArgv[place] else { break }
            guard let text = String(validatingCString: bytes) else {
                throw CommandError(
                    .usage, "an argument is not UTF-8: \(String(cString: bytes))",
                    remedy: "write it in UTF-8; a file with another name must be renamed first")
            }
            arguments.append(text)
        }
        return arguments
    }

    /// The console of the process.
    static func console() -> Console {
        let streams: [(Console.Stream, Int32)] = [(.output, STDOUT_FILENO), (.errors, STDERR_FILENO)]
        let coloured = streams.filter { shows(colours: $0.1) }.map(\.0)
        let showsProgress = isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb"
        let progress: @Sendable (String) -> Void = { text in
            // If that fails there is nobody left to tell.
            do { try write(text, to: STDERR_FILENO) } catch {}
        }
        let canAsk = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        let answer: () -> String? = { Interrupts.wait(for: STDIN_FILENO, Int32(POLLIN)) ? readLine() : nil }
        return Console(
            output: { text throws(WriteFailure) in try output(Array(text.utf8)) },
            errors: { text throws(WriteFailure) in try write(text, to: STDERR_FILENO) },
            bytes: { bytes throws(WriteFailure) in try output(bytes) },
            coloured: Set(coloured),
            progress: Progress(showsProgress ? progress : nil), answer: canAsk ? answer : nil)
    }

    /// Whether colours make sense on a stream (https://no-color.org).
    private static func shows(colours descriptor: Int32) -> Bool {
        isatty(descriptor) == 1 && isEmpty("NO_COLOR") && variable("TERM") != "dumb"
    }

    private static func isEmpty(_ name: String) -> Bool { variable(name)?.isEmpty ?? true }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Writes bytes of the result; a signal ends the wait for a reader who takes none.
    private static func output(_ bytes: [UInt8]) throws(WriteFailure) {
        guard Interrupts.isWatching else { return try write(bytes, to: STDOUT_FILENO) }
        var rest = bytes[...]
        while !rest.isEmpty {
            guard Interrupts.wait(for: STDOUT_FILENO, Int32(POLLOUT)) else {
                throw WriteFailure(code: EINTR, isReaderGone: true, reason: SystemError.text(EINTR))
            }
            // So much a pipe that can be written takes without waiting.
            try write(Array(rest.prefix(Int(PIPE_BUF))), to: STDOUT_FILENO)
            rest = rest.dropFirst(Int(PIPE_BUF))
        }
    }

    /// Writes all of a text to a descriptor.
    static func write(_ text: String, to descriptor: Int32) throws(WriteFailure) {
        try write(Array(text.utf8), to: descriptor)
    }

    /// Writes all bytes to a descriptor.
    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(WriteFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw WriteFailure(
                    code: errno, isReaderGone: errno == EPIPE, reason: SystemError.text(errno))
            }
        }
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }
}

import S3Client

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is piped into the program.
enum StandardInput {
    /// Its bytes as they come, until a signal. Can be read once.
    static var stream: ByteStream {
        ByteStream {
            var portion = [UInt8](repeating: 0, count: 1 << 18)
            return {
                while true {
                    try Task.checkCancellation()
                    guard Interrupts.wait(for: STDIN_FILENO, Int32(POLLIN)) else { throw CancellationError() }
                    let count = portion.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
                    if count > 0 { return Array(portion[..<count]) }
                    if count == 0 { return nil }
                    guard errno == EINTR else {
                        throw CommandError(.file, "the standard input cannot be read: \(SystemError.text(errno))")
                    }
                }
            }
        }
    }
}

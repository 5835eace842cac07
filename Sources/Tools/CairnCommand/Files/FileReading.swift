#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads files that need not be regular ones, which Foundation refuses: `<(…)` and `/dev/stdin` are pipes.
enum FileReading {
    /// How much is read of what tells no size; a device may have no end.
    static let streamLimit = 64 << 20

    /// Why a file could not be read.
    struct Failure: Error {
        let reason: String
    }

    /// All bytes of a file.
    static func bytes(of path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(reason: SystemError.text(errno)) }
        defer { close(descriptor) }
        var status = stat()
        let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        var bytes: [UInt8] = []
        var portion = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = portion.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count > 0 {
                bytes += portion[..<count]
            } else if errno != EINTR {
                throw Failure(reason: SystemError.text(errno))
            }
            if !isRegular, bytes.count > streamLimit {
                throw Failure(reason: "it does not end within \(streamLimit >> 20) MiB")
            }
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads files that are small by nature: settings, keys, tokens.
enum SmallFile {
    /// The most bytes of one.
    static let limit = 1 << 20

    /// The bytes of a file; nil when there is none.
    /// - Throws: `s3.credentials` when it cannot be read, or is larger than any such file.
    static func read(_ path: String) throws(S3Error) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(path, String(cString: strerror(errno)))
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            // The array is as large as the count says.
            let count = Glue.read(file, &piece, piece.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, String(cString: strerror(errno)))
            }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= limit else { throw failure(path, "it is larger than \(limit) bytes") }
        }
    }

    private static func failure(_ path: String, _ reason: String) -> S3Error {
        S3Error.credentials(
            "the file '\(path)' cannot be read: \(reason)", remedy: "check the file and its permissions")
    }

    /// `read` of the system, which this type's own name hides.
    private enum Glue {
        static func read(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
            #if canImport(Glibc)
                Glibc.read(file, bytes, count)
            #elseif canImport(Musl)
                Musl.read(file, bytes, count)
            #else
                Darwin.read(file, bytes, count)
            #endif
        }
    }
}

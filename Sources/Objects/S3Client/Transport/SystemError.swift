#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What the system says of the last call that failed on this thread.
enum SystemError {
    static var last: String { text(errno) }

    static func text(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}

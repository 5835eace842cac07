#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Who works at the shell.
enum Person {
    /// `ada@babbage`, in at most 200 bytes.
    static let name: String = {
        let user = getenv("USER").map { String(cString: $0) } ?? "somebody"
        var host = [CChar](repeating: 0, count: 128)
        // The last byte stays 0 however long the name is.
        guard gethostname(&host, host.count - 1) == 0 else { return String(user.prefix(50)) }
        let machine = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "\(user.prefix(20))@\(machine.prefix(30))"
    }()
}

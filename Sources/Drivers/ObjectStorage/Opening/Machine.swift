#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What this process is called.
enum Machine {
    /// The id of the process, and the id of the machine's start where the system has one: two processes never share both.
    static let name: String = {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        let start = boot.prefix { $0 != "\n" }
        return start.isEmpty ? "\(getpid())" : "\(getpid())-\(start)"
    }()
}

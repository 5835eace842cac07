#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system says about its error numbers.
enum SystemError {
    /// The text of a number, such as "Permission denied".
    static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// The text of an error of Foundation, which wraps that of the system; nil when there is none in it.
    static func text(of error: any Error) -> String? {
        let system = (error as? CocoaError)?.underlying as? POSIXError ?? error as? POSIXError
        return system.map { text($0.code.rawValue) }
    }
}

import ObjectStores
import S3Client

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Tells on the standard error of the process what is asked of a store of objects, and what it costs.
struct RequestLog: Sendable {
    private let prices = PriceTable.s3Standard

    /// A call: `cairn: get _store.json, 312 bytes, 3.2 ms, $0.0000004`.
    @Sendable func tell(_ record: ObjectCallRecord) { tell(record.line(prices)) }

    /// What was found out of a server.
    @Sendable func tell(_ report: S3ProbeReport) {
        tell("asked what the server does, in \(report.requests) requests")
        for check in report.checks { tell("  \(check.name.rawValue): \(check.outcome.rawValue), \(check.detail)") }
    }

    /// A line, whole also when several tasks write at once.
    @Sendable func tell(_ line: String) {
        // What others may have put into a key or a name of a server moves no cursor.
        let shown = line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : String($0) }.joined()
        let bytes = Array("cairn: \(shown)\n".utf8)
        // If that fails there is nobody left to tell.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

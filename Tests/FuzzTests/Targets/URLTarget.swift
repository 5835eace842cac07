import CairnCore
import Simulation

@testable import Cairn

/// Addresses of stores.
///
/// An address that is accepted is accepted again when its path is spelled out, and its options are within their bounds.
struct URLTarget: FuzzTarget {
    let words = [
        "memory:", "sqlite:", "sqlite::memory:", "s3:", "file:", "SQLite:", "mode=create", "mode=read_only",
        "mode=existing",
        "synchronous=full", "synchronous=normal", "timeout=5", "timeout=1e3", "timeout=-0.0", "timeout=nan",
        "readers=64", "readers=0",
        "?", "&", "=", "%3F", "~/", "//", "a.db",
    ]

    func check(_ input: [UInt8]) throws {
        // Whatever bytes a caller has, a string has valid ones.
        let text = String(decoding: input, as: UTF8.self)
        guard let url = try Expected.result({ try StoreURL(text) }) else { return }
        let escaped = url.path.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let again = try StoreURL("\(url.scheme.rawValue):\(escaped)")
        try hold(Utf8.equal(again.path, url.path) && again.scheme == url.scheme, "its path is read back otherwise")
        guard url.scheme == .sqlite, let options = try Expected.result({ try url.sqliteOptions(mode: .existing) })
        else {
            return
        }
        try hold(
            (Duration.zero...Duration.seconds(86_400)).contains(options.timeout), "a timeout of \(options.timeout)")
        try hold((1...1000).contains(options.maximumReaders), "\(options.maximumReaders) readers")
    }
}

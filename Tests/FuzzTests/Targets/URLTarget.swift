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
        "readers=64", "readers=0", "kept_changes=5", "change_lifetime=1e9", "s3://bucket/", "freshness=cached",
        "freshness=5", "durability=log", "names=exact",
        "durable=false", "single_writer=true", "verbose=true", "region=eu-west-1", "endpoint=http://127.0.0.1:9000",
        "style=path", "storage_class=STANDARD_IA", "sse=aws:kms:", "profile=p", "secret=", "tags=a,b.c", "cache_time=5",
        "?", "&", "=", "%3F", "%2F", "%40", "~/", "//", "///", "@", ":", "a.db",
    ]

    func check(_ input: [UInt8]) throws {
        // Whatever bytes a caller has, a string has valid ones.
        let text = String(decoding: input, as: UTF8.self)
        guard let url = try Expected.result({ try StoreURL(text) }) else { return }
        try hold(try isReadBack(url), "its path is read back otherwise")
        if url.scheme == .file || url.scheme == .s3 { return try checkObjects(url) }
        guard url.scheme == .sqlite, let options = try Expected.result({ try url.sqliteOptions(mode: .existing) })
        else {
            return
        }
        try hold(
            (Duration.zero...Duration.seconds(86_400)).contains(options.timeout), "a timeout of \(options.timeout)")
        try hold((1...1000).contains(options.maximumReaders), "\(options.maximumReaders) readers")
    }

    private func isReadBack(_ url: StoreURL) throws -> Bool {
        let escaped = url.path.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let text = url.scheme == .s3 ? url.description : "\(url.scheme.rawValue):\(escaped)"
        let again = try StoreURL(text)
        return Utf8.equal(again.path, url.path) && again.scheme == url.scheme
    }

    private func checkObjects(_ url: StoreURL) throws {
        if let place = url.bucket {
            try hold(place.prefix.utf8.count <= BucketPlace.prefixBytes, "a prefix of \(place.prefix.utf8.count) bytes")
            try hold(place.prefix.isEmpty || place.prefix.utf8.last == 0x2F, "the prefix '\(place.prefix)'")
        }
        _ = try Expected.result { try url.folderOptions() }
        _ = try Expected.result { try url.encryption() }
        _ = try Expected.result { try url.isVerbose() }
        guard let options = try Expected.result({ try url.objectOptions() }) else { return }
        try hold(
            options.timeout > .zero && options.timeout <= .seconds(86_400), "a timeout of \(options.timeout)")
    }
}

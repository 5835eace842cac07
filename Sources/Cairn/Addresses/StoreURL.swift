package import CairnCore
import CairnSchema
import S3Client

/// The address of a store: `memory:`, `sqlite:path`, `file:folder/`, `s3://bucket/prefix`, with parameters behind a `?`:
/// `sqlite:path?synchronous=normal&timeout=10`.
///
/// What stands between scheme and `?` is the path, relative to the working directory unless it begins with `/`. `%XX` stands for
/// any byte, so a path may have a `?` in it. An address never has credentials in it: it is shown in messages.
public struct StoreURL: Sendable, Hashable, CustomStringConvertible {
    /// What kind of store it is.
    public let scheme: Scheme
    /// The path; empty for `memory:`, bucket and prefix for `s3:`.
    public let path: String
    /// The parameters by name.
    let parameters: [String: String]
    /// The place of a store in a bucket; nil elsewhere.
    let bucket: BucketPlace?

    /// The kinds of stores.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// In the memory of the process.
        case memory
        /// A SQLite file.
        case sqlite
        /// A folder of JSON files.
        case file
        /// A bucket of an S3 server.
        case s3
    }

    /// Reads an address.
    /// - Throws: `config.invalid` for an unknown scheme or parameter, naming the nearest known one; for a path, a bucket or a prefix
    ///   that cannot be; for credentials in the address, which are not repeated.
    public init(_ text: String) throws {
        guard let colon = text.firstIndex(of: ":") else {
            throw StoreURL.error(
                "'\(text)' is not the address of a store", "write \(StoreURL.forms), for example sqlite:\(text)")
        }
        scheme = try StoreURL.scheme(String(text[..<colon]))
        let rest = text[text.index(after: colon)...]
        if scheme == .s3 {
            let place = try BucketPlace(rest, others: scheme.parameters)
            bucket = place
            parameters = place.parameters
            path = place.path
            return
        }
        bucket = nil
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = StoreURL.decode(parts[0]) else {
            throw StoreURL.error(
                "the path of '\(scheme.rawValue):\(parts[0])' has a '%' that is not followed by two hexadecimal digits",
                nil)
        }
        self.path = try StoreURL.path(path, scheme)
        parameters = try StoreURL.parameters(parts.count > 1 ? parts[1] : "", scheme)
    }

    private static let forms = "memory:, sqlite:path, file:folder/ or s3://bucket/prefix"

    private static func scheme(_ name: String) throws -> Scheme {
        if let scheme = Scheme(rawValue: name.lowercased()) { return scheme }
        let hint = NearestName.hint(name, among: Scheme.allCases.map(\.rawValue))
        throw error("'\(name):' is no kind of store", hint ?? "use \(forms)")
    }

    private static func parameters(_ query: Substring, _ scheme: Scheme) throws -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(parts[0]), let value = decode(parts.count > 1 ? parts[1] : "") else {
                throw error(
                    "the parameter '\(parts[0])' has a '%' that is not followed by two hexadecimal digits", nil)
            }
            guard scheme.parameters.contains(name) else {
                let known = scheme.parameters
                throw error(
                    "'\(scheme.rawValue):' has no parameter '\(name)'",
                    NearestName.hint(name, among: known)
                        ?? (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"))
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw error("the parameter '\(name)' stands there twice", "keep one")
            }
        }
        return parameters
    }

    /// Checks the path of a file or a folder.
    /// - Returns: The path to use.
    private static func path(_ path: String, _ scheme: Scheme) throws -> String {
        let address = "'\(scheme.rawValue):\(path)'"
        switch scheme {
        case .memory:
            if !path.isEmpty { throw error("\(address) has a path, which memory: has not", "write memory:") }
            return path
        case .sqlite:
            if path.isEmpty { throw error("\(address) has no path", "write sqlite:path, or sqlite::memory:") }
            if path.hasPrefix("//") {
                throw error(
                    "\(address) begins its path with '//'", "write sqlite:/absolute/path or sqlite:relative/path")
            }
        case .file:
            if path.isEmpty { throw error("\(address) has no path", "write file:folder/") }
            if path.utf8.contains(0) { throw error("\(address) has a NUL in its path", "leave %00 out") }
            // The form with an empty host means the same (RFC 8089, section 2), and more slashes mean no more than one.
            if path.hasPrefix("///") { return "/" + path.drop { $0 == "/" } }
            if path.hasPrefix("//") {
                throw error("\(address) names a host", "write file:/absolute/folder/ or file:relative/folder/")
            }
        case .s3: break
        }
        if path.hasPrefix("~/") { throw error("`~` is not expanded here", "write the full path") }
        return path
    }

    static func error(_ message: String, _ remedy: String?) -> StorageError {
        StorageError(.configuration, message, remedy: remedy)
    }

    private static func decode(_ text: Substring) -> String? {
        Hex.unescape(text.utf8).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The address without its parameters.
    public var description: String { bucket?.description ?? "\(scheme.rawValue):\(path)" }
}

extension StoreURL.Scheme {
    /// The names of the parameters, for messages in this order; of `s3:` those beside the ones every address of S3 has.
    fileprivate var parameters: [String] { driverParameters + ["unindexed"] }

    private var driverParameters: [String] {
        switch self {
        case .memory: []
        case .sqlite: ["mode", "synchronous", "timeout", "readers", "kept_changes", "change_lifetime"]
        case .file:
            [
                "mode", "freshness", "cache_time", "durability", "timeout", "names", "durable", "cache", "cache_size",
            ]
        case .s3:
            [
                "mode", "freshness", "cache_time", "durability", "timeout", "storage_class", "sse", "tags",
                "single_writer", "verbose", "cache", "cache_size",
            ]
        }
    }
}

extension StoreURL {
    /// Choices for every driver, with those the address makes.
    /// - Throws: `config.invalid` for a value that is none.
    package func storeOptions(_ options: StoreOptions) throws -> StoreOptions {
        var options = options
        if let unindexed = try choice("unindexed", UnindexedPolicy.self) { options.unindexed = unindexed }
        return options
    }

    /// Whether what is stored there outlives the process that stores it.
    package var isPersistent: Bool {
        switch scheme {
        case .memory: false
        case .sqlite: path != StoreURL.temporaryPath
        case .file, .s3: true
        }
    }

    /// The path of a SQLite store that ends with its process.
    static let temporaryPath = ":memory:"
}

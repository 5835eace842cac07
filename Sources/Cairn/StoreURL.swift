import CairnCore
import CairnSchema
import SQLiteStorage

/// The address of a store: `memory:`, `sqlite:path`, `sqlite:path?synchronous=normal&timeout=10`.
///
/// What stands between scheme and `?` is the path, relative to the working directory unless it begins with `/`. `%XX` stands for
/// any byte, so a path may have a `?` in it.
public struct StoreURL: Sendable, Hashable, CustomStringConvertible {
    /// What kind of store it is.
    public let scheme: Scheme
    /// The path; empty for `memory:`.
    public let path: String
    /// The parameters by name.
    let parameters: [String: String]

    /// The kinds of stores.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// In the memory of the process.
        case memory
        /// A SQLite file.
        case sqlite
    }

    /// Reads an address.
    /// - Throws: `config.invalid` for an unknown scheme or parameter, naming the nearest known one.
    public init(_ text: String) throws {
        guard let colon = text.firstIndex(of: ":") else {
            throw StoreURL.error(
                "'\(text)' is not the address of a store", "write memory: or sqlite:path, for example sqlite:\(text)")
        }
        scheme = try StoreURL.scheme(String(text[..<colon]), in: text)
        let rest = text[text.index(after: colon)...]
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = StoreURL.decode(parts[0]) else {
            throw StoreURL.error("the path of '\(text)' has a '%' that is not followed by two hexadecimal digits", nil)
        }
        self.path = path
        parameters = try StoreURL.parameters(parts.count > 1 ? parts[1] : "", scheme)
        try check(text)
    }

    private static func scheme(_ name: String, in text: String) throws -> Scheme {
        if let scheme = Scheme(rawValue: name.lowercased()) { return scheme }
        if ["s3", "file"].contains(name.lowercased()) {
            throw error("stores at '\(name):' are not built yet", "use memory: or sqlite:path")
        }
        let hint = NearestName.hint(name, among: Scheme.allCases.map(\.rawValue))
        throw error("'\(name):' is no kind of store", hint ?? "use memory: or sqlite:path")
    }

    private static func parameters(_ query: Substring, _ scheme: Scheme) throws -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(parts[0]), let value = decode(parts.count > 1 ? parts[1] : "") else {
                throw error("the parameter '\(pair)' has a '%' that is not followed by two hexadecimal digits", nil)
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

    private func check(_ text: String) throws {
        switch scheme {
        case .memory:
            if !path.isEmpty { throw StoreURL.error("'\(text)' has a path, which memory: has not", "write memory:") }
        case .sqlite:
            if path.isEmpty { throw StoreURL.error("'\(text)' has no path", "write sqlite:path, or sqlite::memory:") }
            if path.hasPrefix("~/") {
                throw StoreURL.error("`~` is not expanded here", "write the full path")
            }
            if path.hasPrefix("//") {
                throw StoreURL.error(
                    "'\(text)' begins its path with '//'", "write sqlite:/absolute/path or sqlite:relative/path")
            }
        }
    }

    static func error(_ message: String, _ remedy: String?) -> StorageError {
        StorageError(.configuration, message, remedy: remedy)
    }

    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Hex.digit), let low = rest.popFirst().flatMap(Hex.digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The address without its parameters.
    public var description: String { "\(scheme.rawValue):\(path)" }
}

extension StoreURL.Scheme {
    /// The names of the parameters, for messages in this order.
    fileprivate var parameters: [String] {
        switch self {
        case .memory: []
        case .sqlite: ["mode", "synchronous", "timeout", "readers"]
        }
    }
}

extension StoreURL {
    /// Whether what is stored there outlives the process that stores it.
    package var isPersistent: Bool {
        switch scheme {
        case .memory: false
        case .sqlite: path != StoreURL.temporaryPath
        }
    }

    /// The path of a SQLite store that ends with its process.
    private static let temporaryPath = ":memory:"

    /// The options of a SQLite store.
    /// - Parameter mode: What holds when the address does not say.
    /// - Throws: `config.invalid` for a value that is none.
    func sqliteOptions(mode: SQLiteOptions.Mode = .create) throws -> SQLiteOptions {
        var options = SQLiteOptions(isPersistent ? .file(path) : .temporary, mode: mode)
        if let mode = try choice("mode", SQLiteOptions.Mode.self) { options.mode = mode }
        if let synchronous = try choice("synchronous", SQLiteOptions.Synchronous.self) {
            options.synchronous = synchronous
        }
        if let text = parameters["timeout"] {
            guard let seconds = Double(text), (0...86_400).contains(seconds) else {
                throw StoreURL.error("'timeout' is seconds from 0 to 86400, found '\(text)'", nil)
            }
            options.timeout = .seconds(seconds)
        }
        if let text = parameters["readers"] {
            guard let count = Int(text), (1...1000).contains(count) else {
                throw StoreURL.error("'readers' is a number from 1 to 1000, found '\(text)'", nil)
            }
            options.maximumReaders = count
        }
        return options
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = parameters[name] else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        throw StoreURL.error(
            "'\(name)' cannot be '\(text)'",
            NearestName.hint(text, among: known) ?? "it is one of \(known.joined(separator: ", "))")
    }
}

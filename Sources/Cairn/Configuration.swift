import CairnCore
import CairnSchema

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where the stores of a program are: the file `cairn.json`.
///
///     {
///       "environments": {
///         "test": "memory:",
///         "development": "sqlite:dev.db",
///         "production": "sqlite:${DATA:/var/lib/app}/app.db"
///       }
///     }
///
/// `${NAME}` is the environment variable of that name, and an error when it is not set; `${NAME:default}` says what to use then.
public struct Configuration: Sendable {
    /// The addresses by environment, variables not yet filled in, in the order of the file.
    private let environments: [(name: String, url: String)]
    private let file: String
    private let variables: [String: String]

    /// Reads `cairn.json`.
    /// - Parameters:
    ///   - path: The file; relative to the current folder unless it begins with `/`.
    ///   - variables: The environment variables; those of the process by default.
    /// - Throws: `config.invalid` with the place of the mistake.
    public init(file path: String = "cairn.json", variables: [String: String]? = nil) throws {
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Configuration.unread(path, error)
        }
        try self.init(parsing: bytes, file: path, variables: variables ?? ProcessInfo.processInfo.environment)
    }

    /// Reads the bytes of a configuration file called `file`.
    package init(parsing bytes: [UInt8], file: String, variables: [String: String]) throws {
        self.file = file
        self.variables = variables
        let source = SourceText(name: file, bytes: bytes)
        var diagnostics = DiagnosticCollector(source)
        var environments: [(String, String)] = []
        do {
            let root = try JSONNode.parse(bytes, syntax: .relaxed)
            if var reader = MemberReader(root, "a configuration file", &diagnostics) {
                let members = reader.take("environments").flatMap { MemberReader($0, "'environments'", &diagnostics) }
                for member in members?.all ?? [] {
                    if case .string(let url) = member.value.content {
                        environments.append((member.name, url))
                    } else {
                        diagnostics.error(
                            "config.invalid", at: member.value.offset,
                            "environment '\(member.name)' is the address of a store in a string, found \(member.value.kind)"
                        )
                    }
                }
                reader.finish(&diagnostics)
            }
        } catch {
            diagnostics.error("config.invalid", at: error.offset, error.message)
        }
        if let first = diagnostics.diagnostics.first {
            throw Configuration.error("\(first.location): \(first.message)", first.remedy)
        }
        self.environments = environments
    }

    /// The address of a store.
    ///
    /// The environment variable `CAIRN_URL` overrides everything; else it is the environment asked for, or the one that
    /// `CAIRN_ENV` names.
    /// - Throws: `config.invalid` when there is no such environment, or a variable is not set.
    public func url(environment: String? = nil) throws -> String {
        if let url = Configuration.override(variables) { return url }
        let names = environments.map(\.name)
        guard let name = environment ?? variables["CAIRN_ENV"], !name.isEmpty else {
            throw Configuration.error(
                "no environment is chosen",
                "set CAIRN_ENV to one of \(names.joined(separator: ", ")), or CAIRN_URL to an address")
        }
        guard let found = environments.first(where: { Utf8.equal($0.name, name) }) else {
            throw Configuration.error(
                "\(file) has no environment '\(name)'",
                NearestName.hint(name, among: names)
                    ?? "it has \(names.isEmpty ? "none" : names.joined(separator: ", "))")
        }
        return try fill(found.url)
    }

    /// The address in `CAIRN_URL`, which needs no file.
    static func override(_ variables: [String: String]) -> String? {
        variables["CAIRN_URL"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The most bytes of an address: several times what any system takes for a path.
    private static let addressBytes = 1 << 16

    /// Fills in variables.
    private func fill(_ text: String) throws -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            let next = rest.index(after: dollar)
            guard next < rest.endIndex, rest[next] == "{" else {
                result += rest[...dollar]
                rest = rest[next...]
                continue
            }
            result += rest[..<dollar]
            rest = rest[rest.index(after: next)...]
            guard let end = rest.firstIndex(of: "}") else {
                throw Configuration.error("'\(text)' in \(file) has a '${' without '}'", nil)
            }
            let parts = rest[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let value = variables[name] ?? (parts.count > 1 ? String(parts[1]) : nil) else {
                throw Configuration.error(
                    "the environment variable '\(name)', which \(file) asks for, is not set",
                    "set it, or give a default: ${\(name):…}")
            }
            result += value
            guard result.utf8.count <= Configuration.addressBytes else {
                throw Configuration.error(
                    "an address in \(file) has more than \(Configuration.addressBytes) bytes with its variables filled in",
                    nil)
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    /// Why a file could not be read: most often the program runs in another folder than the one that has it.
    private static func unread(_ path: String, _ reason: any Error) -> StorageError {
        guard !FileManager.default.fileExists(atPath: path) else {
            return error("\(path) cannot be read: \(reason)", "check that it is a file, and that you may read it")
        }
        let place = path.hasPrefix("/") ? "" : " in \(FileManager.default.currentDirectoryPath), the current folder"
        return error(
            "there is no \(path)\(place)",
            "run in the folder that has it, or write it, like { \"environments\": { \"development\": \"sqlite:dev.db\" } }, or set CAIRN_URL to an address"
        )
    }

    private static func error(_ message: String, _ remedy: String?) -> StorageError {
        StorageError(.configuration, message, remedy: remedy)
    }
}

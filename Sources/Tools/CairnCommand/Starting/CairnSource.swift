/// Where a new package gets Cairn from.
enum CairnSource: Equatable, Sendable {
    /// A folder, by its absolute path.
    case folder(String)
    /// A Git repository.
    case repository(String)

    /// The checkout this command was built from.
    static let checkout: String = {
        // Five steps up: this file, Starting, CairnCommand, Tools, Sources.
        let parts = "\(#filePath)".split(separator: "/").dropLast(5)
        return "/" + parts.joined(separator: "/")
    }()

    /// - Parameters:
    ///   - argument: What `--cairn` says; nil when it was not given.
    ///   - checkout: What to take then.
    ///   - folder: What relative paths start from.
    /// - Throws: `CommandError` for a folder that does not hold a Swift package.
    init(_ argument: String?, checkout: String, from folder: String) throws {
        if let argument, CairnSource.isAddress(argument) {
            self = .repository(argument)
            return
        }
        let path = argument.map { Path.absolute($0, from: folder) } ?? checkout
        guard Files.kind(of: Path.join(path, "Package.swift")) == .file else {
            throw CommandError(
                .file,
                argument == nil
                    ? "the folder this command was built in, \(path), holds Cairn no more"
                    : "\(path) holds no Swift package",
                remedy: "say where Cairn is: --cairn PATH, or --cairn and the address of its Git repository")
        }
        self = .folder(path)
    }

    /// Whether a text is the address of a repository: `https://…`, `ssh://…`, `git@host:path`.
    private static func isAddress(_ text: String) -> Bool {
        if text.contains("://") { return true }
        guard let colon = text.firstIndex(of: ":") else { return false }
        return text[..<colon].contains("@") && !text[..<colon].contains("/")
    }

    /// The dependency in the manifest.
    var dependency: String {
        switch self {
        case .folder(let path): ".package(name: \"cairn\", path: \(path.debugDescription))"
        case .repository(let url): ".package(url: \(url.debugDescription), from: \"\(Version.current)\")"
        }
    }

    /// What the manifest calls the package (SwiftPM takes the last part of an address, without `.git`).
    var packageName: String {
        switch self {
        case .folder: return "cairn"
        case .repository(let url):
            let last = url.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? url
            return last.hasSuffix(".git") ? String(last.dropLast(4)) : last
        }
    }
}

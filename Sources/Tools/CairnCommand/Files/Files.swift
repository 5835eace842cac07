#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files and folders, with errors that name them.
enum Files {
    /// What stands at a path.
    enum Kind {
        case nothing
        case file
        case folder
    }

    /// What stands at a path, symbolic links followed; a link to nothing counts as a file, because it is in the way.
    static func kind(of path: String) -> Kind {
        var isFolder: Bool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) { return isFolder ? .folder : .file }
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return link == nil ? .nothing : .file
    }

    /// The bytes of a file.
    static func read(_ path: String) throws(CommandError) -> [UInt8] {
        guard kind(of: path) != .folder else {
            throw CommandError(.file, "\(path) is a folder, not a file", remedy: "name a file in it")
        }
        do {
            return try FileReading.bytes(of: path)
        } catch {
            throw CommandError(.file, "\(path) cannot be read: \(error.reason)")
        }
    }

    /// Writes a file, whole or not at all.
    static func write(_ text: String, to path: String) throws(CommandError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw failure("\(path) cannot be written", error)
        }
    }

    /// Makes a folder and those above it, unless it exists.
    static func makeFolder(_ path: String) throws(CommandError) {
        guard kind(of: path) != .file else {
            throw CommandError(.file, "\(path) is a file, not a folder", remedy: "name another folder")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw failure("the folder \(path) cannot be made", error)
        }
    }

    /// Makes a symbolic link.
    static func link(_ path: String, to target: String) throws(CommandError) {
        do {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        } catch {
            throw failure("the symbolic link \(path) cannot be made", error)
        }
    }

    /// The names in a folder, sorted.
    static func names(in folder: String) throws(CommandError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw failure("the folder \(folder) cannot be read", error)
        }
    }

    /// Removes a file, or a folder with all that is in it.
    static func remove(_ path: String) throws(CommandError) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw failure("\(path) cannot be removed", error)
        }
    }

    private static func failure(_ message: String, _ error: any Error) -> CommandError {
        CommandError(.file, SystemError.text(of: error).map { "\(message): \($0)" } ?? message)
    }
}

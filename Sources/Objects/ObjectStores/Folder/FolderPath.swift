#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The path of the folder of a store.
enum FolderPath {
    /// A path that means the same wherever the process goes.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }

    /// Makes a folder, and those it is in.
    static func makeFolders(_ path: String) throws {
        var status = stat()
        if stat(path, &status) == 0 { return }
        let parts = path.split(separator: "/")
        for count in 1...max(1, parts.count) {
            let part = "/" + parts.prefix(count).joined(separator: "/")
            if mkdir(part, 0o777) == 0 {
                // What is in it would be lost with its name.
                try Files.sync(Files.root("/" + parts.prefix(count - 1).joined(separator: "/")))
            } else if errno != EEXIST {
                throw FileFailure(code: errno, action: "make the folder")
            }
        }
    }
}

extension FolderPath {
    /// Where a path really leads, links followed, as far as there is something; the rest of it is kept as it is.
    static func real(_ path: String) -> String {
        var folder = absolute(path)
        var rest = ""
        while folder != "/" && !folder.isEmpty {
            if let found = realpath(folder, nil) {
                defer { free(found) }
                return String(cString: found) + rest
            }
            let slash = folder.lastIndex(of: "/") ?? folder.startIndex
            rest = folder[slash...] + rest
            folder = String(folder[..<slash])
        }
        return rest.isEmpty ? "/" : rest
    }
}

extension FolderObjectStore {
    /// Whether there is something at a path, links followed. Makes nothing.
    package static func exists(at path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0
    }

    /// The nearest folder above the one at a path that has a file of a name, links followed. The folder itself need not be there.
    package static func folder(above path: String, with name: String) -> String? {
        var folder = FolderPath.real(path)[...]
        while folder.last == "/" { folder.removeLast() }
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if exists(at: "\(folder)/\(name)") { return folder.isEmpty ? "/" : String(folder) }
        }
        return nil
    }
}

extension Files {
    /// What is at a path, links followed; nil when there is nothing.
    static func status(path: String) throws -> FileStatus? {
        var status = stat()
        if stat(path, &status) == 0 { return FileStatus(status) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw FileFailure(code: errno, action: "look at the folder")
    }
}

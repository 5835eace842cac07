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

extension Files {
    /// What is at a path, links followed; nil when there is nothing.
    static func status(path: String) throws -> FileStatus? {
        var status = stat()
        if stat(path, &status) == 0 { return FileStatus(status) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw FileFailure(code: errno, action: "look at the folder")
    }
}

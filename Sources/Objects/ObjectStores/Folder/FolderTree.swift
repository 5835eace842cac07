import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Folders whose names were changed and must reach the disk, each once.
struct ChangedFolders {
    private(set) var folders: [OpenFile] = []
    private var seen: [FileStatus] = []

    mutating func insert(_ folder: OpenFile) throws {
        let status = try Files.status(folder)
        if seen.contains(where: status.isSame) { return }
        seen.append(status)
        folders.append(folder)
    }
}

/// The folders and files of a store: where the object of a key is, or would be.
///
/// A key `a` beside keys `a/…`: the first of either that comes is named `a`. A file `a` moves into the folder `a` when the first
/// `a/…` is written, in one step, and an object that finds a folder of its name goes into it; there its name is `==`. So each
/// key has one place at any moment.
struct FolderTree {
    let root: OpenFile
    let path: String
    let names: FolderNames

    /// The file of an object.
    struct Entry {
        let folder: OpenFile
        let name: String
        let status: FileStatus

        var etag: ETag { status.etag }
    }

    /// An open object: what is read is what was there when it was opened, whatever is stored meanwhile.
    struct Opened {
        let file: OpenFile
        let status: FileStatus
    }

    // MARK: Looking

    /// The folder of some names; nil when there is none, or a file is in its place.
    func folder(_ names: some Sequence<String>) throws -> OpenFile? {
        var folder = root
        for name in names {
            do {
                folder = try Files.folder(folder, name)
            } catch let failure as FileFailure where failure.code == ENOENT {
                return nil
            } catch let failure as FileFailure where failure.code == ENOTDIR || failure.code == ELOOP {
                guard let status = try Files.status(folder, name) else { return nil }
                if status.kind == .file { return nil }
                // What is a folder now was not one a moment ago: look again.
                if status.kind != .folder { throw foreign(name, status.kind) }
                folder = try Files.folder(folder, name)
            }
        }
        return folder
    }

    /// The file of the object of a key; nil when there is none.
    func entry(_ key: String) throws -> Entry? {
        let path = names.path(of: key)
        guard let folder = try folder(path.dropLast()), let name = path.last else { return nil }
        return try entry(folder, name)
    }

    private func entry(_ folder: OpenFile, _ name: String) throws -> Entry? {
        guard let status = try Files.status(folder, name) else { return nil }
        switch status.kind {
        case .file: return Entry(folder: folder, name: name, status: status)
        case .folder:
            let inner = try self.inner(folder, name)
            guard let inner, let own = try Files.status(inner, FolderNames.own) else { return nil }
            if own.kind != .file { throw foreign(FolderNames.own, own.kind) }
            return Entry(folder: inner, name: FolderNames.own, status: own)
        case .link, .other: throw foreign(name, status.kind)
        }
    }

    /// A folder that was there a moment ago.
    private func inner(_ folder: OpenFile, _ name: String) throws -> OpenFile? {
        do {
            return try Files.folder(folder, name)
        } catch let failure as FileFailure where failure.code == ENOENT || failure.code == ENOTDIR {
            return nil
        }
    }

    /// Opens the object of a key; nil when there is none.
    func open(_ key: String) throws -> Opened? {
        let path = names.path(of: key)
        guard let folder = try folder(path.dropLast()), let name = path.last else { return nil }
        guard let opened = try open(folder, name) else { return nil }
        if opened.status.kind != .folder { return opened }
        guard let own = try open(opened.file, FolderNames.own) else { return nil }
        if own.status.kind == .folder { throw foreign(FolderNames.own, .folder) }
        return own
    }

    /// Opens a file or a folder.
    private func open(_ folder: OpenFile, _ name: String) throws -> Opened? {
        do {
            let file = try Files.reading(folder, name)
            let status = try Files.status(file)
            guard status.kind == .file || status.kind == .folder else { throw foreign(name, status.kind) }
            return Opened(file: file, status: status)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        } catch let failure as FileFailure where failure.code == ELOOP || failure.code == ENXIO {
            throw foreign(name, failure.code == ELOOP ? .link : .other)
        }
    }

    // MARK: Making place

    /// Where the object of a key is to be put, with the folders on the way to it. Only for the one who has the lock.
    /// - Parameters:
    ///   - spare: A folder to make things ready in.
    ///   - changed: Gets the folders whose names must reach the disk.
    func place(_ key: String, spare: OpenFile, changed: inout ChangedFolders) throws -> (folder: OpenFile, name: String)
    {
        let path = names.path(of: key)
        var folder = root
        for name in path.dropLast() { folder = try enter(folder, name, spare: spare, changed: &changed) }
        var name = path[path.count - 1]
        if let status = try Files.status(folder, name), status.kind != .file {
            guard status.kind == .folder else { throw foreign(name, status.kind) }
            folder = try Files.folder(folder, name)
            name = FolderNames.own
        }
        try changed.insert(folder)
        return (folder, name)
    }

    /// Opens a folder in a folder; makes it, also of a file that is in its place.
    private func enter(
        _ folder: OpenFile, _ name: String, spare: OpenFile, changed: inout ChangedFolders
    ) throws -> OpenFile {
        if let status = try Files.status(folder, name) {
            switch status.kind {
            case .folder: return try Files.folder(folder, name)
            case .file: try turnIntoFolder(folder, name, spare)
            case .link, .other: throw foreign(name, status.kind)
            }
        } else {
            _ = try Files.makeFolder(folder, name)
        }
        try changed.insert(folder)
        return try Files.folder(folder, name)
    }

    /// Puts a folder in the place of a file, with the file in it. Readers find one or the other.
    private func turnIntoFolder(_ folder: OpenFile, _ name: String, _ spare: OpenFile) throws {
        let fresh = "folder-\(UInt64.random(in: 0 ... .max))"
        _ = try Files.makeFolder(spare, fresh)
        do {
            let inner = try Files.folder(spare, fresh)
            try Files.link(folder, name, to: inner, FolderNames.own)
            try Files.sync(inner)
            try Files.exchange(spare, fresh, folder, name)
        } catch {
            Files.removeTree(spare, fresh)
            let code = (error as? FileFailure)?.code
            guard code == EINVAL || code == ENOSYS || code == EOPNOTSUPP || code == EPERM else { throw error }
            throw ObjectStoreError(
                .unsupported, "the file system of \(path) cannot keep '\(name)' beside '\(name)/…'",
                remedy: "use a local file system, or other keys")
        }
        // Under its old name the file has one name too many now.
        try Files.remove(spare, fresh)
    }

    /// Removes folders that have nothing in them any more, from the last of some names up.
    /// - Returns: The folder that a name was removed from last; nil when all are in use.
    func removeEmptyFolders(_ names: [String]) throws -> OpenFile? {
        var changed: OpenFile?
        for count in stride(from: names.count, to: 0, by: -1) {
            guard let parent = try folder(names.prefix(count - 1)),
                try Files.removeFolder(parent, names[count - 1])
            else { break }
            changed = parent
        }
        return changed
    }

    /// What stands in the place of an object and is none.
    func foreign(_ name: String, _ kind: FileStatus.Kind) -> ObjectStoreError {
        let what =
            switch kind {
            case .link: "a symbolic link, and links are not followed"
            case .folder: "a folder in the place of a file"
            case .other: "neither a file nor a folder"
            case .file: "not a name this store writes"
            }
        return ObjectStoreError(
            .damaged, "'\(name)' in \(path) is \(what)", remedy: "move it out of the folder, or put a file in its place"
        )
    }
}

extension FileStatus {
    /// The mark of the version: when its bytes were changed, to the nanosecond, and how many they are.
    ///
    /// Each write sets a time later than that of the version before it, so a value that comes back has another mark. An edit
    /// by hand changes the time, too. Copies that keep times, such as those of `cp -a` and `rsync -a`, keep the marks.
    var etag: ETag { ETag(rawValue: "\(String(time, radix: 16))-\(String(size, radix: 16))") }
}

import ObjectStores

extension S3Error {
    /// A file that cannot be read or written as asked.
    static func file(_ path: String, _ what: String, remedy: String?) -> S3Error {
        S3Error(.file, "the file '\(path)' \(what)", remedy: remedy)
    }

    static func file(_ path: String, _ failure: FileFailure) -> S3Error {
        file(
            path, "failed: cannot \(failure.action): \(failure.reason)",
            remedy: failure.isFull ? "make room there, or choose another place" : "check the path and its permissions")
    }
}

/// Runs calls of the system about a file.
func withFile<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let failure as FileFailure {
        throw S3Error.file(path, failure)
    }
}

/// A path as the system takes it.
enum FilePath {
    /// Refuses what the system would read otherwise.
    static func check(_ path: String) throws(S3Error) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .file(path.debugDescription, "has a name that no file can have", remedy: "name a file")
        }
    }
}

/// A file on its way to the server: open from beginning to end, and read in parts.
struct SourceFile: Sendable {
    private let path: String
    private let file: OpenFile
    /// What the system said of it at the beginning.
    private let status: FileStatus

    /// Opens a file.
    /// - Throws: `s3.file` when it cannot be read, or is no regular file.
    init(_ path: String) throws {
        try FilePath.check(path)
        self.path = path
        (file, status) = try withFile(path) {
            let file = try Files.reading(path)
            return (file, try Files.status(file))
        }
        guard status.kind == .file else {
            throw S3Error.file(path, "is no regular file", remedy: "read it as a stream, and upload that")
        }
    }

    var size: Int { status.size }

    /// Its bytes in chunks of one size. As many as at the beginning: a file that became shorter is not what it was.
    func stream(chunkBytes: Int) -> ByteStream {
        ByteStream {
            var offset = 0
            return {
                try Task.checkCancellation()
                let count = min(chunkBytes, status.size - offset)
                if count == 0 { return nil }
                let chunk = try withFile(path) { try Files.read(file, at: offset, count: count) }
                guard chunk.count == count else { throw changed }
                offset += count
                return chunk
            }
        }
    }

    /// - Throws: `s3.file` when the file is another than at the beginning.
    func checkUnchanged() throws {
        let now = try withFile(path) { try Files.status(file) }
        guard now.size == status.size, now.time == status.time else { throw changed }
    }

    private var changed: S3Error {
        .file(path, "changed while it was uploaded", remedy: "upload it again when nobody writes to it")
    }
}

/// Where a download goes.
struct TargetFile {
    private let path: String
    private let folderPath: String
    private let name: String
    private let options: S3DownloadOptions

    /// Looks whether the file can be made.
    /// - Throws: `s3.file` when it is there and must not be replaced, is a folder, or would be in a folder that is not there.
    init(_ path: String, _ options: S3DownloadOptions) throws {
        try FilePath.check(path)
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
        folderPath = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        self.path = path
        self.options = options
        guard !["", ".", ".."].contains(name) else {
            throw S3Error.file(path, "has the name of a folder", remedy: "name a file")
        }
        let folder: OpenFile
        do {
            folder = try Files.root(folderPath)
        } catch let failure as FileFailure {
            if options.makesFolders, failure.isAbsent { return }
            throw S3Error.file(path, failure)
        }
        let status = try withFile(path) { try Files.status(folder, name) }
        if status != nil, !options.overwrite { throw taken }
        if status?.kind == .folder { throw S3Error.file(path, "is a folder", remedy: "choose another name") }
    }

    private var taken: S3Error {
        .file(path, "is there already", remedy: "choose another name, or allow it to be overwritten")
    }

    /// Makes a temporary file beside the target.
    func draft() throws -> Draft {
        try withFile(path) {
            if options.makesFolders { try Files.makeFolders(folderPath) }
            let folder = try Files.root(folderPath)
            while true {
                let name = temporaryName()
                do {
                    return Draft(path: path, folder: folder, name: name, file: try Files.create(folder, name))
                } catch let failure as FileFailure where failure.isTaken {}
            }
        }
    }

    /// `.name.cairn-XXXXXX`, shortened to what a file system takes: 255 bytes.
    private func temporaryName() -> String {
        var stem = name
        while stem.utf8.count > 240 { stem.removeLast() }
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let tail = String((0..<6).map { _ in letters[Int.random(in: 0..<letters.count)] })
        return ".\(stem).cairn-\(tail)"
    }

    /// Gives the file its name, when all of it is there.
    /// - Throws: `s3.file` when another has made the file meanwhile, and it must not be replaced.
    func publish(_ draft: Draft) throws {
        do {
            if options.isDurable { try Files.sync(draft.file) }
            if options.overwrite {
                try Files.move(draft.folder, draft.name, to: draft.folder, name)
            } else {
                try publishToFree(draft)
            }
            if options.isDurable { try Files.sync(draft.folder) }
        } catch let failure as FileFailure {
            throw failure.isTaken ? taken : S3Error.file(path, failure)
        }
    }

    private func publishToFree(_ draft: Draft) throws {
        do {
            try Files.moveToFree(draft.folder, draft.name, to: draft.folder, name)
        } catch let failure as FileFailure where failure.isUnsupported {
            // A link fails as well where something of the name is.
            try Files.link(draft.folder, draft.name, to: draft.folder, name)
            try? Files.remove(draft.folder, draft.name)
        }
    }
}

/// A file that is being written, under a name that nobody looks for.
struct Draft: Sendable {
    fileprivate let path: String
    fileprivate let folder: OpenFile
    fileprivate let name: String
    fileprivate let file: OpenFile

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws {
        try withFile(path) { try Files.write(file, bytes, at: offset) }
    }

    /// Compares what was written with what it should be.
    func verify(_ verifier: consuming BodyVerifier, count: Int, _ subject: RequestSubject) throws {
        var offset = 0
        while offset < count {
            try Task.checkCancellation()
            let chunk = try withFile(path) { try Files.read(file, at: offset, count: min(1 << 20, count - offset)) }
            if chunk.isEmpty { break }
            offset += chunk.count
            chunk.withUnsafeBytes { verifier.update($0) }
        }
        guard offset == count else { throw S3Error.truncated(received: offset, of: count, subject) }
        try verifier.finish(subject)
    }

    /// Removes the file. Another may have done it.
    func remove() { try? Files.remove(folder, name) }
}

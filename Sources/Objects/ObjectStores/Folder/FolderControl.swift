import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The folder `.cairn` of a store that is being written to: the lock, what is being made ready, how names are written.
///
/// - `lock`: whoever changes names in the store has the lock of this file meanwhile. The system takes it back when its
///   holder ends, however that happens.
/// - `folder.json`: the format, and the style of names; made with the first write, never changed.
/// - `writers/<id>/`: what a writer makes ready before it takes the lock; `owner` in it is locked as long as the
///   writer lives. Each new writer removes what the dead have left.
/// - `attributes/<digest of the key>/<etag>`: attributes that a file cannot have; see ``FolderAttributes``.
/// - `uploads/<id>/`: uploads that are not complete; see ``FolderUploads``.
final class FolderControl: Sendable {
    let folder: OpenFile
    let names: FolderNames
    /// Where this writer makes things ready.
    let spare: OpenFile
    private let lockFile: OpenFile
    private let writers: OpenFile
    private let writerID: String
    /// Held open for its lock.
    private let owner: OpenFile

    private static let format = 1
    private static let formatName = "folder.json"
    private static let lockName = "lock"
    private static let ownerName = "owner"
    /// What begins so is not locked yet.
    private static let unownedPrefix = "new-"

    /// Prepares a folder for writing.
    /// - Parameter style: How to write names in a folder that was never written to; nil to find out.
    init(_ root: OpenFile, path: String, style: FolderNames.Style?) throws {
        if try Files.makeFolder(root, FolderNames.control) { try Files.sync(root) }
        folder = try Files.folder(root, FolderNames.control)
        lockFile = try Files.lockFile(folder, Self.lockName)
        writers = try Self.subfolder(folder, "writers")
        Self.removeAbandoned(in: writers)
        let (id, owner) = try Self.makeWriter(in: writers)
        writerID = id
        self.owner = owner
        spare = try Files.folder(writers, id)
        if let known = try Self.readNames(folder, path) {
            names = known
        } else {
            names = try Self.chooseNames(folder, spare, path, style)
        }
        try Self.checkTimes(spare, path)
    }

    deinit { Files.removeTree(writers, writerID, last: Self.ownerName) }

    private static func subfolder(_ parent: OpenFile, _ name: String) throws -> OpenFile {
        _ = try Files.makeFolder(parent, name)
        return try Files.folder(parent, name)
    }

    // MARK: Lock

    /// - Returns: Whether the lock was free.
    func lock() throws -> Bool { try Files.lock(lockFile) }

    func unlock() { Files.unlock(lockFile) }

    /// Whether others who look for the lock find this one: somebody may have removed the folder.
    func isCurrent(in root: OpenFile) throws -> Bool {
        guard let outer = try Files.status(root, FolderNames.control), try outer.isSame(as: Files.status(folder)),
            let lock = try Files.status(folder, Self.lockName)
        else { return false }
        return try lock.isSame(as: Files.status(lockFile))
    }

    /// The lock, to look at without taking it; nil when nobody has written to the folder yet.
    static func lockToWatch(_ root: OpenFile) throws -> OpenFile? {
        do {
            return try Files.reading(Files.folder(root, FolderNames.control), lockName)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        }
    }

    // MARK: Writers

    private static func makeWriter(in writers: OpenFile) throws -> (id: String, owner: OpenFile) {
        let id = Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255) })
        _ = try Files.makeFolder(writers, unownedPrefix + id)
        let owner = try Files.create(Files.folder(writers, unownedPrefix + id), ownerName)
        _ = try Files.lock(owner)
        // It gets the name by which others judge it only now that its lock is held.
        try Files.move(writers, unownedPrefix + id, to: writers, id)
        return (id, owner)
    }

    /// Removes what dead writers have left.
    private static func removeAbandoned(in writers: OpenFile) {
        for entry in (try? Files.names(writers)) ?? [] {
            guard let name = Utf8.string(entry.bytes), isAbandoned(name, in: writers) else { continue }
            Files.removeTree(writers, name, last: ownerName)
        }
    }

    private static func isAbandoned(_ name: String, in writers: OpenFile) -> Bool {
        if name.hasPrefix(unownedPrefix) {
            // Between its making and its lock a living writer needs far less than an hour.
            guard let status = try? Files.status(writers, name) else { return false }
            return Double(status.time) / 1e9 < Date().timeIntervalSince1970 - 3600
        }
        guard let folder = try? Files.folder(writers, name) else { return false }
        do {
            return try !Files.isLocked(Files.reading(folder, ownerName))
        } catch {
            // A removal that was cut short: the owner's file goes last.
            return (error as? FileFailure)?.code == ENOENT
        }
    }

    // MARK: Names

    /// How names are written in a folder; nil when nobody has written to it yet.
    static func readNames(_ control: OpenFile, _ path: String) throws -> FolderNames? {
        let file: OpenFile
        do {
            file = try Files.reading(control, formatName)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        }
        guard let json = try? JSONValue(parsing: Files.read(file, limit: 4096)), case .int(let found)? = json["format"],
            case .string(let names)? = json["names"]
        else {
            throw ObjectStoreError(
                .damaged, "\(path)/\(FolderNames.control)/\(formatName) is not what this store writes",
                remedy: "restore it; it says how the names of files are written")
        }
        guard found <= format, let style = FolderNames.Style(rawValue: names) else {
            throw ObjectStoreError(
                .unsupported, "\(path) was written by a newer Cairn (format \(found), names '\(names)')",
                remedy: "use a newer version of Cairn")
        }
        return FolderNames(style: style)
    }

    /// Decides how names are written, once for a folder.
    private static func chooseNames(
        _ control: OpenFile, _ spare: OpenFile, _ path: String, _ style: FolderNames.Style?
    ) throws -> FolderNames {
        let style = try style ?? (keepsNamesApart(spare) ? .exact : .portable)
        let file = try Files.create(spare, formatName)
        try Files.write(file, Array("{\"format\":\(format),\"names\":\"\(style.rawValue)\"}\n".utf8))
        try Files.sync(file)
        do {
            try Files.moveToFree(spare, formatName, to: control, formatName)
        } catch let failure as FileFailure where failure.code == EEXIST {
            try Files.remove(spare, formatName)
        }
        try Files.sync(control)
        guard let names = try readNames(control, path) else {
            throw FileFailure(code: ENOENT, action: "prepare the folder")
        }
        return names
    }

    /// Whether the file system keeps names apart that differ in case, or in the form of an accent.
    private static func keepsNamesApart(_ spare: OpenFile) throws -> Bool {
        for (one, other) in [("case", "CASE"), ("caf\u{E9}", "cafe\u{301}")] {
            do {
                _ = try Files.create(spare, one)
            } catch let failure as FileFailure where failure.code == EILSEQ || failure.code == EINVAL {
                return false
            }
            defer { try? Files.remove(spare, one) }
            if try Files.status(spare, other) != nil { return false }
        }
        return true
    }

    /// Marks of versions are times: they must be kept to the nanosecond.
    private static func checkTimes(_ spare: OpenFile, _ path: String) throws {
        let file = try Files.create(spare, "time")
        defer { try? Files.remove(spare, "time") }
        let odd: Int64 = 1_700_000_000_123_456_789
        try Files.setTime(file, odd)
        guard try Files.status(file).time == odd else {
            throw ObjectStoreError(
                .unsupported, "the file system of \(path) does not keep times to the nanosecond",
                remedy: "use another one, such as ext4, xfs, btrfs, tmpfs or APFS: versions are told apart by them")
        }
    }
}

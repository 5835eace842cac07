import CSQLite
import CairnCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file of a store: where it is, how to open connections to it.
struct DatabaseFile: Sendable {
    let path: String
    let options: SQLiteOptions
    /// What keeps a temporary database; its end removes the files.
    private let temporary: TemporaryFolder?

    init(_ options: SQLiteOptions) throws {
        self.options = options
        switch options.location {
        case .file(let path):
            guard !path.isEmpty, !path.utf8.contains(0) else {
                throw StorageError(.configuration, "the path of a SQLite store is empty or has a NUL in it")
            }
            self.path = path
            temporary = nil
        case .temporary:
            let folder = try TemporaryFolder()
            path = folder.path + "/store.db"
            temporary = folder
        }
    }

    /// What to call the place in messages.
    var place: String { temporary == nil ? path : "sqlite::memory:" }

    var isReadOnly: Bool { options.mode == .readOnly }

    /// Checks what SQLite would report in words nobody can act on.
    func checkExistence() throws {
        guard temporary == nil else { return }
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT == S_IFDIR {
            throw StorageError(.notAStore, "\(path) is a folder, not a SQLite database", remedy: "name a file in it")
        }
        if !exists, options.mode != .create {
            throw StorageError(.notAStore, "there is no file \(path)", remedy: "check the path")
        }
    }

    /// Opens the connection that writes; in a store for reading, the one that reads the schema.
    func openWriter() throws -> SQLiteConnection {
        var flags = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        if options.mode == .create { flags |= SQLITE_OPEN_CREATE }
        return try SQLiteConnection(path: path, place: place, flags: flags, vfs: options.vfs)
    }

    /// Sets what holds for the whole file and the writing connection.
    func configureWriter(_ access: SQLiteConnection.Access) throws {
        if isReadOnly { return }
        let mode = try access.with("PRAGMA journal_mode = WAL") { statement in
            try statement.step() ? String(cString: sqlite3_column_text(statement.handle, 0)) : ""
        }
        guard mode == "wal" else {
            throw StorageError(
                .unsupported, "\(place) cannot use a write-ahead log (its journal mode stays '\(mode)')",
                remedy: "put the file on a local file system")
        }
        let synchronous = temporary != nil ? "OFF" : options.synchronous == .full ? "FULL" : "NORMAL"
        try access.execute("PRAGMA synchronous = \(synchronous)")
        // The log grows while somebody looks at an old moment; when it begins anew it gives back what is above this.
        try access.execute("PRAGMA journal_size_limit = \(32 << 20)")
        try access.execute("PRAGMA foreign_keys = ON")
    }

    /// Opens a connection for reading.
    func openReader(_ served: ServedSchema?) throws -> SQLiteConnection {
        do {
            // A reader meets a lock only for moments, while a log is recovered or reset.
            return try SQLiteConnection(
                path: path, place: place, flags: SQLITE_OPEN_READONLY, vfs: options.vfs, patience: 1000,
                serving: served)
        } catch let failure as SQLiteFailure {
            throw failure.storageError(at: place)
        }
    }
}

/// A folder that is removed when nobody refers to it any more, also by a later process if this one is killed.
///
/// It stands in shared memory where the system has it. A lock on a file in it shows that its owner lives: whoever makes such a
/// folder removes those of the dead.
final class TemporaryFolder: Sendable {
    let path: String
    private let lockDescriptor: Int32

    private static let prefix = "cairn-sqlite-"
    private static let lockName = "owner.lock"

    init() throws {
        let parent = TemporaryFolder.parent
        TemporaryFolder.removeAbandoned(in: parent)
        var template = Array("\(parent)/cairn-new-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TemporaryFolder.failure(parent) }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        lockDescriptor = open("\(made)/\(TemporaryFolder.lockName)", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        flock(lockDescriptor, LOCK_EX | LOCK_NB)
        // It gets the name by which others judge it only now that its lock is held.
        path = "\(parent)/\(TemporaryFolder.prefix)\(made.suffix(6))"
        guard rename(made, path) == 0 else {
            close(lockDescriptor)
            TemporaryFolder.remove(made)
            throw TemporaryFolder.failure(parent)
        }
    }

    private static func failure(_ parent: String) -> StorageError {
        StorageError(.io, "no temporary folder can be made in \(parent)", remedy: "set TMPDIR to a folder with room")
    }

    deinit {
        TemporaryFolder.remove(path)
        close(lockDescriptor)
    }

    private static var parent: String {
        if access("/dev/shm", W_OK) == 0 { return "/dev/shm" }
        return getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    }

    private static func removeAbandoned(in parent: String) {
        for name in names(in: parent) where name.hasPrefix(prefix) {
            let folder = "\(parent)/\(name)"
            let descriptor = open("\(folder)/\(lockName)", O_RDWR | O_CLOEXEC)
            // Without its lock file a folder is one that is just being made, or not ours to judge.
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(folder) }
            close(descriptor)
        }
    }

    private static func remove(_ folder: String) {
        for name in names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

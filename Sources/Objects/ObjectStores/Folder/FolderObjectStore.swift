import CairnCore
import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// Objects as files in a folder: `tables/cities/objects/1.json` is that file below it.
///
/// Files put there or edited by hand are objects, each edit a new version. Several processes of one machine may use one folder;
/// conditional writes are safe between them. An acknowledged write survives a crash of the process and of the machine; a
/// write that did not come to its end leaves nothing behind. Keys that are no file names, ETags and the folder `.cairn`
/// are explained in `FolderNames`, `FileStatus` and `FolderControl`.
///
/// Not for folders on a network: their locks and times cannot be relied upon.
public final class FolderObjectStore: ObjectStore {
    /// How a folder is used.
    public struct Options: Sendable {
        /// How keys become names of files. Decided with the first write, and kept with the folder.
        public enum Names: String, Sendable, Hashable, CaseIterable {
            /// Exact where the file system tells apart all names, otherwise portable.
            case automatic
            /// Almost every key as it is.
            case exact
            /// Only `a-z 0-9 - _ .` as they are: for folders that will be copied to other systems.
            case portable
        }

        /// How keys become names of files.
        public var names = Names.automatic
        /// Whether a write waits until it is on the disk. Without, loss of power may lose the last writes or parts of them; a
        /// killed process loses nothing.
        public var isDurable = true
        /// How long a write waits for another process that holds the lock; `object.timeout` then.
        public var lockTimeout = Duration.seconds(30)
        /// The smallest size of a part that is not the last.
        public var minimumPartBytes = ObjectLimits.minimumPartBytes
        /// The store's time, for dates and for `notAfter`.
        public var clock: @Sendable () -> Date = { Date() }

        /// The usual way.
        public init() {}
    }

    /// Bytes read or written at a time.
    static let chunkBytes = 256 << 10
    /// How often a reader begins anew when the object changes under its eyes.
    private static let readingAttempts = 100

    let root: OpenFile
    let path: String
    let options: Options
    /// The writers of this process, one at a time; those of others are kept out by the lock in the folder.
    let queue: FairQueue
    let control = Lock<FolderControl?>(nil)
    /// Counts what was written; see ``finish(_:)``.
    let drafts = Lock<Int64>(0)
    private let knownNames = Lock<FolderNames?>(nil)
    /// The last date that was proven; see ``provenDate()``.
    private let lastDate = Lock<Date?>(nil)
    /// What this store can do.
    public let capabilities: ObjectStoreCapabilities

    /// Opens a folder, and makes it if need be.
    ///
    /// Nothing is written into it before the first write: any folder can be read.
    /// - Throws: `object.no_such_container` when it cannot be opened as a folder; `object.access_denied`.
    public init(_ path: String, _ options: Options = Options()) throws {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ObjectStoreError(.invalid, "the path of a folder store is empty or has a NUL in it")
        }
        let path = FolderPath.absolute(path)
        do {
            try FolderPath.makeFolders(path)
            root = try Files.root(path)
        } catch let failure as FileFailure {
            var error = failure.storeError(nil, in: path)
            if error.code == .io { error.code = .noSuchContainer }
            throw error
        }
        self.path = path
        self.options = options
        queue = FairQueue(timeout: options.lockTimeout)
        var capabilities = ObjectStoreCapabilities(name: "folder", location: path)
        capabilities.minimumPartBytes = options.minimumPartBytes
        self.capabilities = capabilities
    }

    // MARK: Reading

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        try ObjectRules.check(key: key)
        return try reading(key) { answer in
            try version(key, answer, options.conditions) { info, file in
                let range = try options.range.resolve(size: info.size, of: key, answer: answer)
                if range.count > Self.chunkBytes {
                    return GetResult(info: info, range: range, body: stream(file, range, info))
                }
                let bytes = try Files.read(file, at: range.lowerBound, count: range.count)
                // Edited in place while it was read: neither the old version nor the new one.
                guard bytes.count == range.count, try Files.status(file).etag == info.etag else { return nil }
                return GetResult(info: info, range: range, body: .bytes(bytes))
            }
        }
    }

    public func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo {
        try ObjectRules.check(key: key)
        return try reading(key) { answer in
            try version(key, answer, conditions) { info, _ in info }
        }
    }

    public func list(_ options: ListOptions) -> ObjectListing {
        .cursor(options) { [self] in
            try reading(nil) { answer in
                try checkRoot(answer)
                return (answer, FolderCursor(try tree(), prefix: options.prefix))
            }
        }
    }

    /// Opens the object of a key and hands it on, all of one version.
    /// - Parameter body: Gives nil when the version changed under its eyes; called again with the next one then.
    func version<Result>(
        _ key: String, _ answer: AnswerDetails, _ conditions: ReadConditions,
        _ body: (ObjectInfo, OpenFile) throws -> Result?
    ) throws -> Result {
        let tree = try tree()
        for _ in 0..<Self.readingAttempts {
            guard let object = try tree.open(key) else {
                try checkRoot(answer)
                throw ObjectStoreError.notFound(key, answer: answer)
            }
            try conditions.check(object.status.etag, of: key, answer: answer)
            guard let attributes = try attributes(of: object, key, tree) else { continue }
            let info = ObjectInfo(
                key: key, size: object.status.size, etag: object.status.etag, lastModified: object.status.date,
                attributes: attributes, answer: answer)
            if let result = try body(info, object.file) { return result }
        }
        throw ObjectStoreError(
            .conflict, "object '\(key)' in \(path) changes faster than it can be read", key: key, remedy: "try again",
            isRetryable: true, answer: answer)
    }

    /// The attributes of an open version; nil when another one has taken its place, and maybe the attributes with it.
    private func attributes(
        of object: FolderTree.Opened, _ key: String, _ tree: FolderTree
    ) throws -> ObjectAttributes? {
        var folder: OpenFile?
        if let control = try controlFolder() {
            let attributes = FolderAttributes(control: control)
            folder = try attributes.folder(key)
            if let folder, let found = try attributes.read(folder, object.status.etag, of: key) { return found }
        }
        // The attributes of a version are there as long as the version: if it still is, it has none.
        guard try tree.entry(key)?.etag == object.status.etag else { return nil }
        if let folder, let control = try controlFolder() {
            let copied = try FolderAttributes(control: control).read(folder, copied: object, of: key)
            if let copied { return copied }
        }
        return FolderAttributes.implied(key)
    }

    /// The bytes of an open file, read as they are asked for.
    private func stream(_ file: OpenFile, _ range: Range<Int>, _ info: ObjectInfo) -> ObjectBody {
        let path = path
        let stream = ByteStream {
            var rest = range
            return {
                try Task.checkCancellation()
                if rest.isEmpty { return nil }
                let chunk: [UInt8]
                let now: ETag
                do {
                    chunk = try Files.read(file, at: rest.lowerBound, count: min(rest.count, Self.chunkBytes))
                    now = try Files.status(file).etag
                } catch let failure as FileFailure {
                    throw failure.storeError(info.key, in: path)
                }
                guard !chunk.isEmpty, now == info.etag else {
                    throw ObjectStoreError(
                        .conflict, "object '\(info.key)' in \(path) was edited in place while it was read",
                        key: info.key, remedy: "read it again", isRetryable: true)
                }
                rest = (rest.lowerBound + chunk.count)..<rest.upperBound
                return chunk
            }
        }
        return .stream(stream, length: range.count, isReplayable: true)
    }

    // MARK: Places

    /// Where objects are.
    func tree() throws -> FolderTree { FolderTree(root: root, path: path, names: try names()) }

    private func names() throws -> FolderNames {
        if let known = knownNames.withLock({ $0 }) { return known }
        // As long as nobody has written, files can only be what they seem to be.
        guard let control = try controlFolder(), let names = try FolderControl.readNames(control, path) else {
            return FolderNames(style: .exact)
        }
        knownNames.withLock { $0 = names }
        return names
    }

    /// The folder `.cairn`; nil as long as nobody has written.
    func controlFolder() throws -> OpenFile? {
        do {
            return try Files.folder(root, FolderNames.control)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        }
    }

    /// - Throws: `object.no_such_container` when the folder was removed, or another one is in its place.
    func checkRoot(_ answer: AnswerDetails) throws {
        if let found = try Files.status(path: path), try found.isSame(as: Files.status(root)) { return }
        throw ObjectStoreError(
            .noSuchContainer, "the folder \(path) was removed, or another one is in its place",
            remedy: "see what happened to it; then open the store again", answer: answer)
    }

    /// Runs a reading; failures of the system become errors of a store.
    /// - Parameter body: Gets an answer whose date lies before anything it sees.
    func reading<Result>(_ key: String?, _ body: (AnswerDetails) throws -> Result) throws -> Result {
        try Task.checkCancellation()
        return try translating(key) { try body(AnswerDetails(serverDate: provenDate())) }
    }

    /// Turns failures of the system into errors of a store, and names the key in those that do not.
    func translating<Result>(_ key: String?, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as FileFailure {
            if failure.code == ENOENT { try checkRoot(AnswerDetails()) }
            throw failure.storeError(key, in: path)
        } catch var error as ObjectStoreError {
            error.key = error.key ?? key
            throw error
        }
    }

    // MARK: Time

    /// The time now, as a date that can be relied upon: each write that had to happen before it has happened, or never will.
    ///
    /// A writer looks at the clock when it has the lock, and acts while it has it; between the two it may be stopped for as long
    /// as somebody likes. So a time is proven when the lock was seen free after the clock was read. While the lock is
    /// held, the last proven time stands; nil if there is none.
    private func provenDate() throws -> Date? {
        let now = options.clock()
        var isFree = true
        if let lock = try FolderControl.lockToWatch(root) {
            // A writer holds it for some microseconds.
            var attempts = 0
            isFree = try !Files.isLocked(lock)
            while !isFree, attempts < 20 {
                sched_yield()
                isFree = try !Files.isLocked(lock)
                attempts += 1
            }
        }
        return lastDate.withLock { last in
            if isFree { last = now }
            return last
        }
    }
}

extension Date {
    /// Microseconds from 1970, for every date of the years 1970 to 2255; the nearest of these for others.
    var microsecondsSince1970: Int64 {
        let microseconds = (timeIntervalSince1970 * 1_000_000).rounded(.down)
        return microseconds.isNaN ? 0 : Int64(min(max(microseconds, 0), 9e15))
    }
}

extension FileStatus {
    /// When the bytes were last changed.
    var date: Date { Date(timeIntervalSince1970: Double(time) / 1e9) }
}

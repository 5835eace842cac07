import CFiles
import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A call of the system that failed.
package struct FileFailure: Error {
    /// The error number.
    package let code: Int32
    /// What was to be done, with the name it was to be done to.
    package let action: String
}

/// An open file or folder; closed when nobody refers to it any more.
package final class OpenFile: Sendable {
    let number: Int32

    /// Takes over what `open` gave.
    init(_ number: Int32, _ action: @autoclosure () -> String) throws {
        guard number >= 0 else { throw FileFailure(code: errno, action: action()) }
        self.number = number
    }

    deinit { close(number) }
}

/// What the system says of a name.
package struct FileStatus: Equatable, Sendable {
    package enum Kind: Sendable { case file, folder, link, other }

    package let kind: Kind
    package let size: Int
    /// When the bytes were last changed, in nanoseconds from 1970.
    package let time: Int64
    let device: UInt64
    let number: UInt64
    /// How many names it has; 0 for what was removed.
    let names: Int

    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        size = Int(status.st_size)
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        time =
            Int64(modified.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue
            &+ Int64(modified.tv_nsec)
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
        names = Int(status.st_nlink)
    }

    func isSame(as other: FileStatus) -> Bool { device == other.device && number == other.number }
}

/// The calls of the system that a folder store makes. Names are single parts of a path, and links are never followed.
package enum Files {
    private static let noFollow = O_NOFOLLOW | O_CLOEXEC

    /// Opens the folder of a path, following links: where a store is, its user says.
    package static func root(_ path: String) throws -> OpenFile {
        try OpenFile(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open the folder \(path)")
    }

    /// Opens a folder in a folder.
    static func folder(_ parent: OpenFile, _ name: String) throws -> OpenFile {
        try OpenFile(openat(parent.number, name, O_RDONLY | O_DIRECTORY | noFollow), "open the folder '\(name)'")
    }

    /// Opens a file for reading. Does not wait for what is no file, such as a pipe.
    static func reading(_ parent: OpenFile, _ name: String) throws -> OpenFile {
        try OpenFile(openat(parent.number, name, O_RDONLY | O_NONBLOCK | noFollow), "open '\(name)'")
    }

    /// Makes a file that is not there yet.
    package static func create(_ parent: OpenFile, _ name: String) throws -> OpenFile {
        try OpenFile(
            openat(parent.number, name, O_RDWR | O_CREAT | O_EXCL | noFollow, 0o666), "make the file '\(name)'")
    }

    /// Opens a file for locking it, and makes it if need be.
    static func lockFile(_ parent: OpenFile, _ name: String) throws -> OpenFile {
        try OpenFile(openat(parent.number, name, O_RDWR | O_CREAT | noFollow, 0o666), "open the lock '\(name)'")
    }

    package static func status(_ file: OpenFile) throws -> FileStatus {
        var status = stat()
        try check(fstat(file.number, &status), "look at an open file")
        return FileStatus(status)
    }

    /// nil when there is nothing of the name.
    package static func status(_ parent: OpenFile, _ name: String) throws -> FileStatus? {
        var status = stat()
        if fstatat(parent.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(status) }
        if errno == ENOENT { return nil }
        throw FileFailure(code: errno, action: "look at '\(name)'")
    }

    /// - Returns: Whether it was made; false when something of the name is there.
    static func makeFolder(_ parent: OpenFile, _ name: String) throws -> Bool {
        if mkdirat(parent.number, name, 0o777) == 0 { return true }
        if errno == EEXIST { return false }
        throw FileFailure(code: errno, action: "make the folder '\(name)'")
    }

    package static func move(_ from: OpenFile, _ name: String, to: OpenFile, _ newName: String) throws {
        try check(renameat(from.number, name, to.number, newName), "rename to '\(newName)'")
    }

    /// Renames where nothing of the new name is.
    package static func moveToFree(_ from: OpenFile, _ name: String, to: OpenFile, _ newName: String) throws {
        let code = cairn_rename_new(from.number, name, to.number, newName)
        if code != 0 { throw FileFailure(code: code, action: "rename to '\(newName)'") }
    }

    /// Swaps two names.
    static func exchange(_ one: OpenFile, _ name: String, _ other: OpenFile, _ otherName: String) throws {
        let code = cairn_exchange(one.number, name, other.number, otherName)
        if code != 0 { throw FileFailure(code: code, action: "swap '\(otherName)' with another file") }
    }

    /// Gives a file a second name.
    package static func link(_ from: OpenFile, _ name: String, to: OpenFile, _ newName: String) throws {
        try check(linkat(from.number, name, to.number, newName, 0), "link '\(name)'")
    }

    package static func remove(_ parent: OpenFile, _ name: String) throws {
        try check(unlinkat(parent.number, name, 0), "remove '\(name)'")
    }

    /// - Returns: Whether it was removed; false when it is not empty.
    static func removeFolder(_ parent: OpenFile, _ name: String) throws -> Bool {
        if unlinkat(parent.number, name, AT_REMOVEDIR) == 0 { return true }
        if errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY { return false }
        throw FileFailure(code: errno, action: "remove the folder '\(name)'")
    }

    /// Sets when the bytes were last changed.
    static func setTime(_ file: OpenFile, _ nanoseconds: Int64) throws {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        try check(futimens(file.number, [time, time]), "set the time of a file")
    }

    /// Waits until what was written, or the names of a folder, are on the disk.
    package static func sync(_ file: OpenFile) throws {
        try check(fsync(file.number), "write to the disk")
    }

    /// Whether another open file has the lock.
    static func isLocked(_ file: OpenFile) throws -> Bool {
        let code = cairn_test_lock(file.number)
        if code != 0, code != EAGAIN { throw FileFailure(code: code, action: "look at the lock") }
        return code == EAGAIN
    }

    /// - Returns: Whether the lock was free; false when another open file has it.
    static func lock(_ file: OpenFile) throws -> Bool {
        let code = cairn_lock(file.number)
        if code != 0, code != EAGAIN { throw FileFailure(code: code, action: "take the lock") }
        return code == 0
    }

    static func unlock(_ file: OpenFile) { _ = cairn_unlock(file.number) }

    private static func check(_ code: Int32, _ action: @autoclosure () -> String) throws {
        if code != 0 { throw FileFailure(code: errno, action: action()) }
    }
}

/// Reading and writing bytes, and the names of a folder.
extension Files {
    /// Reads up to `count` bytes from an offset; fewer only at the end.
    package static func read(_ file: OpenFile, at offset: Int, count: Int) throws -> [UInt8] {
        // The initialiser below would write to the empty array that all threads share.
        guard count > 0 else { return [] }
        var failure: FileFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // The rest of the buffer is inside of it: `filled` is less than its count, which is at least `count`.
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<count])
                let got = pread(file.number, rest.baseAddress, rest.count, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = FileFailure(code: errno, action: "read") }
                if got <= 0 { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads a whole file; fails on one that is larger than it should be.
    static func read(_ file: OpenFile, limit: Int) throws -> [UInt8] {
        let bytes = try read(file, at: 0, count: limit + 1)
        if bytes.count > limit { throw FileFailure(code: EFBIG, action: "read a file of more than \(limit) bytes") }
        return bytes
    }

    /// Writes behind what was written before.
    static func write(_ file: OpenFile, _ bytes: [UInt8]) throws {
        var failure: FileFailure?
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                // `write` is this function here.
                #if canImport(Glibc)
                    let put = Glibc.write(file.number, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                    let put = Musl.write(file.number, rest.baseAddress, rest.count)
                #else
                    let put = Darwin.write(file.number, rest.baseAddress, rest.count)
                #endif
                if put < 0, errno == EINTR { continue }
                if put < 0 {
                    failure = FileFailure(code: errno, action: "write")
                    return
                }
                done += put
            }
        }
        if let failure { throw failure }
    }

    /// A name in a folder, and what the folder says it names; nil when only looking at it can tell.
    struct Name {
        let bytes: [UInt8]
        let kind: FileStatus.Kind?
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0

    /// The names in a folder, in no order, each once.
    static func names(_ folder: OpenFile) throws -> [Name] {
        // The stream keeps a place and closes what it reads: it gets an open file of its own.
        let copy = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw FileFailure(code: errno, action: "read a folder") }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw FileFailure(code: code, action: "read a folder")
        }
        defer { closedir(stream) }
        var names: [Name] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let kind = kind(entry.pointee.d_type)
            // The name ends with a NUL inside of its record, which may be shorter or longer than the type says.
            let name = UnsafeRawPointer(entry) + nameOffset
            let bytes = Array(
                UnsafeRawBufferPointer(start: name, count: strlen(name.assumingMemoryBound(to: CChar.self))))
            if bytes != [0x2E], bytes != [0x2E, 0x2E] { names.append(Name(bytes: bytes, kind: kind)) }
        }
        if errno != 0 { throw FileFailure(code: errno, action: "read a folder") }
        return names
    }

    private static func kind(_ type: UInt8) -> FileStatus.Kind? {
        switch Int(type) {
        case Int(DT_REG): .file
        case Int(DT_DIR): .folder
        case Int(DT_LNK): .link
        case Int(DT_UNKNOWN): nil
        default: .other
        }
    }

    /// Removes a folder with all that is in it. Goes on past what cannot be removed; whoever looks next tries again.
    static func removeTree(_ parent: OpenFile, _ name: String, last: String = "") {
        if let folder = try? folder(parent, name) {
            for entry in (try? names(folder)) ?? [] {
                guard let inner = Utf8.string(entry.bytes), inner != last else { continue }
                if (try? remove(folder, inner)) == nil { removeTree(folder, inner) }
            }
            if !last.isEmpty { try? remove(folder, last) }
        }
        _ = try? removeFolder(parent, name)
    }
}

extension Utf8 {
    /// The text of bytes; nil when they are not UTF-8.
    static func string(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBufferPointer { string($0) } }
}

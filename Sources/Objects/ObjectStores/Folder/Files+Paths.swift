#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What those need who work with files of a user's own, wherever they are.
extension Files {
    /// Opens the file of a path for reading, following links. Does not wait for what is no file, such as a pipe.
    package static func reading(_ path: String) throws -> OpenFile {
        try OpenFile(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open")
    }

    /// Makes the folders of a path that are not there.
    package static func makeFolders(_ path: String) throws {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex else {
            throw FileFailure(code: errno, action: "make the folder '\(path)'")
        }
        try makeFolders(String(path[..<slash]))
        // Another may have been faster.
        if mkdir(path, 0o777) != 0, errno != EEXIST {
            throw FileFailure(code: errno, action: "make the folder '\(path)'")
        }
    }

    /// Writes bytes at an offset.
    package static func write(_ file: OpenFile, _ bytes: ArraySlice<UInt8>, at offset: Int) throws {
        var failure: FileFailure?
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                // What is left is inside of the buffer: `done` is less than its count.
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                let put = pwrite(file.number, rest.baseAddress, rest.count, off_t(offset + done))
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
}

extension FileFailure {
    /// The system's words for it.
    package var reason: String { String(cString: strerror(code)) }

    /// Whether there is no room: on the disk, for the user, or in a file of the largest size.
    package var isFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(code) }

    /// Whether there is nothing of the name.
    package var isAbsent: Bool { code == ENOENT }

    /// Whether something of the name is there already.
    package var isTaken: Bool { code == EEXIST }

    /// Whether the file system does not know the call.
    package var isUnsupported: Bool { [EINVAL, ENOSYS, EOPNOTSUPP].contains(code) }
}

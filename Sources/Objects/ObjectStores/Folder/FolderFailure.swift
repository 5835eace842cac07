#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension FileFailure {
    /// What the failure means to the caller of a store.
    func storeError(_ key: String?, in path: String) -> ObjectStoreError {
        let reason = String(cString: strerror(code))
        let message = "cannot \(action)\(key.map { " for '\($0)'" } ?? "") in \(path): \(reason)"
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            return ObjectStoreError(.full, message, key: key, remedy: "make room, or raise the limit of the user")
        case EACCES, EPERM, EROFS:
            return ObjectStoreError(
                .accessDenied, message, key: key, remedy: "give the user of this process the right to it")
        case EMFILE, ENFILE:
            return ObjectStoreError(
                .io, message, key: key, remedy: "raise the limit of open files, or do less at once", isRetryable: true)
        case ENAMETOOLONG:
            return ObjectStoreError(
                .unsupported, message, key: key, remedy: "use a file system with names of 255 bytes")
        case EXDEV:
            return ObjectStoreError(
                .unsupported, message, key: key,
                remedy: "keep the whole folder on one file system, without mounts in it")
        default:
            return ObjectStoreError(.io, message, key: key, remedy: "see to the disk")
        }
    }
}

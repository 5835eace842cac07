#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A mutual exclusion lock around a value.
///
/// Held for short, never over an `await`. It is a pthread mutex and not `Synchronization.Mutex` because the thread
/// sanitizer on Linux knows pthread calls and reports correct uses of the other as races.
///
/// Safety of `@unchecked Sendable`: the only mutable state is what `storage` points to. It is allocated in `init`, freed in
/// `deinit`, and touched in between only by `withLock`, between `pthread_mutex_lock` and `pthread_mutex_unlock`.
/// `Value` enters and leaves as `sending`, so nothing else keeps a reference to what is inside.
package final class Lock<Value>: @unchecked Sendable {
    private struct Storage {
        var mutex: pthread_mutex_t
        var value: Value
    }

    private let storage: UnsafeMutablePointer<Storage>

    package init(_ value: consuming sending Value) {
        storage = .allocate(capacity: 1)
        storage.initialize(to: Storage(mutex: pthread_mutex_t(), value: value))
        let code = pthread_mutex_init(&storage.pointee.mutex, nil)
        precondition(code == 0, "pthread_mutex_init failed: \(code)")
    }

    deinit {
        pthread_mutex_destroy(&storage.pointee.mutex)
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    /// Runs `body` alone with the value. `body` must not take the same lock again: that would wait for ever.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(&storage.pointee.mutex)
        defer { pthread_mutex_unlock(&storage.pointee.mutex) }
        return try body(&storage.pointee.value)
    }
}

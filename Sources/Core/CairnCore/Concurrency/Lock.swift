#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// A mutual exclusion lock around a value.
///
/// Held for short, never over an `await`. It is a pthread mutex and not `Synchronization.Mutex` because the thread
/// sanitizer on Linux knows pthread calls and reports correct uses of the other as races.
///
/// Safety of `@unchecked Sendable`: the only mutable state is what the two pointers point to. It is allocated in `init`, freed
/// in `deinit`, and the value is touched in between only by `withLock`, between `pthread_mutex_lock` and
/// `pthread_mutex_unlock`. `Value` enters and leaves as `sending`, so nothing else keeps a reference to what is inside.
package final class Lock<Value>: @unchecked Sendable {
    // Not fields of one generic struct: looking up the type of that costs more than the lock.
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline let value: UnsafeMutablePointer<Value>

    package init(_ initial: consuming sending Value) {
        value = .allocate(capacity: 1)
        value.initialize(to: initial)
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let code = pthread_mutex_init(mutex, nil)
        precondition(code == 0, "pthread_mutex_init failed: \(code)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    /// Runs `body` alone with the value. `body` must not take the same lock again: that would wait for ever.
    @inlinable
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}

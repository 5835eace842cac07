import Foundation

/// What happens at each `throw`.
enum ThrownErrors {
    /// Keeps the testing library from taking a backtrace of every error that is thrown, while `body` runs. Refusing an input is
    /// throwing, and the backtrace takes a hundred times as long as the reading.
    ///
    /// Safety: the runtime has two global variables that hold what it calls at each `throw`, or null. They are pointers, which are
    /// read and written whole; whoever throws meanwhile calls what was there before, or nothing.
    static func withoutBacktraces<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        // The loaded program itself: the variables are of the Swift runtime in it.
        let program = dlopen(nil, RTLD_NOW)
        let hooks = ["_swift_willThrow", "_swift_willThrowTypedImpl"].compactMap { (name: String) in
            dlsym(program, name)?.assumingMemoryBound(to: UnsafeRawPointer?.self)
        }
        let before = hooks.map { $0.pointee }
        for hook in hooks { hook.pointee = nil }
        defer { for (hook, kept) in zip(hooks, before) { hook.pointee = kept } }
        return try await body()
    }
}

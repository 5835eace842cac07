import CairnCore
import Foundation

/// Runs tasks on one thread with a small stack, the smallest that a worker thread has anywhere: what nests too deep is found
/// here, and not first on such a system.
final class FuzzThread: TaskExecutor {
    /// What a thread of the system's pool has on macOS.
    static let stackBytes = 512 << 10

    static let shared = FuzzThread()

    /// Whether it is what runs now.
    static var isCurrent: Bool {
        shared.identity.withLock { $0.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private let jobs = Lock<[UnownedJob]>([])
    private let identity = Lock<pthread_t?>(nil)
    private let waiting = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { self.work() }
        thread.stackSize = FuzzThread.stackBytes
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        waiting.signal()
    }

    private func work() {
        identity.withLock { $0 = pthread_self() }
        Watch.prepareThread()
        while true {
            waiting.wait()
            let job = jobs.withLock { $0.removeFirst() }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

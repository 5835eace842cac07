import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Writes record files behind the log.
///
/// A file is written for its newest image only; images that were replaced before their turn are never written. Each write is
/// conditional: on there being no file for a new record, on the file before for a changed one. If the condition fails, another
/// process was here, and the file tells who is ahead: a `commit` that is not less than ours means that our image, or a later one, is
/// written. **A missing file is never "done"**: a deletion is written as a tombstone.
///
/// Failing is no failure of a commit: the log has the image, readers find it there, and the next manifests carry it as pending
/// until somebody has written it.
final class Materialiser: Sendable {
    /// A record whose file is to be written.
    fileprivate struct Job: Sendable {
        let table: Table
        let key: Key
        var image: RecordImage
        /// What the file has now, as far as it is known.
        var file: Known
        /// The same job, after it failed: nobody knows what its file has.
        var again: Job {
            var job = self
            job.file = .unknown
            return job
        }
        /// Counts the jobs. A job whose image is replaced by a newer one stays the same.
        var serial = 0
    }

    /// What is known of a file before it is written.
    fileprivate enum Known: Sendable {
        /// There is none.
        case absent
        /// It has this image.
        case image(RecordImage)
        case unknown
    }

    /// What is waited for.
    fileprivate enum Goal {
        /// That so few images wait that more may be committed.
        case room
        /// The end of all jobs up to a number.
        case end(Int)
    }

    /// How a job ended.
    fileprivate enum Ending {
        /// The file has the image, or a later one.
        case written
        /// The record has a newer image, or somebody else has written the file: whoever knows of it cares for it.
        case needless
        case failed(String)
    }

    fileprivate struct State {
        var jobs: [Workspace.RecordID: Job] = [:]
        /// The jobs in the order of their coming.
        var line: [Workspace.RecordID] = []
        var head = 0
        var running: Set<Workspace.RecordID> = []
        var workers = 0
        /// The `commit` each file is known to have reached.
        var confirmed: [Workspace.RecordID: Int] = [:]
        /// The marks of files this process has written or seen, and the commit each file was of.
        var etags: [Workspace.RecordID: (etag: ETag, commit: Int)] = [:]
        /// Bytes of the images that wait.
        var bytes = 0
        var waiting: [(id: Int, goal: Goal, continuation: CheckedContinuation<Void, Never>)] = []
        /// Counts those who wait, so that one can be taken out.
        var nextWaiting = 0
        /// Waits that were given up before they began.
        var givenUp: Set<Int> = []
        /// Jobs that failed, with the reason, until they are tried again.
        var failed: [Workspace.RecordID: (job: Job, reason: String)] = [:]
        /// The number of the newest job, those that have not ended, and the least of them.
        var serial = 0
        var outstanding: Set<Int> = []
        var lowest = 1

        var unwritten: Int { jobs.count + running.count }
    }

    private let engine: EngineParts
    private let options: ObjectStorageOptions
    private let attributes: RecordAttributes
    private let state = Lock(State())

    /// Files written at a time.
    private static let width = 32
    /// Files that may be unwritten before commits wait.
    static let limit = 10_000
    /// Bytes of images that may be unwritten before commits wait.
    static let byteLimit = 1 << 20
    /// Marks of files that are kept.
    private static let etagCount = 20_000
    /// How often a file is tried before it is left to the next checkpoint.
    private static let attempts = 8

    init(_ engine: EngineParts, _ options: ObjectStorageOptions) {
        self.engine = engine
        self.options = options
        attributes = RecordAttributes(options, engine.access)
    }

    // MARK: Taking work

    /// Takes the images of a commit of this process.
    func take(_ record: CommitRecord, _ view: View) {
        let starts = state.withLock { state in
            for transaction in record.transactions {
                for operation in transaction.operations {
                    let id = Workspace.RecordID(
                        table: operation.table.position,
                        key: view.tables[operation.table.position].keyLayout.encode(operation.key))
                    state.add(
                        Job(
                            table: operation.table, key: operation.key, image: operation.after,
                            file: operation.before.map(Known.image) ?? .absent), id)
                }
            }
            return state.startWorkers(Materialiser.width)
        }
        start(starts)
    }

    /// Takes records that a manifest carries and nobody is known to have written.
    func take(_ pending: [Manifest.PendingRecord], _ view: View) {
        let starts = state.withLock { state in
            for record in pending {
                let id = Workspace.RecordID(
                    table: record.table.position,
                    key: view.tables[record.table.position].keyLayout.encode(record.key))
                guard state.jobs[id] == nil, state.confirmed[id] ?? 0 < record.image.commit else { continue }
                state.add(Job(table: record.table, key: record.key, image: record.image, file: .unknown), id)
            }
            return state.startWorkers(Materialiser.width)
        }
        start(starts)
    }

    private func start(_ count: Int) {
        for _ in 0..<count { engine.surroundings.spawn { [self] in await work() } }
    }

    private func work() async {
        while let (id, job) = state.withLock({ $0.next() }) {
            var ending: Ending
            do { ending = try await write(job, id) } catch { ending = .failed("\(StoreAccess.translated(error))") }
            let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.finish(id, job, ending)
                return state.takeWaiting()
            }
            if case .failed(let problem) = ending {
                options.verbose?("record file \(ObjectNames.file(job.table, job.key)) is not written yet: \(problem)")
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    // MARK: Waiting

    /// Waits until so few images wait that more may be committed.
    /// - Throws: `storage.unavailable` when that takes longer than a time; `CancellationError`.
    func waitForRoom(_ timeout: Duration) async throws {
        if state.withLock({ $0.has(reached: .room) }) { return }
        let isThere = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                await wait { _ in .room }
                return true
            }
            group.addTask { [surroundings = engine.surroundings] in
                try await surroundings.sleep(timeout)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
        try Task.checkCancellation()
        guard isThere else {
            throw StorageError(
                .unavailable, "record files cannot be written as fast as records are committed, and too many wait",
                remedy: "find out why the store takes no files, or write less at a time", isRetryable: true)
        }
    }

    /// Tries again what has failed, and waits until everything that was taken before is written, or fails.
    /// - Returns: What is not written, and why.
    func flush() async -> [String] {
        let starts = state.withLock { state in
            let failed = state.failed.sorted { $0.value.job.serial < $1.value.job.serial }
            state.failed = [:]
            for (id, failure) in failed where state.jobs[id] == nil { state.add(failure.job.again, id) }
            return failed.isEmpty ? 0 : state.startWorkers(Materialiser.width)
        }
        start(starts)
        await wait { .end($0.serial) }
        return state.withLock { state in
            state.failed.values.sorted { $0.job.serial < $1.job.serial }.map(\.reason)
        }
    }

    private func wait(_ goal: (State) -> Goal) async {
        let id = state.withLock { state in
            state.nextWaiting += 1
            return state.nextWaiting
        }
        defer { state.withLock { state in _ = state.givenUp.remove(id) } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    let goal = goal(state)
                    if state.givenUp.contains(id) || state.has(reached: goal) { return true }
                    state.waiting.append((id, goal, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: Int) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                state.givenUp.insert(id)
                return nil
            }
            return state.waiting.remove(at: place).continuation
        }
        continuation?.resume()
    }

    // MARK: What is known

    /// Whether the file of a record is known to have reached a commit.
    func isWritten(_ id: Workspace.RecordID, _ commit: Int) -> Bool {
        state.withLock { $0.confirmed[id] ?? 0 >= commit }
    }

    /// Forgets what a manifest no longer needs to know.
    func forget(upTo number: Int) {
        state.withLock { state in
            if state.confirmed.count > Materialiser.limit {
                state.confirmed = state.confirmed.filter { $0.value > number }
            }
        }
    }

    // MARK: Writing

    private func write(_ job: Job, _ id: Workspace.RecordID) async throws -> Ending {
        // Another process may have brought the file further: then there is nothing left to write, now or with its mark.
        let known = state.withLock { $0.etags[id] }
        if let known, known.commit >= job.image.commit { return .written }
        let name = ObjectNames.file(job.table, job.key)
        let bytes = engine.file(job.image, job.table, job.key)
        let attributes = attributes.attributes(of: job.image, job.table)
        var mode = engine.faults.contains(.blindFiles) ? .overwrite : mode(for: job, known?.etag)
        var backoff = Duration.milliseconds(50)
        var problem: any Error = StorageError.timeout()
        for _ in 0..<Materialiser.attempts {
            do {
                let proof = try await engine.follower.permission()
                guard try isNewest(job, id) else { return .needless }
                if let mode {
                    switch try await engine.access.write(name, bytes, mode, notAfter: notAfter(proof), attributes) {
                    case .written(let etag, _):
                        remember(etag, job.image.commit, id)
                        return .written
                    case .refused: break
                    case .expired: _ = try await engine.follower.follow()
                    }
                }
            } catch {
                problem = error
                guard Materialiser.isPassing(error) else { throw error }
                try await engine.surroundings.sleep(backoff)
                backoff = min(backoff * 2, .seconds(5))
            }
            do {
                guard let next = try await look(name, job, id) else { return .written }
                mode = next
            } catch let error as StorageError where error.isRetryable {
                problem = error
                try await engine.surroundings.sleep(backoff)
                backoff = min(backoff * 2, .seconds(5))
            }
        }
        throw problem
    }

    /// Whether the image is the newest of its record, and no manifest knows its file to be written.
    ///
    /// Looked at after a proof of the tip, and the file is written by that proof: so what is written was right then, and a file
    /// that was removed since in a maintenance window, which begins later and waits longer than any request may take, is never
    /// made again by one who has slept.
    private func isNewest(_ job: Job, _ id: Workspace.RecordID) throws -> Bool {
        try engine.tip.view().tables[id.table].records.get(id.key)?.commit == job.image.commit
    }

    /// Whether what went wrong may go right at the next attempt.
    private static func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let error as ObjectStoreError: error.isRetryable || error.mayHaveTakenEffect
        case let error as StorageError: error.isRetryable && error.code != .maintenance
        default: false
        }
    }

    /// On what condition to write; nil when the file must be looked at first.
    private func mode(for job: Job, _ known: ETag?) -> PutMode? {
        if let known { return .ifMatch(known) }
        switch job.file {
        case .absent: return .create
        case .unknown: return nil
        case .image(let image):
            guard engine.access.capabilities.etags == .md5,
                let digest = ComputedETag.md5(engine.file(image, job.table, job.key))
            else { return nil }
            return .ifMatch(ETag(rawValue: Hex.encode(digest)))
        }
    }

    /// Looks at a file that is not what it was thought to be.
    /// - Returns: On what condition to write; nil when there is nothing left to write.
    private func look(_ name: String, _ job: Job, _ id: Workspace.RecordID) async throws -> PutMode? {
        switch try await engine.access.read(name) {
        case .absent:
            if engine.faults.contains(.missingIsDeleted), !job.image.isLive { return nil }
            return .create
        case .found(let object):
            let decoded = try await engine.access.decoded(name, object) { object in
                (
                    object.etag,
                    try await engine.records.shapes.decode(object.bytes, of: job.table, name: name).image.commit
                )
            }
            guard case .value(let (etag, commit)) = decoded else { return .create }
            remember(etag, commit, id)
            if commit >= job.image.commit { return nil }
            return .ifMatch(etag)
        }
    }

    private func remember(_ etag: ETag, _ commit: Int, _ id: Workspace.RecordID) {
        state.withLock { state in
            if let known = state.etags[id], known.commit > commit { return }
            // Forgetting costs a look at a file, some day.
            if state.etags.count >= Materialiser.etagCount { state.etags.removeAll(keepingCapacity: true) }
            state.etags[id] = (etag, commit)
        }
    }

    private func notAfter(_ proof: Tip.Confirmation?) -> StoreDate? {
        engine.faults.contains(.noFence) ? nil : proof?.date?.addingTimeInterval(Committer.fence)
    }

}

extension Materialiser.State {
    fileprivate mutating func add(_ job: Materialiser.Job, _ id: Workspace.RecordID) {
        bytes += ValueSize.bytes(job.image.values ?? [])
        if let waiting = jobs[id] {
            bytes -= ValueSize.bytes(waiting.image.values ?? [])
            jobs[id]?.image = job.image
        } else {
            failed[id] = nil
            serial += 1
            outstanding.insert(serial)
            jobs[id] = job
            jobs[id]?.serial = serial
            line.append(id)
        }
    }

    /// How many workers to start.
    fileprivate mutating func startWorkers(_ width: Int) -> Int {
        // Those that write one now do not write the next one as well.
        let idle = workers - running.count
        let count = max(0, min(width - workers, jobs.count - idle))
        workers += count
        return count
    }

    /// The next job; nil, and the end of a worker, when none is ready.
    fileprivate mutating func next() -> (Workspace.RecordID, Materialiser.Job)? {
        var skipped: [Workspace.RecordID] = []
        defer { line.append(contentsOf: skipped) }
        while head < line.count {
            let id = line[head]
            head += 1
            if head > 1024, head * 2 > line.count {
                line.removeFirst(head)
                head = 0
            }
            // A record whose file is being written waits for that.
            if running.contains(id) {
                skipped.append(id)
                continue
            }
            guard let job = jobs.removeValue(forKey: id) else { continue }
            running.insert(id)
            return (id, job)
        }
        workers -= 1
        return nil
    }

    fileprivate mutating func finish(_ id: Workspace.RecordID, _ job: Materialiser.Job, _ ending: Materialiser.Ending) {
        running.remove(id)
        bytes -= ValueSize.bytes(job.image.values ?? [])
        switch ending {
        case .written: confirmed[id] = max(confirmed[id] ?? 0, job.image.commit)
        case .needless: break
        // A newer image that waits is tried in its place.
        case .failed(let problem): if jobs[id] == nil { failed[id] = (job, problem) }
        }
        outstanding.remove(job.serial)
        while lowest <= serial, !outstanding.contains(lowest) { lowest += 1 }
    }

    fileprivate func has(reached goal: Materialiser.Goal) -> Bool {
        switch goal {
        case .room: unwritten <= Materialiser.limit && (bytes <= Materialiser.byteLimit || unwritten == 0)
        case .end(let serial): lowest > serial
        }
    }

    fileprivate mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
        let all = waiting
        waiting = all.filter { !has(reached: $0.goal) }
        return all.filter { has(reached: $0.goal) }.map(\.continuation)
    }
}

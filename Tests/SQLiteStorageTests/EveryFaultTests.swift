import CFaultyDisk
import CairnCore
import Foundation
import Testing
import WriterProgram

@testable import SQLiteStorage

/// A disk that fails, or a process that is killed, at every single change of a file that a small program makes: from the making of
/// the store to its close, with commits, rollbacks, pages that leave the cache early, checkpoints and logs that begin anew.
extension FailingDiskTests {
    /// How a change fails.
    struct Fault: Sendable, CustomTestStringConvertible {
        let error: faulty_disk_error
        /// Whether all after it fail as well, until somebody looks after the disk.
        let isLasting: Bool
        /// Whether it leaves half of what it was to write.
        let isTorn: Bool
        let synchronous: SQLiteOptions.Synchronous

        var testDescription: String {
            "\(error == FAULTY_DISK_IO ? "failing" : "full")\(isLasting ? "" : " once")\(isTorn ? ", torn" : ""), \(synchronous)"
        }

        /// Lets so many changes succeed, and then fails.
        func strike(after count: Int) {
            faulty_disk_fail_changes_after(Int32(count), isLasting ? .max : 1, error, isTorn ? 1 : 0)
        }

        static func heal() { faulty_disk_fail_changes_after(-1, 0, FAULTY_DISK_IO, 0) }
    }

    private static let faults = [
        Fault(error: FAULTY_DISK_IO, isLasting: false, isTorn: false, synchronous: .full),
        Fault(error: FAULTY_DISK_IO, isLasting: true, isTorn: true, synchronous: .full),
        Fault(error: FAULTY_DISK_FULL, isLasting: true, isTorn: true, synchronous: .full),
    ]

    /// Of this seed the first steps are one of each kind.
    private static let seed: UInt64 = 23625
    private static let steps = 12

    @Test(
        "Whichever change fails: what was acknowledged is there, what failed is not, and the store goes on",
        arguments: faults)
    func everyFault(_ fault: Fault) async throws {
        defer { Fault.heal() }
        let replay = try await Replay(seed: Self.seed, writers: 1...1, size: .small)
        var count = 0
        var hasFailed = true
        while hasFailed {
            let path = folder.path("\(count).db")
            let before = faulty_disk_failures()
            fault.strike(after: count)
            do {
                try await FaultyRun(path, fault, replay).run(steps: Self.steps)
            } catch {
                Issue.record("change \(count), \(fault.testDescription): \(error)")
                return
            }
            hasFailed = faulty_disk_failures() > before
            count += 1
        }
        #expect(count > 30, "the program made \(count) changes: too few to show anything")
    }

    @Test(
        "A transaction that goes on after a write failed commits all other writes and nothing of that one, or nothing",
        arguments: faults)
    func goingOn(_ fault: Fault) async throws {
        defer { Fault.heal() }
        // The second write has so many rows that pages leave the cache before the commit.
        let groups = [[4], Array(5..<35), [35]]
        let note = String(repeating: "x", count: 1500)
        var count = 0
        var hasFailed = true
        while hasFailed {
            let path = folder.path("going-on-\(count).db")
            let before = faulty_disk_failures()
            let store = try await SQLiteStorageTests.open(path, fault.synchronous, isStressed: true)
            _ = try await store.session.write([.insert(store.schema.owners, [.int(0), .string("all")])])
            fault.strike(after: count)
            var told: [Bool] = []
            let isCommitted: Bool
            do {
                try await store.transaction { tx in
                    told = []
                    for group in groups {
                        let operations = group.map { id in
                            WriteOperation.insert(
                                tx.schema.accounts, [.int(id), .int(0), .int(0), .null, .string(note)])
                        }
                        told.append((try? await tx.write(operations)) != nil)
                    }
                }
                isCommitted = true
            } catch let error as StorageError {
                Fault.heal()
                isCommitted =
                    if let token = error.details.token { try await store.outcome(of: token) == .committed } else {
                        false
                    }
            }
            Fault.heal()
            let wanted = isCommitted ? zip(groups, told).flatMap { $1 ? $0 : [] } : []
            for name in ["the open store", "the store opened again"] {
                let looked = name == "the open store" ? store : try await SQLiteStorageTests.open(path)
                let ids = try await looked.records("accounts").all().map(\.key)
                #expect(ids == wanted.map { Key(.int($0)) }, "change \(count), \(fault.testDescription), \(name)")
                try await looked.close()
            }
            hasFailed = faulty_disk_failures() > before
            count += 1
        }
        #expect(count > 10, "too few changes to show anything")
    }

    /// What the watcher of the disk, a function of C, works with.
    private struct Watch {
        var path = ""
        var acknowledged = 0
        /// The files at each change, and how many steps were acknowledged by then.
        var images: [(path: String, acknowledged: Int)] = []
    }

    private static let watch = Lock(Watch())

    @Test(
        "Killed at any change, or in the middle of a write: what was acknowledged is there, and all or nothing of the next",
        arguments: SQLiteOptions.Synchronous.allCases)
    func everyMoment(_ synchronous: SQLiteOptions.Synchronous) async throws {
        let path = folder.path("watched.db")
        Self.watch.withLock { $0 = Watch(path: path) }
        faulty_disk_watch_changes {
            FailingDiskTests.watch.withLock { watch in
                let image = "\(watch.path).\(watch.images.count)"
                try? copyDatabase(watch.path, to: image)
                watch.images.append((image, watch.acknowledged))
            }
        }
        defer { faulty_disk_watch_changes(nil) }
        let store = try await SQLiteStorageTests.open(path, synchronous, isStressed: true)
        let program = WriterProgram(writer: 1, seed: Self.seed, size: .small)
        for step in 0..<Self.steps {
            try await program.step(step, on: store)
            Self.watch.withLock { $0.acknowledged = step + 1 }
        }
        try await store.close()
        faulty_disk_watch_changes(nil)

        let images = Self.watch.withLock { $0.images }
        #expect(images.count > 100, "too few to show anything")
        let replay = try await Replay(seed: Self.seed, writers: 1...1, size: .small)
        for (number, image) in images.enumerated() {
            try expectIntact(image.path, vfs: "faulty", "change \(number)")
            let store = try await SQLiteStorageTests.open(image.path)
            let found = try await replay.find(1, in: store, acknowledged: image.acknowledged)
            #expect(try await WriterProgram.sum(of: store.session) == 0, "change \(number)")
            try await program.step(found, on: store)
            try await store.close()
        }
    }
}

/// Opens a store on the disk that fails.
/// - Parameter isStressed: Gives it a cache of few pages and frequent checkpoints, so that a small program does what otherwise only
///   large ones do.
private func open(
    _ path: String, _ synchronous: SQLiteOptions.Synchronous = .normal, isStressed: Bool = false
) async throws -> Store {
    var options = SQLiteOptions(.file(path), synchronous: synchronous)
    options.vfs = "faulty"
    let storage = try await SQLiteStorage.open(options)
    let store = try await Store.open(storage, schema: Schema(parsing: WriterProgram.schema))
    guard isStressed else { return store }
    try storage.writer.withLock { access in
        try access.execute("PRAGMA cache_size = 8")
        try access.execute("PRAGMA wal_autocheckpoint = 12")
    }
    return store
}

/// A program on a disk that fails once on the way.
private final class FaultyRun {
    private let path: String
    private let fault: FailingDiskTests.Fault
    private let program: WriterProgram
    private let replay: Replay

    init(_ path: String, _ fault: FailingDiskTests.Fault, _ replay: Replay) {
        self.path = path
        self.fault = fault
        self.replay = replay
        program = WriterProgram(writer: 1, seed: replay.seed, size: .small)
    }

    func run(steps: Int) async throws {
        let store = try await open()
        var acknowledged = 0
        while acknowledged < steps {
            do {
                try await program.step(acknowledged, on: store)
                acknowledged += 1
            } catch let error as StorageError {
                acknowledged = try await recover(store, from: error, acknowledged)
            }
        }
        try await store.close()
        FailingDiskTests.Fault.heal()
        try await look(at: path, acknowledged)
    }

    /// Opens the store; if that fails, again with the disk well.
    private func open() async throws -> Store {
        do {
            return try await SQLiteStorageTests.open(path, fault.synchronous, isStressed: true)
        } catch let error as StorageError where error.code == .io || error.code == .full {
            FailingDiskTests.Fault.heal()
            return try await SQLiteStorageTests.open(path, fault.synchronous, isStressed: true)
        }
    }

    /// Checks what a step that failed left, in the open store and in what a killed process would leave now.
    /// - Returns: How many steps the store has.
    private func recover(_ store: Store, from error: StorageError, _ acknowledged: Int) async throws -> Int {
        var tokens = try [token(of: error)]
        if fault.isLasting {
            // The disk is still bad: the step fails again, and in the same way.
            do {
                try await program.step(acknowledged, on: store)
                return acknowledged + 1
            } catch let error as StorageError {
                tokens.append(try token(of: error))
            }
        }
        FailingDiskTests.Fault.heal()
        let image = "\(path).image"
        try copyDatabase(path, to: image)
        let isCertain = tokens.allSatisfy { $0 == nil }

        var isCommitted = false
        for token in tokens.compactMap({ $0 }) where try await store.outcome(of: token) == .committed {
            isCommitted = true
        }
        let found = acknowledged + (isCommitted ? 1 : 0)
        do {
            try await replay.find(1, in: store, acknowledged: found, isAlive: false)
        } catch {
            throw Wrong("the step failed with \(tokens), \(error)")
        }
        // What nobody knew may be in the log that a killed process leaves, and then it is decided otherwise; but only as a whole.
        let killed = try await SQLiteStorageTests.open(image)
        let foundKilled = try await replay.find(1, in: killed, acknowledged: found, isAlive: !isCertain)
        guard foundKilled == found || !isCertain else { throw Wrong("a killed process leaves another store: \(error)") }
        try await killed.close()
        return found
    }

    /// The token by which an error says that nobody knows; nil when it says that nothing happened.
    private func token(of error: StorageError) throws -> OutcomeToken? {
        switch error.code {
        case .io, .full: return nil
        case .outcomeUnknown:
            guard let token = error.details.token else { throw Wrong("no token: \(error)") }
            return token
        default: throw Wrong("not an error of a disk: \(error)")
        }
    }

    /// A look with fresh eyes, on a disk that is well.
    private func look(at path: String, _ steps: Int) async throws {
        try expectIntact(path, vfs: "faulty", "\(fault.testDescription)")
        let store = try await SQLiteStorageTests.open(path)
        try await replay.find(1, in: store, acknowledged: steps, isAlive: false)
        guard try await WriterProgram.sum(of: store.session) == 0 else { throw Wrong("the sum is not 0") }
        try await store.close()
    }

    private struct Wrong: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

import CairnCore
import CairnSchema
import Foundation
import ObjectStorage
import ObjectStores
import Simulation
import Testing
import Workers
import WriterProgram

@Suite("Killed processes, tables in a folder")
struct FolderCrashTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let environment = ProcessInfo.processInfo.environment
    /// How many processes are killed; `Tests/run --crash` asks for more than the ordinary run does.
    private static let kills = environment["CAIRN_KILLS"].flatMap { Int($0) } ?? 20
    /// How many of them worked on the same store, one after the other.
    private static let killsOfStore = 4
    /// Repeats the programs of a run, and the moments as far as a clock can.
    private static let seed = environment["CAIRN_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)

    @Test(
        "What killed writers acknowledged is there and nothing half-written, kill after kill, and the store goes on",
        arguments: 0..<(kills + killsOfStore - 1) / killsOfStore)
    func chain(_ number: Int) async throws {
        let scenes: [Scene] = [.opening, .oneWriter, .manyWriters, .twoProcesses]
        let chain = try await FolderKillChain(folder, seed: Self.seed &+ UInt64(number))
        for scene in scenes.prefix(Self.kills - number * Self.killsOfStore) {
            do {
                try await chain.kill(scene)
            } catch {
                Issue.record(
                    "\(error)\n\(scene), \(chain.moments.joined(separator: ", ")). CAIRN_KILL_SEED=\(Self.seed), store \(number)"
                )
                return
            }
        }
        try await chain.close()
    }

    /// Who is killed.
    fileprivate enum Scene {
        /// Writers that open the store, or make it.
        case opening
        case oneWriter
        /// Writers of one process, whose steps share commits.
        case manyWriters
        /// One of two processes; the other goes on.
        case twoProcesses
    }
}

/// One store whose writers are killed, again and again, and what it must hold.
///
/// After each kill a copy of the folder is looked at. The next process gets the folder itself, as the killed one left it.
private final class FolderKillChain {
    private static let writers = 1...6

    private let folder: TemporaryFolder
    private let path: String
    private let schema: Schema
    private var random: SeededRandom
    private let replay: Replay
    /// How many steps of each writer are known to be in the store.
    private var steps: [Int: Int]
    /// The tokens of all commits that were acknowledged with one.
    private var tokens: [OutcomeToken] = []
    /// When each process was killed, for messages.
    private(set) var moments: [String] = []

    init(_ folder: TemporaryFolder, seed: UInt64) async throws {
        self.folder = folder
        path = folder.path("killed")
        schema = try Schema(parsing: WriterProgram.schema)
        random = SeededRandom(seed: seed)
        replay = try await Replay(seed: seed, writers: Self.writers)
        steps = Dictionary(uniqueKeysWithValues: Self.writers.map { ($0, 0) })
    }

    // MARK: Killing

    func kill(_ scene: FolderCrashTests.Scene) async throws {
        switch scene {
        case .opening: try killInOpening(start(Self.writers))
        case .oneWriter: try killInWork(start(1...1))
        case .manyWriters: try killInWork(start(Self.writers))
        case .twoProcesses:
            let survivor = try start(4...6, count: 20)
            try take(survivor.line())
            try killInWork(start(1...3))
            for line in survivor.rest() { try take(line) }
            guard survivor.wait() == 0 else { throw Wrong("the other process failed") }
        }
        // A process may have been killed before it had even made the folder.
        _ = try folder.objects("killed")
        let copy = folder.path("copy")
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try await check("copy")
    }

    /// A process in which each of these writers goes on with its program.
    private func start(_ writers: ClosedRange<Int>, count: Int = 1_000_000) throws -> Worker {
        let starts = writers.map { "\($0):\(steps[$0] ?? 0)" }.joined(separator: ",")
        let worker = try Worker("TableWorker", ["program", path, "\(replay.seed)", starts, "\(count)", "0"])
        guard worker.line() == "start" else { throw Wrong("the worker did not start") }
        return worker
    }

    private func killInWork(_ worker: Worker) throws {
        // Some do not get through opening what the one before left.
        if random.chance(25) { return try killInOpening(worker) }
        // Some come to the next manifest, which is due every 16 commits, and some do not.
        let count = 1 + random.below(40)
        for _ in 0..<count { try take(worker.line()) }
        try kill(worker, within: .milliseconds(20), "after \(count) steps")
    }

    private func killInOpening(_ worker: Worker) throws {
        try kill(worker, within: .milliseconds(50), "in the opening")
    }

    /// Kills at a random moment of the time that follows.
    private func kill(_ worker: Worker, within longest: Duration, _ what: String) throws {
        let pause = longest * Double(random.below(1_000_000)) / 1_000_000
        moments.append("\(what) and \(pause)")
        let end = ContinuousClock.now + pause
        // The moment is to be any, also between two ticks of a timer.
        while ContinuousClock.now < end {}
        worker.kill9()
        for line in worker.rest() { try take(line) }
    }

    /// Notes an acknowledged step: "WRITER STEP TOKEN".
    private func take(_ line: String?) throws {
        let parts = (line ?? "").split(separator: " ").map(String.init)
        guard parts.count >= 2, let writer = Int(parts[0]), let step = Int(parts[1]), steps[writer] == step else {
            throw Wrong("a worker said '\(line ?? "nothing")'")
        }
        steps[writer] = step + 1
        if parts.count == 3 { tokens.append(OutcomeToken(rawValue: parts[2])) }
    }

    // MARK: Checking

    /// Looks at a store that nobody has open, and finds out how far each writer came.
    private func check(_ name: String) async throws {
        let objects = try folder.objects(name)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema)
        for writer in Self.writers {
            steps[writer] = try await replay.find(writer, in: store, acknowledged: steps[writer] ?? 0)
        }
        try await Watcher(store).look()
        for token in tokens {
            let outcome = try await store.outcome(of: token)
            guard outcome == .committed else { throw Wrong("the acknowledged commit \(token) is \(outcome)") }
        }
        // The copy goes on where each writer stands, as the store itself will.
        for writer in Self.writers {
            let program = WriterProgram(writer: writer, seed: replay.seed)
            try await program.step(steps[writer] ?? 0, on: store)
        }
        try await Watcher(store).look()
        try await bringToRest(storage, store, objects)
        try await store.close()
    }

    /// Opens the store after all kills, and lets each writer take some more steps.
    func close() async throws {
        let objects = try folder.objects("killed")
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema)
        for writer in Self.writers {
            _ = try await replay.goOn(writer, in: store, from: steps[writer] ?? 0, count: 5)
        }
        try await bringToRest(storage, store, objects)
        try await store.close()
    }

    private func bringToRest(_ storage: ObjectStorage, _ store: Store, _ objects: FolderObjectStore) async throws {
        let owners = schema.owners
        try await settle(storage, objects, schema) {
            _ = try await store.session.write([.upsert(owners, [.int(-1), .string("nobody")])])
        }
    }

    /// A process that was not to be killed failed, or a store broke its word.
    private struct Wrong: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

import CairnCore
import CairnSchema
import Foundation
import ObjectStorage
import ObjectStores
import Testing

@testable import CairnCommand

@Suite("cairn maintain, on a server without a fence")
struct MaintainWindowTests {
    @Test("With a window what nobody needs is removed half an hour later, and the store can be written again")
    func window() async throws {
        let place = try await Place.aged()
        let outside = try await place.storage.maintain()
        #expect(outside.removed.manifests == 0)
        #expect(outside.notCollected?.contains("cairn maintain --window") == true)
        let begun = place.clock.now
        let outcome = try await place.run("--window")
        #expect(outcome.code == .done && outcome.output.contains(/^removed  \d+ manifests/), "\(outcome)")
        #expect(outcome.errors.hasPrefix("cairn: closes the store for writing, and waits half an hour"))
        #expect(place.clock.now.microseconds - begun.microseconds >= 1_800_000_000)
        #expect(try await place.storage.maintenanceWindow() == nil)
        try await place.insert(9)
        #expect(try await place.storage.maintain().notCollected != nil)
        try await place.storage.close()
    }

    @Test("Who opens what another program has closed is told at once until when it waits")
    func open() async throws {
        let place = try await Place.aged()
        let other = try await place.another()
        try await other.beginMaintenance(by: "Ada", reason: "the disk is moved", until: place.clock.now)
        let heard = Lock<[Double]>([])
        let outcome = try await MaintenanceWait.$heard.withValue({ left in heard.withLock { $0.append(left) } }) {
            try await place.run("--open")
        }
        #expect(outcome.code == .done && outcome.output == "open for writing\n", "\(outcome)")
        #expect(
            outcome.errors.contains(/^cairn: Ada has closed it: the disk is moved; waits half an hour, until about 2/))
        let left = heard.withLock { $0 }
        #expect(left.first.map { $0 > 1_700 } == true && left == left.sorted(by: >))
        try await place.insert(9)
        try await other.close()
        try await place.storage.close()
    }

    @Test("A purge collects in its window first, so that what was deleted long ago can be forgotten")
    func purge() async throws {
        let place = try await Place.aged()
        let outcome = try await place.run("--purge", "30")
        #expect(outcome.code == .done, "\(outcome)")
        #expect(outcome.output.contains(/^forgotten  1 deleted records, .*; 0 were kept\nremoved  \d+ manifests/))
        #expect(try await place.storage.maintenanceWindow() == nil)
        let json = try JSONValue(parsing: try await place.run("--purge", "30", "--json").output)
        #expect(json["purged"] == 0 && json["collected"]?["not_collected"] == .null)
        try await place.storage.close()
    }
}

/// A store in memory that cannot keep late writes from taking effect, as a program has it open.
private struct Place {
    let clock: Clock
    let objects: any ObjectStore
    let storage: ObjectStorage
    let store: Store

    /// Another program that has the store open.
    func another() async throws -> ObjectStorage {
        let other = try await ObjectStorage.open(objects, surroundings: clock.machine())
        try await other.attach(store.schema)
        return other
    }

    /// One with checkpoints that could go, and with a record that was deleted forty days ago.
    static func aged() async throws -> Place {
        let clock = Clock()
        var options = MemoryObjectStore.Options()
        options.clock = { Date(clock.now) }
        let objects = Unfenced(base: MemoryObjectStore(options))
        let storage = try await ObjectStorage.open(objects, surroundings: clock.machine())
        let schema = try Schema(
            parsing: """
                { "database": "zoo", "tables": { "zones": { "columns": { "id": "int", "size": "int" }, "key": "id" } } }
                """)
        let place = Place(
            clock: clock, objects: objects, storage: storage, store: try await Store.open(storage, schema: schema))
        for id in 1...3 {
            try await place.insert(id)
            try await place.checkpoint()
        }
        try await place.store.records("zones").delete(Key(.int(1)))
        try await place.checkpoint()
        clock.advance(.seconds(40 * 86_400))
        try await place.insert(4)
        try await place.checkpoint()
        clock.advance(.seconds(2 * 86_400))
        return place
    }

    func insert(_ id: Int) async throws {
        let zones = try store.records("zones")
        try await zones.insert(Record(zones.table, ["id": .int(id), "size": .int(id)]))
    }

    private func checkpoint() async throws {
        try await storage.flush()
        try await store.maintain()
    }

    /// Runs the command on the open store.
    func run(_ line: String...) async throws -> Outcome {
        let command = MaintainCommand()
        let arguments = try ArgumentParser(command.signature).parse(["file:zoo"] + line)
        let capture = Capture()
        let code = try await command.run(
            MaintainCommand.Work(arguments), storage, arguments, capture.console())
        return Outcome(code: code, output: capture.output, errors: capture.errors)
    }
}

/// The time of the store and of the machine. It stands still, but for who waits for minutes: that moves it.
private final class Clock: Sendable {
    private let start = Timestamp("2026-11-20T15:06:01Z") ?? .epoch
    private let passed = Lock(Duration.zero)

    var uptime: Duration { passed.withLock { $0 } }
    var now: Timestamp { start.adding(microseconds: Int64(uptime / .microseconds(1))) ?? start }

    func advance(_ duration: Duration) { passed.withLock { $0 += duration } }

    func machine() -> Surroundings {
        Surroundings(
            now: { self.now }, uptime: { self.uptime }, sleep: { try await self.wait($0) },
            spawn: { work in Task.detached { await work() } }, random: { .random(in: 0...UInt64.max) },
            process: "test")
    }

    private func wait(_ duration: Duration) async throws {
        try Task.checkCancellation()
        if duration > .seconds(100) { return advance(duration) }
        if duration < .seconds(10) { return await Task.yield() }
        // What watches over the time of a commit: it is cancelled when that is done.
        try await Task.sleep(for: duration)
    }
}

/// A store that does what another one does, but cannot keep late writes from taking effect.
private struct Unfenced: ObjectStoreWrapper {
    let base: any ObjectStore

    var capabilities: ObjectStoreCapabilities {
        var capabilities = base.capabilities
        capabilities.canFence = false
        return capabilities
    }

    func prepareWriting() async throws -> ObjectStoreCapabilities { capabilities }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await body()
    }
}

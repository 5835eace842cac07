import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Stores that have lost everything but their record files, or some of it.
@Suite("Rebuilding a store")
struct RebuildTests {
    /// A machine and a store whose time passes when somebody sleeps.
    private final class Time: Sendable {
        private let microseconds = Lock<Int64>(1_795_000_000_000_000)
        private let start: Int64 = 1_795_000_000_000_000

        var now: Timestamp { Timestamp(microseconds: microseconds.withLock { $0 }) ?? .epoch }
        func pass(_ seconds: Double) { microseconds.withLock { $0 += Int64(seconds * 1e6) } }

        /// Those of who rebuilds.
        var surroundings: Surroundings {
            Surroundings(
                now: { self.now }, uptime: { .microseconds(self.now.microseconds - self.start) },
                sleep: { self.pass(Double($0.components.seconds) + Double($0.components.attoseconds) / 1e18) },
                spawn: { work in Task.detached { await work() } }, random: { .random(in: 0...UInt64.max) },
                process: "test")
        }
    }

    /// A store on such a machine.
    private struct Trial {
        let time = Time()
        let objects: MemoryObjectStore
        let storage: ObjectStorage
        let store: Store
        let members: Table

        init(_ etags: ObjectStoreCapabilities.ETags = .perWrite) async throws {
            var options = MemoryObjectStore.Options()
            options.etags = etags
            let time = time
            options.clock = { Date(time.now) }
            objects = MemoryObjectStore(options)
            (storage, store) = try await Trial.open(objects, time)
            members = try #require(store.schema.table(named: "members"))
            try await fill()
        }

        /// One schema, so that records of one handle are written by another.
        private static let schema = Result { try Schema(parsing: Club.text) }

        static func open(_ objects: any ObjectStore, _ time: Time) async throws -> (ObjectStorage, Store) {
            let storage = try await ObjectStorage.open(objects, surroundings: .machine(now: { time.now }))
            return (storage, try await Store.open(storage, schema: try schema.get()))
        }

        func open() async throws -> (ObjectStorage, Store) { try await Trial.open(objects, time) }

        /// 40 commits: inserts, changes, deletions, a checkpoint in between and a tail behind it.
        private func fill() async throws {
            for code in ["a", "b", "c"] {
                try await store.records("teams").insert(
                    try Record(
                        try #require(store.schema.table(named: "teams")),
                        ["code": .string(code), "name": .string("Team \(code)")]))
            }
            for id in 1...20 { try await store.records("members").insert(try member(id)) }
            try await store.maintain()
            for id in 1...8 {
                time.pass(1)
                var record = try await store.records("members").get(Key(.int(id)))
                try record.set("age", .int(60 + id))
                try await store.records("members").update(record)
            }
            for id in 9...11 { try await store.records("members").delete(Key(.int(id))) }
            _ = try await store.session.write(
                (21...30).map { .insert(members, try member($0).values) })
            try await storage.flush()
        }

        func member(_ id: Int) throws -> Record {
            try Record(
                members,
                [
                    "id": .int(id), "name": .string("Member \(id)"), "email": .string("m\(id)@club.example"),
                    "age": .int(20 + id % 5), "team": .string(["a", "b"][id % 2]),
                ])
        }

        /// Everything a program can see of the members.
        func content(_ store: Store) async throws -> [String] {
            var content: [String] = []
            for record in try await store.records("members").all() { content.append("\(record)") }
            for name in ["age", "email", "team"] {
                var query = Query(members)
                let column = try #require(members.column(named: name)).position
                query.order = [OrderTerm(column: column), OrderTerm(column: 0)]
                content.append("\(name): \(try await store.records("members").all(query).map(\.key))")
                query.condition = .compare(column: column, .greaterOrEqual, name == "age" ? .int(23) : .string("b"))
                query.order = []
                content.append("\(name): \(try await store.records("members").count(query))")
            }
            content.append("\(try await store.records("members").count()) \(try await store.records("teams").count())")
            return content
        }

        func remove(_ prefixes: [String]) async throws {
            for prefix in prefixes {
                for name in try await objects.names(prefix) { _ = try await objects.delete(name) }
            }
        }

        func rebuild(_ change: (inout RebuildOptions) -> Void = { _ in }) async throws -> RebuildReport {
            var options = RebuildOptions()
            change(&options)
            return try await ObjectStorage.rebuild(objects, options, surroundings: time.surroundings)
        }

        /// Writing goes on, revisions too, and everything agrees.
        func expectAlive(sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let (storage, store) = try await open()
            var record = try await store.records("members").get(Key(.int(1)))
            #expect(record.metadata.revision == 2, sourceLocation: sourceLocation)
            try record.set("age", .int(99))
            try await store.records("members").update(record)
            let again = try await store.records("members").insert(try member(9))
            #expect(again.metadata.revision == 3, "it was deleted as revision 2", sourceLocation: sourceLocation)
            await expectError(.duplicate, sourceLocation: sourceLocation) {
                var other = try self.member(50)
                try other.set("email", .string("m30@club.example"))
                try await store.records("members").insert(other)
            }
            await expectError(.reference, sourceLocation: sourceLocation) {
                try await store.records("teams").delete(Key(.string("a")))
            }
            try await store.maintain()
            let examination = try await storage.examine()
            #expect(examination.findings == [], sourceLocation: sourceLocation)
            let before = try await content(store)
            try await store.close()
            let (_, reopened) = try await open()
            #expect(try await content(reopened) == before, sourceLocation: sourceLocation)
            try await reopened.close()
        }
    }

    /// What is removed: everything that is not of that list stays.
    enum Loss: String, CaseIterable, Sendable {
        case manifests, indexes, storeFile
        case log, logAndManifests
        case allButRecords
        case allButRecordsAndOneSchema

        var prefixes: [String] {
            switch self {
            case .manifests: ["_checkpoints/"]
            case .indexes: ["_index/"]
            case .storeFile: ["_store.json"]
            case .log: ["_log/"]
            case .logAndManifests: ["_log/", "_checkpoints/", "_parts/"]
            case .allButRecords: ["_log/", "_checkpoints/", "_parts/", "_index/", "_store.json", "_pins/"]
            case .allButRecordsAndOneSchema:
                Loss.allButRecords.prefixes + ["_schema.json", "tables/members/_metadata.json"]
            }
        }
    }

    @Test("Every record, query, count and revision is as before, and writing goes on", arguments: Loss.allCases)
    func losses(_ loss: Loss) async throws {
        for etags in [ObjectStoreCapabilities.ETags.perWrite, .md5] {
            let trial = try await Trial(etags)
            let before = try await trial.content(trial.store)
            let highest = try trial.storage.engine().tip.view().number
            let names = try await trial.objects.names("tables/")
            try await trial.remove(loss.prefixes)
            let start = trial.time.now
            let report = try await trial.rebuild { $0.isForced = loss == .log }
            #expect(report.isDone && report.problems == [] && report.notes == [])
            #expect(report.commit == highest + 1_000_000)
            let members = try #require(report.tables.first { $0.name == "members" })
            #expect(members.records == 27 && members.deleted == 3 && members.fromLog == 0)
            let waited = trial.time.now.microseconds - start.microseconds
            let wasClosed = loss == .allButRecords || loss == .allButRecordsAndOneSchema
            #expect(wasClosed ? waited < 1_000_000 : waited >= 1_800_000_000)
            let (storage, store) = try await trial.open()
            #expect(try await trial.content(store) == before)
            #expect(try storage.engine().tip.view().number == highest + 1_000_000)
            try await store.close()
            #expect(Set(try await trial.objects.names("tables/")) == Set(names))
            try await trial.expectAlive()
        }
    }

    @Test("A file that somebody edited before is the record, whatever its bytes, and is written as ever")
    func edited() async throws {
        let trial = try await Trial()
        let name = Club.name(12)
        try await trial.objects.put(
            name, .text(try await trial.objects.text(name).replacing("\"age\": 22", with: "\"age\":     77")))
        try await trial.store.close()
        try await trial.remove([ObjectNames.log, ObjectNames.checkpoints, ObjectNames.indexes])
        _ = try await trial.rebuild()
        let (storage, store) = try await trial.open()
        var record = try await store.records("members").get(Key(.int(12)))
        #expect(record["age"] == .int(77))
        try record.set("age", .int(78))
        try await store.records("members").update(record)
        try await storage.flush()
        #expect(try await storage.examine().findings.isEmpty)
    }

    @Test("A store without a tail is lost without its log, and one that loses nothing is not rebuilt")
    func healthy() async throws {
        let trial = try await Trial()
        await expectError(.unsupported) { _ = try await trial.rebuild() }
        try await trial.store.maintain()
        try await trial.remove(["_log/"])
        await expectError(.unsupported) { _ = try await trial.rebuild { $0.waits = false } }
        let report = try await trial.rebuild { $0.isForced = true }
        #expect(report.isDone)
        try await trial.expectAlive()
    }

    @Test("An empty place is no store")
    func nothing() async throws {
        await expectError(.notAStore) {
            _ = try await ObjectStorage.rebuild(MemoryObjectStore())
        }
        let foreign = MemoryObjectStore()
        _ = try await foreign.put("tables/users/objects/1.json", .text("{\"id\":\"1\",\"fields\":{}}"))
        await expectError(.damaged) { _ = try await ObjectStorage.rebuild(foreign) }
    }

    @Test("What only the log has is written into the files")
    func tail() async throws {
        let trial = try await Trial()
        // Files of an earlier moment, and some that are gone or were never written.
        let old = trial.objects.snapshot()
        for id in [3, 4] {
            var record = try await trial.store.records("members").get(Key(.int(id)))
            try record.set("email", .string("new\(id)@club.example"))
            try await trial.store.records("members").update(record)
        }
        try await trial.store.records("members").delete(Key(.int(12)))
        try await trial.store.records("members").insert(try trial.member(41))
        try await trial.storage.flush()
        let before = try await trial.content(trial.store)
        for id in [3, 12] {
            _ = try await trial.objects.put(Club.name(id), .bytes(try await old.bytes(Club.name(id))))
        }
        _ = try await trial.objects.delete(Club.name(41))
        _ = try await trial.objects.put(Club.name(4), .text("no JSON"))
        try await trial.remove(["_checkpoints/", "_index/"])
        let report = try await trial.rebuild()
        #expect(report.isDone && report.problems == [])
        #expect(report.tables.first { $0.name == "members" }?.fromLog == 4)
        let (_, store) = try await trial.open()
        #expect(try await trial.content(store) == before)
        try await store.close()
        try await trial.expectAlive()
    }

    @Test("What the manifest carries is written into the files, when the log is gone")
    func pending() async throws {
        let trial = try await Trial()
        let refusing = RefusingStore(trial.objects)
        let (storage, store) = try await Trial.open(refusing, trial.time)
        refusing.isOn.withLock { $0 = true }
        var record = try await store.records("members").get(Key(.int(5)))
        try record.set("email", .string("pending@club.example"))
        try await store.records("members").update(record)
        try await store.maintain()
        let before = try await trial.content(store)
        let pending = try storage.engine().tip.view().manifest.manifest.pending
        #expect(pending.contains { $0.key == Key(.int(5)) })
        try await trial.remove(["_log/", "_index/"])
        let report = try await trial.rebuild()
        #expect(report.isDone && report.tables.first { $0.name == "members" }?.fromLog == 1)
        let (_, rebuilt) = try await trial.open()
        #expect(try await trial.content(rebuilt) == before)
    }

    @Test("All that is wrong is listed, and nothing is written")
    func problems() async throws {
        let trial = try await Trial()
        try await trial.store.maintain()
        try await trial.remove(["_log/", "_index/"])
        let two = try await trial.objects.text(Club.name(2))
        func put(_ id: Int, _ text: String) async throws {
            _ = try await trial.objects.put(Club.name(id), .text(text))
        }
        try await put(1, "no JSON")
        try await put(77, two)
        try await put(78, "{\"id\":\"78\",\"fields\":{\"id\":78,\"name\":\"N\",\"age\":1,\"team\":\"a\"}}")
        try await put(3, (try await trial.objects.text(Club.name(3))).replacing("m3@", with: "m2@"))
        try await put(
            4, (try await trial.objects.text(Club.name(4))).replacing("\"team\": \"a\"", with: "\"team\": \"zz\""))
        _ = try await trial.objects.put("tables/members/objects/notes.txt", .text("milk"))
        _ = try await trial.objects.put("tables/ghosts/objects/1.json", .text("boo"))
        let before = try await trial.objects.everything()
        let refused = try await trial.rebuild()
        #expect(!refused.isDone)
        #expect(try await trial.objects.everything() == before)
        let found = Set(refused.problems.map { "\($0.kind.rawValue) \($0.id ?? $0.object)" })
        #expect(
            found == [
                "unreadable_file 1", "unreadable_file 77", "unreadable_file 78",
                "unreadable_file tables/members/objects/notes.txt", "duplicate_value 3", "dangling_reference 4",
            ])
        let others = try await trial.rebuild { $0.accepted = [.unreadableFile, .duplicateValue] }
        #expect(!others.isDone)
        let accepted = try await trial.rebuild { $0.accepted = [.unreadableFile, .duplicateValue, .danglingReference] }
        #expect(accepted.isDone && accepted.problems.count == 6)
        #expect(accepted.notes.count == 1 && accepted.notes[0].contains("tables/ghosts/"))
        #expect(try await trial.objects.text(Club.name(1)) == "no JSON")
        let (storage, store) = try await trial.open()
        #expect(try await store.records("members").count() == 26)
        let examination = try await storage.examine()
        #expect(examination.findings.allSatisfy { $0.kind == .addedByHand } && examination.findings.count == 4)
    }

    @Test("A number that no store reaches is not believed, whatever says it: what is rebuilt can be opened")
    func madeUpNumbers() async throws {
        let trial = try await Trial()
        let highest = try trial.storage.engine().tip.view().number
        let largest = StoreFormat.largest
        let name = Club.name(12)
        let text = try await trial.objects.text(name)
        let edited = text.replacing(#/"commit": [0-9]+/#, with: "\"commit\": \(largest)")
        try await trial.remove(["_checkpoints/", "_index/"])
        try await trial.objects.put(name, .text(edited))
        try await trial.objects.put(ObjectNames.record(largest + 1), .text("{}"))
        try await trial.objects.put(ObjectNames.manifest(largest + 1), .text("{}"))
        let pin = try PinFile(
            store: trial.storage.engine().tip.storeID, name: "far", created: trial.time.now, manifest: largest,
            commit: largest, attempt: "a")
        try await trial.objects.put(ObjectNames.pin("far"), .bytes(pin.encoded))
        // The log has the record.
        let report = try await trial.rebuild()
        #expect(report.isDone && report.problems == [] && report.commit == highest + 1_000_000)
        #expect(try await trial.objects.exists(ObjectNames.manifest(1)))
        #expect(try await trial.objects.text(name) == text)
        try await trial.remove(["_checkpoints/", "_index/", "_log/", "_pins/"])
        try await trial.objects.put(name, .text(edited))
        let refused = try await trial.rebuild()
        #expect(!refused.isDone && refused.problems.map(\.object) == [name])
        #expect(refused.problems.allSatisfy { $0.message.contains("no store reaches") })
        try await trial.objects.put(name, .text(text))
        #expect(try await trial.rebuild().isDone)
        try await trial.expectAlive()
    }

    @Test("A pin that names a manifest which no store has is damaged", arguments: [StoreFormat.largest + 1, .max])
    func farPin(_ number: Int) async throws {
        let trial = try await Trial()
        let pin = try PinFile(
            store: trial.storage.engine().tip.storeID, name: "far", created: trial.time.now, manifest: number,
            commit: 1, attempt: "a")
        await expectError(.damaged) { _ = try PinFile.decode(pin.encoded, ObjectNames.pin("far")) }
        try await trial.objects.put(ObjectNames.pin("far"), .bytes(pin.encoded))
        try await trial.remove(["_index/"])
        #expect(try await trial.rebuild().isDone)
        try await trial.remove(["_pins/"])
        try await trial.expectAlive()
    }

    @Test("A gap or damage in the log is told, and accepted when asked to")
    func damagedLog() async throws {
        let trial = try await Trial()
        let names = try await trial.objects.names("_log/")
        _ = try await trial.objects.delete(names[30])
        _ = try await trial.objects.put(names[33], .text("{"))
        var record = try await trial.objects.text(names[10])
        record = record.replacing("Member", with: "Nobody")
        _ = try await trial.objects.put(names[10], .text(record))
        let refused = try await trial.rebuild()
        #expect(!refused.isDone && refused.problems.allSatisfy { $0.kind == .unreadableLog })
        #expect(Set(refused.problems.map(\.object)) == [names[10], names[30], names[33]])
        #expect(try await trial.rebuild { $0.accepted = [.unreadableLog] }.isDone)
        try await trial.expectAlive()
    }

    @Test("Programs that have the old store open find out, and write nothing into the new one")
    func liveHandles() async throws {
        let trial = try await Trial()
        let (late, lateStore) = try await trial.open()
        _ = try await lateStore.records("members").get(Key(.int(1)))
        try await trial.remove(["_index/"])
        #expect(try await trial.rebuild().isDone)
        await expectError(.replaced) { try await lateStore.records("members").insert(try trial.member(60)) }
        await expectError(.replaced) { _ = try await lateStore.records("members").get(Key(.int(1))) }
        try? await late.close()
        let (_, store) = try await trial.open()
        #expect(try await store.records("members").find(Key(.int(60))) == nil)
        try await trial.expectAlive()
    }

    @Test("What is committed while it waits is not lost")
    func meanwhile() async throws {
        let trial = try await Trial()
        try await trial.remove(["_checkpoints/"])
        let hasWritten = Lock(false)
        let watching = WatchedStore(trial.objects) { call in
            let isFirst =
                call.operation == .put && call.key == "_store.json"
                && hasWritten.withLock { done in
                    defer { done = true }
                    return !done
                }
            guard isFirst else { return }
            try await trial.store.records("members").insert(try trial.member(61))
            try await trial.storage.flush()
        }
        var options = RebuildOptions()
        options.waits = true
        let report = try await ObjectStorage.rebuild(watching, options, surroundings: trial.time.surroundings)
        #expect(report.isDone && hasWritten.withLock { $0 })
        let (_, store) = try await trial.open()
        #expect(try await store.records("members").get(Key(.int(61)))["name"] == .string("Member 61"))
    }

    @Test("While it waits and after it was cut short nobody opens the store, and it can begin again")
    func cutShort() async throws {
        let trial = try await Trial()
        let before = try await trial.content(trial.store)
        try await trial.remove(["_index/"])
        let writes = Lock(0)
        let cutting = WatchedStore(trial.objects) { call in
            guard call.operation.isWrite else { return }
            let count = writes.withLock { count in
                count += 1
                return count
            }
            if count == 3 { throw ObjectStoreError(.full, "the disk is full", remedy: nil) }
        }
        await expectError(.full) {
            _ = try await ObjectStorage.rebuild(cutting, RebuildOptions(), surroundings: trial.time.surroundings)
        }
        await expectError(.damaged) { _ = try await trial.open() }
        #expect(try await trial.rebuild().isDone)
        let (_, store) = try await trial.open()
        #expect(try await trial.content(store) == before)
        try await store.close()
        try await trial.expectAlive()
    }

    @Test("What fails while nothing is written yet leaves the store as it was")
    func failedLook() async throws {
        let trial = try await Trial()
        try await trial.remove(["_index/"])
        let before = try await trial.objects.everything()
        let isFenced = Lock(false)
        let failing = WatchedStore(trial.objects) { call in
            if call.operation == .put, call.key == ObjectNames.store { isFenced.withLock { $0 = true } }
            guard call.operation == .get, call.key.hasPrefix(ObjectNames.log), isFenced.withLock({ $0 }) else { return }
            throw ObjectStoreError(.accessDenied, "no", remedy: nil)
        }
        await expectError(.accessDenied) {
            _ = try await ObjectStorage.rebuild(failing, RebuildOptions(), surroundings: trial.time.surroundings)
        }
        #expect(isFenced.withLock { $0 })
        #expect(try await trial.objects.everything() == before)
        #expect(try await trial.rebuild().isDone)
    }

    @Test("A rebuild that is cancelled while it waits leaves the store as it was")
    func cancelled() async throws {
        let trial = try await Trial()
        try await trial.remove(["_index/"])
        let before = try await trial.objects.everything()
        let objects = trial.objects
        var machine = trial.time.surroundings
        machine.sleep = { _ in
            withUnsafeCurrentTask { $0?.cancel() }
            try Task.checkCancellation()
        }
        let rebuild = Task { [machine] in
            try await ObjectStorage.rebuild(objects, RebuildOptions(), surroundings: machine)
        }
        await #expect(throws: CancellationError.self) { try await rebuild.value }
        #expect(try await objects.everything() == before)
        #expect(try await trial.rebuild().isDone)
    }

    @Test("A rebuilt store is rebuilt again, with the logs of both")
    func twice() async throws {
        let trial = try await Trial()
        try await trial.remove(["_checkpoints/"])
        let first = try await trial.rebuild()
        let (_, store) = try await trial.open()
        try await store.records("members").insert(try trial.member(62))
        try await store.close()
        try await trial.remove(["_checkpoints/", "_index/"])
        let second = try await trial.rebuild()
        #expect(second.isDone && second.problems == [] && second.commit == first.commit + 1_000_001)
        let (_, again) = try await trial.open()
        #expect(try await again.records("members").get(Key(.int(62)))["name"] == .string("Member 62"))
        try await again.close()
        try await trial.expectAlive()
    }

    @Test("A batch under an idempotency key is not written again after a rebuild")
    func receipts() async throws {
        let trial = try await Trial()
        let batch = try Batch([.insert(trial.members, try trial.member(63).values)], idempotencyKey: "once")
        let receipt = try await trial.storage.commit(batch)
        try await trial.remove(["_checkpoints/"])
        #expect(try await trial.rebuild().isDone)
        let (storage, _) = try await trial.open()
        let again = try await storage.commit(batch)
        #expect(again.results == receipt.results)
    }
}

/// Looks at every call, and may fail it.
final class WatchedStore: ObjectStoreWrapper {
    let base: any ObjectStore
    private let watch: @Sendable (ObjectCall) async throws -> Void

    init(_ base: any ObjectStore, _ watch: @escaping @Sendable (ObjectCall) async throws -> Void) {
        self.base = base
        self.watch = watch
    }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await watch(call)
        return try await body()
    }
}

/// Takes no record files.
private final class RefusingStore: ObjectStoreWrapper {
    let base: any ObjectStore
    let isOn = Lock(false)

    init(_ base: any ObjectStore) { self.base = base }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        if isOn.withLock({ $0 }), call.operation == .put, call.key.hasPrefix("tables/") {
            throw ObjectStoreError(.accessDenied, "no", remedy: nil)
        }
        return try await body()
    }
}

extension ObjectStore {
    /// All objects, by name.
    func everything() async throws -> [String: [UInt8]] {
        var objects: [String: [UInt8]] = [:]
        for name in try await names("") { objects[name] = try await bytes(name) }
        return objects
    }
}

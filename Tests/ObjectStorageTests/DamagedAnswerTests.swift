import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// Answers that are damaged on their way, while the store has what it should have.
@Suite("Answers that are damaged")
struct DamagedAnswerTests {
    private let scene = Scene()

    /// The objects that were asked for.
    private final class Asked: Sendable {
        private let counts = Lock<[String: Int]>([:])

        /// Counts a request.
        /// - Returns: How often the object has been asked for.
        func add(_ key: String) -> Int {
            counts.withLock { counts in
                counts[key, default: 0] += 1
                return counts[key, default: 0]
            }
        }

        func count(_ key: String) -> Int { counts.withLock { $0[key] ?? 0 } }
    }

    /// Changes a byte in the middle of what is read, and says nothing of it, as stores without checksums do.
    private struct FlippingStore: ObjectStoreWrapper {
        let base: any ObjectStore
        let isFlipped: @Sendable (String) -> Bool

        func perform<Result: Sendable>(
            _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
        ) async throws -> Result { try await body() }

        func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
            let result = try await base.get(key, options)
            var bytes = try await result.bytes()
            // The brace that begins a JSON object; anything in an index.
            let place = key.hasSuffix(".json") ? 0 : bytes.count / 2
            if isFlipped(key), !bytes.isEmpty { bytes[place] ^= 0x20 }
            return GetResult(info: result.info, range: result.range, body: .bytes(bytes))
        }
    }

    /// Makes a store with record files, index files, a manifest and a log behind it.
    private func fill() async throws {
        try await scene.fill(40, isSettled: true)
        let store = try await scene.open()
        try await store.insertRow(40, 4000)
    }

    /// Does what reads every kind of object.
    private func use(_ place: any ObjectStore) async throws {
        let storage = try await ObjectStorage.open(place, surroundings: scene.clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        #expect(try await store.row(3) == 300)
        #expect(try await store.row(40) == 4000)
        #expect(try await store.allRows(byValue: true).count == 41)
        try await store.setRow(3, 301)
        try await store.setRow(5, 501)
        try await storage.flush()
        #expect(try await store.row(3) == 301)
        try await store.close()
        try await LogReplay(scene.objects, Schema(parsing: Rows.schema)).checkFiles()
    }

    @Test("One body that breaks off costs nobody a call, whatever object it is of")
    func truncated() async throws {
        try await fill()
        let asked = Asked()
        let place = FaultInjectingObjectStore(
            scene.objects, FaultPlan { asked.add("\($0.operation) \($0.key)") % 2 == 1 ? .truncate : nil })
        try await use(place)
        #expect(place.fired[.truncate, default: 0] > 40)
        for name in [ObjectNames.store, ObjectNames.record(41), "tables/rows/objects/3.json"] {
            #expect(asked.count("get \(name)") >= 2, "\(name) was not read")
        }
    }

    @Test("Bytes that were changed on their way, where that shows, cost nobody a call either")
    func flipped() async throws {
        try await fill()
        let asked = Asked()
        let flipped = Asked()
        let place = FlippingStore(base: scene.objects) { name in
            guard asked.add(name) % 2 == 1 else { return false }
            return flipped.add(name) > 0
        }
        let indexes = try await scene.objects.keys(prefix: ObjectNames.indexes)
        try await use(place)
        for name in [ObjectNames.store, ObjectNames.record(41), "tables/rows/objects/3.json"] {
            #expect(flipped.count(name) > 0, "\(name) was not read")
        }
        #expect(indexes.contains { flipped.count($0) > 0 }, "none of \(indexes) was read")
    }

    @Test("A part of a large commit that is damaged on its way is read again")
    func parts() async throws {
        let store = try await scene.open()
        let text = String(repeating: "x", count: 3 << 20)
        let table = store.schema.tables[0]
        let reader = try await scene.open()
        _ = try await store.session.write((0..<3).map { .insert(table, [.int($0), .int(0), .string(text)]) })
        let asked = Asked()
        let place = FlippingStore(base: scene.objects) { $0.hasPrefix(ObjectNames.parts) && asked.add($0) == 1 }
        #expect(try await reader.row(1) == 0)
        // With the checkpoint that so much log asks for, or it might come behind the removal.
        try await store.close()
        try await scene.removeAll(ObjectNames.manifest(2))
        #expect(try await scene.open(place).row(1) == 0)
        let part = try #require(try await scene.objects.keys(prefix: ObjectNames.parts).first)
        #expect(asked.count(part) == 2)
    }

    @Test("Bodies that always break off are asked for three times, and then the error can be tried again later")
    func alwaysTruncated() async throws {
        try await scene.fill(3, isSettled: true)
        let asked = Asked()
        let place = FaultInjectingObjectStore(
            scene.objects,
            FaultPlan { call in
                guard call.key.hasPrefix("tables/") || call.key.hasPrefix(ObjectNames.indexes) else { return nil }
                return asked.add(call.key) > 0 ? .truncate : nil
            })
        let store = try await scene.open(place)
        let error = try await expectRemedy(.unavailable) { _ = try await store.row(1) }
        #expect(error.isRetryable, "\(error)")
        #expect(asked.count("tables/rows/objects/1.json") == 3)
        let other = try await expectRemedy(.unavailable) { _ = try await store.allRows(byValue: true) }
        #expect(other.isRetryable, "\(other)")
        place.follow(.none)
        #expect(try await store.row(1) == 100)
    }

    @Test("What is damaged where it is kept is asked for twice, and is damage")
    func damagedInStore() async throws {
        try await scene.fill(3, isSettled: true)
        let asked = Asked()
        let place = FlippingStore(base: scene.objects) { name in
            let isRead = name.hasPrefix("tables/") || name.hasPrefix(ObjectNames.indexes)
            return isRead && asked.add(name) > 0
        }
        let store = try await scene.open(place)
        try await expectRemedy(.damaged) { _ = try await store.row(1) }
        #expect(asked.count("tables/rows/objects/1.json") == 2)
        try await expectRemedy(.damaged) { _ = try await store.allRows(byValue: true) }
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("What is too large for any store")
struct ObjectLimitTests {
    private let scene = Scene()

    private static let schema = """
        { "database": "limits", "tables": {
          "named": { "columns": { "a": "string", "b": "string", "c": "string" }, "key": ["a", "b", "c"] },
          "texts": { "columns": { "id": "int", "text": "string" }, "key": "id" },
          "codes": { "columns": { "code": "string" }, "key": "code" },
          "uses": { "columns": { "id": "int", "code": { "references": "codes" } }, "key": "id" } } }
        """

    /// A key whose text has so many bytes.
    private func key(_ bytes: Int) -> [Value] {
        let rest = bytes - 2 - 2 * 200
        return [200, 200, rest].map { .string(String(repeating: "k", count: $0)) }
    }

    @Test("An id of 512 bytes is written and read, one of 513 refused before anything is written")
    func keys() async throws {
        let counting = CountingObjectStore(scene.objects)
        let store = try await scene.open(counting, schema: Self.schema)
        let table = store.schema.tables[0]
        _ = try await store.session.write([.insert(table, key(512))])
        try await store.close()
        let again = try await scene.open(counting, schema: Self.schema)
        #expect(try await again.session.get(table, Key(key(512)[0], Array(key(512)[1...]))) { _ in })
        let before = counting.counts
        let error = try await expectRemedy(.limit) {
            _ = try await again.session.write([.insert(table, key(512)), .insert(table, key(513))])
        }
        #expect(error.message.contains("512"), "\(error)")
        #expect(counting.counts == before)
    }

    @Test("An id that no record can have is found nowhere, and a reference to it points to nothing")
    func impossibleKeys() async throws {
        let first = try await scene.open(schema: Self.schema)
        let (codes, uses) = (first.schema.tables[2], first.schema.tables[3])
        _ = try await first.session.write(["a", "z"].map { .insert(codes, [.string($0)]) })
        try await first.maintain()
        try await first.close()
        let store = try await scene.open(schema: Self.schema)
        let long = Value.string(String(repeating: "m", count: 2000))
        #expect(try await store.session.get(codes, Key(long)) { _ in } == false)
        let error = try await expectRemedy(.reference) {
            _ = try await store.session.write([.insert(uses, [.int(1), long])])
        }
        #expect(error.details.table == "uses" && error.details.column == "code", "\(error)")
    }

    @Test("A transaction of more than 64 MiB is refused at the write that is too much, and nothing of it is written")
    func bytes() async throws {
        let counting = CountingObjectStore(scene.objects)
        let store = try await scene.open(counting, schema: Self.schema)
        let table = store.schema.tables[1]
        let text = String(repeating: "t", count: 4 << 20 - 64)
        let before = counting.counts
        let error = try await expectRemedy(.limit) {
            try await store.transaction { tx in
                for id in 0..<17 { _ = try await tx.write([.insert(table, [.int(id), .string(text)])]) }
            }
        }
        #expect(error.message.contains("\(Limits.batchBytes)"), "\(error)")
        #expect(counting.counts.requests[.put] == before.requests[.put])
    }

    @Test("A batch of more than 100,000 operations is refused, and nothing of it is written")
    func operations() async throws {
        let counting = CountingObjectStore(scene.objects)
        let store = try await scene.open(counting, schema: Self.schema)
        let table = store.schema.tables[1]
        let before = counting.counts
        try await expectRemedy(.limit) {
            _ = try await store.session.write(
                (0...Limits.batchOperations).map { .insert(table, [.int($0), .string("")]) })
        }
        #expect(counting.counts == before)
    }
}

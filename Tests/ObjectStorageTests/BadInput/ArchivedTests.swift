import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// A rule of the bucket, or somebody, moved record files into a class that is not read at once.
@Suite("Records in an archive class")
struct ArchivedTests {
    private let scene = Scene()
    private static let file = "tables/rows/objects/1.json"

    /// The store after record 1 was archived, as S3 answers then (S3 API reference, "GetObject").
    private func archived() -> AlteredStore {
        AlteredStore(
            base: scene.objects,
            refuse: { call in
                guard call.operation == .get, call.key == Self.file else { return nil }
                return ObjectStoreError(
                    .conflict, "The operation is not valid for the object's storage class", key: call.key,
                    provider: .init(code: "InvalidObjectState", status: 403))
            })
    }

    @Test("Reading one is told with the file and the remedy, by key and by index, and others are read")
    func reading() async throws {
        try await scene.fill(3, isSettled: true)
        let store = try await scene.open(archived())
        for read in [{ _ = try await store.row(1) }, { _ = try await store.allRows() }] {
            let error = try await expectRemedy(.archived) { try await read() }
            #expect(error.message.contains(Self.file), "\(error)")
            #expect(error.remedy?.contains("restore") == true && !error.isRetryable, "\(error)")
        }
        #expect(try await store.row(2) == 200)
        #expect(try await store.session.count(Query(store.schema.tables[0])) == 3)
    }

    @Test("What must be known to change one cannot be read either; nothing is written")
    func writing() async throws {
        try await scene.fill(3, isSettled: true)
        let store = try await scene.open(archived())
        let before = try await scene.objects.keys()
        try await expectRemedy(.archived) { try await store.setRow(1, 7) }
        try await store.setRow(2, 7)
        #expect(try await store.row(2) == 7)
        #expect(
            try await scene.objects.keys(prefix: ObjectNames.log).count == before.count { $0.hasPrefix("_log/") } + 1)
        let again = try await scene.open()
        #expect(try await again.row(1) == 100, "once it is restored")
    }

    @Test("An examination that must read one ends with that, and changes nothing")
    func examining() async throws {
        try await scene.fill(3, isSettled: true)
        let storage = try await ObjectStorage.open(archived(), surroundings: scene.clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        try await expectRemedy(.archived) { _ = try await storage.examine(.undo) }
        try await store.close()
    }
}

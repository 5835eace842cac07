import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Stores that may not be used, and what stands between")
struct AccessTests {
    private let scene = Scene()

    private static func denied(_ call: ObjectCall) -> ObjectStoreError {
        ObjectStoreError(
            .accessDenied, "Access Denied", key: call.key, remedy: "check what the policies allow",
            provider: .init(code: "AccessDenied", status: 403))
    }

    /// The store for somebody who may not do what `isDenied` says.
    private func denying(_ isDenied: @escaping @Sendable (ObjectCall) -> Bool) -> AlteredStore {
        AlteredStore(base: scene.objects, refuse: { isDenied($0) ? Self.denied($0) : nil })
    }

    /// What S3 does for those without `s3:ListBucket`: whether an object is there is none of their business.
    private func hidingAbsence() async throws -> AlteredStore {
        let names = Set(try await scene.objects.keys())
        return denying { $0.operation == .list || $0.operation == .get && !names.contains($0.key) }
    }

    @Test("403 for a name that is not there names the permission to list, for an empty place and for a store")
    func hiddenAbsence() async throws {
        let empty = try await expectRemedy(.accessDenied) { _ = try await scene.open(hidingAbsence()) }
        #expect(empty.remedy?.contains("s3:ListBucket") == true, "\(empty)")
        try await scene.fill()
        let full = try await expectRemedy(.accessDenied) { _ = try await scene.open(hidingAbsence()) }
        #expect(full.remedy?.contains("s3:ListBucket") == true, "\(full)")
    }

    @Test("Who may not list is told so")
    func listing() async throws {
        try await scene.fill()
        let error = try await expectRemedy(.accessDenied) {
            _ = try await scene.open(denying { $0.operation == .list })
        }
        #expect(error.remedy?.contains("s3:ListBucket") == true, "\(error)")
    }

    @Test("Who may not read is told so")
    func reading() async throws {
        try await scene.fill()
        try await expectRemedy(.accessDenied) { _ = try await scene.open(denying { $0.operation == .get }) }
    }

    @Test("Who may not write reads, makes no store, and commits nothing")
    func writing() async throws {
        let place = denying { $0.operation.isWrite }
        let error = try await expectRemedy(.accessDenied) { _ = try await scene.open(place) }
        #expect(error.remedy?.contains("s3:PutObject") == true, "\(error)")
        #expect(try await scene.objects.keys().isEmpty)
        try await scene.fill()
        let store = try await scene.open(place)
        #expect(try await store.row(1) == 100)
        let refused = try await expectRemedy(.accessDenied) { try await store.insertRow(9) }
        #expect(refused.remedy?.contains("s3:PutObject") == true, "\(refused)")
        #expect(try await store.row(9) == nil)
        #expect(try await scene.open().row(9) == nil)
    }

    @Test("Who may write the log and not the record files commits, and is told of the files")
    func writingOfFiles() async throws {
        try await scene.fill()
        let place = denying { $0.operation.isWrite && $0.key.hasPrefix("tables/") }
        let storage = try await ObjectStorage.open(place, surroundings: scene.clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        try await store.insertRow(9, 900)
        let error = try await expectRemedy(.unavailable) { try await storage.flush() }
        #expect(error.message.contains("storage.access_denied"), "\(error)")
        #expect(try await scene.open().row(9) == 900)
    }

    /// A store that removes nothing, and says so of each key, as S3 does for some policies.
    private struct KeepingStore: ObjectStoreWrapper {
        let base: any ObjectStore

        func perform<Result: Sendable>(
            _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
        ) async throws -> Result { try await body() }

        func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
            let failures = keys.map { AccessTests.denied(ObjectCall(.deleteBatch, $0)) }
            return BatchDeletion(failures: failures, answer: try await base.head(ObjectNames.store).answer)
        }
    }

    @Test(
        "Who may not delete is told so by housekeeping, with the permission, and loses nothing",
        arguments: [true, false])
    func deleting(eachKey: Bool) async throws {
        for round in 0..<40 {
            try await scene.fill(round == 0 ? 20 : 0, isSettled: true)
            let store = try await scene.open()
            try await store.setRow(1, round)
            try await store.maintain()
            scene.clock.advance(.seconds(3600))
        }
        let place: any ObjectStore =
            eachKey
            ? KeepingStore(base: scene.objects)
            : denying { $0.operation == .deleteBatch || $0.operation == .delete }
        let store = try await scene.open(place)
        let error = try await expectRemedy(.accessDenied) { _ = try await store.maintain() }
        #expect(error.remedy?.contains("s3:DeleteObject") == true, "\(error)")
        #expect(try await store.row(1) == 39)
        try await store.setRow(1, 40)
        #expect(try await scene.open().row(1) == 40)
    }

    // MARK: What stands between

    @Test(
        "An answer that a cache kept proves nothing, whether it has an object or says that there is none, and the header that says so is named",
        arguments: ["age: 3", "x-cache-status: HIT"])
    func cached(mark: String) async throws {
        let cached = AlteredStore(base: scene.objects, alter: { _, answer in answer.cacheMark = mark })
        let none = try await expectRemedy(.unavailable) { _ = try await scene.open(cached) }
        #expect(none.message.contains("cache") && none.message.contains("_store.json"), "\(none)")
        #expect(none.message.contains("'\(mark)'"), "\(none)")
        try await scene.fill()
        let some = try await expectRemedy(.unavailable) { _ = try await scene.open(cached) }
        #expect(some.message.contains("'\(mark)'"), "\(some)")
    }

    @Test("A cache that comes between later stops reading and writing, and nothing is written into the dark")
    func ageLater() async throws {
        try await scene.fill()
        let isCached = Lock(false)
        let place = AlteredStore(
            base: scene.objects, alter: { _, answer in if isCached.withLock({ $0 }) { answer.age = 60 } })
        let store = try await scene.open(place)
        #expect(try await store.row(1) == 100)
        isCached.withLock { $0 = true }
        let error = try await expectRemedy(.unavailable) { _ = try await store.row(1) }
        #expect(error.message.contains("cache"), "\(error)")
        isCached.withLock { $0 = false }
        #expect(try await store.row(1) == 100)
    }

    /// One name of each kind that is read when a store is opened.
    static let ruled = ["_store.json", "_checkpoints/", "_log/"]

    @Test("A lifecycle rule that will remove what Cairn wrote fails the opening, and is named", arguments: ruled)
    func lifecycle(prefix: String) async throws {
        try await scene.fill()
        let rule = "expiry-date=\"Fri, 21 Dec 2026 00:00:00 GMT\", rule-id=\"sweep\""
        let place = AlteredStore(
            base: scene.objects, alter: { name, answer in if name.hasPrefix(prefix) { answer.expiration = rule } })
        let error = try await expectRemedy(.damaged) { _ = try await scene.open(place) }
        #expect(error.message.contains("sweep") && error.message.contains(prefix), "\(error)")
    }

    @Test("A lifecycle rule for record files is named when one is read")
    func lifecycleOfRecords() async throws {
        try await scene.fill(3, isSettled: true)
        let place = AlteredStore(
            base: scene.objects,
            alter: { name, answer in if name.hasPrefix("tables/") { answer.expiration = "rule-id=\"sweep\"" } })
        let store = try await scene.open(place)
        let error = try await expectRemedy(.damaged) { _ = try await store.row(1) }
        #expect(error.message.contains("sweep"), "\(error)")
    }

    // MARK: Stores that cannot keep the promises

    /// A store that is described by a test.
    private struct DescribedStore: ObjectStoreWrapper {
        let base: any ObjectStore
        let capabilities: ObjectStoreCapabilities

        func perform<Result: Sendable>(
            _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
        ) async throws -> Result { try await body() }
    }

    static let missing: [@Sendable (inout ObjectStoreCapabilities) -> Void] = [
        { $0.canCreate = false }, { $0.canCompareAndSwap = false }, { $0.isListingOrdered = false },
    ]

    @Test(
        "A store without conditional writes, or without order, is refused before anything is written", arguments: 0..<3)
    func capabilities(number: Int) async throws {
        var capabilities = scene.objects.capabilities
        Self.missing[number](&capabilities)
        let place = DescribedStore(base: scene.objects, capabilities: capabilities)
        let error = try await expectRemedy(.unsupported) { _ = try await scene.open(place) }
        #expect(error.message.contains(number < 2 ? "conditions" : "order"), "\(error)")
        #expect(try await scene.objects.keys().isEmpty)
    }
}

import CairnCore
import CairnMigrator
import CairnSchema
import ObjectStorage
import Testing

@Suite("Records written anew after a migration")
struct EagerRewriteTests {
    /// The drivers whose records keep their form until they change.
    private static let drivers = Driver.allCases.filter { $0 == .folder || $0 == .ministack }

    private static let old = database(table("a string; b int"), table("x int", name: "o"))
    private static let new = database(
        table("a string; c {\"type\": \"int\", \"default\": 7}; b string"), table("x int", name: "o"))

    private func place(_ driver: Driver) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: Self.old)) { store in
            try await store.insert([
                "t": (1...5).map { ["id": .int($0), "a": "x", "b": .int($0)] }, "o": [["id": 1, "x": 1]],
            ])
        }
        return place
    }

    private struct Outcome {
        let report: EagerRewrite.Report
        let content: Content
        let revisions: [Int]
        let progress: [MigrationProgress]
    }

    /// Writes what has an earlier form, and reads all there is then.
    private func rewrite(_ place: Place, _ schema: String, table: String = "t") async throws -> Outcome {
        let history = try await place.history()
        let progress = Lock<[MigrationProgress]>([])
        let storage = try #require(try await place.storage() as? ObjectStorage)
        let store = try await Store.open(storage, schema: Schema(parsing: schema))
        let rewrite = EagerRewrite(store, history) {
            try await storage.precede($0, $1, $2)
        } progress: { step in
            progress.withLock { $0.append(step) }
        }
        let report = try await rewrite.run()
        let outcome = Outcome(
            report: report, content: try await store.content(),
            revisions: try await store.records(table).all().map(\.revision), progress: progress.withLock { $0 })
        try await place.leave(storage)
        return outcome
    }

    @Test("Those that were written before are written, once, and are what they were", arguments: drivers)
    func written(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await place.migrate(to: Schema(parsing: Self.new))
        let before = try await place.with(Schema(parsing: Self.new)) { store in
            try await store.insert(["t": [["id": 6, "a": "new", "c": 1, "b": "6"]]])
            return try await store.content()
        }
        let first = try await rewrite(place, Self.new)
        #expect(first.report.written == 5 && first.report.read == 6)
        #expect(first.content == before)
        #expect(first.revisions == [2, 2, 2, 2, 2, 1])
        #expect(first.progress.last?.done == 6 && first.progress.last?.total == 6)
        let second = try await rewrite(place, Self.new)
        #expect(second.report.written == 0 && second.report.read == 6)
        #expect(second.revisions == first.revisions)
    }

    @Test("Clocks that differ change nothing of which records are written", arguments: drivers)
    func clocks(_ driver: Driver) async throws {
        let place = try await place(driver)
        // The program that migrates is a minute ahead of all others.
        place.clock = { Timestamp(microseconds: Timestamp.now.microseconds + 60_000_000) ?? .now }
        try await place.migrate(to: Schema(parsing: Self.new))
        place.clock = { .now }
        try await place.with(Schema(parsing: Self.new)) { store in
            try await store.insert(["t": [["id": 6, "a": "new", "c": 1, "b": "6"]]])
        }
        #expect(try await rewrite(place, Self.new).report.written == 5)
        let second = try await rewrite(place, Self.new)
        #expect(second.report.written == 0 && second.revisions == [2, 2, 2, 2, 2, 1])
    }

    @Test("What has the new form as it is, is not written", arguments: drivers)
    func nothing(_ driver: Driver) async throws {
        let place = try await place(driver)
        let bounded = Self.old.replacing("\"b\": \"int\"", with: #""b": { "type": "int", "min": 0 }"#)
        try await place.migrate(to: Schema(parsing: bounded))
        #expect(try await rewrite(place, bounded).report == EagerRewrite.Report())
        // The files of a renamed table are copied in their new form.
        let renamed = database(
            table("a string; d {\"type\": \"int\", \"min\": 0, \"renamed_from\": \"b\"}", name: "v", renamedFrom: "t"),
            table("x int", name: "o"))
        try await place.migrate(to: Schema(parsing: renamed))
        #expect(try await rewrite(place, renamed, table: "v").report == EagerRewrite.Report())
    }
}

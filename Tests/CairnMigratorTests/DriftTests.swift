import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@Suite("Drift of a store from the schema that is wanted")
struct DriftTests {
    /// A store of each kind that tells how it is.
    private static let drivers: [Driver] = [.sqlite, .folder]

    private let held = database(table("a string; b int?"))

    private func place(_ driver: Driver, _ schema: String? = nil) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: schema ?? held)) { store in
            try await store.insert(["t": [["id": 1, "a": "x", "b": 10]]])
        }
        return place
    }

    private func drift(_ place: Place, to text: String) async throws -> Drift {
        let survey = try #require(try await place.survey())
        return Drift(survey, to: try Schema(parsing: text), file: "new.jsonc")
    }

    @Test("A store of the schema that is wanted has none", arguments: drivers)
    func none(_ driver: Driver) async throws {
        let drift = try await drift(place(driver), to: held)
        #expect(drift.findings.isEmpty, "\(drift.findings)")
        #expect(drift.survey.held?.id == drift.wanted?.id)
    }

    @Test("A store of another schema is behind where a migration leads there, with the command", arguments: drivers)
    func behind(_ driver: Driver) async throws {
        let place = try await place(driver)
        let wider = try await drift(place, to: database(table("a string; b int?; c bool?")))
        #expect(wider.findings.map(\.class) == [.behind])
        #expect(wider.findings[0].remedy.contains("'cairn migrate apply --to new.jsonc'"), "\(wider.findings)")
        let narrower = try await drift(place, to: database(table("a string")))
        #expect(narrower.findings.map(\.class) == [.behind])
        #expect(narrower.findings[0].remedy.contains("--to new.jsonc --allow-destructive'"), "\(narrower.findings)")
    }

    @Test("Where nothing was said of a rename, or the change is refused, there is no path", arguments: drivers)
    func noPath(_ driver: Driver) async throws {
        let place = try await place(driver)
        let unclear = try await drift(place, to: database(table("a string; c int?")))
        #expect(unclear.findings.map(\.class) == [.noPath])
        #expect(unclear.findings[0].remedy.contains("renamed_from"), "\(unclear.findings)")
        let refused = try await drift(place, to: database(table("a json; b json?")))
        #expect(refused.findings.map(\.class) == [.noPath, .noPath])
        #expect(refused.findings.allSatisfy { $0.object == "table 't'" }, "\(refused.findings)")
    }

    @Test("A store of which a migration is being taken back says so, whatever is wanted", arguments: drivers)
    func rollback(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await place.migrate(to: Schema(parsing: database(table("a string"))), allowsDestructive: true)
        let history = try await place.history()
        let rollback = try Rollback(before: 1, in: history, held: try #require(history.last?.to))
        // Its first step, after which the process ends.
        try await place.migrate(to: try #require(rollback.undoings[0].bridge), allowsDestructive: true)
        let drift = try await drift(place, to: held)
        #expect(drift.findings.map(\.class) == [.partlyApplied])
        #expect(drift.findings[0].remedy.contains("'cairn migrate rollback --before 1'"), "\(drift.findings)")
        try await place.rollback(before: 1)
        #expect(try await self.drift(place, to: held).findings.isEmpty)
    }
}

extension Place {
    /// A store of a schema, without records.
    fileprivate static func made(_ driver: Driver, _ schema: String) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: schema)) { _ in }
        return place
    }
}

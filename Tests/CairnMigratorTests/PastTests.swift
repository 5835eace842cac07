import CairnCore
import CairnSchema
import Testing

@Suite("Moments of before a migration")
struct PastTests {
    @Test("They are refused, also when the store has the same schema again, since records are read as they became")
    func sameSchemaAgain() async throws {
        let place = Place(.folder)
        let (wide, narrow) = (database(table("a string; n string?")), database(table("a string")))
        try await place.with(Schema(parsing: wide)) { store in
            try await store.insert(["t": [["id": 1, "a": "x", "n": "7"]]])
            try await store.pin("june")
            #expect(
                try await store.snapshot(pinned: "june") { try await $0.records("t").get(Key(.int(1))) }["n"]
                    == .string("7"))
        }
        for schema in [narrow, wide] { try await place.migrate(to: Schema(parsing: schema), allowsDestructive: true) }
        try await place.with(Schema(parsing: wide)) { store in
            try await expectError(.schemaMismatch) { try await store.snapshot(pinned: "june") { _ in } }
            let now = try await store.currentCommit()
            #expect(try await store.snapshot(asOf: now) { try await $0.records("t").get(Key(.int(1))) }["n"] == .null)
        }
    }
}

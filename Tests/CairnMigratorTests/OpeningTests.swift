import CairnCore
import CairnSchema
import Testing

@Suite("Opening a store of another schema")
struct OpeningTests {
    private let old: Schema
    private let wider: Schema
    private let narrower: Schema
    private let options = StoreOptions(migrating: .additive)

    init() throws {
        old = try Schema(parsing: database(table("a string")))
        wider = try Schema(parsing: database(table("a string; b int?"), table("z bool", name: "u")))
        narrower = try Schema(parsing: database(table("a {\"type\": \"string\", \"max_length\": 5}")))
    }

    private func made(_ driver: Driver) async throws -> Place {
        let place = Place(driver)
        try await place.with(old) { try await $0.insert(["t": [["id": 1, "a": "x"]]]) }
        return place
    }

    private func count(_ place: Place, _ schema: Schema) async throws -> Int {
        try await place.with(schema) { try await $0.records("t").count() }
    }

    @Test("It is changed where that only adds and the program asks for it", arguments: Driver.allCases)
    func additive(_ driver: Driver) async throws {
        let place = try await made(driver)
        let content = try await place.with(wider, options) { try await $0.content() }
        #expect(content == ["t": [["id": 1, "a": "x", "b": .null]], "u": []])
        #expect(try await count(place, wider) == 1)
    }

    @Test("It is refused with the command to run where the program does not ask", arguments: Driver.allCases)
    func never(_ driver: Driver) async throws {
        let place = try await made(driver)
        let error = try await expectError(.schemaMismatch) { try await place.with(wider) { _ in } }
        #expect(error.remedy?.contains("cairn migrate plan") == true)
        #expect(try await count(place, old) == 1)
    }

    @Test("It is refused with the reason where more than adding would be done", arguments: Driver.allCases)
    func more(_ driver: Driver) async throws {
        let place = try await made(driver)
        let error = try await expectError(.schemaMismatch) { try await place.with(narrower, options) { _ in } }
        #expect(error.message.contains("tighten the rules of column 'a' of 't'"))
        try await place.with(wider, options) { _ in }
        let back = try await expectError(.schemaMismatch) { try await place.with(old, options) { _ in } }
        #expect(back.message.contains("drop column 'b' of 't', with its data"))
    }

    @Test(
        "It is refused where a rename could be meant, with the command that knows the schema file",
        arguments: Driver.allCases)
    func rename(_ driver: Driver) async throws {
        let place = try await made(driver)
        let renamed = try Schema(parsing: database(table("b string")))
        let error = try await expectError(.schemaMismatch) { try await place.with(renamed, options) { _ in } }
        #expect(error.message.contains("both a rename and a drop are more than adding"))
        #expect(error.message.contains("'cairn migrate apply STORE --to SCHEMA-FILE'") && !error.message.contains("?"))
    }

    @Test("Many that open it at once all get it changed, once", arguments: Driver.allCases)
    func together(_ driver: Driver) async throws {
        let place = try await made(driver)
        let shared = try await place.storage()
        var storages = [shared]
        // A memory store is one place in one process; a file is opened by each.
        for _ in 0..<7 { storages.append(driver == .memory ? shared : try await place.storage()) }
        let (wider, options) = (wider, options)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for storage in storages {
                group.addTask {
                    try await Store.open(storage, schema: wider, options: options).records("t").count()
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 1, count: 8))
        for storage in storages { try await storage.close() }
    }

    @Test("One that others open for both schemas at the same time is opened all the same", arguments: Driver.allCases)
    func window(_ driver: Driver) async throws {
        let place = try await made(driver)
        let (one, other) = (try await place.storage(), try await place.storage())
        let migration = try Migration.start(from: old, to: wider)
        // Who is second finds that the other one was first.
        async let started: ()? = try? other.apply(.migrate(migration))
        let store = try await Store.open(one, schema: wider, options: options)
        _ = await started
        try await other.close()
        let count = try? await store.records("t").count()
        try await place.leave(one)
        // Whoever has it open when it is opened for both opens it again.
        if let count { #expect(count == 1) }
        #expect(try await self.count(place, wider) == 1)
    }

    @Test("A store that is open does not change under its program", arguments: Driver.allCases)
    func attached(_ driver: Driver) async throws {
        let place = try await made(driver)
        let storage = try await place.storage()
        _ = try await Store.open(storage, schema: old)
        let migration = try Migration(from: old, to: wider)
        try await expectError(.unsupported) { try await storage.apply(.migrate(migration)) }
        try await place.leave(storage)
    }

    @Test("A plan from another schema than the store holds is refused", arguments: Driver.allCases)
    func start(_ driver: Driver) async throws {
        let place = try await made(driver)
        let storage = try await place.storage()
        let migration = try Migration(from: narrower, to: wider)
        try await expectError(.schemaMismatch) { try await storage.apply(.migrate(migration)) }
        try await place.leave(storage)
    }
}

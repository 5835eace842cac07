import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// A store with members of teams, in which files are edited by hand.
struct Club {
    static let text = """
        { "database": "club", "tables": {
          "teams": { "columns": { "code": "string", "name": "string" }, "key": "code" },
          "members": {
            "columns": { "id": "int", "name": "string", "email": { "type": "string?", "unique": true },
                         "age": { "type": "int", "min": 0, "max": 150 }, "team": { "references": "teams" } },
            "key": "id",
            "indexes": { "by_age": { "on": ["age"], "include": ["name"] } } } } }
        """

    let objects: MemoryObjectStore
    let counting: CountingObjectStore
    let storage: ObjectStorage
    let store: Store
    let members: Table

    /// What a store is like before anybody edits it.
    enum State: String, CaseIterable, Sendable {
        /// The overlay has the records.
        case recent
        /// The indexes have them.
        case indexed
        /// The indexes have them, and the log does not any more.
        case collected
    }

    /// A store with teams `a` and `b`, and members 1 to `count`.
    init(_ etags: ObjectStoreCapabilities.ETags = .perWrite, _ state: State = .indexed, count: Int = 20) async throws {
        var options = MemoryObjectStore.Options()
        options.etags = etags
        try await self.init(on: MemoryObjectStore(options))
        for code in ["a", "b"] {
            try await store.records("teams").insert(
                try Record(try table("teams"), ["code": .string(code), "name": .string("Team \(code)")]))
        }
        let records = try (1...count).map { try member($0) }
        _ = try await store.session.write(records.map { .insert($0.table, $0.values) })
        try await storage.flush()
        if state == .recent { return }
        try await store.maintain()
        if state == .collected { try await removeLog() }
    }

    /// Opens the store of objects.
    init(on objects: MemoryObjectStore, wrapped: (any ObjectStore)? = nil) async throws {
        self.objects = objects
        counting = CountingObjectStore(wrapped ?? objects)
        storage = try await ObjectStorage.open(counting)
        let schema = try Schema(parsing: Self.text)
        store = try await Store.open(storage, schema: schema)
        members = try #require(schema.table(named: "members"))
    }

    func table(_ name: String) throws -> Table { try #require(store.schema.table(named: name)) }

    func member(_ id: Int, age: Int? = nil) throws -> Record {
        try Record(
            members,
            [
                "id": .int(id), "name": .string("Member \(id)"), "email": .string("m\(id)@club.example"),
                "age": .int(age ?? 20 + id % 5), "team": .string("a"),
            ])
    }

    func get(_ id: Int) async throws -> Record { try await store.records("members").get(Key(.int(id))) }

    // MARK: Hands

    static func name(_ id: Int) -> String { "tables/members/objects/\(id).json" }

    func file(_ id: Int) async throws -> String { try await objects.text(Self.name(id)) }

    /// Replaces text of a file.
    func edit(_ id: Int, _ old: String, _ new: String) async throws {
        let text = try await file(id)
        try #require(text.contains(old), "the file of \(id) has no \(old)")
        try await write(id, text.replacing(old, with: new))
    }

    func write(_ id: Int, _ text: String) async throws { _ = try await objects.put(Self.name(id), .text(text)) }

    func removeLog() async throws {
        for name in try await objects.names("_log/") { _ = try await objects.delete(name) }
    }

    // MARK: Checks

    /// Every record, every index and every count tell the same, and every file is what was committed.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let fresh = try await Club(on: objects)
        for club in [self, fresh] { try await club.expectAgreement(sourceLocation) }
        let examination = try await fresh.storage.examine()
        #expect(examination.findings.filter { !$0.isHarmless } == [], sourceLocation: sourceLocation)
        try await fresh.store.close()
    }

    private func expectAgreement(_ sourceLocation: SourceLocation) async throws {
        let all = try await store.records("members").all()
        #expect(try await store.records("members").count() == all.count, sourceLocation: sourceLocation)
        for name in ["age", "email", "team"] {
            let column = try #require(members.column(named: name)).position
            let values = Set(all.map { $0.values[column] }).union([.int(151), .string("nobody")])
            for value in values where !value.isNull && members.columns[column].accepts(value) {
                var query = Query(members)
                query.condition = .compare(column: column, .equal, value)
                let expected = all.filter { $0.values[column] == value }.map(\.key)
                #expect(
                    try await store.records("members").all(query).map(\.key) == expected, "\(name) \(value)",
                    sourceLocation: sourceLocation)
                #expect(
                    try await store.records("members").count(query) == expected.count, "\(name) \(value)",
                    sourceLocation: sourceLocation)
            }
        }
        for record in all {
            #expect(try await store.records("members").find(record.key) == record, sourceLocation: sourceLocation)
        }
    }
}

extension Column {
    fileprivate func accepts(_ value: Value) -> Bool {
        switch (valueType, value) {
        case (.int, .int), (.string, .string): true
        default: false
        }
    }
}

extension ObjectStore {
    func text(_ name: String) async throws -> String { String(decoding: try await bytes(name), as: UTF8.self) }

    /// The names under a prefix.
    func names(_ prefix: String) async throws -> [String] {
        var names: [String] = []
        for try await entry in list(ListOptions(prefix: prefix)) { names.append(entry.name) }
        return names
    }
}

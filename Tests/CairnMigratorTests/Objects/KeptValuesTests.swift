import CairnCore
import CairnMigrator
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Values that code made, on an object store")
struct KeptValuesTests {
    private let objects: MemoryObjectStore
    /// How far the time of the store and of its programs is ahead.
    private let ahead: Lock<Int64>
    private let now: @Sendable () -> Timestamp

    /// What stops a run.
    private struct Stop: Error {}

    private static let old = database(table("a string"))
    /// Without an index over what is made: of a run that goes on, records are not read again.
    private static let new = database(table("a string; made string"))
    private static let indexed = database(
        table("a string; made string", indexes: "\"by_made\": { \"on\": [\"made\"], \"unique\": true }"))

    init() {
        let ahead = Lock<Int64>(0)
        self.ahead = ahead
        now = KeptValuesTests.clock(ahead)
        var options = MemoryObjectStore.Options()
        options.clock = { Date(timeIntervalSinceNow: Double(ahead.withLock { $0 }) / 1e6) }
        objects = MemoryObjectStore(options)
    }

    private init(_ objects: MemoryObjectStore) {
        self.objects = objects
        ahead = Lock(0)
        now = KeptValuesTests.clock(ahead)
    }

    private static func clock(_ ahead: Lock<Int64>) -> @Sendable () -> Timestamp {
        { Timestamp.now.adding(microseconds: ahead.withLock { $0 }) ?? .now }
    }

    private func storage(_ objects: (any ObjectStore)? = nil) async throws -> ObjectStorage {
        try await ObjectStorage.open(objects ?? self.objects, surroundings: .machine(now: now))
    }

    private func with<Result>(
        _ text: String, _ objects: (any ObjectStore)? = nil, _ body: (Store) async throws -> Result
    ) async throws -> Result {
        let store = try await Store.open(storage(objects), schema: Schema(parsing: text))
        let result = try await body(store)
        try await store.close()
        return result
    }

    private func fill(_ count: Int) async throws {
        try await with(Self.old) { store in
            try await store.insert(["t": (1...count).map { ["id": .int($0), "a": .string("a\($0)")] }])
        }
    }

    /// So long that about 60 records make a part.
    private static func long(_ id: Int, _ letter: String = "m") -> String {
        "\(id) " + String(repeating: letter, count: 4200)
    }

    private static func id(_ record: Record) -> Int { if case .int(let id)? = record["id"] { id } else { 0 } }

    /// Migrates with code that stops at a record.
    /// - Returns: For which records the code was asked.
    private func migrate(
        _ objects: (any ObjectStore)? = nil, to text: String = new, version: String? = nil, stop: Int? = nil,
        isRehearsal: Bool = false,
        making: @escaping @Sendable (Record) -> String = { KeptValuesTests.long(KeptValuesTests.id($0)) }
    ) async throws -> [Int] {
        let asked = Lock<[Int]>([])
        let storage = try await storage(objects)
        let migration = try Migration(
            from: try #require(try await storage.schema()), to: Schema(parsing: text), isRehearsal: isRehearsal,
            codeVersion: version
        ) { record in
            asked.withLock { $0.append(Self.id(record)) }
            if Self.id(record) == stop { throw Stop() }
            return ["made": .string(making(record))]
        }
        do {
            try await storage.apply(.migrate(migration))
        } catch {
            try await storage.close()
            let error = try #require(error as? StorageError)
            guard stop != nil, error.message.contains("Stop") else { throw error }
            #expect(error.code == .invalid && error.details.id == stop.map { "\($0)" })
        }
        try await storage.close()
        return asked.withLock { $0 }
    }

    private func content(_ text: String) async throws -> [JSONValue] {
        try await with(text) { try await $0.content()["t"] ?? [] }
    }

    private static func rows(_ ids: some Sequence<Int>, _ letter: String = "m") -> [JSONValue] {
        ids.map { ["id": .int($0), "a": .string("a\($0)"), "made": .string(long($0, letter))] }
    }

    private func keys(_ prefix: String = ObjectNames.keptValues) async throws -> [String] {
        try await objects.keys(prefix: prefix).sorted()
    }

    // MARK: Reading

    @Test("They stand in parts beside the record files, which stay as they are; readers have them without the code")
    func parts() async throws {
        try await fill(300)
        let file = try await objects.bytes("tables/t/objects/7.json")
        #expect(try await migrate(isRehearsal: true).count == 300)
        #expect(try await keys() == [])
        #expect(try await migrate() == Array(1...300))
        let names = try await keys()
        #expect(names.count >= 5 && names.count { $0.hasSuffix("/t/directory.json") } == 1, "\(names)")
        #expect(try await objects.bytes("tables/t/objects/7.json") == file)
        #expect(try await content(Self.new) == Self.rows(1...300))
        // Who knows nothing of them must not read the store.
        for prefix in ["_checkpoints/", ObjectNames.migrations] {
            let newest = try #require(try await keys(prefix).first { !$0.hasPrefix(ObjectNames.keptValues) })
            let text = String(decoding: try await objects.bytes(newest), as: UTF8.self)
            #expect(text.contains("\"\(StoreFormat.keptValues)\""), "\(newest)")
        }
        let counting = CountingObjectStore(objects)
        try await with(Self.new, counting) { store in
            let before = counting.counts[.get]
            let records = try store.records("t")
            #expect(try await records.get(Key(.int(150)))["made"] == .string(Self.long(150)))
            #expect(counting.counts[.get] - before <= 8, "\(counting.counts)")
            let first = counting.counts[.get]
            #expect(try await records.get(Key(.int(151)))["made"] == .string(Self.long(151)))
            #expect(counting.counts[.get] - first <= 2, "\(counting.counts)")
        }
    }

    @Test("Records that are read in another order than that of their keys read each part once")
    func scattered() async throws {
        let index = "\"by_a\": [\"a\"]"
        try await with(database(table("a string", indexes: index))) { store in
            try await store.insert(["t": (1...300).map { ["id": .int($0), "a": .string("a\($0)")] }])
        }
        let text = database(table("a string; made string", indexes: index))
        let made = String(repeating: "s", count: 30_000)
        _ = try await migrate(to: text) { "\(Self.id($0)) \(made)" }
        let parts = try await keys().count - 1
        let counting = CountingObjectStore(objects)
        try await with(text, counting) { store in
            let records = try store.records("t")
            let before = counting.counts[.get]
            let found = try await records.all(Query(records.table, order: [OrderTerm(column: 1)]))
            #expect(found.count == 300)
            #expect(found.allSatisfy { $0["made"] == .string("\(Self.id($0)) \(made)") })
            // A file for each record; the tip, the index, the schemas and the migration beside.
            let more = counting.counts[.get] - before - found.count
            #expect(parts > 30 && more >= parts && more < parts + 30, "\(more) of \(parts) parts")
        }
    }

    @Test("A part has no more than a reader takes, however large records are that are made one behind the other")
    func large() async throws {
        try await fill(5)
        let text = String(repeating: "l", count: KeptValuesWriter.limit + 1)
        _ = try await migrate { _ in text }
        let parts = try await keys().filter { !$0.hasSuffix("/directory.json") }
        #expect(parts.count == 5, "\(parts)")
        #expect(try await content(Self.new).allSatisfy { $0["made"] == .string(text) })
    }

    @Test("Indexes have them; records that change or come have their own; later migrations go on with them")
    func later() async throws {
        try await fill(20)
        _ = try await migrate(to: Self.indexed)
        try await with(Self.indexed) { store in
            let records = try store.records("t")
            var third = try await records.get(Key(.int(3)))
            try third.set("made", .string("three"))
            try await records.update(third)
            try await records.delete(Key(.int(4)))
            try await records.insert(
                Record(records.table, ["id": .int(21), "a": .string("a21"), "made": .string("new")]))
            let taken = try Record(records.table, ["id": .int(22), "a": .string("a22"), "made": .string(Self.long(5))])
            try await expectError(.duplicate) { try await records.insert(taken) }
        }
        let twice = Self.indexed.replacing(
            "\"made\": \"string\"",
            with:
                """
                "made": "string", "last": "int",
                "more": { "type": "string", "convert": { "split": "made", "at": " ", "part": 1 } }
                """
        )
        let storage = try await storage()
        try await storage.apply(
            .migrate(
                Migration(from: try #require(try await storage.schema()), to: Schema(parsing: twice)) { record in
                    guard case .string(let made)? = record["made"] else { return [:] }
                    return ["last": .int(made.utf8.count)]
                }))
        try await storage.close()
        let rows = try await content(twice)
        #expect(rows.count == 20)
        #expect(rows.first { $0["id"] == 3 }?["more"] == "three" && rows.first { $0["id"] == 3 }?["last"] == 5)
        #expect(rows.first { $0["id"] == 5 }?["more"] == "5")
        #expect(rows.first { $0["id"] == 5 }?["last"] == .int(Self.long(5).utf8.count))
        #expect(rows.first { $0["id"] == 21 }?["last"] == 3)
    }

    @Test("They outlive all that can be made again, and are found sound")
    func rebuilt() async throws {
        try await fill(100)
        _ = try await migrate(to: Self.indexed)
        let storage = try await storage()
        let store = try await Store.open(storage, schema: Schema(parsing: Self.indexed))
        #expect(try await storage.examine().isSound)
        try await store.close()
        #expect(try await ObjectStorage.surveySchema(objects).findings.isEmpty)
        for prefix in ["_checkpoints/", "_index/", "_log/", "_store.json"] {
            _ = try await objects.delete(contentsOf: objects.keys(prefix: prefix))
        }
        var options = RebuildOptions()
        options.waits = false
        let report = try await ObjectStorage.rebuild(objects, options)
        #expect(report.isDone && report.problems.isEmpty, "\(report.problems)")
        #expect(try await content(Self.indexed) == Self.rows(1...100))
    }

    @Test("Where one is missing or was changed, reading says so and names it, and so does a look for drift")
    func damaged() async throws {
        try await fill(100)
        _ = try await migrate()
        let part = try #require(try await keys().first { $0.hasSuffix("/0.json") })
        let bytes = try await objects.bytes(part)
        let changed = String(decoding: bytes, as: UTF8.self).replacing("1 mm", with: "1 mx")
        try await objects.put(part, Array(changed.utf8))
        let error = try await expectError(.damaged) { _ = try await content(Self.new) }
        #expect(error.message.contains(part), "\(error)")
        _ = try await objects.delete(part)
        try await expectError(.damaged) { _ = try await content(Self.new) }
        let findings = try await ObjectStorage.surveySchema(objects).findings
        #expect(findings.map(\.class) == [.changedByHand] && findings[0].message.contains(part), "\(findings)")
        try await objects.put(part, bytes)
        #expect(try await content(Self.new) == Self.rows(1...100))
    }

    @Test(
        "Where one is missing, an examination names it once and takes no file for edited; nothing is committed over it",
        arguments: [ObjectStoreCapabilities.ETags.perWrite, .md5], ["/0.json", "/directory.json"])
    func examined(_ etags: ObjectStoreCapabilities.ETags, _ end: String) async throws {
        var options = MemoryObjectStore.Options()
        options.etags = etags
        let scene = KeptValuesTests(MemoryObjectStore(options))
        try await scene.fill(10)
        _ = try await scene.migrate()
        let lost = try #require(try await scene.keys().first { $0.hasSuffix(end) })
        let bytes = try await scene.objects.bytes(lost)
        let file = try await scene.objects.bytes("tables/t/objects/3.json")
        let edited = String(decoding: file, as: UTF8.self).replacing("\"a3\"", with: "\"edited\"")
        _ = try await scene.objects.delete(lost)
        for isEdited in [false, true] {
            if isEdited { try await scene.objects.put("tables/t/objects/3.json", Array(edited.utf8)) }
            for action in [EditAction.report, .accept] {
                let storage = try await scene.storage()
                let store = try await Store.open(storage, schema: Schema(parsing: Self.new))
                let examination = try await storage.examine(action)
                let kinds = examination.findings.map(\.kind).sorted { $0.rawValue < $1.rawValue }
                #expect(kinds == (isEdited ? [.damagedFile, .damagedObject] : [.damagedObject]), "\(examination)")
                #expect(examination.findings.contains { $0.object == lost && $0.remedy.contains("backup") })
                #expect(!examination.isSound && examination.repaired.isEmpty && examination.unrepaired.isEmpty)
                try await store.close()
            }
        }
        try await scene.objects.put(lost, bytes)
        try await scene.objects.put("tables/t/objects/3.json", file)
        #expect(try await scene.content(Self.new) == Self.rows(1...10))
    }

    @Test("Errors about objects beside the files say no sensitive value; a newer object is not called damaged")
    func sensitive() throws {
        let from = try Schema(parsing: database(table("a {\"type\": \"date\", \"sensitive\": true}")))
        let to = try Schema(parsing: database(table("a {\"type\": \"date\", \"sensitive\": true}; made date?")))
        let pair = try #require(try Migration(from: from, to: to).pairs.first)
        func text(_ column: String, _ format: Int = StoreFormat.current) -> [UInt8] {
            Array(
                "{\"format\":\(format),\"needs\":[],\"store\":\"s\",\"records\":[{\"id\":\"1\",\"commit\":1,\"fields\":{\"\(column)\":\"secret\"}}]}"
                    .utf8)
        }
        func error(_ body: () throws -> Void) throws -> StorageError {
            let error = #expect(throws: StorageError.self) { try body() }
            return try #require(error)
        }
        let (made, newer) = (text("made"), text("made", StoreFormat.current + 1))
        let errors = [
            try error { _ = try MigrationTrash.decode(text("a"), of: pair.old, [1], name: "o") },
            try error { _ = try KeptValuesPart(decoding: made, of: pair, hash: SHA256.digest(made), name: "o") },
            try error { _ = try KeptValuesPart(decoding: made, of: pair, hash: [1], name: "o") },
        ]
        for error in errors {
            #expect(error.code == .damaged && error.message.contains("'o'") && !"\(error)".contains("secret"))
        }
        let refused = [
            try error { _ = try KeptValuesPart(decoding: newer, of: pair, hash: [1], name: "o") },
            try error { _ = try KeptValuesDirectory(decoding: newer, hash: [1], name: "o") },
        ]
        #expect(refused.allSatisfy { $0.code == .upgradeRequired })
    }

    // MARK: Going on

    @Test("A run of the same version goes on with what the one before has kept", arguments: [new, indexed])
    func resumed(_ text: String) async throws {
        try await fill(300)
        #expect(try await migrate(to: text, version: "1", stop: 200).count == 200)
        #expect(try await content(Self.old).count == 300)
        // One that changes meanwhile, one that goes, one that comes: they are made of what they are then.
        try await with(Self.old) { store in
            let records = try store.records("t")
            var fifth = try await records.get(Key(.int(5)))
            try fifth.set("a", .string("other"))
            var back = try await records.update(fifth)
            try back.set("a", .string("a5"))
            try await records.update(back)
            try await records.delete(Key(.int(6)))
            try await records.insert(Record(records.table, ["id": .int(0), "a": .string("a0")]))
        }
        let counting = CountingObjectStore(objects)
        let asked = try await migrate(counting, to: text, version: "1")
        #expect(asked.contains(5) && asked.contains(0) && asked.contains(200) && !asked.contains(6))
        #expect(asked.count < 150, "\(asked)")
        if text == Self.new { #expect(counting.counts[.get] < 250, "\(counting.counts)") }
        #expect(try await content(text) == Self.rows([0, 1, 2, 3, 4, 5] + Array(7...300)))
    }

    @Test("Code without a version, or of another one, begins anew")
    func anew() async throws {
        try await fill(150)
        _ = try await migrate(version: "1", stop: 140)
        #expect(try await migrate(version: "2", stop: 140) { Self.long(Self.id($0), "n") }.count == 140)
        #expect(try await migrate { Self.long(Self.id($0), "o") }.count == 150)
        #expect(try await content(Self.new) == Self.rows(1...150, "o"))
    }

    @Test("What a run has kept that was cut short, and that somebody has changed since, is not taken")
    func touched() async throws {
        try await fill(150)
        _ = try await migrate(version: "1", stop: 140)
        let part = try #require(try await keys().first { $0.hasSuffix("/0.json") })
        let text = String(decoding: try await objects.bytes(part), as: UTF8.self)
        try await objects.put(part, Array(text.replacing("\"5 mm", with: "\"5 mx").utf8))
        #expect(try await migrate(version: "1").count == 150)
        #expect(try await content(Self.new) == Self.rows(1...150))
    }

    @Test("What was made under another 'convert' is not taken, though the schema is the same")
    func converted() async throws {
        try await fill(150)
        func text(_ otherwise: String) -> String {
            database(
                table(
                    "a string; made string; b {\"type\": \"string\", \"convert\": {\"from\": \"a\", \"values\": {\"a1\": \"one\"}, \"otherwise\": \"\(otherwise)\"}}"
                ))
        }
        _ = try await migrate(to: text("x"), version: "1", stop: 140)
        #expect(try await migrate(to: text("y"), version: "1").count == 150)
        #expect(try await content(text("y"))[7]["b"] == "y")
    }

    @Test("Code that gives other values, and says that it is the same version, is found out, and nothing is changed")
    func changed() async throws {
        try await fill(150)
        _ = try await migrate(version: "1", stop: 140)
        let error = try await expectError(.invalid) {
            _ = try await migrate(version: "1") { Self.long(Self.id($0), "n") }
        }
        #expect(error.details.id == "1" && error.remedy?.contains("codeVersion") == true, "\(error)")
        #expect(try await content(Self.old).count == 150)
    }

    @Test("What was made before the schema changed to another and back is not taken")
    func between() async throws {
        try await fill(150)
        _ = try await migrate(version: "1", stop: 140)
        for text in [database(table("a string; b int?")), Self.old] {
            let storage = try await storage()
            let held = try #require(try await storage.schema())
            try await storage.apply(
                .migrate(Migration(from: held, to: Schema(parsing: text), allowsDestructive: true)))
            try await storage.close()
        }
        #expect(try await migrate(version: "1").count == 150)
    }

    @Test("What a run has left that was given up goes after a day; what was decided stays")
    func collected() async throws {
        try await fill(150)
        _ = try await migrate(stop: 140)
        let left = try await keys()
        #expect(!left.isEmpty)
        _ = try await migrate()
        let all = try await keys()
        ahead.withLock { $0 += 25 * 3_600_000_000 }
        _ = try await with(Self.new) { try await $0.maintain() }
        #expect(try await keys() == all.filter { !left.contains($0) })
        #expect(try await content(Self.new) == Self.rows(1...150))
    }
}

import CairnCore
import CairnSchema
import Foundation
import SQLiteStorage
import Testing

/// SQL of the application's own: it reads, with values that are bound.
@Suite("SQL that reads")
struct RawSQLTests {
    private static let schema = """
        { "database": "d", "tables": { "cities": { "columns": { "id": "int", "name": "string", "population": "int?",
          "seen": "timestamp?", "born": "date?", "token": "uuid?", "price": "decimal?", "open": "bool?", "share": "double?",
          "tags": "[string]", "raw": "bytes?", "document": "json?" }, "key": "id" } } }
        """

    private func open() async throws -> (SQLiteStorage, Store) {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.temporary))
        let store = try await Store.open(storage, schema: Schema(parsing: Self.schema))
        for (id, name, population) in [(1, "Paris", 5), (2, "O'Brien; DROP TABLE cities", nil), (3, "Rome", 7)] {
            try await store.records("cities").insert(
                Record(
                    store.schema.tables[0],
                    ["id": .int(id), "name": .string(name), "population": population.map(Value.int) ?? .null]))
        }
        return (storage, store)
    }

    @Test("Values are bound by their types, and rows are read by the names of columns")
    func values() async throws {
        let (storage, store) = try await open()
        let least = 5
        let rows = try await storage.read(
            "SELECT name, population AS people FROM cities WHERE population >= \(least) ORDER BY name DESC")
        #expect(rows.map(\.columns) == [["name", "people"], ["name", "people"]])
        #expect(try rows.map { try $0.get("name", as: String.self) } == ["Rome", "Paris"])
        #expect(try rows.map { try $0.get(1, as: Int.self) } == [7, 5])
        try await store.close()
    }

    @Test("Text that looks like SQL is a value and nothing else")
    func injection() async throws {
        let (storage, store) = try await open()
        for name in ["O'Brien; DROP TABLE cities", "x' OR '1'='1", "%", "\" --"] {
            let rows = try await storage.read("SELECT id FROM cities WHERE name = \(name)")
            #expect(rows.count == (name.hasPrefix("O'Brien") ? 1 : 0), "\(name)")
        }
        #expect(try await storage.read("SELECT \("a'b") AS x")[0].get("x", as: String.self) == "a'b")
        #expect(try await store.session.count(Query(store.schema.tables[0])) == 3)
        try await store.close()
    }

    @Test("Lists, nulls, counts and parts of other statements")
    func forms() async throws {
        let (storage, store) = try await open()
        let ids = [1, 3, 9]
        #expect(try await storage.read("SELECT id FROM cities WHERE id IN \(list: ids)").count == 2)
        #expect(try await storage.read("SELECT id FROM cities WHERE id IN \(list: [Int]())").isEmpty)
        let count = try await storage.read(
            "WITH big AS (SELECT * FROM cities WHERE population > 5) SELECT count(*) AS n FROM big;")
        #expect(try count[0].get("n", as: Int.self) == 1)
        let sums = try await storage.read("SELECT population FROM cities ORDER BY id")
        #expect(try sums.map { try $0.get("population", as: Int?.self) } == [5, nil, 7])
        #expect(throws: StorageError.self) { try sums[1].get("population", as: Int.self) }
        try await store.close()
    }

    @Test("A value of each type goes in as its column stores it, and comes out as that type")
    func types() async throws {
        let (storage, store) = try await open()
        let seen = try #require(Timestamp("2026-01-02T03:04:05.678901Z"))
        let born = try #require(CalendarDate("2024-02-29"))
        let price = try #require(DecimalNumber("-12.50"))
        let token = UUID()
        let document = try JSONValue(parsing: #"{"a":[1,2]}"#)
        _ = try await store.records("cities").upsert(
            Record(
                store.schema.tables[0],
                [
                    "id": .int(1), "name": .string("Paris"), "seen": .timestamp(seen), "born": .date(born),
                    "token": .uuid(token), "price": .decimal(price), "open": .bool(true), "share": .double(0.5),
                    "tags": .array([.string("a"), .string("b")]), "raw": .bytes([0, 255]), "document": .json(document),
                ]))
        let row = try #require(
            try await storage.read(
                """
                SELECT * FROM cities WHERE seen = \(seen) AND born = \(born) AND token = \(token) AND price = \(price)
                  AND open = \(true) AND share = \(0.5) AND raw = \([0, 255] as [UInt8]) AND tags = \(["a", "b"])
                """
            ).first)
        #expect(try row.get("seen", as: Timestamp.self) == seen)
        #expect(try row.get("born", as: CalendarDate?.self) == born)
        #expect(try row.get("token", as: UUID.self) == token)
        #expect(try row.get("price", as: DecimalNumber.self) == price)
        #expect(try row.get("open", as: Bool.self))
        #expect(try row.get("share", as: Double.self) == 0.5)
        #expect(try row.get("raw", as: [UInt8].self) == [0, 255])
        #expect(try row.get("tags", as: [String].self) == ["a", "b"])
        #expect(try row.get("document", as: JSONValue.self) == document)
        #expect(try row.get("_revision", as: Int.self) == 2)
        let error = try #require(throws: StorageError.self) { try row.get("bron", as: CalendarDate.self) }
        #expect(error.remedy == "did you mean 'born'?")
        try await store.close()
    }

    private static let refused: [(SQL, String)] = [
        ("DELETE FROM cities", "more than read"), ("INSERT INTO cities (id, name) VALUES (1, 'x')", "more than read"),
        ("UPDATE cities SET name = 'x' RETURNING id", "more than read"), ("DROP TABLE cities", "more than read"),
        ("CREATE TEMP TABLE t (x)", "more than read"), ("ATTACH '/tmp/other.db' AS other", "more than read"),
        ("PRAGMA journal_mode = DELETE", "more than read"), ("PRAGMA user_version", "more than read"),
        ("BEGIN", "more than read"), ("SAVEPOINT x", "more than read"),
        ("VACUUM INTO '/tmp/copy.db'", "more than read"),
        ("ANALYZE", "more than read"), ("SELECT 1; DELETE FROM cities", "more than one statement"),
        ("SELECT nme FROM cities", "no such column: nme"), ("SELEC 1", "syntax error"), ("", "no statement"),
        ("-- nothing", "no statement"), ("SELECT ?", "1 parameters and 0 values"),
        ("SELECT load_extension('x')", "SQL"),
    ]

    @Test("What does more than read, is not one statement, or is no SQL, is query.invalid, and nothing happens")
    func refused() async throws {
        let (storage, store) = try await open()
        for (sql, says) in Self.refused {
            let error = try await #require(throws: StorageError.self, "\(sql.text)") { try await storage.read(sql) }
            #expect(error.code == .query, "\(sql.text): \(error)")
            #expect(error.description.contains(says), "\(error)")
        }
        #expect(try await store.session.count(Query(store.schema.tables[0])) == 3)
        #expect(try await storage.read("SELECT 1 AS x").count == 1)
        try await store.close()
        try await expectError(.closed) { _ = try await storage.read("SELECT 1") }
    }

    @Test("A statement that would never end ends with its deadline, and leaves the next one alone")
    func endless() async throws {
        let (storage, store) = try await open()
        try await expectError(.timeout) {
            try await withDeadline(after: .milliseconds(50)) {
                _ = try await storage.read(
                    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")
            }
        }
        #expect(try await storage.read("SELECT count(*) FROM cities").count == 1)
        try await store.close()
    }

    @Test("It sees what was committed, and not what a transaction has not committed yet")
    func isolation() async throws {
        let (storage, store) = try await open()
        try await store.transaction { tx in
            try await tx.records("cities").delete(Key(.int(1)))
            #expect(try await storage.read("SELECT id FROM cities").count == 3)
        }
        #expect(try await storage.read("SELECT id FROM cities").count == 2)
        try await store.close()
    }
}

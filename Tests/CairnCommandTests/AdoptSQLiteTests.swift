import CairnSchema
import Foundation
import Testing

@testable import CairnCommand

@Suite("cairn adopt of a SQLite database")
struct AdoptSQLiteTests {
    private let folder: TestFolder
    private let address: String

    init() throws {
        folder = try TestFolder()
        address = "sqlite:\(folder("shop.db"))"
    }

    private func make(_ sql: String = PlainDatabase.shop) throws { try PlainDatabase.run(sql, on: folder("shop.db")) }

    private func bytes() throws -> Data { try Data(contentsOf: URL(filePath: folder("shop.db"))) }

    /// A record of an adopted store.
    private func record(_ store: String, _ table: String, _ key: String...) async throws -> JSONValue {
        let outcome = await cairn(["get", store, table] + key + ["--json"])
        try #require(outcome.code == .done, "\(outcome.errors)")
        return try JSONValue(parsing: outcome.output)
    }

    // MARK: The schema

    @Test("Tables, keys, types, indexes, references, defaults and rules become a schema file that checks")
    func proposal() async throws {
        try make()
        let file = folder("shop.jsonc")
        let outcome = await cairn("adopt", address, "--output", file)
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(await cairn("check", file).code == .done)
        let schema = try Schema(parsing: try folder.read("shop.jsonc"))
        #expect(schema.database == "shop")
        #expect(
            schema.tables.map(\.name).sorted()
                == ["album", "artist", "employee", "log", "playlist_track", "sessions", "track"])
        let track = try #require(schema.table(named: "track"))
        let types: [(String, ValueType, Bool)] = [
            ("track_id", .int, false), ("name", .string, false), ("album_id", .int, true), ("media", .string, false),
            ("milliseconds", .int, false), ("unit_price", .decimal, false), ("explicit", .bool, false),
            ("code", .string, true), ("extra", .json, true), ("cover", .bytes, true),
        ]
        for (name, type, isNullable) in types {
            let column = try #require(track.column(named: name), "\(name)")
            #expect(column.valueType == type && column.isNullable == isNullable, "\(name): \(column)")
        }
        #expect(track.column(named: "album_id")?.referencedTable == "album")
        #expect(track.column(named: "album_id")?.onDelete == .setNull)
        #expect(schema.table(named: "album")?.column(named: "artist_id")?.onDelete == .cascade)
        #expect(schema.table(named: "playlist_track")?.column(named: "track_id")?.onDelete == .restrict)
        #expect(track.column(named: "media")?.type == .enumeration(["file", "disc"]))
        #expect(track.column(named: "milliseconds")?.rules.minimum == .int(0))
        #expect(track.column(named: "milliseconds")?.rules.maximum == .int(100_000_000))
        #expect(track.column(named: "name")?.defaultValue == .literal(.string("untitled")))
        #expect(
            track.column(named: "unit_price")?.defaultValue == .literal(.decimal(try #require(DecimalNumber("0.99")))))
        #expect(track.column(named: "explicit")?.defaultValue == .literal(.bool(false)))
        #expect(track.indexes.contains { $0.isUnique && $0.parts.map(\.column) == [7] })
        #expect(track.indexes.contains { $0.name == "by_length" && $0.parts.map(\.isDescending) == [true, false] })
        #expect(!track.indexes.contains { $0.name == "by_cheap" || $0.name == "by_upper" })
        let pairs = try #require(schema.table(named: "playlist_track"))
        #expect(pairs.key.count == 2 && pairs.column(named: "track_id")?.referencedTable == "track")
        let employee = try #require(schema.table(named: "employee"))
        #expect(employee.column(named: "reports_to")?.referencedTable == "employee")
        #expect(employee.column(named: "hire_date")?.defaultValue == .now)
        #expect(employee.column(named: "birth_date")?.valueType == .date)
        let log = try #require(schema.table(named: "log"))
        #expect(log.columns.map(\.name) == ["id", "line", "at"] && log.key == [0])
        #expect(schema.table(named: "sessions")?.column(named: "token")?.valueType == .uuid)
    }

    @Test("A database is not called like a record in it, and names that cannot be kept are told")
    func names() async throws {
        try make(
            "CREATE TABLE shop (id INTEGER PRIMARY KEY, \"userName\" TEXT, \"42\" TEXT); CREATE TABLE \"¿\" (id INTEGER);"
        )
        let outcome = await cairn("adopt", address)
        #expect(outcome.code == .done, "\(outcome.errors)")
        let schema = try Schema(parsing: outcome.output)
        #expect(schema.database == "shop_store")
        #expect(schema.tables.map(\.name) == ["shop"] && schema.tables[0].columns.map(\.name) == ["id", "user_name"])
        #expect(outcome.errors.contains("column '42' has a name that none of Cairn's can have, and is left out"))
        #expect(outcome.errors.contains("table '¿' has a name that none of Cairn's can have, and is left out"))
    }

    @Test("What a schema file cannot say is told, table by table")
    func notes() async throws {
        try make()
        let outcome = await cairn("adopt", address)
        for says in [
            "the view 'cheap' is not carried over", "the trigger 'keep' is not carried over",
            "table 'PlaylistTrack': column 'TrackId': ON DELETE SET DEFAULT becomes 'restrict'",
            "table 'Track': CHECK (length ( Name ) < 500) is not carried over",
            "table 'Track': the index 'by_cheap' is not carried over: it has only some rows",
            "table 'Track': the index 'by_upper' is not carried over",
            "table 'Track': its numbers are given out by AUTOINCREMENT",
            "table 'Employee': the index 'one_name' sorts by NOCASE", "table 'Track' becomes 'track'",
            "table 'log': it has no primary key, so the number of each row becomes the key, 'id'",
            "column 'opened' are read as seconds since 1970", "column 'closed' are read as milliseconds since 1970",
            "column 'seen' are read as Julian days", "times of column 'hire_date' without an offset are read as UTC",
        ] { #expect(outcome.errors.contains(says), "\(says) is not in\n\(outcome.errors)") }
        #expect(
            outcome.errors.contains("All rows fit the schema. Nothing was written; --to STORE makes a store of them."))
    }

    // MARK: The rows

    @Test("All rows come over into any store, exactly, and the database is as it was", arguments: ["sqlite:", "file:"])
    func rows(scheme: String) async throws {
        try make()
        let before = try bytes()
        let target = "\(scheme)\(folder("new"))"
        let outcome = await cairn("adopt", address, "--to", target)
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("track           3 rows"), "\(outcome.output)")
        #expect(try bytes() == before)
        let one = try await record(target, "track", "1")
        #expect(one["unit_price"] == "0.99" && one["extra"] == ["a": [1, .null]] && one["cover"] == "AP8=")
        #expect(one["explicit"] == false && one["album_id"] == 1 && one["_revision"] == 1)
        let big = try await record(target, "track", "9007199254740993")
        #expect(
            big["track_id"] == .int(9_007_199_254_740_993) && big["unit_price"] == "12.5" && big["explicit"] == true)
        #expect(try await record(target, "album", "2")["title"] == "Björk's")
        #expect(try await record(target, "artist", "2")["name"] == .null)
        let boss = try await record(target, "employee", "2")
        #expect(boss["hire_date"] == "2002-08-14T10:11:12.500000Z" && boss["birth_date"] == .null)
        let carl = try await record(target, "employee", "3")
        #expect(carl["hire_date"] == "2003-05-03T15:00:00.000000Z" && carl["birth_date"] == "1970-01-01")
        #expect(try await record(target, "employee", "1")["reports_to"] == 2, "it refers to a later row")
        #expect(try await record(target, "playlist_track", "1/2")["track_id"] == 2)
        #expect(try await record(target, "log", "7")["line"] == "seven")
        let session = try await record(target, "sessions", "00112233-4455-6677-8899-aabbccddeeff")
        #expect(session["opened"] == "2009-02-13T23:31:30.000000Z")
        #expect(session["closed"] == "2009-02-13T23:31:30.123000Z")
        #expect(session["seen"] == "2010-01-02T00:00:00.000000Z")
        let again = await cairn("adopt", address, "--to", target)
        #expect(again.code == .failed && again.errors.contains("already"), "\(again.errors)")
    }

    @Test("A schema that a person changed counts: columns left out are named, new ones get their defaults")
    func changedSchema() async throws {
        try make("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, old TEXT); INSERT INTO t VALUES (1, '5', 'x');")
        let file = try folder.write(
            "t.jsonc",
            "{ \"database\": \"things\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \"name\": \"int\", \"kind\": { \"type\": \"string\", \"default\": \"new\" } }, \"key\": \"id\" } } }"
        )
        let refused = await cairn("adopt", address, "--schema", file, "--to", "sqlite:\(folder("new.db"))")
        #expect(refused.code == .found && refused.output.contains("table 't', row 1, column 'name': '5' is no int"))
        try folder.write(
            "t.jsonc",
            try folder.read("t.jsonc").replacingOccurrences(of: "\"name\": \"int\"", with: "\"name\": \"string\""))
        let outcome = await cairn("adopt", address, "--schema", file, "--to", "sqlite:\(folder("new.db"))")
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("column 'old' is none of the schema, and is left out"))
        #expect(outcome.output.contains("column 'kind' is new"))
        let record = try await record("sqlite:\(folder("new.db"))", "t", "1")
        #expect(record["name"] == "5" && record["kind"] == "new")
    }

    @Test("Rows that refer to later ones of their table come over, however many there are")
    func tree() async throws {
        var sql = "CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES nodes (id)); BEGIN;"
        for id in 1...12_000 { sql += "INSERT INTO nodes VALUES (\(id), \(id == 12_000 ? "NULL" : "\(id + 1)"));" }
        try make(sql + "COMMIT;")
        let target = "sqlite:\(folder("new.db"))"
        let outcome = await cairn("adopt", address, "--to", target)
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        for id in [1, 5_000, 11_999] {
            #expect(try await record(target, "nodes", "\(id)")["parent"] == .int(id + 1))
        }
    }

    @Test("Two tables that refer to each other come over")
    func cycle() async throws {
        try make(
            """
            CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id));
            CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));
            INSERT INTO a VALUES (1, 2), (2, 1); INSERT INTO b VALUES (1, 1), (2, NULL);
            """)
        let target = "file:\(folder("new"))"
        let outcome = await cairn("adopt", address, "--to", target)
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(try await record(target, "a", "1")["b"] == 2)
        #expect(try await record(target, "b", "1")["a"] == 1)
    }

    // MARK: What does not fit

    @Test("Each value that does not fit is named with table, row and column, and nothing is written")
    func problems() async throws {
        try make(
            """
            CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER NOT NULL, born DATE, team INTEGER REFERENCES teams (id));
            CREATE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR(5) NOT NULL);
            CREATE TABLE tags (word TEXT PRIMARY KEY);
            INSERT INTO teams VALUES (1, 'red'), (2, x'FF');
            INSERT INTO people VALUES (1, 5, '2001-02-03', 1), (2, 'old', NULL, NULL), (3, 7, '2001-02-30', 9), (4, 1.5, NULL, 1);
            INSERT INTO tags VALUES (NULL), ('x');
            """)
        let target = folder("new.db")
        let outcome = await cairn("adopt", address, "--to", "sqlite:\(target)")
        #expect(outcome.code == .found)
        for says in [
            "table 'people', row 2, column 'age': 'old' is no int",
            "table 'people', row 4, column 'age': 1.5 is no int",
            "table 'people', row 3, column 'team': 9 is in no row of 'teams'",
            "table 'teams', row 2, column 'name': a blob of 1 bytes is no string",
            "table 'tags', row null, column 'word'",
            "5 rows do not fit. Nothing was written.",
            "column 'born' is declared DATE, and not all of its values are date",
        ] { #expect(outcome.output.contains(says), "\(says) is not in\n\(outcome.output)") }
        #expect(!FileManager.default.fileExists(atPath: target))
        let json = try JSONValue(parsing: await cairn("adopt", address, "--json").output)
        #expect(json["adopted"] == false && json["problem_count"] == 5)
    }

    @Test("Files that are none, stores of Cairn's, and lines that make no sense are refused")
    func refused() async throws {
        #expect(await cairn("adopt", address).errors.contains("there is no file"))
        try folder.write("shop.db", "this is no database, but it is long enough to be looked at as if it were one")
        #expect(await cairn("adopt", address).errors.contains("is not a SQLite database"))
        try FileManager.default.removeItem(atPath: folder("shop.db"))
        try make("CREATE VIEW v AS SELECT 1;")
        #expect(await cairn("adopt", address).errors.contains("has no tables"))
        try make("CREATE TABLE t (id INTEGER PRIMARY KEY);")
        #expect(await cairn("adopt", address, "--to", "memory:").errors.contains("ends with this program"))
        #expect(await cairn("adopt", address, "--write").errors.contains("is never changed"))
        let target = "sqlite:\(folder("new.db"))"
        #expect(await cairn("adopt", address, "--to", target).code == .done)
        #expect(await cairn("adopt", target).errors.contains("is a store of Cairn's already"))
    }
}

@Suite("CHECK constraints")
struct CheckConstraintTests {
    @Test("Lists of texts and bounds of numbers are understood, in any quotes, and joined by AND")
    func understood() {
        let checks = CheckConstraints(
            """
            CREATE TABLE t (a TEXT CHECK (a IN ('x', 'it''s')), [b c] INT CHECK(([b c] >= -1)), -- CHECK (no)
            d REAL CHECK (`d` BETWEEN 0 AND 1.5 AND "e" <= 9), /* CHECK (no) */ f TEXT DEFAULT 'CHECK (no)')
            """)
        #expect(checks.rules.map(\.column) == ["a", "b c", "d", "d", "e"])
        #expect(
            checks.rules.map(\.rule) == [.oneOf(["x", "it's"]), .atLeast(-1), .atLeast(0), .atMost(1.5), .atMost(9)])
        #expect(checks.others.isEmpty, "\(checks.others)")
    }

    @Test(
        "What is not understood is given back as it stands",
        arguments: [
            "a > b", "a IN (1, 2)", "a >= 1 OR a IS NULL", "length(a) < 5", "a NOT IN ('x')", "a < 5", "a IN ()",
        ])
    func others(text: String) {
        let checks = CheckConstraints("CREATE TABLE t (a, CHECK (\(text)))")
        #expect(checks.rules.isEmpty, "\(checks.rules)")
        #expect(checks.others.map { $0.filter { $0 != " " } } == [text.filter { $0 != " " }])
    }
}

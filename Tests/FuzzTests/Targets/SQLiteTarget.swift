import CairnSchema
import Simulation

/// A SQLite store that another program has changed by SQL: rows of any type, other tables, Cairn's own rows.
///
/// Whatever is there, opening, reading and writing either works or fails with one of our errors; what is read is of its
/// column's type, and is written as JSON and read back the same.
struct SQLiteTarget: FuzzTarget {
    private let fixture: SQLiteFixture

    let words =
        [
            "UPDATE rows SET ", "UPDATE pairs SET ", "UPDATE zones SET ", "UPDATE _cairn_store SET value = ",
            "UPDATE _cairn_receipts SET ",
            "UPDATE _cairn_commits SET ", "UPDATE _cairn_deleted SET ",
            "INSERT INTO rows (id, _revision, _created_at, _updated_at) VALUES (",
            "DELETE FROM ", "DROP TABLE ", "DROP INDEX \"rows.by_text\";", "CREATE TABLE rows (id, text);",
            "ALTER TABLE rows RENAME TO gone;",
            "ALTER TABLE rows DROP COLUMN day;", "ALTER TABLE zones ADD COLUMN x;", "PRAGMA writable_schema = ON;",
            "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '');",
            "UPDATE sqlite_schema SET sql = replace(sql, 'TEXT', 'ANY');",
            "PRAGMA user_version = ", "PRAGMA application_id = ", "PRAGMA encoding = 'UTF-16';",
            "PRAGMA foreign_keys = OFF;",
            " WHERE name = 'schema'", " WHERE name = 'schema_id'", " WHERE name = 'format'", " WHERE name = 'needs'",
            "replace(value, ", "CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM zones; END;",
            "CREATE VIEW v AS SELECT 1;", ";\n",
        ] + SQLiteTarget.columns.map { "\($0) = " } + SQLiteTarget.literals

    private static let columns = [
        "id", "text", "zone", "amount", "token", "seen", "day", "doc", "list", "ratio", "flag", "raw", "state",
        "_revision",
        "_created_at", "_updated_at",
    ]

    private static let literals = [
        "NULL", "0", "-1", "2", "9223372036854775807", "-9223372036854775808", "9e999", "-9e999", "1e308", "0.5",
        "-0.0", "''", "'a'",
        "x''", "x'00'", "x'ff'", "x'8000'", "x'7fff'", "x'80'", "x'810200'", "x'0102030405060708090a0b0c0d0e0f10'",
        "CAST(x'ff' AS TEXT)",
        "CAST(x'eda080' AS TEXT)", "CAST(x'610062' AS TEXT)", "'{'", "'[1,2]'", "'[1e999]'", "'[null]'",
        "'{\"a\":1,\"a\":2}'", "'[' || hex(zeroblob(100))",
        "replace(hex(zeroblob(200)), '0', '[')", "zeroblob(70000)", "hex(zeroblob(30000))", "253402300800000000",
        "2932897", "-719163",
        "'on'", "'maybe'", "randomblob(16)",
    ]

    init() async throws {
        fixture = try await SQLiteFixture()
    }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        var statements: [String] = []
        // Columns take what is not of their type once they are told to.
        if random.chance(50) {
            statements =
                ["PRAGMA writable_schema = ON"]
                + [
                    "STRICT, WITHOUT ROWID|WITHOUT ROWID", "STRICT|", " NOT NULL|", "TEXT|ANY", "INTEGER|ANY",
                    "BLOB|ANY", "REAL|ANY",
                ]
                .filter { _ in random.chance(60) }.map { change in
                    let sides = change.split(separator: "|", omittingEmptySubsequences: false)
                    return
                        "UPDATE sqlite_schema SET sql = replace(sql, '\(sides[0])', '\(sides[1])') WHERE type = 'table'"
                }
                + ["PRAGMA writable_schema = RESET"]
        }
        for _ in 0..<1 + random.below(4) {
            let column = random.pick(SQLiteTarget.columns, else: "text")
            let literal = random.pick(SQLiteTarget.literals, else: "NULL")
            switch random.below(8) {
            case 0:
                statements.append(
                    "UPDATE _cairn_store SET value = \(literal) WHERE name = '\(random.pick(["schema", "schema_id", "format", "needs", "store_id"], else: ""))'"
                )
            case 1:
                statements.append(
                    "UPDATE _cairn_receipts SET \(random.pick(["key", "digest", "receipt", "at"], else: "")) = \(literal)"
                )
            case 2:
                statements.append(
                    "UPDATE pairs SET \(random.pick(["a", "b", "value", "_revision"], else: "")) = \(literal)")
            case 3: statements.append("UPDATE zones SET name = \(literal)")
            default: statements.append("UPDATE rows SET \(column) = \(literal) WHERE id < \(2 + random.below(3))")
            }
        }
        return Array(statements.joined(separator: ";\n").utf8)
    }

    func check(_ input: [UInt8]) async throws {
        let sql = String(decoding: input, as: UTF8.self)
        try await fixture.use(fixture.bytes) { try SQLiteFixture.execute(sql, at: $0) }
    }
}

/// The file of a SQLite store with bytes in it that nobody wrote.
///
/// An input is a list of changes, one a line: `offset:` and bytes in hexadecimal digits; `cut:` and a length. Whatever the
/// file holds then, opening, reading and writing either works or fails with one of our errors.
struct SQLiteFileTarget: FuzzTarget {
    private let fixture: SQLiteFixture

    let words = [
        "16:0400\n", "18:01\n", "18:02\n", "24:ffffffff\n", "28:00000001\n", "32:00000005\n", "56:00000002\n",
        "100:0d\n", "100:05\n", "cut:1024\n", "cut:0\n",
    ]

    init() async throws {
        fixture = try await SQLiteFixture()
    }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        var lines: [String] = []
        for _ in 0..<1 + random.weighted([50, 25, 15, 10]) {
            let page = random.below(fixture.bytes.count / 1024) * 1024
            // Headers decide most: of the file, of a page.
            let offset =
                switch random.below(4) {
                case 0: random.below(100)
                case 1: page + random.below(16) + (page == 0 ? 100 : 0)
                default: random.below(fixture.bytes.count)
                }
            let count = 1 + random.weighted([60, 20, 10, 10])
            let bytes = (0..<count).map { _ in
                random.chance(50)
                    ? UInt8(truncatingIfNeeded: random.next()) : random.pick([0, 1, 2, 0x7F, 0x80, 0xFF], else: 0)
            }
            lines.append("\(offset):" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    func check(_ input: [UInt8]) async throws {
        var bytes = fixture.bytes
        for line in String(decoding: input, as: UTF8.self).split(separator: "\n").prefix(50) {
            let sides = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard sides.count == 2 else { continue }
            if sides[0] == "cut" {
                bytes = Array(bytes.prefix(max(0, Int(sides[1]) ?? .max)))
            } else if let offset = Int(sides[0]) {
                for (place, byte) in (Hex.decode(sides[1]) ?? []).enumerated()
                where bytes.indices.contains(offset &+ place) {
                    bytes[offset &+ place] = byte
                }
            }
        }
        try await fixture.use(bytes) { _ in }
    }
}

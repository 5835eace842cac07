import CairnCore

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.UUID
#else
    import struct Foundation.UUID
#endif

extension Store {
    /// A record of a table, by column name; what is missing gets its default.
    func record(_ table: String, _ values: [String: Value]) throws -> Record {
        try Record(require(schema.table(named: table), "table \(table)"), values)
    }

    /// Inserts a record.
    @discardableResult
    func insert(_ table: String, _ values: [String: Value]) async throws -> Record {
        try await session.insert(table, values)
    }

    /// A query of a table.
    func query(
        _ table: String, where condition: Condition? = nil, order: [OrderTerm] = [], limit: Int? = nil
    ) throws -> Query {
        try Query(require(schema.table(named: table), "table \(table)"), where: condition, order: order, limit: limit)
    }

    /// The position of a column.
    func column(_ name: String, of table: String) throws -> Int {
        try require(schema.table(named: table)?.column(named: name), "column \(name) of \(table)").position
    }

    /// The texts of the keys of a query's rows, in order.
    func keys(_ query: Query) async throws -> [String] { try await session.keys(query) }
}

extension Session {
    /// Inserts a record.
    @discardableResult
    func insert(_ table: String, _ values: [String: Value]) async throws -> Record {
        let repository = try records(table)
        return try await repository.insert(Record(repository.table, values))
    }

    /// Reads a record, changes columns and stores it.
    @discardableResult
    func change(_ table: String, _ key: Key, _ values: [String: Value]) async throws -> Record {
        var record = try await records(table).get(key)
        for (name, value) in values { try record.set(name, value) }
        return try await records(table).update(record)
    }

    /// The texts of the keys of a query's rows, in order.
    func keys(_ query: Query) async throws -> [String] {
        var keys: [String] = []
        try await read(query) { row in
            keys.append(KeyText.encode(try row.key()))
            return true
        }
        return keys
    }
}

extension Key {
    /// A key of one text.
    static func text(_ text: String) -> Key { Key(.string(text)) }
    /// A key of one integer.
    static func int(_ int: Int) -> Key { Key(.int(int)) }
}

/// Values of each ordered type, from the smallest to the largest; none equals another.
enum Ladder {
    static func values(of column: String) -> [Value] {
        switch column {
        case "text": texts.map(Value.string)
        case "number":
            [Int.min, -9_007_199_254_740_993, -256, -1, 0, 1, 255, 256, 9_007_199_254_740_993, Int.max].map(Value.int)
        case "real":
            [
                -Double.greatestFiniteMagnitude, -1e300, -1.5, -Double.leastNonzeroMagnitude, 0,
                Double.leastNonzeroMagnitude, 0.1,
                0.1.nextUp, 1, 1e300, Double.greatestFiniteMagnitude,
            ].map(Value.double)
        case "flag": [.bool(false), .bool(true)]
        case "token": tokens.map(Value.uuid)
        case "raw":
            [[], [0], [0, 0], [0, 1], [0, 255], [1], [127], [128], [255], [255, 0], [255, 255]].map(Value.bytes)
        case "instant":
            [
                Timestamp.min, Timestamp("1969-12-31T23:59:59.999999Z"), .epoch,
                Timestamp("2026-11-20T15:06:01.870549Z"),
                Timestamp("2026-11-20T15:06:01.870550Z"), .max,
            ].compactMap { $0 }.map(Value.timestamp)
        case "day":
            [
                CalendarDate.min, CalendarDate("1969-12-31"), CalendarDate("1970-01-01"), CalendarDate("2024-02-29"),
                .max,
            ]
            .compactMap { $0 }.map(Value.date)
        case "amount":
            [
                "-99999999999999999999999999999999999999", "-100", "-99.5", "-1.1", "-1",
                "-0.00000000000000000000000000000000000001",
                "0", "0.00000000000000000000000000000000000001", "0.5", "0.50000000000000000000000000000000000001", "1",
                "1.05",
                "1.5", "9.99", "10", "99.999", "100", "99999999999999999999999999999999999999",
            ].compactMap { DecimalNumber($0) }.map(Value.decimal)
        default: []
        }
    }

    /// Texts whose order by bytes differs from any locale's, and from UTF-16's.
    private static let texts = [
        "", "\0", "\0\0", "\0a", " ", "0", "10", "9", "A", "Z", "_", "a", "a\0", "a\0b", "a ", "aa", "b", "e\u{301}",
        "z",
        "\u{7F}", "\u{80}", "\u{E9}", "\u{DF}", "\u{FFFD}", "\u{10000}", "\u{1F600}", "\u{10FFFF}",
    ].sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }

    private static let tokens = [
        "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001",
        "0198f3c2-0000-7000-8000-000000000000", "7fffffff-ffff-ffff-ffff-ffffffffffff",
        "80000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ].compactMap { UUID(uuidString: $0) }
}

import CairnCore

/// Keys: of every type, of several columns, and again after a delete.
enum KeyCases {
    static let all: [ConformanceCase] =
        [
            ConformanceCase(.l0, "A composite key finds its record") { store in
                let db = try await store.open(Schemas.composite)
                try await insertMeasure(db, "A", "2026-01-01", 5, 1.5)
                let key = try measureKey("A", "2026-01-01", 5)
                try expectEqual(try await db.records("measures").get(key)["value"], .double(1.5))
                try expect(
                    try await db.records("measures").find(measureKey("A", "2026-01-01", 6)) == nil, "found another hour"
                )
            },
            ConformanceCase(.l0, "A part of a composite key may repeat, the whole may not") { store in
                let db = try await store.open(Schemas.composite)
                try await insertMeasure(db, "A", "2026-01-01", 5, 1)
                try await insertMeasure(db, "A", "2026-01-01", 6, 2)
                try await insertMeasure(db, "A", "2026-01-02", 5, 3)
                try await insertMeasure(db, "B", "2026-01-01", 5, 4)
                try await expectError(.duplicate) { try await insertMeasure(db, "A", "2026-01-01", 5, 5) }
                try expectEqual(try await db.records("measures").count(), 4)
            },
            ConformanceCase(.l0, "The parts of composite keys do not run into one another") { store in
                let db = try await store.open(Schemas.composite)
                for station in ["", "a", "a\0", "a\0b", "ab", "b"] {
                    try await insertMeasure(db, station, "2026-01-01", 0, 1)
                }
                try expectEqual(
                    try await db.keys(db.query("measures")).count, 6)
                try await db.records("measures").delete(measureKey("a\0", "2026-01-01", 0))
                try expect(
                    try await db.records("measures").find(measureKey("a\0b", "2026-01-01", 0)) != nil,
                    "another key was deleted")
            },
            ConformanceCase(.l0, "Records of a composite key come in the order of its columns") { store in
                let db = try await store.open(Schemas.composite)
                for (station, day, hour) in [
                    ("B", "2026-01-01", 0), ("A", "2026-01-02", 9), ("A", "2026-01-01", 10), ("A", "2026-01-01", 9),
                    ("A", "2026-01-01", -1),
                ] { try await insertMeasure(db, station, day, hour, 0) }
                try expectEqual(
                    try await db.keys(db.query("measures")),
                    ["A/2026-01-01/-1", "A/2026-01-01/9", "A/2026-01-01/10", "A/2026-01-02/9", "B/2026-01-01/0"])
            },
            ConformanceCase(.l0, "The columns of a composite key never change in an update") { store in
                let db = try await store.open(Schemas.composite)
                try await insertMeasure(db, "A", "2026-01-01", 5, 1)
                var record = try await db.records("measures").get(measureKey("A", "2026-01-01", 5))
                try record.set("hour", .int(6))
                // The values name another record, which does not exist.
                try await expectError(.notFound) { try await db.records("measures").update(record) }
            },
            ConformanceCase(.l0, "Keys differ by bytes: letters in two forms of Unicode are two keys") { store in
                let db = try await store.open()
                try await db.insert("things", ["id": .string("e\u{301}"), "number": .int(1)])
                try await db.insert("things", ["id": .string("\u{E9}"), "number": .int(2)])
                try expectEqual(try await db.records("things").get(.text("e\u{301}"))["number"], .int(1))
                try expectEqual(try await db.records("things").get(.text("\u{E9}"))["number"], .int(2))
            },
            ConformanceCase(.l0, "Keys differ by case") { store in
                let db = try await store.open()
                try await db.insert("things", ["id": .string("a")])
                try await db.insert("things", ["id": .string("A")])
                try expectEqual(try await db.records("things").count(), 2)
            },
            ConformanceCase(.l0, "The key of an inserted record continues the revisions of a deleted one") { store in
                let db = try await store.open()
                let first = try await db.insert("things", ["id": .string("a")])
                try await db.records("things").update(first)
                try await db.records("things").delete(.text("a"))
                // Revision 3 was the delete, so the new record has 4: no revision of a key stands for two records.
                try expectEqual(try await db.insert("things", ["id": .string("a")]).revision, 4)
                try await db.records("things").delete(.text("a"))
                let again = try await db.records("things").upsert(db.record("things", ["id": .string("a")]))
                try expectEqual(again.revision, 6)
            },
            ConformanceCase(.l0, "A record read before its delete cannot overwrite the one inserted after") { store in
                let db = try await store.open()
                let old = try await db.insert("things", ["id": .string("a"), "number": .int(1)])
                try await db.records("things").delete(.text("a"))
                try await db.insert("things", ["id": .string("a"), "number": .int(2)])
                try await expectError(.conflict) { try await db.records("things").update(old) }
                try expectEqual(try await db.records("things").get(.text("a"))["number"], .int(2))
            },
            ConformanceCase(.l0, "A new record elsewhere begins at revision 1 though another key was deleted") {
                store in
                let db = try await store.open()
                try await db.insert("things", ["id": .string("a")])
                try await db.records("things").delete(.text("a"))
                try expectEqual(try await db.insert("things", ["id": .string("b")]).revision, 1)
            },
            ConformanceCase(.l0, "A key of another type is refused before anything is read") { store in
                let db = try await store.open()
                let error = try await expectError(.invalid) { _ = try await db.records("things").find(.int(1)) }
                try expectEqual(error.details.column, "id")
            },
            ConformanceCase(.l0, "A key with too few values is refused") { store in
                let db = try await store.open(Schemas.composite)
                try await expectError(.invalid) { _ = try await db.records("measures").find(.text("A")) }
            },
        ] + keyTypes.map(roundTrip)

    /// Keys of every type that can be one.
    private static let keyTypes: [(type: String, values: [Value])] = [
        ("string", [.string(""), .string("a/b"), .string("%"), .string("\0"), .string("日本"), .string("..")]),
        ("int", [.int(.min), .int(-1), .int(0), .int(1), .int(.max)]),
        ("uuid", Ladder.values(of: "token")),
        ("bytes", Ladder.values(of: "raw")),
        ("bool", Ladder.values(of: "flag")),
        ("timestamp", Ladder.values(of: "instant")),
        ("date", Ladder.values(of: "day")),
        ("decimal", Ladder.values(of: "amount")),
    ]

    private static func roundTrip(_ type: String, _ values: [Value]) -> ConformanceCase {
        ConformanceCase(.l0, "A key of type \(type) finds its record, in the order of its values") { store in
            let db = try await store.open(
                """
                { "database": "keys", "tables": { "rows": { "columns": { "id": "\(type)", "n": "int" }, "key": "id" } } }
                """)
            // Inserted from the last to the first, so that the order is not that of insertion.
            for (index, value) in values.enumerated().reversed() {
                try await db.insert("rows", ["id": value, "n": .int(index)])
            }
            for (index, value) in values.enumerated() {
                let record = try await db.records("rows").get(Key(value))
                try expectEqual(record["n"], .int(index), "\(value)")
                try expectEqual(record["id"], value)
            }
            guard type != "string" else { return }
            try expectEqual(try await db.records("rows").all().map { $0["id"] ?? .null }, values)
        }
    }

    private static func measureKey(_ station: String, _ day: String, _ hour: Int) throws -> Key {
        Key(.string(station), [.date(try require(CalendarDate(day), "day")), .int(hour)])
    }

    private static func insertMeasure(
        _ db: Store, _ station: String, _ day: String, _ hour: Int, _ value: Double
    ) async throws {
        try await db.insert(
            "measures",
            [
                "station": .string(station), "day": .date(require(CalendarDate(day), "day")), "hour": .int(hour),
                "value": .double(value),
            ])
    }
}

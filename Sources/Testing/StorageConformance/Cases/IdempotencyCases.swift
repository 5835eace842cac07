import CairnCore

/// Idempotency keys and outcomes: a commit that was sent twice, or whose answer was lost.
enum IdempotencyCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "The same batch under the same key writes once and gives the first receipt") { store in
            let db = try await store.open()
            let first = try await put(db, "a", 1, key: "k")
            store.clock.advance(seconds: 3600)
            let second = try await put(db, "a", 1, key: "k")
            try expectEqual(second, first)
            try expectEqual(try await db.records("things").get(.text("a")).revision, 1)
            try expectEqual(second.results.map(\.revision), [1])
        },
        ConformanceCase(.l1, "Another batch under the same key is refused, and writes nothing") { store in
            let db = try await store.open()
            try await put(db, "a", 1, key: "k")
            for (id, number) in [("b", 1), ("a", 2)] {
                try await expectError(.invalid) { try await put(db, id, number, key: "k") }
            }
            try expectEqual(try await db.records("things").count(), 1)
        },
        ConformanceCase(.l1, "The same batch under another key is another batch") { store in
            let db = try await store.open()
            try await put(db, "a", 1, key: "k")
            try await expectError(.duplicate) { try await put(db, "a", 1, key: "l") }
        },
        ConformanceCase(.l1, "A batch that failed under a key can be sent again under it") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try await expectError(.duplicate) { try await put(db, "a", 1, key: "k") }
            try await db.records("things").delete(.text("a"))
            try await put(db, "a", 1, key: "k")
            try expectEqual(try await db.records("things").get(.text("a"))["number"], .int(1))
        },
        ConformanceCase(.l1, "A key is remembered for 24 hours and not longer") { store in
            let db = try await store.open()
            try await put(db, "a", 1, key: "k")
            store.clock.advance(seconds: 24 * 3600)
            try await put(db, "a", 1, key: "k")
            store.clock.advance(seconds: 1)
            try await expectError(.duplicate) { try await put(db, "a", 1, key: "k") }
        },
        ConformanceCase(.l1, "Keys differ by bytes") { store in
            let db = try await store.open()
            try await put(db, "a", 1, key: "\u{E9}")
            try await put(db, "b", 1, key: "e\u{301}")
            try expectEqual(try await db.records("things").count(), 2)
        },
        ConformanceCase(.l1, "Housekeeping forgets receipts past their time and no others") { store in
            var db = try await store.open()
            try await put(db, "a", 1, key: "old")
            store.clock.advance(seconds: 20 * 3600)
            try await put(db, "b", 1, key: "new")
            // A driver that is still busy with these by itself would forget the first one on the way, and count it nowhere.
            try expectEqual(try await db.maintain().expiredReceipts, 0)
            // Its own work ends with a store. A folder that is being written tells the time of before, and that is believed.
            if store.isPersistent {
                try await db.close()
                db = try await store.open()
            }
            store.clock.advance(seconds: 5 * 3600)
            try expectEqual(try await db.maintain().expiredReceipts, 1)
            try expectEqual(try await db.maintain().expiredReceipts, 0)
            try await put(db, "b", 1, key: "new")
        },
        ConformanceCase(.l1, "The outcome of a commit can be asked by the token of its receipt") { store in
            let db = try await store.open()
            let receipt = try await put(db, "a", 1, key: nil)
            try expectEqual(try await db.outcome(of: receipt.token), .committed)
            let second = try await put(db, "b", 1, key: nil)
            try expectEqual(try await db.outcome(of: receipt.token), .committed)
            try expectEqual(try await db.outcome(of: second.token), .committed)
        },
        ConformanceCase(.l1, "An outcome is known for seven days, then expired") { store in
            let db = try await store.open()
            let receipt = try await put(db, "a", 1, key: nil)
            store.clock.advance(seconds: 7 * 24 * 3600)
            try expectEqual(try await db.outcome(of: receipt.token), .committed)
            store.clock.advance(seconds: 1)
            try expectEqual(try await db.outcome(of: receipt.token), .expired)
        },
        ConformanceCase(.l1, "A token that is none is refused") { store in
            let db = try await store.open()
            for text in ["", "x", "memory:", "sqlite:a:b:c:d", "sqlite::::"] {
                try await expectError(.invalid) { _ = try await db.outcome(of: OutcomeToken(rawValue: text)) }
            }
        },
        ConformanceCase(.l1, "A receipt carries the time of the commit") { store in
            let db = try await store.open()
            try expectEqual(try await put(db, "a", 1, key: nil).time, store.clock.now)
        },
        ConformanceCase(.l2, "Receipts and outcomes survive the end of the process", needsPersistence: true) { store in
            let db = try await store.open()
            let receipt = try await put(db, "a", 1, key: "k")
            try await db.close()
            let again = try await store.open()
            try expectEqual(try await again.outcome(of: receipt.token), .committed)
            try expectEqual(try await put(again, "a", 1, key: "k"), receipt)
        },
        ConformanceCase(
            .l2, "A batch sent again is the same batch after columns changed places", needsPersistence: true
        ) { store in
            var receipts: [Receipt] = []
            for columns in [#""a": "string", "b": "string""#, #""b": "string", "a": "string""#] {
                let db = try await store.open(
                    """
                    { "database": "d", "tables": { "rows": { "columns": { "id": "int", \(columns) }, "key": "id" } } }
                    """)
                let record = try db.record("rows", ["id": .int(1), "a": .string("A"), "b": .string("B")])
                receipts.append(
                    try await db.write(idempotencyKey: "k") { $0.append(.insert(record.table, record.values)) })
                try await db.close()
            }
            try expectEqual(receipts[0], receipts[1])
        },
    ]

    @discardableResult
    private static func put(_ db: Store, _ id: String, _ number: Int, key: String?) async throws -> Receipt {
        let record = try db.record("things", ["id": .string(id), "number": .int(number)])
        return try await db.write(idempotencyKey: key) { $0.append(.insert(record.table, record.values)) }
    }
}

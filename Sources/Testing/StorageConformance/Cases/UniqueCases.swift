import CairnCore

/// Unique indexes.
enum UniqueCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A value of a unique column is refused a second time, naming index and other record") {
            store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a@x")
            let error = try await expectError(.duplicate) { try await insert(db, 2, email: "a@x") }
            try expectEqual(error.details.table, "people")
            try expectEqual(error.details.index, "unique_email")
            try expectEqual(error.details.id, "2")
            try expectEqual(error.details.otherID, "1")
            try expectEqual(try await db.records("people").count(), 1)
        },
        ConformanceCase(.l1, "Null is unique any number of times") { store in
            let db = try await store.open(Schemas.people)
            for id in 1...3 { try await insert(db, id, email: nil) }
            try expectEqual(try await db.records("people").count(), 3)
        },
        ConformanceCase(.l1, "Of several columns one null makes the whole never equal") { store in
            let db = try await store.open(Schemas.people)
            for id in 1...2 {
                try await db.insert("people", ["id": .int(id), "name": .string("x"), "country": .string("FR")])
            }
            try expectEqual(try await db.records("people").count(), 2)
        },
        ConformanceCase(.l1, "Several columns are unique together, each may repeat") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, country: "FR", number: 5)
            try await insert(db, 2, country: "DE", number: 5)
            try await insert(db, 3, country: "FR", number: 6)
            let error = try await expectError(.duplicate) { try await insert(db, 4, country: "FR", number: 5) }
            try expectEqual(error.details.index, "by_number")
            try expectEqual(error.details.otherID, "1")
        },
        ConformanceCase(.l1, "Unique text differs by bytes and by case") { store in
            let db = try await store.open(Schemas.people)
            for (id, email) in ["a", "A", "e\u{301}", "\u{E9}", "a ", "a\0"].enumerated() {
                try await insert(db, id, email: email)
            }
            try expectEqual(try await db.records("people").count(), 6)
        },
        ConformanceCase(.l1, "An update to a value another record has is refused") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a")
            try await insert(db, 2, email: "b")
            let error = try await expectError(.duplicate) {
                try await db.session.change("people", .int(2), ["email": .string("a")])
            }
            try expectEqual(error.details.otherID, "1")
            try expectEqual(try await db.records("people").get(.int(2))["email"], .string("b"))
        },
        ConformanceCase(.l1, "An update that keeps a record's own unique value is no duplicate") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a")
            try await db.session.change("people", .int(1), ["age": .int(9)])
            try expectEqual(try await db.records("people").get(.int(1))["age"], .int(9))
        },
        ConformanceCase(.l1, "An upsert to a value another record has is refused") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a")
            try await insert(db, 2, email: "b")
            for id in [2, 3] {
                let record = try person(db, id, email: "a")
                try await expectError(.duplicate) { try await db.records("people").upsert(record) }
            }
            try expectEqual(try await db.records("people").count(), 2)
        },
        ConformanceCase(.l1, "A unique value is free again after a delete and after an update") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a")
            try await db.records("people").delete(.int(1))
            try await insert(db, 2, email: "a")
            try await db.session.change("people", .int(2), ["email": .string("b")])
            try await insert(db, 3, email: "a")
            try expectEqual(try await db.records("people").count(), 2)
        },
        ConformanceCase(.l1, "Uniqueness is checked at each operation of a batch, not at its end") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a")
            try await insert(db, 2, email: "b")
            let table = try require(db.schema.table(named: "people"), "people")
            // A direct swap meets the other value on its way.
            try await expectError(.duplicate) {
                _ = try await db.session.write([
                    .update(table, person(db, 1, email: "b").values, expecting: 1),
                    .update(table, person(db, 2, email: "a").values, expecting: 1),
                ])
            }
            // Through a third value it succeeds.
            _ = try await db.session.write([
                .update(table, person(db, 1, email: "tmp").values, expecting: 1),
                .update(table, person(db, 2, email: "a").values, expecting: 1),
                .update(table, person(db, 1, email: "b").values, expecting: 2),
            ])
            try expectEqual(try await db.records("people").get(.int(1))["email"], .string("b"))
            try expectEqual(try await db.records("people").get(.int(2))["email"], .string("a"))
        },
        ConformanceCase(.l1, "A delete in a batch frees the value for a later insert in it") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a")
            let table = try require(db.schema.table(named: "people"), "people")
            _ = try await db.session.write([
                .delete(table, .int(1), expecting: nil), .insert(table, person(db, 2, email: "a").values),
            ])
            try expectEqual(try await db.keys(db.query("people")), ["2"])
        },
        ConformanceCase(.l1, "With several broken indexes the error names the key first, then the first index") {
            store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1, email: "a", country: "FR", number: 7)
            let key = try await expectError(.duplicate) {
                try await insert(db, 1, email: "a", country: "FR", number: 7)
            }
            try expectEqual(key.details.index, "primary")
            let index = try await expectError(.duplicate) {
                try await insert(db, 2, email: "a", country: "FR", number: 7)
            }
            try expectEqual(index.details.index, "by_number")
        },
        ConformanceCase(.l1, "Unique columns of every type refuse an equal value and take the others") { store in
            let columns = Schemas.orderedColumns
            let types = [
                "text": "string", "number": "int", "real": "double", "flag": "bool", "token": "uuid", "raw": "bytes",
                "instant": "timestamp", "day": "date", "amount": "decimal",
            ]
            let declared = columns.map { "\"\($0)\": { \"type\": \"\(types[$0] ?? "")?\", \"unique\": true }" }
            let db = try await store.open(
                """
                { "database": "uniques", "tables": { "rows": { "columns": { "id": "int", \(declared.joined(separator: ", ")) },
                "key": "id" } } }
                """)
            var id = 0
            for column in columns {
                for value in Ladder.values(of: column) {
                    id += 1
                    try await db.insert("rows", ["id": .int(id), column: value])
                    let error = try await expectError(.duplicate) {
                        try await db.insert("rows", ["id": .int(-1), column: value])
                    }
                    try expectEqual(error.details.otherID, "\(id)")
                }
            }
        },
    ]

    private static func person(
        _ db: Store, _ id: Int, email: String? = nil, country: String = "FR", number: Int? = nil
    ) throws -> Record {
        try db.record(
            "people",
            [
                "id": .int(id), "name": .string("x"), "country": .string(country), "number": .int(number ?? 1000 + id),
                "email": email.map(Value.string) ?? .null,
            ])
    }

    private static func insert(
        _ db: Store, _ id: Int, email: String? = nil, country: String = "FR", number: Int? = nil
    ) async throws {
        try await db.records("people").insert(person(db, id, email: email, country: country, number: number))
    }
}

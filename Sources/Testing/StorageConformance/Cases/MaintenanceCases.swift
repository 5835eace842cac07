import CairnCore

/// Housekeeping: whenever it is done, however often and however late, nobody who reads or writes can tell.
enum MaintenanceCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l2, "Housekeeping changes no record, no revision, no time and no order, weeks later too") {
            store in
            let db = try await filled(store)
            let before = try await content(db.session)
            try await db.maintain()
            try expectEqual(try await content(db.session), before, "at once")
            for week in 1...3 {
                store.clock.advance(seconds: longer)
                try await db.maintain()
                try expectEqual(try await content(db.session), before, "\(week * 8) days later")
            }
        },
        ConformanceCase(.l2, "An open snapshot reads on as before through housekeeping") { store in
            let db = try await filled(store)
            let before = try await content(db.session)
            try await db.snapshot { snapshot in
                try await write(db)
                try await db.maintain()
                try expectEqual(try await content(snapshot), before, "read for the first time")
                try await db.session.change("people", .int(11), ["name": .string("again")])
                try await db.maintain()
                try expectEqual(try await content(snapshot), before, "read again")
            }
            try expect(try await content(db.session) != before, "what was written meanwhile is not there")
        },
        ConformanceCase(.l2, "A cursor and the pages of a query go on where they were through housekeeping") { store in
            let db = try await filled(store)
            let people = try db.records("people")
            let age = try db.column("age", of: "people")
            let query = try db.query("people", order: [OrderTerm(column: age, isDescending: true)])
            let wanted = try await people.all(query).map(\.key)
            var keys: [Key] = []
            func take(_ row: RowReader) throws -> Bool {
                keys.append(try row.key())
                return true
            }
            let cursor = try await db.session.cursor(query)
            defer { cursor.close() }
            _ = try await cursor.next(5, take)
            let first = try await people.page(query, size: 5)
            // Of those to come.
            try await people.delete(wanted[7])
            try await db.maintain()
            while try await cursor.next(5, take) {}
            try expectEqual(keys, wanted)
            try expectEqual(first.items.map(\.key), Array(wanted[..<5]))
            let next = try require(first.next, "the next page")
            let second = try await people.page(query, size: 5, after: next)
            try expectEqual(second.items.map(\.key), [5, 6, 8, 9, 10].map { wanted[$0] })
        },
        ConformanceCase(.l2, "Housekeeping done twice is as done once, and keeps receipts whose time is not over") {
            store in
            let db = try await store.open()
            let record = try db.record("things", ["id": .string("a"), "number": .int(1)])
            let insertion = WriteOperation.insert(record.table, record.values)
            let receipt = try await db.write(idempotencyKey: "k") { $0.append(insertion) }
            for _ in 0..<2 {
                let report = try await db.maintain()
                try expectEqual(report.expiredReceipts, 0)
                try expectEqual(report.failures, 0)
            }
            try expectEqual(try await db.write(idempotencyKey: "k") { $0.append(insertion) }, receipt)
            try expectEqual(try await db.outcome(of: receipt.token), .committed)
            try expectEqual(try await db.records("things").get(.text("a")).revision, 1)
        },
        ConformanceCase(.l2, "The revision of a deleted key goes on after housekeeping, weeks later too") { store in
            let db = try await store.open()
            for expected in [1, 3, 5] {
                try expectEqual(try await db.insert("things", ["id": .string("a")]).revision, expected)
                try await db.records("things").delete(.text("a"))
                for _ in 0..<2 {
                    try await db.maintain()
                    try expect(try await db.records("things").find(.text("a")) == nil, "a deleted record is found")
                    store.clock.advance(seconds: longer)
                }
                try await db.maintain()
            }
        },
        ConformanceCase(
            .l2, "After housekeeping, closing and opening again everything is as before", needsPersistence: true
        ) { store in
            let db = try await filled(store)
            let before = try await content(db.session)
            try await db.maintain()
            try await db.close()
            let again = try await store.open(Schemas.people)
            try expectEqual(try await content(again.session), before)
            try await again.maintain()
            try expectEqual(try await content(again.session), before)
            // One of those that were deleted.
            try expectEqual(try await ChangeCases.insert(5, "back", into: again).revision, 3)
        },
        ConformanceCase(.l2, "Housekeeping in a closed store is refused") { store in
            let db = try await store.open()
            try await db.maintain()
            try await db.close()
            try await expectError(.closed) { try await db.maintain() }
        },
    ]

    /// Seconds after which no driver keeps receipts, outcomes, or what it has replaced.
    private static let longer: Int64 = 8 * 24 * 3600

    /// Twenty people of whom some were changed, some are gone and one came back, each in a commit of its own.
    private static func filled(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.people)
        for id in 0..<20 { try await ChangeCases.insert(id, "n\(id)", age: id * 7 % 20, into: db) }
        store.clock.advance(seconds: 60)
        for id in 0..<5 { try await db.session.change("people", .int(id), ["age": .int(100 - id)]) }
        for id in [5, 6] { try await db.records("people").delete(.int(id)) }
        try await ChangeCases.insert(6, "n6", age: 50, into: db)
        return db
    }

    /// A change, a delete and an insert.
    private static func write(_ db: Store) async throws {
        try await db.session.change("people", .int(11), ["age": .int(150)])
        try await db.records("people").delete(.int(12))
        try await ChangeCases.insert(500, "new", age: 1, into: db)
    }

    // MARK: Content

    private struct Row: Equatable {
        let values: [Value]
        let metadata: RecordMetadata
    }

    private struct Content: Equatable {
        let count: Int
        /// In the order of the key, in that of an index, and those of a condition.
        let rows: [[Row]]
    }

    private static func content(_ session: Session) async throws -> Content {
        let people = try session.records("people")
        let column = try require(people.table.column(named: "age"), "the age").position
        let queries = [
            Query(people.table), Query(people.table, order: [OrderTerm(column: column, isDescending: true)]),
            Query(people.table, where: .compare(column: column, .greater, .int(12))),
        ]
        var rows: [[Row]] = []
        for query in queries {
            rows.append(try await people.all(query).map { Row(values: $0.values, metadata: $0.metadata) })
        }
        return Content(count: try await people.count(), rows: rows)
    }
}

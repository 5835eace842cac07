import CairnCore

/// Queries as a whole: limits, counts, streams, plans, and the same answer whichever index serves.
enum QueryCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "A limit gives the first rows of the order") { store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            let order = [OrderTerm(column: age, isDescending: true)]
            try expectEqual(try await db.keys(db.query("people", order: order, limit: 3)), ["99", "98", "97"])
            try expectEqual(try await db.keys(db.query("people", limit: 2)), ["0", "1"])
        },
        ConformanceCase(.l0, "A limit of 0 gives nothing, a limit beyond the end everything") { store in
            let db = try await people(store)
            try expectEqual(try await db.keys(db.query("people", limit: 0)), [])
            try expectEqual(try await db.keys(db.query("people", limit: .max)).count, 100)
        },
        ConformanceCase(.l0, "A negative limit is refused") { store in
            let db = try await people(store)
            try await expectError(.query) { _ = try await db.keys(db.query("people", limit: -1)) }
        },
        ConformanceCase(.l0, "A limit applies after the filter and the sort") { store in
            let db = try await people(store)
            let name = try db.column("name", of: "people")
            let age = try db.column("age", of: "people")
            let condition = Condition.text(column: name, .hasSuffix, "7", ignoringCase: false)
            let order = [OrderTerm(column: age, isDescending: true)]
            try expectEqual(
                try await db.keys(db.query("people", where: condition, order: order, limit: 2)), ["97", "87"])
        },
        ConformanceCase(.l0, "A count is the number of rows, with and without a condition, at most the limit") {
            store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            let condition = Condition.compare(column: age, .greaterOrEqual, .int(90))
            try expectEqual(try await db.records("people").count(), 100)
            try expectEqual(try await db.records("people").count(db.query("people", where: condition)), 10)
            try expectEqual(try await db.records("people").count(db.query("people", where: condition, limit: 4)), 4)
            try expectEqual(try await db.records("people").count(db.query("people", where: condition, limit: 0)), 0)
            try expectEqual(try await db.records("people").count(db.query("people", where: .constant(false))), 0)
        },
        ConformanceCase(.l0, "A count by a condition that no index serves is right too") { store in
            let db = try await people(store)
            let name = try db.column("name", of: "people")
            let condition = Condition.text(column: name, .contains, "1", ignoringCase: false)
            try expectEqual(try await db.records("people").count(db.query("people", where: condition)), 19)
        },
        ConformanceCase(.l0, "Reading can stop at any row") { store in
            let db = try await people(store)
            for stop in [1, 2, 50, 100] {
                var seen = 0
                try await db.session.read(db.query("people")) { _ in
                    seen += 1
                    return seen < stop
                }
                try expectEqual(seen, stop)
            }
        },
        ConformanceCase(.l0, "An error of the reader ends the reading and reaches the caller") { store in
            struct Stop: Error {}
            let db = try await people(store)
            do {
                try await db.session.read(db.query("people")) { _ in throw Stop() }
                throw ConformanceFailure("nothing was thrown", #fileID, #line)
            } catch is Stop {}
            try expectEqual(try await db.keys(db.query("people")).count, 100)
        },
        ConformanceCase(.l0, "A query of an empty table has no rows") { store in
            let db = try await store.open(Schemas.people)
            let age = try db.column("age", of: "people")
            try expectEqual(try await db.keys(db.query("people", order: [OrderTerm(column: age)])), [])
            try expectEqual(try await db.records("people").count(), 0)
        },
        ConformanceCase(.l0, "Three thousand rows are read in order") { store in
            let db = try await store.open(Schemas.people)
            let table = try require(db.schema.table(named: "people"), "people")
            let operations = try (0..<3000).map { id in
                try WriteOperation.insert(table, person(table, id * 7 % 3000, age: id % 150).values)
            }
            _ = try await db.session.write(operations)
            try expectEqual(try await db.keys(db.query("people")), (0..<3000).map(String.init))
            let id = try db.column("id", of: "people")
            let down = [OrderTerm(column: id, isDescending: true)]
            try expectEqual(try await db.keys(db.query("people", order: down)), (0..<3000).reversed().map(String.init))
        },
        ConformanceCase(.l1, "Every way to answer a query gives the same rows in the same order") { store in
            let plain = try await store.open(Schemas.things, name: "plain")
            let indexed = try await store.open(Schemas.indexedThings, name: "indexed")
            for place in 0..<60 {
                let values: [String: Value] = [
                    "id": .string("k\(place)"), "number": place % 7 == 0 ? .null : .int(place % 5),
                    "text": place % 11 == 0 ? .null : .string(String(repeating: "ab", count: place % 4)),
                    "flag": place % 3 == 0 ? .null : .bool(place % 2 == 0),
                ]
                try await plain.insert("things", values)
                try await indexed.insert("things", values)
            }
            let number = try plain.column("number", of: "things")
            let text = try plain.column("text", of: "things")
            let flag = try plain.column("flag", of: "things")
            let conditions: [Condition?] = [
                nil, .compare(column: number, .greater, .int(1)), .isNull(column: flag),
                .isIn(column: number, [.int(4), .int(0)]),
                .text(column: text, .hasPrefix, "ab", ignoringCase: false),
                .compare(column: number, .lessOrEqual, .int(3)) && .compare(column: flag, .equal, .bool(true)),
                .compare(column: text, .equal, .string("")) || .isNull(column: number),
                !(.compare(column: number, .equal, .int(2)) || .isNull(column: text)),
            ]
            let orders: [[OrderTerm]] = [
                [], [OrderTerm(column: number)], [OrderTerm(column: number, isDescending: true)],
                [OrderTerm(column: text), OrderTerm(column: number, isDescending: true)],
                [OrderTerm(column: flag, isDescending: true), OrderTerm(column: text)],
            ]
            for condition in conditions {
                for order in orders {
                    for limit in [nil, 1, 7] {
                        let left = try await plain.keys(
                            plain.query("things", where: condition, order: order, limit: limit))
                        let right = try await indexed.keys(
                            indexed.query("things", where: condition, order: order, limit: limit))
                        try expectEqual(
                            right, left, "\(String(describing: condition)) \(order) \(String(describing: limit))")
                    }
                }
            }
        },
        ConformanceCase(
            .l0, "Rows that satisfy several parts of an or come once, in the order asked for, and page by page"
        ) { store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            let name = try db.column("name", of: "people")
            let id = try db.column("id", of: "people")
            // 10, 11, 12 by the age or by the key, 11 by both; and 50.
            let either =
                Condition.isIn(column: age, [.int(10), .int(11)]) || .isIn(column: id, [.int(11), .int(12)])
                || .compare(column: age, .equal, .int(50))
            let condition = Condition.and([either, !.text(column: name, .hasSuffix, "12", ignoringCase: false)])
            try expectEqual(try await db.keys(db.query("people", where: either)), ["10", "11", "12", "50"])
            try expectEqual(try await db.keys(db.query("people", where: condition)), ["10", "11", "50"])
            try expectEqual(try await db.session.count(db.query("people", where: either)), 4)
            try expectEqual(try await db.session.count(db.query("people", where: either, limit: 3)), 3)
            for isDescending in [false, true] {
                let order = [OrderTerm(column: age, isDescending: isDescending)]
                let all = isDescending ? ["50", "12", "11", "10"] : ["10", "11", "12", "50"]
                try expectEqual(try await db.keys(db.query("people", where: either, order: order)), all)
                try expectEqual(
                    try await db.keys(db.query("people", where: either, order: order, limit: 2)), Array(all.prefix(2)))
                for place in 0..<4 {
                    var query = try db.query("people", where: either, order: order, limit: 2)
                    let last = Value.int(Int(all[place]) ?? 0)
                    query.after = Query.Position(values: [last, last])
                    try expectEqual(try await db.keys(query), Array(all.dropFirst(place + 1).prefix(2)))
                }
            }
        },
        ConformanceCase(.l0, "Some columns of rows that an or names one by one come in the order of another column") {
            store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            let number = try db.column("number", of: "people")
            let id = try db.column("id", of: "people")
            let named =
                Condition.compare(column: id, .equal, .int(3)) || .compare(column: id, .equal, .int(8))
                || .compare(column: number, .equal, .int(5))
            let order = [OrderTerm(column: age, isDescending: true)]
            for limit in [nil, 1, 2] {
                let query = try db.query("people", where: named, order: order, limit: limit)
                let ids = try await db.session.select([id], of: query)
                try expectEqual(ids, Array([[.int(8)], [.int(5)], [.int(3)]].prefix(limit ?? 3)))
            }
            let first = AggregateQuery(
                try db.query("people", where: named, order: order, limit: 2), aggregates: [.minimum(column: id)])
            try expectEqual(try await db.session.aggregate(first), [[.int(5)]])
        },
        ConformanceCase(.l0, "Pages go on within rows that are equal in the order, whichever way an index is read") {
            store in
            let db = try await store.open(
                """
                { "database": "ties", "tables": { "rows": {
                  "columns": { "id": "int", "group": "string", "rank": "int" }, "key": "id",
                  "indexes": { "by_rank": ["group", "rank"] } } } }
                """)
            for id in 0..<60 {
                try await db.insert(
                    "rows", ["id": .int(id), "group": .string(id % 2 == 0 ? "a" : "b"), "rank": .int(id / 10)])
            }
            let group = try db.column("group", of: "rows")
            let rank = try db.column("rank", of: "rows")
            for isDescending in [false, true] {
                let order = [OrderTerm(column: rank, isDescending: isDescending)]
                let condition = Condition.compare(column: group, .equal, .string("a"))
                let all = try await db.keys(db.query("rows", where: condition, order: order))
                let expected = (isDescending ? Array((0..<6).reversed()) : Array(0..<6))
                    .flatMap { rank in (0..<5).map { "\(rank * 10 + 2 * $0)" } }
                try expectEqual(all, expected)
                for size in [1, 4, 7] {
                    var query = try db.query("rows", where: condition, order: order, limit: size)
                    var paged: [String] = []
                    while true {
                        let page = try await db.keys(query)
                        paged += page
                        guard let last = page.last.flatMap(Int.init) else { break }
                        query.after = Query.Position(values: [.int(last / 10), .int(last)])
                    }
                    try expectEqual(paged, expected, "pages of \(size)")
                }
            }
        },
        ConformanceCase(.l0, "Nothing comes after the greatest value of a key, or before the least") { store in
            let db = try await store.open(
                """
                { "database": "edges", "tables": { "rows": {
                  "columns": { "id": "int", "down": "int" }, "key": "id", "indexes": { "by_down": ["down desc"] } } } }
                """)
            try await db.insert("rows", ["id": .int(1), "down": .int(1)])
            for condition in [
                Condition.compare(column: 0, .greater, .int(.max)), .compare(column: 0, .less, .int(.min)),
                .compare(column: 1, .greater, .int(.max)), .compare(column: 1, .less, .int(.min)),
            ] {
                let query = try db.query("rows", where: condition)
                try expectEqual(try await db.session.count(query), 0, "\(condition)")
                try expectEqual(try await db.session.delete(query), 0, "\(condition)")
            }
            try expectEqual(try await db.records("rows").count(), 1)
        },
        ConformanceCase(.l0, "Where a page begins does not change how many rows a query has") { store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            var query = try db.query("people", order: [OrderTerm(column: age)])
            query.after = Query.Position(values: [.int(95), .int(95)])
            try expectEqual(try await db.session.count(query), 100)
        },
        ConformanceCase(.l0, "A table of another database is refused, in reading and in writing") { store in
            let db = try await store.open()
            let other = try Schema(parsing: Schemas.people)
            let table = try require(other.tables.first, "a table")
            try await expectError(.invalid) {
                try await db.write { $0.append(.delete(table, .int(1), expecting: nil)) }
            }
            try await expectError(.invalid) { _ = try await db.session.count(Query(table)) }
            try await expectError(.invalid) { _ = try await db.session.get(table, .int(1)) { _ in } }
            try await expectError(.invalid) {
                let things = try require(db.schema.tables.first, "a table")
                _ = try await db.session.get(things, Key(.string("a"), [.string("b")])) { _ in }
            }
        },
    ]

    /// A hundred people; each is as old as the number says.
    static func people(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.people)
        let table = try require(db.schema.table(named: "people"), "people")
        _ = try await db.session.write((0..<100).map { .insert(table, try person(table, $0, age: $0).values) })
        return db
    }

    static func person(_ table: Table, _ id: Int, age: Int) throws -> Record {
        try Record(
            table,
            [
                "id": .int(id), "name": .string("n\(id)"), "country": .string("FR"), "number": .int(id),
                "age": .int(age),
            ])
    }
}

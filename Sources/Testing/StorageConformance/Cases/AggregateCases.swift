import CairnCore

/// Counts, sums, averages, minima, maxima and distinct values, of all rows and of groups.
enum AggregateCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "Of no rows a count is 0, and sum, average, minimum and maximum are null") { store in
            let db = try await store.open()
            for name in ["number", "real", "amount"] {
                let column = try db.column(name, of: "things")
                let aggregates: [Aggregate] = [
                    .rows, .count(column: column), .distinctCount(column: column), .sum(column: column),
                    .average(column: column), .minimum(column: column), .maximum(column: column),
                ]
                let expected: [Value] = [.int(0), .int(0), .int(0), .null, .null, .null, .null]
                try await expect(db, [], aggregates, [expected])
                try await expect(db, [try db.column("text", of: "things")], aggregates, [])
                try await fill(db, name, [.null, .null])
                try await expect(db, [], aggregates, [[.int(2)] + expected.dropFirst()])
                for id in 0..<2 { try await db.records("things").delete(.text("\(id)")) }
            }
        },
        ConformanceCase(.l0, "Nulls do not take part in aggregates, but in the count of rows") { store in
            let db = try await store.open()
            let number = try db.column("number", of: "things")
            try await fill(db, "number", [.int(4), .null, .int(-1), .int(4), .null])
            try await expect(
                db, [],
                [
                    .rows, .count(column: number), .distinctCount(column: number), .sum(column: number),
                    .average(column: number), .minimum(column: number), .maximum(column: number),
                ],
                [[.int(5), .int(3), .int(2), .int(7), .double(7.0 / 3), .int(-1), .int(4)]])
        },
        ConformanceCase(.l0, "A sum of integers is exact, whatever the sums on the way, and an error beyond 64 bits") {
            store in
            let db = try await store.open()
            let number = try db.column("number", of: "things")
            try await fill(db, "number", [.int(.max), .int(.max), .int(.min), .int(.min), .int(5)])
            try await expect(db, [], [.sum(column: number)], [[.int(3)]])
            try await fill(db, "number", from: 10, [.int(.max)])
            try await fill(db, "number", from: 20, [.int(-3)])
            try await expect(db, [], [.sum(column: number)], [[.int(.max)]])
            try await fill(db, "number", from: 30, [.int(1)])
            let error = try await expectError(.overflow) { _ = try await results(db, [], [.sum(column: number)]) }
            try expectEqual(error.details.table, "things")
            try expectEqual(error.details.column, "number")
            let average = (Double(Int.max) + 1) / 8
            try await expect(db, [], [.average(column: number)], [[.double(average)]])
        },
        ConformanceCase(.l0, "A sum of decimals is exact, and an error beyond 38 digits") { store in
            let db = try await store.open()
            let amount = try db.column("amount", of: "things")
            let large = String(repeating: "9", count: 38)
            let texts = [large, large, "-" + large, "-" + large, "0.1", "0.2", "-0.05"]
            try await fill(db, "amount", try texts.map(decimal))
            try await expect(db, [], [.sum(column: amount)], [[try decimal("0.25")]])
            try await fill(db, "amount", from: 10, [try decimal(large)])
            try await expectError(.overflow) { _ = try await results(db, [], [.sum(column: amount)]) }
            try await expectError(.overflow) { _ = try await results(db, [], [.average(column: amount)]) }
        },
        ConformanceCase(.l0, "A sum of doubles is rounded once, at the end, so that the order of rows does not matter")
        {
            store in
            let db = try await store.open()
            let real = try db.column("real", of: "things")
            let largest = Double.greatestFiniteMagnitude
            let values = [largest, 1, largest, -largest, 1e-300, .leastNonzeroMagnitude, -largest, 1e100, -1e100]
            try await fill(db, "real", values.map(Value.double))
            try await expect(db, [], [.sum(column: real)], [[.double(1)]])
            try await fill(db, "real", from: 10, [.double(-1), .double(-1e-300)])
            try await expect(
                db, [], [.sum(column: real), .average(column: real)],
                [[.double(.leastNonzeroMagnitude), .double(.leastNonzeroMagnitude / 11)]])
            try await fill(db, "real", from: 20, (0..<10).map { _ in .double(0.1) })
            try await expect(db, [], [.sum(column: real)], [[.double(1)]])
            try await fill(db, "real", from: 40, [.double(largest), .double(largest)])
            try await expectError(.overflow) { _ = try await results(db, [], [.sum(column: real)]) }
        },
        ConformanceCase(.l0, "Minimum, maximum and groups know the order of every type") { store in
            for schema in [Schemas.things, Schemas.indexedThings] {
                let db = try await store.open(schema, name: schema == Schemas.things ? "plain" : "indexed")
                for name in Schemas.orderedColumns {
                    let column = try db.column(name, of: "things")
                    let values = Ladder.values(of: name)
                    try await fill(db, name, (values + values).reversed() + [.null])
                    let least = try require(values.first, name)
                    let greatest = try require(values.last, name)
                    try await expect(db, [], [.minimum(column: column)], [[least]])
                    try await expect(db, [], [.maximum(column: column)], [[greatest]])
                    try await expect(
                        db, [], [.minimum(column: column), .maximum(column: column), .distinctCount(column: column)],
                        [[least, greatest, .int(values.count)]])
                    try await expect(
                        db, [column], [.rows, .count(column: column)],
                        [[.null, .int(1), .int(0)]] + values.map { [$0, .int(2), .int(2)] })
                    for id in 0..<(2 * values.count + 1) { try await db.records("things").delete(.text("\(id)")) }
                }
            }
        },
        ConformanceCase(.l0, "Groups by several columns are the combinations that rows have") { store in
            let db = try await people(store)
            let country = try db.column("country", of: "people")
            let number = try db.column("number", of: "people")
            let age = try db.column("age", of: "people")
            let query = try AggregateQuery(
                db.query("people"), groups: [country, number], aggregates: [.rows, .sum(column: age)])
            try expectEqual(
                try await db.session.aggregate(query),
                [
                    [.string("DE"), .null, .int(2), .int(70)], [.string("DE"), .int(1), .int(1), .int(20)],
                    [.string("FR"), .null, .int(1), .int(10)], [.string("FR"), .int(2), .int(1), .int(50)],
                ])
        },
        ConformanceCase(.l0, "Groups are chosen by a condition, ordered by any result, and the first are taken") {
            store in
            let db = try await people(store)
            let country = try db.column("country", of: "people")
            let age = try db.column("age", of: "people")
            var query = try AggregateQuery(
                db.query("people"), groups: [country], aggregates: [.rows, .average(column: age)],
                order: [OrderTerm(column: 2, isDescending: true)])
            // Ties are ordered by the group.
            try expectEqual(
                try await db.session.aggregate(query),
                [[.string("DE"), .int(3), .double(30)], [.string("FR"), .int(2), .double(30)]])
            query.order = [OrderTerm(column: 1)]
            query.limit = 1
            try expectEqual(try await db.session.aggregate(query), [[.string("FR"), .int(2), .double(30)]])
            query.having = .compare(column: 1, .greater, .int(2))
            try expectEqual(try await db.session.aggregate(query), [[.string("DE"), .int(3), .double(30)]])
            query.having = .compare(column: 0, .equal, .string("XX"))
            try expectEqual(try await db.session.aggregate(query), [])
            query.having = nil
            query.limit = 0
            try expectEqual(try await db.session.aggregate(query), [])
        },
        ConformanceCase(.l0, "Aggregates are of the rows that a condition leaves, and of the first ones with a limit") {
            store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            let old = Condition.compare(column: age, .greaterOrEqual, .int(20))
            var query = try AggregateQuery(
                db.query("people", where: old), aggregates: [.rows, .minimum(column: age), .sum(column: age)])
            try expectEqual(try await db.session.aggregate(query), [[.int(4), .int(20), .int(140)]])
            query.rows.order = [OrderTerm(column: age, isDescending: true)]
            query.rows.limit = 2
            try expectEqual(try await db.session.aggregate(query), [[.int(2), .int(40), .int(90)]])
            query.rows.limit = 0
            try expectEqual(try await db.session.aggregate(query), [[.int(0), .null, .null]])
            query.rows = try db.query("people", where: .constant(nil))
            try expectEqual(try await db.session.aggregate(query), [[.int(0), .null, .null]])
        },
        ConformanceCase(.l0, "Selections in text give what the same queries made of values give") { store in
            let db = try await people(store)
            let expected: [(String, [[Value]])] = [
                (
                    "people select name, number where country = 'DE' order by age desc limit 2",
                    [[.string("p3"), .null], [.string("p2"), .null]]
                ),
                (
                    "people select count(), count(number), count(distinct country), sum(age), average(age), min(name), max(number)",
                    [[.int(5), .int(2), .int(2), .int(150), .double(30), .string("p0"), .int(2)]]
                ),
                (
                    "people select sum(age), country, count() where age > 10 group by country having max(age) >= 40 and sum(age) / count() < 50 order by count() desc",
                    [[.int(90), .string("DE"), .int(3)]]
                ),
                (
                    "people select number group by number, country order by country desc, number",
                    [[.null], [.int(2)], [.null], [.int(1)]]
                ),
                ("people select count(), max(age) where age > 100", [[.int(0), .null]]),
                ("people select country, count() where age > 100 group by country", []),
                (
                    "people select country, count(), sum(age) first 3 by age desc group by country order by sum(age)",
                    [[.string("FR"), .int(1), .int(50)], [.string("DE"), .int(2), .int(70)]]
                ),
                ("people select country first 3 by age group by country having count() > 1", [[.string("DE")]]),
                ("people select count(), sum(age) first 2 by age desc", [[.int(2), .int(90)]]),
                ("people select sum(age) where age < 50 first 1 by country desc, age desc", [[.int(10)]]),
                ("people select count(), max(age) first 0", [[.int(0), .null]]),
            ]
            for (text, rows) in expected {
                try expectEqual(try await db.session.rows(matching: text).map(\.values), rows, text)
                let query = try DynamicQuery(parsing: text, schema: db.schema)
                guard case .groups(let groups) = query.content else { continue }
                let results = try await db.session.aggregate(groups)
                try expectEqual(results.map { row in query.places.map { row[$0] } }, rows, text)
            }
        },
        ConformanceCase(.l0, "A budget of rows stops what makes more groups, also where few of them are asked for") {
            store in
            let db = try await store.open()
            let number = try db.column("number", of: "things"), real = try db.column("real", of: "things")
            try await fill(db, "number", [.int(1), .int(2), .null, .int(1), .int(3)])
            func query(_ rows: Int, _ groups: [Int], _ aggregate: Aggregate) throws -> AggregateQuery {
                var query = AggregateQuery(
                    try db.query("things"), groups: groups, aggregates: [aggregate],
                    having: .compare(column: 0, .equal, .int(3)), limit: 1)
                if groups.isEmpty { query.having = nil }
                query.rows.budget = QueryBudget(rows: rows)
                return query
            }
            for aggregate in [Aggregate.rows, .sum(column: real)] {
                try expectEqual(try await db.session.aggregate(query(4, [number], aggregate)).map(\.first), [.int(3)])
                let error = try await expectError(.budget) {
                    _ = try await db.session.aggregate(query(3, [number], aggregate))
                }
                try expectEqual(error.message.contains("3 groups"), true, "\(error)")
                // All rows together are one result, which is never too much.
                try expectEqual(try await db.session.aggregate(query(0, [], aggregate)).count, 1)
            }
            let text = try DynamicQuery(parsing: "things select number group by number limit 1", schema: db.schema)
            try await expectError(.budget) { _ = try await db.session.rows(of: text.budget(rows: 3)) }
            try expectEqual(try await db.session.rows(of: text.budget(rows: 4)).map(\.values), [[.null]])
        },
        ConformanceCase(.l0, "A budget of rows stops what counts more different values, those of all groups together") {
            store in
            let db = try await store.open()
            let number = try db.column("number", of: "things"), real = try db.column("real", of: "things")
            try await fill(db, "number", [.int(1), .int(2), .null, .int(1), .int(3)])
            // Of doubles every driver sums in one way, of the rest a driver may count by itself.
            for others in [[], [Aggregate.sum(column: real)]] {
                for (groups, rows) in [([], 3), ([number], 4)] {
                    var query = AggregateQuery(
                        try db.query("things"), groups: groups, aggregates: [.distinctCount(column: number)] + others)
                    query.rows.budget = QueryBudget(rows: rows)
                    try expectEqual(try await db.session.aggregate(query).count, groups.isEmpty ? 1 : 4)
                    query.rows.budget = QueryBudget(rows: 2)
                    try await expectError(.budget) { _ = try await db.session.aggregate(query) }
                }
            }
        },
        ConformanceCase(.l0, "As much is computed of groups as the limit says, and no more") { store in
            let db = try await store.open()
            let number = try db.column("number", of: "things")
            try await fill(db, "number", [.int(4), .int(5)])
            let sums = Array(repeating: Aggregate.sum(column: number), count: Limits.aggregates)
            try await expect(db, [], sums, [Array(repeating: .int(9), count: Limits.aggregates)])
            let error = try await expectError(.query) { _ = try await results(db, [], sums + [.rows]) }
            try expectEqual(error.message.contains("the limit is \(Limits.aggregates)"), true, "\(error)")
        },
        ConformanceCase(.l0, "Aggregates that make no sense are refused") { store in
            let db = try await store.open()
            let table = try require(db.schema.table(named: "things"), "things")
            let text = try db.column("text", of: "things")
            let document = try db.column("document", of: "things")
            let texts = try db.column("texts", of: "things")
            let number = try db.column("number", of: "things")
            let refused: [AggregateQuery] = [
                AggregateQuery(Query(table), aggregates: [.sum(column: text)]),
                AggregateQuery(Query(table), aggregates: [.average(column: document)]),
                AggregateQuery(Query(table), aggregates: [.minimum(column: texts)]),
                AggregateQuery(Query(table), aggregates: [.distinctCount(column: document)]),
                AggregateQuery(Query(table), aggregates: [.count(column: 99)]),
                AggregateQuery(Query(table), groups: [document], aggregates: [.rows]),
                AggregateQuery(Query(table), groups: [number, number], aggregates: [.rows]),
                AggregateQuery(Query(table), groups: [-1], aggregates: [.rows]),
                AggregateQuery(Query(table), aggregates: [.rows], having: .isNull(column: 1)),
                AggregateQuery(Query(table), aggregates: [.rows], having: .compare(column: 0, .equal, .string("1"))),
                AggregateQuery(Query(table), aggregates: [.rows], order: [OrderTerm(column: 1)]),
                AggregateQuery(Query(table), aggregates: [.rows], limit: -1),
                AggregateQuery(Query(table, limit: -1), aggregates: [.rows]),
            ]
            for query in refused {
                try await expectError(.query) { _ = try await db.session.aggregate(query) }
                try await expectError(.query) { _ = try await db.session.explain(query) }
            }
        },
        ConformanceCase(.l1, "A transaction's aggregates see its own writes, a snapshot's only its moment") { store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            let query = try AggregateQuery(db.query("people"), aggregates: [.rows, .maximum(column: age)])
            try await db.snapshot { snapshot in
                try await db.transaction { tx in
                    try await tx.insert(
                        "people", ["id": .int(9), "name": .string("z"), "country": .string("IT"), "age": .int(99)])
                    try expectEqual(try await tx.aggregate(query), [[.int(6), .int(99)]])
                }
                try expectEqual(try await snapshot.aggregate(query), [[.int(5), .int(50)]])
            }
            try expectEqual(try await db.session.aggregate(query), [[.int(6), .int(99)]])
        },
    ]

    // MARK: Helpers

    private static func results(_ db: Store, _ groups: [Int], _ aggregates: [Aggregate]) async throws -> [[Value]] {
        try await db.session.aggregate(AggregateQuery(db.query("things"), groups: groups, aggregates: aggregates))
    }

    private static func expect(
        _ db: Store, _ groups: [Int], _ aggregates: [Aggregate], _ expected: [[Value]],
        file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        try expectEqual(try await results(db, groups, aggregates), expected, file: file, line: line)
    }

    /// Things that have values in one column, with the numbers from `first` on as ids.
    private static func fill(_ db: Store, _ column: String, from first: Int = 0, _ values: [Value]) async throws {
        for (place, value) in values.enumerated() {
            try await db.insert("things", ["id": .string("\(first + place)"), column: value])
        }
    }

    private static func decimal(_ text: String) throws -> Value {
        .decimal(try require(DecimalNumber(text), text))
    }

    /// Five people of two countries.
    private static func people(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.people)
        let rows: [(String, Value, Int)] = [
            ("FR", .null, 10), ("DE", .int(1), 20), ("DE", .null, 30), ("DE", .null, 40), ("FR", .int(2), 50),
        ]
        for (place, (country, number, age)) in rows.enumerated() {
            try await db.insert(
                "people",
                [
                    "id": .int(place), "name": .string("p\(place)"), "country": .string(country), "number": number,
                    "age": .int(age),
                ])
        }
        return db
    }
}

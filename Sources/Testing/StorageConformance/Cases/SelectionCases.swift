import CairnCore

/// Some columns of rows, which an index may have without the records.
enum SelectionCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "Selected columns come in the order asked for, also twice, also none") { store in
            let db = try await people(store)
            let name = try db.column("name", of: "people")
            let age = try db.column("age", of: "people")
            let query = try db.query("people", limit: 2)
            try expectEqual(
                try await db.session.select([age, name, age], of: query),
                [[.int(50), .string("a"), .int(50)], [.int(40), .string("b"), .int(40)]])
            try expectEqual(try await db.session.select([], of: query), [[], []])
            try expectEqual(try await db.session.select([age], of: try db.query("people", limit: 0)), [])
        },
        ConformanceCase(.l0, "Conditions and orders may name columns that are not selected") { store in
            let db = try await people(store)
            let name = try db.column("name", of: "people")
            let number = try db.column("number", of: "people")
            let age = try db.column("age", of: "people")
            let old = Condition.compare(column: age, .greater, .int(10)) && .isNull(column: number)
            for isDescending in [false, true] {
                for limit in [nil, 2] {
                    let order = [OrderTerm(column: age, isDescending: isDescending)]
                    let query = try db.query("people", where: old, order: order, limit: limit)
                    let found = try await db.session.select([name], of: query)
                    let names = isDescending ? ["a", "c", "d"] : ["d", "c", "a"]
                    try expectEqual(found, names.prefix(limit ?? .max).map { [.string($0)] })
                }
            }
        },
        ConformanceCase(.l0, "Columns of every type are selected as they were written, null among them") { store in
            for schema in [Schemas.things, Schemas.indexedThings] {
                let db = try await store.open(schema, name: schema == Schemas.things ? "plain" : "indexed")
                for name in Schemas.orderedColumns {
                    let column = try db.column(name, of: "things")
                    let values = Ladder.values(of: name)
                    for (place, value) in (values + [.null]).enumerated() {
                        try await db.insert("things", ["id": .string("\(place)"), name: value])
                    }
                    for isDescending in [false, true] {
                        let order = [OrderTerm(column: column, isDescending: isDescending)]
                        let sorted = isDescending ? values.reversed() + [.null] : [.null] + values
                        try expectEqual(
                            try await db.session.select([column], of: db.query("things", order: order)),
                            sorted.map { [$0] })
                    }
                    for place in 0...values.count { try await db.records("things").delete(.text("\(place)")) }
                }
            }
        },
        ConformanceCase(.l0, "Pages of some columns are cut like pages of all, by columns that are not read too") {
            store in
            let db = try await people(store)
            let name = try db.column("name", of: "people")
            for order in ["age", "email", "country"] {
                var query = try db.query("people", order: [OrderTerm(column: db.column(order, of: "people"))])
                let keys = try await db.keys(query)
                query.columns = [name]
                var names: [String] = []
                var cursor: PageCursor?
                repeat {
                    let page = try await db.session.page(of: query, size: 2, after: cursor) { try $0.string(name) }
                    names += page.items
                    cursor = page.next
                } while cursor != nil
                try expectEqual(names, keys.compactMap { Int($0) }.map { ["a", "b", "c", "d", "e"][$0] }, order)
            }
        },
        ConformanceCase(.l0, "A column that is none is refused") { store in
            let db = try await people(store)
            for column in [-1, 6, .max] {
                try await expectError(.query) { _ = try await db.session.select([column], of: db.query("people")) }
            }
        },
        ConformanceCase(.l1, "A selection read half-way is of its moment, whatever its transaction writes meanwhile") {
            store in
            let db = try await people(store)
            let age = try db.column("age", of: "people")
            try await db.transaction { tx in
                var query = try db.query("people", order: [OrderTerm(column: age)])
                query.columns = [age]
                var ages: [Int] = []
                let cursor = try await tx.cursor(query)
                defer { cursor.close() }
                func take(_ row: RowReader) throws -> Bool {
                    ages.append(try row.int(age))
                    return true
                }
                _ = try await cursor.next(2, take)
                try await tx.change("people", .int(0), ["age": .int(1)])
                while try await cursor.next(2, take) {}
                try expectEqual(ages, [10, 20, 30, 40, 50])
                try expectEqual(
                    try await tx.select([age], of: query), [1, 10, 20, 30, 40].map { [.int($0)] })
            }
        },
    ]

    /// Five people, the oldest first.
    private static func people(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.people)
        for (place, name) in ["a", "b", "c", "d", "e"].enumerated() {
            try await db.insert(
                "people",
                [
                    "id": .int(place), "name": .string(name), "country": .string("FR"),
                    "number": place == 1 ? .int(1) : .null, "age": .int(50 - 10 * place),
                ])
        }
        return db
    }
}

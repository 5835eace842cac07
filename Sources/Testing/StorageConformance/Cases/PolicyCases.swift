import CairnCore

/// Queries that are refused or stopped for what they would take.
enum PolicyCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(
            .l0, "A store that refuses queries no index serves names the condition and the index to declare"
        ) {
            store in
            let db = try await store.open(Schemas.people, unindexed: .refuse)
            let age = try db.column("age", of: "people"), number = try db.column("number", of: "people")
            let query = try db.query("people", where: .compare(column: number, .greater, .int(5)))
            let error = try await expectError(.unindexed) { _ = try await db.records("people").all(query) }
            try expectEqual(error.details.table, "people")
            try expect(error.message.contains("number > 5"), "the condition is not named: \(error)")
            try expect(error.remedy?.contains("\"by_number\": [\"number\"]") == true, "no index is named: \(error)")
            try await expectError(.unindexed) { _ = try await db.session.count(query) }
            try await expectError(.unindexed) { _ = try await db.records("people").page(query, size: 3) }
            try await expectError(.unindexed) { _ = try await db.session.cursor(query) }
            try await expectError(.unindexed) {
                _ = try await db.session.aggregate(AggregateQuery(query, aggregates: [.sum(column: age)]))
            }
            try await expectError(.unindexed) { _ = try await db.session.delete(query) }
            try await expectError(.unindexed) {
                _ = try await db.session.update(query, [Assignment(column: age, value: .int(1))])
            }
            try await db.snapshot { snapshot in
                _ = try await expectError(.unindexed) { _ = try await snapshot.count(query) }
            }
            var allowed = query
            allowed.isUnindexedAllowed = true
            try expectEqual(try await db.session.count(allowed), 0)
        },
        ConformanceCase(
            .l0, "A store that refuses queries no index serves runs those that one serves, and those for all rows"
        ) {
            store in
            let db = try await store.open(Schemas.people, unindexed: .refuse)
            try await ChangeCases.insert(1, "Ada", age: 36, into: db)
            func column(_ name: String) throws -> Int { try db.column(name, of: "people") }
            let name = try column("name"), age = try column("age"), id = try column("id")
            let conditions: [Condition?] = [
                nil, .compare(column: id, .equal, .int(1)), .compare(column: id, .greater, .int(0)),
                .compare(column: name, .equal, .string("Ada")),
                .text(column: name, .hasPrefix, "A", ignoringCase: false),
                .text(column: name, .like, "A%a", ignoringCase: false),
                .isIn(column: age, [.int(36), .int(40)]),
                .and([
                    .compare(column: try column("country"), .equal, .string("FR")),
                    .text(column: name, .contains, "d", ignoringCase: false),
                ]),
            ]
            for condition in conditions {
                let query = try db.query("people", where: condition)
                try expectEqual(try await db.keys(query), ["1"], "\(String(describing: condition))")
                try expectEqual(try await db.session.count(query), 1, "\(String(describing: condition))")
            }
            let youngest = try db.query("people", order: [OrderTerm(column: age)], limit: 3)
            try expectEqual(try await db.keys(youngest), ["1"])
            let sorted = try db.query("people", order: [OrderTerm(column: try column("country"), isDescending: true)])
            try expectEqual(try await db.keys(sorted), ["1"])
            for (pattern, ignoringCase) in [("%a", false), ("A%", true)] {
                let anywhere = Condition.text(column: name, .like, pattern, ignoringCase: ignoringCase)
                try await expectError(.unindexed) { _ = try await db.keys(db.query("people", where: anywhere)) }
            }
            try expectEqual(try await db.session.delete(db.query("people", where: conditions[3])), 1)
        },
        ConformanceCase(.l0, "The first rows of an order that no index has are refused, and counting them is not") {
            store in
            let db = try await store.open(Schemas.people, unindexed: .refuse)
            let email = try db.column("email", of: "people"), number = try db.column("number", of: "people")
            let first = try db.query("people", order: [OrderTerm(column: number, isDescending: true)], limit: 3)
            let error = try await expectError(.unindexed) { _ = try await db.keys(first) }
            try expect(error.remedy?.contains("[\"number desc\"]") == true, "no index is named: \(error)")
            try expectEqual(try await db.session.count(first), 0)
            try expectEqual(try await db.keys(db.query("people", order: [OrderTerm(column: email)], limit: 3)), [])
        },
        ConformanceCase(.l0, "A store that warns of queries no index serves runs them, and tells each kind once") {
            store in
            let told = Lock<[String]>([])
            let db = try await store.open(Schemas.people, unindexed: .warn) { text in told.withLock { $0.append(text) }
            }
            try await ChangeCases.insert(1, "Ada", into: db)
            let number = try db.column("number", of: "people")
            for value in 0..<5 {
                let query = try db.query("people", where: .compare(column: number, .less, .int(value)))
                try expectEqual(try await db.keys(query), [])
            }
            try expectEqual(told.withLock { $0.count }, 1)
            try expect(told.withLock { $0[0].hasPrefix("query.unindexed: ") }, "\(told.withLock { $0 })")
            _ = try await db.keys(db.query("people", where: .isNull(column: number)))
            try expectEqual(told.withLock { $0.count }, 2)
        },
        ConformanceCase(.l1, "Rows that values are looked up in need an index like any others") { store in
            let db = try await store.open(Schemas.library, unindexed: .refuse)
            let author = try db.column("author", of: "books"), title = try db.column("title", of: "books")
            let name = try db.column("name", of: "authors"), id = try db.column("id", of: "authors")
            let isbn = try db.column("isbn", of: "books")
            let authors = RelatedTable(try require(db.schema.table(named: "authors"), "authors").position)
            func books(_ part: Condition, _ other: Condition? = nil) throws -> Query {
                let reference = Condition.reference(column: author, authors, part)
                return try db.query("books", where: other.map { reference && $0 } ?? reference)
            }
            // By the key of the author, then by the index of the reference.
            try expectEqual(try await db.keys(books(.compare(column: id, .equal, .int(1)))), [])
            let named = Condition.compare(column: name, .equal, .string("Ada"))
            let error = try await expectError(.unindexed) { _ = try await db.keys(books(named)) }
            try expectEqual(error.details.table, "authors")
            try expect(error.remedy?.contains("\"by_name\": [\"name\"]") == true, "no index is named: \(error)")
            // Some books by their key: their authors are asked for by theirs.
            try expectEqual(try await db.keys(books(named, .compare(column: isbn, .greater, .string("b")))), [])
            try await expectError(.unindexed) {
                _ = try await db.keys(books(named, .compare(column: title, .equal, .string("Notes"))))
            }
        },
        ConformanceCase(.l0, "A query with more rows than its budget is stopped, and never a shorter answer") { store in
            let db = try await QueryCases.people(store)
            var query = try db.query("people")
            query.budget = QueryBudget(requests: 1000, rows: 100)
            try expectEqual(try await db.keys(query).count, 100)
            query.budget = QueryBudget(rows: 99)
            let error = try await expectError(.budget) { _ = try await db.keys(query) }
            try expect(error.message.contains("99 rows"), "\(error)")
            try await expectError(.budget) {
                let cursor = try await db.session.cursor(query)
                defer { cursor.close() }
                while try await cursor.next(10, { _ in true }) {}
            }
            // Whoever sorts needs no more rows than the budget allows, and says the same.
            let age = try db.column("age", of: "people")
            query.order = [OrderTerm(column: age, isDescending: true)]
            try await expectError(.budget) { _ = try await db.keys(query) }
            query.budget = QueryBudget(rows: 100)
            try expectEqual(try await db.keys(query).count, 100)
            // Those that are computed with are no rows of the result.
            var first = query
            first.limit = 50
            first.budget = QueryBudget(rows: 1)
            let count = AggregateQuery(first, aggregates: [.rows])
            try expectEqual(try await db.session.aggregate(count), [[.int(50)]])
            query.budget = QueryBudget(rows: 99)
            // Where ties are sorted, too.
            let country = try db.column("country", of: "people")
            query.order = [OrderTerm(column: country, isDescending: true)]
            try await expectError(.budget) { _ = try await db.keys(query) }
            // Who leaves early has read no more than it took, however it is read.
            query.condition = .or([
                .compare(column: age, .greaterOrEqual, .int(50)), .compare(column: country, .equal, .string("FR")),
            ])
            query.budget = QueryBudget(rows: 2)
            var rows = 0
            try await db.session.read(query) { _ in
                rows += 1
                return rows < 2
            }
            query.condition = nil
            query.budget = QueryBudget(rows: 99)
            // Counting has no rows, and a page has its own.
            try expectEqual(try await db.session.count(query), 100)
            for size in [20, 99] {
                try expectEqual(try await db.records("people").page(query, size: size).items.count, size)
            }
        },
    ]
}

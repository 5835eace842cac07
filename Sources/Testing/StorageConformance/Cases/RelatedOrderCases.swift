import CairnCore

/// Orders by columns of the records that references name.
enum RelatedOrderCases {
    static let all: [ConformanceCase] = orders + sizes + uses + refusals

    // MARK: The order

    private static let orders = [
        ConformanceCase(.l1, "Rows are ordered by a column of the record a reference names, ties by their key") {
            store in
            let db = try await library(store)
            try await expectOrder(db, "books", ["author.name"], ["b1", "b4", "b3", "b2", "b5"])
            try await expectOrder(db, "books", ["author.name desc"], ["b2", "b5", "b3", "b1", "b4"])
            try await expectOrder(db, "books", ["author.id"], ["b2", "b5", "b3", "b1", "b4"])
        },
        ConformanceCase(.l1, "Where a reference is null, what is behind it sorts as null") { store in
            let db = try await library(store)
            // The editors of b1 to b5 are Bo, nobody, Cy, who has no country, nobody and Di.
            try await expectOrder(db, "books", ["editor.name"], ["b2", "b4", "b1", "b3", "b5"])
            try await expectOrder(db, "books", ["editor.name desc"], ["b5", "b3", "b1", "b2", "b4"])
            try await expectOrder(db, "books", ["editor.country", "isbn desc"], ["b5", "b4", "b3", "b2", "b1"])
            try await expectOrder(db, "books", ["editor.country desc", "isbn"], ["b1", "b2", "b3", "b4", "b5"])
        },
        ConformanceCase(.l1, "An order mixes columns of rows and of several records they refer to") { store in
            let db = try await library(store)
            try await expectOrder(db, "books", ["author.name desc", "title"], ["b5", "b2", "b3", "b4", "b1"])
            try await expectOrder(db, "books", ["title", "author.name"], ["b4", "b3", "b5", "b1", "b2"])
            try await expectOrder(db, "books", ["author.name", "editor.name desc"], ["b1", "b4", "b3", "b5", "b2"])
            try await expectOrder(db, "books", ["author.country", "author.name desc"], ["b2", "b5", "b1", "b4", "b3"])
            try await expectOrder(
                db, "books", ["author.name", "author.name desc", "isbn desc"], ["b4", "b1", "b3", "b5", "b2"])
        },
        ConformanceCase(.l1, "An order leads on from record to record, also to the same table") { store in
            let db = try await library(store)
            try await expectOrder(db, "shelves", ["book.author.name"], ["b1", "b3", "b2"])
            try await expectOrder(db, "shelves", ["book.editor.name desc"], ["b3", "b1", "b2"])
            try await expectOrder(db, "shelves", ["book.author.name desc", "book.title"], ["b2", "b3", "b1"])
            // 1 is the root, 2 and 3 hang on it, 4 on 3, 5 on 2.
            try await expectOrder(db, "notes", ["parent.text"], ["1", "5", "4", "2", "3"])
            try await expectOrder(db, "notes", ["parent.parent.text desc", "parent.text"], ["5", "4", "1", "2", "3"])
            let deepest = (Limits.conditionDepth - 1) / 2
            let path = String(repeating: "parent.", count: deepest)
            try await expectOrder(db, "notes", ["\(path)text", "id desc"], ["5", "4", "3", "2", "1"])
            try await expectError(.query) {
                _ = try await db.keys(db.query("notes", order: [term(db, "notes", "parent.\(path)text")]))
            }
        },
        ConformanceCase(.l1, "Texts behind a reference sort by their bytes") { store in
            let db = try await store.open(schema)
            // Each smaller than the next, and none equal: composed and not, and beyond what UTF-16 has in one unit.
            let names = ["", "A", "Z", "a", "e\u{301}", "f", "\u{E9}", "\u{FFFD}", "\u{1F600}"]
            let order = [4, 8, 0, 6, 2, 7, 1, 5, 3]
            for place in order {
                try await db.insert("authors", ["id": .int(place), "name": .string(names[place])])
                try await insertBook(db, "b\(9 - place)", "t", place, nil)
            }
            let keys = names.indices.map { "b\(9 - $0)" }
            try await expectOrder(db, "books", ["author.name"], keys)
            try await expectOrder(db, "books", ["author.name desc"], keys.reversed())
        },
        ConformanceCase(.l1, "Each kind of value sorts behind a reference as it does in its own table") { store in
            let columns = Schemas.orderedColumns
            let refers =
                ", \"refs\": { \"columns\": { \"id\": \"string\", \"thing\": { \"references\": \"things?\" } }, \"key\": \"id\" },"
            let db = try await store.open(
                Schemas.things.replacing("\"key\": \"id\",\n    },", with: "\"key\": \"id\",\n    }\(refers)"))
            for column in columns {
                for (place, value) in Ladder.values(of: column).enumerated() {
                    let id = Value.string("\(column)-\(10 + place)")
                    try await db.insert("things", ["id": id, column: value])
                    try await db.insert("refs", ["id": id, "thing": id])
                }
            }
            let id = try db.column("id", of: "refs")
            for column in columns {
                let query = try db.query("refs", where: .text(column: id, .hasPrefix, column, ignoringCase: false))
                let keys = try await db.keys(query)
                for isDescending in [false, true] {
                    var query = query
                    query.order = [try term(db, "refs", "thing.\(column)\(isDescending ? " desc" : "")")]
                    try expectEqual(try await db.keys(query), isDescending ? keys.reversed() : keys, column)
                }
            }
        },
        ConformanceCase(.l1, "Rows with a key of several columns are ordered by what their key refers to") { store in
            let db = try await store.open(Schemas.actions)
            for id in 1...3 { try await db.insert("people", ["id": .int(id)]) }
            for (id, lead) in [(1, 2), (2, 1), (3, nil)] as [(Int, Int?)] {
                try await db.insert("teams", ["id": .int(id), "lead": lead.map(Value.int) ?? .null])
            }
            for (team, person) in [(1, 1), (1, 2), (2, 1), (3, 3), (3, 1)] {
                try await db.insert("members", ["team": .int(team), "person": .int(person)])
            }
            let order = [try term(db, "members", "team.lead.id desc"), try term(db, "members", "person")]
            let keys = try await db.session.select([0, 1], of: db.query("members", order: order))
            try expectEqual(keys, [[1, 1], [1, 2], [2, 1], [3, 1], [3, 3]].map { $0.map(Value.int) })
        },
    ]

    // MARK: Sizes

    private static let sizes = [
        ConformanceCase(.l1, "The first rows of such an order are those of all") { store in
            let db = try await library(store)
            let order = [try term(db, "books", "author.name"), try term(db, "books", "title desc")]
            let all = try await db.keys(db.query("books", order: order))
            try expectEqual(all, ["b1", "b4", "b3", "b2", "b5"])
            for limit in 0...6 {
                let query = try db.query("books", order: order, limit: limit)
                try expectEqual(try await db.keys(query), Array(all.prefix(limit)), "limit \(limit)")
                try expectEqual(try await db.session.count(query), min(limit, 5), "count of \(limit)")
            }
            let isLate = try Condition.compare(column: db.column("isbn", of: "books"), .greater, .string("b2"))
            try expectEqual(
                try await db.keys(db.query("books", where: isLate, order: order, limit: 2)), ["b4", "b3"])
            let author = try db.column("author", of: "books"), name = try db.column("name", of: "authors")
            let authors = try require(db.schema.table(named: "authors"), "authors").position
            let isBoOrDi = Condition.reference(
                column: author, RelatedTable(authors), .isIn(column: name, [.string("Di"), .string("Bo")]))
            let down = [try term(db, "books", "author.name desc")]
            try expectEqual(try await db.keys(db.query("books", where: isBoOrDi, order: down)), ["b2", "b5", "b3"])
            try expectEqual(try await db.keys(db.query("books", where: .constant(false), order: down)), [])
        },
        ConformanceCase(.l1, "Many rows are ordered by many records, and by few") { store in
            let db = try await store.open(schema)
            let authors = try require(db.schema.table(named: "authors"), "authors")
            let books = try require(db.schema.table(named: "books"), "books")
            // Names in an order of their own, each of two authors.
            func name(_ author: Int) -> Int { author * 389 % 650 }
            let operations =
                (0..<1300).map { id in
                    WriteOperation.insert(
                        authors, [.int(id), .string("n\(1000 + name(id))"), .string("c\(id % 4)")])
                }
                + (0..<2600).map { number in
                    .insert(
                        books,
                        [
                            .string("b\(10000 + number)"), .string("t\(number % 7)"), .int(number % 1300),
                            number % 2 == 0 ? .null : .int(number % 3),
                        ])
                }
            _ = try await db.session.write(operations)
            let byName = (0..<2600).sorted { (name($0 % 1300), $0) < (name($1 % 1300), $1) }
            let order = [try term(db, "books", "author.name")]
            let keys = byName.map { "b\(10000 + $0)" }
            try expectEqual(try await db.keys(db.query("books", order: order)), keys)
            for limit in [1, 40, 1100] {
                try expectEqual(
                    try await db.keys(db.query("books", order: order, limit: limit)), Array(keys.prefix(limit)))
            }
            func country(_ number: Int) -> Int { number % 1300 % 4 }
            func editor(_ number: Int) -> Int { number % 2 == 0 ? -1 : name(number % 3) }
            let mixed = (0..<2600).sorted {
                (-country($0), editor($0), -$0) < (-country($1), editor($1), -$1)
            }
            let terms = try ["author.country desc", "editor.name", "isbn desc"].map { try term(db, "books", $0) }
            try expectEqual(
                try await db.keys(db.query("books", order: terms)), mixed.map { "b\(10000 + $0)" })
        },
    ]

    // MARK: Where it is used

    private static let uses = [
        ConformanceCase(.l1, "Selections, aggregates and look-ups take the first rows of an order by other records") {
            store in
            let db = try await library(store)
            let title = try db.column("title", of: "books"), isbn = try db.column("isbn", of: "books")
            let last = try db.query("books", order: [term(db, "books", "author.name desc")], limit: 3)
            try expectEqual(
                try await db.session.select([title], of: last), ["Two", "Five", "Five"].map { [.string($0)] })
            try expectEqual(
                try await db.session.aggregate(AggregateQuery(last, aggregates: [.rows, .minimum(column: isbn)])),
                [[.int(3), .string("b2")]])
            try expectEqual(
                try await db.session.aggregate(AggregateQuery(last, groups: [title], aggregates: [.rows])),
                [[.string("Five"), .int(2)], [.string("Two"), .int(1)]])
            let books = try require(db.schema.table(named: "books"), "books").position
            let rows = RelatedRows(RelatedTable(books), column: isbn, order: last.order, limit: 3)
            let book = try db.column("book", of: "shelves")
            let isAmong = Condition.isInRows(column: book, rows)
            try expectEqual(try await db.keys(db.query("shelves", where: isAmong)), ["b2", "b3"])
            try expectEqual(try await db.keys(db.query("shelves", where: !isAmong)), ["b1"])
            // The same table inside and outside.
            try expectEqual(
                try await db.keys(db.query("books", where: !.isInRows(column: isbn, rows), order: last.order)),
                ["b1", "b4"])
        },
        ConformanceCase(.l1, "The first rows of an order by other records are updated and deleted") { store in
            let db = try await library(store)
            let first = try db.query("books", order: [term(db, "books", "editor.name desc")], limit: 2)
            let title = try Assignment(column: db.column("title", of: "books"), value: .string("new"))
            try expectEqual(try await db.session.update(first, [title]), 2)
            let isNew = try Condition.compare(column: title.column, .equal, .string("new"))
            try expectEqual(try await db.keys(db.query("books", where: isNew)), ["b3", "b5"])
            _ = try await db.session.delete(db.query("shelves"))
            try expectEqual(try await db.session.delete(first), 2)
            try expectEqual(try await db.keys(db.query("books")), ["b1", "b2", "b4"])
        },
        ConformanceCase(.l1, "A transaction orders by other records as it has written them, missing ones as null") {
            store in
            let db = try await library(store)
            let query = try db.query("books", order: [term(db, "books", "author.name")])
            try await db.transaction { tx in
                try await tx.change("authors", .int(4), ["name": .string("Ea")])
                try expectEqual(try await tx.keys(query), ["b3", "b2", "b5", "b1", "b4"])
                try await tx.insert("books", ["isbn": .string("b6"), "title": .string("t"), "author": .int(9)])
                try expectEqual(try await tx.keys(query), ["b6", "b3", "b2", "b5", "b1", "b4"])
                try await tx.insert("authors", ["id": .int(9), "name": .string("C")])
                try expectEqual(try await tx.keys(query), ["b3", "b6", "b2", "b5", "b1", "b4"])
            }
            try expectEqual(try await db.keys(query), ["b3", "b6", "b2", "b5", "b1", "b4"])
        },
        ConformanceCase(.l2, "A snapshot orders by other records of its own moment, and observers hear of them") {
            store in
            let db = try await library(store)
            let query = try db.query("books", order: [term(db, "books", "author.name")], limit: 2)
            var results = try db.records("books").observe(query).makeAsyncIterator()
            func keys(_ records: [Record]?) -> [String] { (records ?? []).map { KeyText.encode($0.key) } }
            try expectEqual(keys(try await results.next()), ["b1", "b4"])
            try await db.snapshot { snapshot in
                try await db.session.change("authors", .int(1), ["name": .string("A")])
                try expectEqual(try await snapshot.keys(query), ["b1", "b4"])
                try expectEqual(try await db.keys(query), ["b2", "b5"])
            }
            try expectEqual(keys(try await results.next()), ["b2", "b5"])
        },
        ConformanceCase(.l1, "An order by other records is asked for in text and in JSON") { store in
            let db = try await library(store)
            let texts = ["books order by author.name desc, title limit 3", "from shelves order by book.author.name"]
            for (text, keys) in zip(texts, [["b5", "b2", "b3"], ["b1", "b3", "b2"]]) {
                try expectEqual(try await db.keys(Query(parsing: text, schema: db.schema)), keys, text)
            }
            let json = "{ \"from\": \"books\", \"order\": [\"editor.name desc\", \"isbn desc\"], \"limit\": 4 }"
            try expectEqual(try await db.keys(Query(parsingJSON: json, schema: db.schema)), ["b5", "b3", "b1", "b4"])
        },
        ConformanceCase(.l1, "A plan says what other records rows are sorted by") { store in
            let db = try await library(store)
            let query = try db.query("books", order: [term(db, "books", "author.name desc")], limit: 2)
            for run in [false, true] {
                let plan = try await db.session.explain(query, run: run)
                try expectEqual(plan.sort, ["author.name desc", "isbn"], "\(plan)")
                try expectEqual(plan.limit, 2, "\(plan)")
                try expect(plan.description.contains("authors"), "the plan does not name the other table: \(plan)")
                try expectEqual(plan.run?.rows, run ? 2 : nil, "\(plan)")
            }
        },
    ]

    // MARK: What is refused

    private static let refusals = [
        ConformanceCase(.l1, "An order that leads nowhere is refused") { store in
            let db = try await library(store)
            let authors = RelatedTable(try require(db.schema.table(named: "authors"), "authors").position)
            let title = try db.column("title", of: "books"), author = try db.column("author", of: "books")
            for step in [
                FollowedReference(column: title, authors), FollowedReference(column: 99, authors),
                FollowedReference(column: author, RelatedTable(99)), FollowedReference(column: author, RelatedTable(0)),
            ] {
                let order = [OrderTerm(column: 0, behind: [step])]
                try await expectError(.query) { _ = try await db.keys(db.query("books", order: order)) }
                try await expectError(.query) { _ = try await db.session.delete(db.query("books", order: order)) }
            }
            let step = FollowedReference(column: author, authors)
            try await expectError(.query) {
                _ = try await db.keys(db.query("books", order: [OrderTerm(column: 99, behind: [step])]))
            }
            let groups = AggregateQuery(
                try db.query("books"), groups: [author], aggregates: [.rows],
                order: [OrderTerm(column: 0, behind: [FollowedReference(column: 0, authors)])])
            try await expectError(.query) { _ = try await db.session.aggregate(groups) }
        },
        ConformanceCase(.l1, "Pages are not cut by what other records have") { store in
            let db = try await library(store)
            let query = try db.query("books", order: [term(db, "books", "author.name")])
            try await expectError(.query) { _ = try await db.records("books").page(query, size: 2) }
            var behind = query
            behind.after = Query.Position(values: [.string("Bo"), .string("b3")])
            try await expectError(.query) { _ = try await db.keys(behind) }
        },
    ]

    // MARK: The library

    private static let schema = Schemas.library.replacing(
        "\"name\": \"string\" }", with: "\"name\": \"string\", \"country\": \"string?\" }")

    /// Books b1 to b5 of Ann, Di, Bo, Ann and Di. Their ids are not in the order of their names.
    private static func library(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(schema)
        for (id, name, country) in [(4, "Ann", "FR"), (2, "Bo", "SE"), (3, "Cy", nil), (1, "Di", nil)] {
            try await db.insert(
                "authors",
                ["id": .int(id), "name": .string(name), "country": country.map(Value.string) ?? .null])
        }
        try await insertBook(db, "b1", "One", 4, 2)
        try await insertBook(db, "b2", "Two", 1, nil)
        try await insertBook(db, "b3", "Five", 2, 3)
        try await insertBook(db, "b4", "Five", 4, nil)
        try await insertBook(db, "b5", "Five", 1, 1)
        for isbn in ["b1", "b2", "b3"] {
            try await db.insert("shelves", ["book": .string(isbn), "place": .string("A")])
        }
        for (id, parent, text) in [
            (1, Value.null, "root"), (2, .int(1), "b"), (3, .int(1), "c"), (4, .int(3), "d"), (5, .int(2), "e"),
        ] {
            try await db.insert("notes", ["id": .int(id), "parent": parent, "text": .string(text)])
        }
        return db
    }

    private static func insertBook(
        _ db: Store, _ isbn: String, _ title: String, _ author: Int, _ editor: Int?
    ) async throws {
        try await db.insert(
            "books",
            [
                "isbn": .string(isbn), "title": .string(title), "author": .int(author),
                "editor": editor.map(Value.int) ?? .null,
            ])
    }

    /// A column as the language names it: `author.name desc`.
    private static func term(_ db: Store, _ table: String, _ text: String) throws -> OrderTerm {
        let words = text.split(separator: " ")
        var names = words[0].split(separator: ".").map(String.init)
        let last = names.removeLast()
        var table = table
        var path: [FollowedReference] = []
        for name in names {
            let column = try require(db.schema.table(named: table)?.column(named: name), name)
            table = try require(column.referencedTable, "what \(name) refers to")
            let target = try require(db.schema.table(named: table), table)
            path.append(FollowedReference(column: column.position, RelatedTable(target.position)))
        }
        return OrderTerm(column: try db.column(last, of: table), isDescending: words.count > 1, behind: path)
    }

    private static func expectOrder(
        _ db: Store, _ table: String, _ order: [String], _ keys: [String], file: StaticString = #fileID,
        line: UInt = #line
    ) async throws {
        let query = try db.query(table, order: order.map { try term(db, table, $0) })
        try expectEqual(try await db.keys(query), keys, "\(order)", file: file, line: line)
    }
}

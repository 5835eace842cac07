import CairnCore

/// Conditions on other rows: on the record a reference names, on records that refer to this one, on any rows.
enum RelationCases {
    static let all: [ConformanceCase] = conditions + lookups + uses

    // MARK: What a reference names

    private static let conditions = [
        ConformanceCase(
            .l1, "A condition on the record a reference names holds for the rows that refer to such records"
        ) {
            store in
            let db = try await library(store)
            let isAnn = try db.whose("books", "author", db.compare("authors", "name", .equal, "Ann"))
            try await expectKeys(db, "books", isAnn, ["b1", "b2"])
            try await expectKeys(db, "books", !isAnn, ["b3", "b4"])
            let title = try db.compare("books", "title", .equal, "Two")
            try await expectKeys(db, "books", isAnn && title, ["b2"])
            try await expectKeys(db, "books", !isAnn || title, ["b2", "b3", "b4"])
            try await expectKeys(db, "books", !(isAnn && title), ["b1", "b3", "b4"])
            try await expectKeys(db, "books", !(!isAnn), ["b1", "b2"])
        },
        ConformanceCase(.l1, "Where a reference is null, the columns of its record are null") { store in
            let db = try await library(store)
            // The editors are Bo, nobody, Cy, who has no country, and nobody.
            let isBo = try db.whose("books", "editor", db.compare("authors", "name", .equal, "Bo"))
            try await expectKeys(db, "books", isBo, ["b1"])
            try await expectKeys(db, "books", !isBo, ["b3"])
            let country = try db.column("country", of: "authors")
            try await expectKeys(
                db, "books", db.whose("books", "editor", .isNull(column: country)), ["b2", "b3", "b4"])
            try await expectKeys(db, "books", !db.whose("books", "editor", .isNull(column: country)), ["b1"])
            let isFrench = try db.whose("books", "editor", db.compare("authors", "country", .equal, "FR"))
            try await expectKeys(db, "books", isFrench, [])
            try await expectKeys(db, "books", !isFrench, ["b1"])
            try await expectKeys(db, "books", db.whose("books", "editor", .constant(true)), ["b1", "b2", "b3", "b4"])
            try await expectKeys(db, "books", db.whose("books", "editor", .isIn(column: country, [])), [])
        },
        ConformanceCase(.l1, "A condition leads on from record to record, also to the same table") { store in
            let db = try await library(store)
            // 1 is the root, 2 and 3 hang on it, 4 on 3.
            let isRoot = try db.compare("notes", "text", .equal, "root")
            let below = try db.whose("notes", "parent", isRoot)
            try await expectKeys(db, "notes", below, ["2", "3"])
            try await expectKeys(db, "notes", db.whose("notes", "parent", below), ["4"])
            try await expectKeys(db, "notes", !below, ["4"])
            let isAnn = try db.compare("authors", "name", .equal, "Ann")
            try await expectKeys(db, "shelves", db.whose("shelves", "book", db.whose("books", "author", isAnn)), ["b1"])
            try await expectKeys(
                db, "shelves", !db.whose("shelves", "book", db.whose("books", "author", isAnn)), ["b3"])
            let nobody = try Condition.isNull(column: db.column("editor", of: "books"))
            try await expectKeys(db, "shelves", db.whose("shelves", "book", !nobody), ["b1", "b3"])
        },
        ConformanceCase(.l1, "What is computed, searched and compared holds in the record a reference names") { store in
            let db = try await library(store)
            let name = try db.column("name", of: "authors")
            let id = try db.column("id", of: "authors")
            for (condition, keys) in [
                (Condition.text(column: name, .contains, "N", ignoringCase: true), ["b1", "b2"]),
                (.text(column: name, .matches, "^[BC]", ignoringCase: false), ["b3", "b4"]),
                (.computed(.arithmetic(.column(id), .multiply, .value(.int(2))), .equal, .value(.int(4))), ["b3"]),
                (.computed(.count(column: name), .greater, .column(id)), ["b1", "b2"]),
                (.isIn(column: id, [.int(3), .int(2)]), ["b3", "b4"]),
                (.compare(column: id, .greaterOrEqual, .int(2)), ["b3", "b4"]),
            ] {
                try await expectKeys(db, "books", db.whose("books", "author", condition), keys)
            }
        },
    ]

    // MARK: Rows that are looked up

    private static let lookups = [
        ConformanceCase(.l1, "A condition asks whether records refer to a row, and whether none does") { store in
            let db = try await library(store)
            try await expectKeys(db, "authors", db.any("authors", "books", by: "author"), ["1", "2", "3"])
            try await expectKeys(db, "authors", !db.any("authors", "books", by: "author"), ["4"])
            try await expectKeys(db, "authors", db.any("authors", "books", by: "editor"), ["2", "3"])
            try await expectKeys(db, "authors", !db.any("authors", "books", by: "editor"), ["1", "4"])
            let two = try db.compare("books", "title", .equal, "Two")
            try await expectKeys(db, "authors", db.any("authors", "books", by: "author", two), ["1"])
            try await expectKeys(db, "authors", !db.any("authors", "books", by: "author", two), ["2", "3", "4"])
            try await expectKeys(db, "notes", db.any("notes", "notes", by: "parent"), ["1", "3"])
            try await expectKeys(db, "notes", !db.any("notes", "notes", by: "parent"), ["2", "4"])
            // Authors of books on shelves, two tables away.
            let shelved = try db.any("books", "shelves", by: "book")
            try await expectKeys(db, "authors", db.any("authors", "books", by: "author", shelved), ["1", "2"])
            try await expectKeys(db, "authors", !db.any("authors", "books", by: "author", !shelved), ["2", "4"])
        },
        ConformanceCase(.l1, "No record refers to a row of a table whose referring table is empty") { store in
            let db = try await store.open(schema)
            try await db.insert("authors", ["id": .int(1), "name": .string("Ann")])
            try await expectKeys(db, "authors", db.any("authors", "books", by: "author"), [])
            try await expectKeys(db, "authors", !db.any("authors", "books", by: "author"), ["1"])
            try await expectKeys(db, "books", db.whose("books", "author", .constant(true)), [])
        },
        ConformanceCase(.l1, "A value is looked up in a column of other rows, in which nulls do not count") { store in
            let db = try await library(store)
            let name = try db.column("name", of: "authors")
            let titles = try db.rows("books", "title")
            try await expectKeys(db, "authors", .isInRows(column: name, titles), ["3"])
            try await expectKeys(db, "authors", !.isInRows(column: name, titles), ["1", "2", "4"])
            let id = try db.column("id", of: "authors")
            try await expectKeys(db, "authors", .isInRows(column: id, db.rows("books", "editor")), ["2", "3"])
            try await expectKeys(db, "authors", !.isInRows(column: id, db.rows("books", "editor")), ["1", "4"])
        },
        ConformanceCase(.l1, "A null that is looked up is neither found nor not found, not even among no rows") {
            store in
            let db = try await library(store)
            let editor = try db.column("editor", of: "books")
            let all = try Condition.isInRows(column: editor, db.rows("authors", "id"))
            try await expectKeys(db, "books", all, ["b1", "b3"])
            try await expectKeys(db, "books", !all, [])
            let none = try Condition.isInRows(column: editor, db.rows("authors", "id", .constant(false)))
            try await expectKeys(db, "books", none, [])
            try await expectKeys(db, "books", !none, ["b1", "b3"])
            try await expectKeys(db, "books", !none || .isNull(column: editor), ["b1", "b2", "b3", "b4"])
        },
        ConformanceCase(.l1, "Rows that are looked up may be the first of an order") { store in
            let db = try await library(store)
            let author = try db.column("author", of: "books")
            let byName = try [OrderTerm(column: db.column("name", of: "authors"), isDescending: true)]
            let last = try db.rows("authors", "id", order: byName, limit: 2)
            // Of Ann, Bo, Cy and Di the last are Di and Cy.
            try await expectKeys(db, "books", .isInRows(column: author, last), ["b4"])
            try await expectKeys(db, "books", !.isInRows(column: author, last), ["b1", "b2", "b3"])
            try await expectKeys(db, "books", .isInRows(column: author, db.rows("authors", "id", limit: 0)), [])
            // A null is one of the first rows, and matches nothing.
            let id = try db.column("id", of: "authors")
            let editors = try Condition.isInRows(column: id, db.rows("books", "editor", limit: 2))
            try await expectKeys(db, "authors", editors, ["2"])
            try await expectKeys(db, "authors", !editors, ["1", "3", "4"])
            let ann = try db.compare("authors", "name", .notEqual, "Ann")
            try await expectKeys(
                db, "books", .isInRows(column: author, db.rows("authors", "id", ann, limit: 1)), ["b3"])
        },
        ConformanceCase(.l1, "Many rows are looked up in many, few in many and many in few") { store in
            let db = try await store.open(schema)
            let authors = try require(db.schema.table(named: "authors"), "authors")
            let books = try require(db.schema.table(named: "books"), "books")
            _ = try await db.session.write(
                (0..<1500).map { .insert(authors, [.int($0), .string("n\($0 % 10)"), .string("c\($0 % 3)")]) })
            _ = try await db.session.write(
                (0..<3000).map { number in
                    .insert(
                        books,
                        [
                            .string("b\(10_000 + number)"), .string("t\(number % 7)"), .int(number % 1500),
                            number % 4 == 0 ? .null : .int(number * 7 % 1500),
                        ])
                })
            func count(_ table: String, _ condition: Condition) async throws -> Int {
                try await db.session.count(db.query(table, where: condition))
            }
            let isThree = try db.whose("books", "author", db.compare("authors", "name", .equal, "n3"))
            let isOther = try db.whose("books", "author", db.compare("authors", "name", .notEqual, "n3"))
            try expectEqual(try await count("books", isThree), 300)
            try expectEqual(try await count("books", isOther), 2700)
            try expectEqual(try await count("books", !isThree), 2700)
            let one = try db.compare("books", "isbn", .equal, "b10003")
            try expectEqual(try await count("books", one && isThree), 1)
            try expectEqual(try await count("books", one && isOther), 0)
            let edited = try db.whose("books", "editor", db.compare("authors", "country", .equal, "c1"))
            try expectEqual(try await count("books", edited), 750)
            try expectEqual(try await count("books", !edited), 1500)
            let four = try db.compare("books", "title", .equal, "t4")
            let hasFour = try db.any("authors", "books", by: "author", four)
            let expected = Set((0..<3000).filter { $0 % 7 == 4 }.map { $0 % 1500 }).count
            try expectEqual(try await count("authors", hasFour), expected)
            try expectEqual(try await count("authors", !hasFour), 1500 - expected)
            try expectEqual(
                try await db.keys(db.query("books", where: isOther, limit: 3)), ["b10000", "b10001", "b10002"])
            let down = try [OrderTerm(column: db.column("isbn", of: "books"), isDescending: true)]
            try expectEqual(
                try await db.keys(db.query("books", where: isThree, order: down, limit: 2)), ["b12993", "b12983"])
        },
    ]

    // MARK: Where they are used

    private static let uses = [
        ConformanceCase(.l1, "Counts, aggregates, selections and pages take conditions on other rows") { store in
            let db = try await library(store)
            let isAnn = try db.whose("books", "author", db.compare("authors", "name", .equal, "Ann"))
            let query = try db.query("books", where: !isAnn)
            try expectEqual(try await db.session.count(query), 2)
            let author = try db.column("author", of: "books")
            try expectEqual(try await db.session.select([author], of: query), [[.int(2)], [.int(3)]])
            try expectEqual(
                try await db.session.aggregate(
                    AggregateQuery(query, aggregates: [.rows, .sum(column: author), .maximum(column: author)])),
                [[.int(2), .int(5), .int(3)]])
            try expectEqual(
                try await db.session.aggregate(
                    AggregateQuery(db.query("books", where: isAnn), groups: [author], aggregates: [.rows])),
                [[.int(1), .int(2)]])
            let hasBook = try db.any("authors", "books", by: "author")
            let name = try db.column("name", of: "authors")
            let authors = try db.query("authors", where: hasBook, order: [OrderTerm(column: name, isDescending: true)])
            var keys: [String] = []
            var cursor: PageCursor?
            repeat {
                let page = try await db.records("authors").page(authors, size: 1, after: cursor)
                keys += page.items.map { KeyText.encode($0.key) }
                cursor = page.next
            } while cursor != nil
            try expectEqual(keys, ["3", "2", "1"])
        },
        ConformanceCase(.l1, "The least and the greatest value are of all rows that a condition on other rows finds") {
            store in
            let db = try await store.open(
                """
                { "database": "chains", "tables": { "links": {
                  "columns": { "id": "string", "next": { "references": "links" } }, "key": "id" } } }
                """)
            let links = try require(db.schema.tables.first, "links")
            // In the order of what they refer to, the first is d and the last is c.
            _ = try await db.session.write(
                [("a", "b"), ("b", "c"), ("c", "c"), ("d", "a")].map { id, next in
                    .insert(links, [.string(id), .string(next)])
                })
            for condition in [
                try db.whose("links", "next", .constant(true)),
                try db.any("links", "links", by: "next") || .constant(true),
            ] {
                let ends = AggregateQuery(
                    Query(links, where: condition), aggregates: [.minimum(column: 0), .maximum(column: 0)])
                try expectEqual(try await db.session.aggregate(ends), [[.string("a"), .string("d")]])
                for (aggregate, value) in zip(ends.aggregates, ["a", "d"]) {
                    try expectEqual(
                        try await db.session.aggregate(AggregateQuery(ends.rows, aggregates: [aggregate])),
                        [[.string(value)]])
                }
            }
        },
        ConformanceCase(.l1, "Rows are updated and deleted by conditions on other rows") { store in
            let db = try await library(store)
            let isAnn = try db.whose("books", "author", db.compare("authors", "name", .equal, "Ann"))
            let title = try Assignment(column: db.column("title", of: "books"), value: .string("Ann's"))
            try expectEqual(try await db.session.update(db.query("books", where: isAnn), [title]), 2)
            try await expectKeys(db, "books", db.compare("books", "title", .equal, "Ann's"), ["b1", "b2"])
            let isFree = try !db.any("books", "shelves", by: "book")
            try expectEqual(try await db.session.delete(db.query("books", where: isFree)), 2)
            try expectEqual(try await db.keys(db.query("books")), ["b1", "b3"])
            // The change takes away what it was chosen by.
            let isCited = try db.any("notes", "notes", by: "parent")
            let parent = try Assignment(column: db.column("parent", of: "notes"), value: .null)
            try expectEqual(try await db.session.update(db.query("notes", where: !isCited), [parent]), 2)
            try await expectKeys(db, "notes", isCited, ["1"])
        },
        ConformanceCase(.l1, "A transaction asks about other rows as it has written them") { store in
            let db = try await library(store)
            let isDi = try db.whose("books", "author", db.compare("authors", "name", .equal, "Di"))
            let hasNone = try !db.any("authors", "books", by: "author")
            try await db.transaction { tx in
                try await tx.change("authors", .int(2), ["name": .string("Di")])
                try expectEqual(try await tx.keys(db.query("books", where: isDi)), ["b3"])
                struct Stop: Error {}
                func isTakenBack(_ body: () async throws -> Void) async throws {
                    do { try await tx.savepoint(body) } catch is Stop {}
                }
                try await isTakenBack {
                    try await tx.change("books", .text("b4"), ["author": .int(4)])
                    try expectEqual(try await tx.keys(db.query("books", where: isDi)), ["b3", "b4"])
                    try expectEqual(try await tx.keys(db.query("authors", where: hasNone)), ["3"])
                    throw Stop()
                }
                try expectEqual(try await tx.keys(db.query("books", where: isDi)), ["b3"])
                try expectEqual(try await tx.keys(db.query("authors", where: hasNone)), ["4"])
            }
            try await expectKeys(db, "books", isDi, ["b3"])
        },
        ConformanceCase(.l1, "A condition on a record that is not written yet is neither true nor false") { store in
            let db = try await library(store)
            let isEve = try db.whose("books", "author", db.compare("authors", "name", .equal, "Eve"))
            let nameless = try db.whose("books", "author", .isNull(column: db.column("name", of: "authors")))
            let five = try db.compare("books", "isbn", .equal, "b5")
            try await db.transaction { tx in
                try await tx.insert("books", ["isbn": .string("b5"), "title": .string("t"), "author": .int(9)])
                for condition in [isEve, !isEve, nameless, !nameless] {
                    try expectEqual(try await tx.keys(db.query("books", where: condition && five)), [])
                }
                try await tx.insert("authors", ["id": .int(9), "name": .string("Eve")])
                try expectEqual(try await tx.keys(db.query("books", where: isEve)), ["b5"])
            }
        },
        ConformanceCase(.l2, "A snapshot asks about other rows of its own moment") { store in
            let db = try await library(store)
            let isAnn = try db.whose("books", "author", db.compare("authors", "name", .equal, "Ann"))
            try await db.snapshot { snapshot in
                try expectEqual(try await snapshot.keys(db.query("books", where: isAnn)), ["b1", "b2"])
                try await db.session.change("authors", .int(1), ["name": .string("Anna")])
                try expectEqual(try await snapshot.keys(db.query("books", where: isAnn)), ["b1", "b2"])
                try await expectKeys(db, "books", isAnn, [])
            }
        },
        ConformanceCase(.l2, "A change of rows that a transaction asked about is noticed at its commit") { store in
            // Each takes an author without books and gives one a book, if none has one yet. Run alone, the second would have
            // seen the first's.
            for round in 0..<6 {
                let db = try await store.open(schema, name: "race\(round)")
                for id in 0..<3 { try await db.insert("authors", ["id": .int(id), "name": .string("n\(id)")]) }
                let any = try db.any("authors", "books", by: "author")
                try await ConcurrencyCases.run(tasks: 3) { number in
                    try await ConcurrencyCases.retrying {
                        try await db.transaction { tx in
                            guard try await tx.count(db.query("authors", where: any)) == 0 else { return }
                            await Task.yield()
                            try await tx.insert(
                                "books",
                                ["isbn": .string("b\(number)"), "title": .string("t"), "author": .int(number)])
                        }
                    }
                }
                try expectEqual(try await db.records("books").count(), 1)
            }
        },
        ConformanceCase(.l1, "Conditions on other rows nest as deep as conditions may") { store in
            let db = try await library(store)
            func nested(_ depth: Int, _ leaf: Condition) throws -> Condition {
                try (0..<depth).reduce(leaf) { condition, _ in try db.whose("notes", "parent", condition) }
            }
            let root = try db.compare("notes", "text", .equal, "root")
            try await expectKeys(db, "notes", nested(2, root), ["4"])
            let deepest = (Limits.conditionDepth - 1) / 2
            try await expectKeys(db, "notes", nested(deepest, root), [])
            try await expectKeys(db, "notes", !nested(deepest, root), [])
            let deepestNegated = (Limits.conditionDepth - 1) / 3
            let any = try (0..<deepestNegated).reduce(root) { condition, _ in
                try db.any("notes", "notes", by: "parent", !condition)
            }
            _ = try await db.keys(db.query("notes", where: any))
            try await expectError(.query) { _ = try await db.keys(db.query("notes", where: nested(deepest + 1, root))) }
        },
        ConformanceCase(.l1, "A condition that leads nowhere is refused") { store in
            let db = try await library(store)
            let authors = try require(db.schema.table(named: "authors"), "authors").position
            let title = try db.column("title", of: "books")
            let author = try db.column("author", of: "books")
            for condition in [
                Condition.reference(column: title, RelatedTable(authors), .constant(true)),
                .reference(column: author, RelatedTable(99), .constant(true)),
                .reference(column: author, RelatedTable(authors), .isNull(column: 99)),
                .reference(column: 99, RelatedTable(authors), .constant(true)),
                .isInRows(column: title, RelatedRows(RelatedTable(authors), column: 0)),
                .isInRows(column: author, RelatedRows(RelatedTable(authors), column: 99)),
                .isInRows(column: author, RelatedRows(RelatedTable(authors), column: 0, limit: -1)),
                .isInRows(column: author, RelatedRows(RelatedTable(-1), column: 0)),
            ] {
                try await expectError(.query) { _ = try await db.keys(db.query("books", where: condition)) }
                try await expectError(.query) { _ = try await db.session.delete(db.query("books", where: condition)) }
            }
            let having = AggregateQuery(
                try db.query("books"), groups: [author], aggregates: [.rows],
                having: .reference(column: 0, RelatedTable(authors), .constant(true)))
            try await expectError(.query) { _ = try await db.session.aggregate(having) }
        },
        ConformanceCase(.l1, "A plan says which other rows are read") { store in
            let db = try await library(store)
            let isAnn = try db.whose("books", "author", db.compare("authors", "name", .equal, "Ann"))
            let plan = try await db.session.explain(db.query("books", where: isAnn))
            try expectEqual(plan.table, "books")
            try expect(plan.description.contains("authors"), "the plan does not name the other table: \(plan)")
            let shown = (plan.bounds + [plan.filter ?? ""]).joined(separator: " ")
            try expect(
                shown.contains("author in (select id from authors where name = \"Ann\")"),
                "the plan does not say what is looked up: \(plan)")
        },
    ]

    // MARK: The library

    private static let schema = Schemas.library.replacing(
        "\"name\": \"string\" }", with: "\"name\": \"string\", \"country\": \"string?\" }")

    private static func library(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(schema)
        for (id, name) in [(1, "Ann"), (2, "Bo"), (3, "Cy"), (4, "Di")] {
            try await db.insert(
                "authors", ["id": .int(id), "name": .string(name), "country": name == "Bo" ? .string("SE") : .null])
        }
        for (isbn, title, author, editor) in [
            ("b1", "One", 1, Value.int(2)), ("b2", "Two", 1, .null), ("b3", "Cy", 2, .int(3)), ("b4", "Four", 3, .null),
        ] {
            try await db.insert(
                "books",
                ["isbn": .string(isbn), "title": .string(title), "author": .int(author), "editor": editor])
        }
        for isbn in ["b1", "b3"] { try await db.insert("shelves", ["book": .string(isbn), "place": .string("A")]) }
        for (id, parent, text) in [(1, Value.null, "root"), (2, .int(1), "a"), (3, .int(1), "b"), (4, .int(3), "c")] {
            try await db.insert("notes", ["id": .int(id), "parent": parent, "text": .string(text)])
        }
        return db
    }

    private static func expectKeys(
        _ db: Store, _ table: String, _ condition: Condition, _ keys: [String], file: StaticString = #fileID,
        line: UInt = #line
    ) async throws {
        let query = try db.query(table, where: condition)
        try expectEqual(try await db.keys(query), keys, "\(condition)", file: file, line: line)
        try expectEqual(try await db.session.count(query), keys.count, "count", file: file, line: line)
    }
}

extension Store {
    /// A column compared with a text.
    fileprivate func compare(
        _ table: String, _ column: String, _ comparison: Condition.Comparison, _ text: String
    ) throws -> Condition {
        try .compare(column: self.column(column, of: table), comparison, .string(text))
    }

    /// The record a reference names satisfies a condition.
    fileprivate func whose(_ table: String, _ reference: String, _ condition: Condition) throws -> Condition {
        let column = try require(schema.table(named: table)?.column(named: reference), reference)
        let target = try require(schema.table(named: column.referencedTable ?? ""), "the table of \(reference)")
        return .reference(column: column.position, RelatedTable(target.position), condition)
    }

    /// Some record refers to the row.
    fileprivate func any(
        _ table: String, _ other: String, by reference: String, _ condition: Condition? = nil
    ) throws -> Condition {
        let key = try require(schema.table(named: table)?.key.first, "key of \(table)")
        return .isInRows(column: key, try rows(other, reference, condition))
    }

    /// A column of some rows.
    fileprivate func rows(
        _ table: String, _ column: String, _ condition: Condition? = nil, order: [OrderTerm] = [], limit: Int? = nil
    ) throws -> RelatedRows {
        RelatedRows(
            RelatedTable(try require(schema.table(named: table), table).position),
            column: try self.column(column, of: table), where: condition, order: order, limit: limit)
    }
}

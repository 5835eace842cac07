import CairnCore

/// Records with others that are related to them.
enum InclusionCases {
    static let all: [ConformanceCase] = records + queries

    private static let records = [
        ConformanceCase(.l1, "Records come with the one they refer to, and with nothing where the reference is null") {
            store in
            let db = try await library(store)
            let editor = try db.column("editor", of: "books")
            let books = try await db.records("books").all(db.query("books"), including: [.one(editor)])
            try expectEqual(books.map(text), ["b1[2]", "b2[]", "b3[3]", "b4[]"])
            try expectEqual(books[0].related[0][0].record, try await db.records("authors").get(.int(2)))
        },
        ConformanceCase(.l1, "Records come with those that refer to them: some, in an order, the first of each") {
            store in
            let db = try await library(store)
            let author = try db.column("author", of: "books"), title = try db.column("title", of: "books")
            func books(_ query: Query) async throws -> [String] {
                try await db.records("authors").all(db.query("authors"), including: [.many(query, by: author)]).map(
                    text)
            }
            try expectEqual(try await books(db.query("books")), ["1[b1 b2]", "2[b3]", "3[b4]", "4[]"])
            let backwards = [OrderTerm(column: title, isDescending: true)]
            try expectEqual(
                try await books(db.query("books", order: backwards, limit: 1)), ["1[b2]", "2[b3]", "3[b4]", "4[]"])
            let two = Condition.compare(column: title, .equal, .string("Two"))
            try expectEqual(try await books(db.query("books", where: two)), ["1[b2]", "2[]", "3[]", "4[]"])
            try expectEqual(try await books(db.query("books", limit: 0)), ["1[]", "2[]", "3[]", "4[]"])
        },
        ConformanceCase(.l1, "Related records have relations of their own, also to the table they came from") { store in
            let db = try await library(store)
            let author = try db.column("author", of: "books"), editor = try db.column("editor", of: "books")
            let book = try db.column("book", of: "shelves"), parent = try db.column("parent", of: "notes")
            let inclusions: [RecordInclusion] = [
                .one(author, including: [.many(try db.query("books"), by: editor)]),
                .many(try db.query("shelves"), by: book),
            ]
            let books = try await db.records("books").all(db.query("books"), including: inclusions)
            try expectEqual(
                books.map(text), ["b1[1[]][b1]", "b2[1[]][]", "b3[2[b1]][b3]", "b4[3[b3]][]"])
            let deep: [RecordInclusion] = [
                .many(try db.query("notes"), by: parent, including: [.many(try db.query("notes"), by: parent)])
            ]
            let notes = try await db.records("notes").all(db.query("notes"), including: deep)
            try expectEqual(notes.map(text), ["1[2[] 3[4]]", "2[]", "3[4[]]", "4[]"])
        },
        ConformanceCase(.l1, "Related records are of the moment of a snapshot, and have what a transaction has written")
        {
            store in
            let db = try await library(store)
            let author = try db.column("author", of: "books")
            let inclusions = try [RecordInclusion.many(db.query("books"), by: author)]
            let second = try db.query(
                "authors", where: .compare(column: db.column("id", of: "authors"), .equal, .int(2)))
            try await db.snapshot { snapshot in
                try await db.transaction { tx in
                    try await tx.change("books", .text("b4"), ["author": .int(2)])
                    let seen = try await tx.records("authors").all(second, including: inclusions)
                    try expectEqual(seen.map(text), ["2[b3 b4]"])
                }
                let seen = try await snapshot.records("authors").all(second, including: inclusions)
                try expectEqual(seen.map(text), ["2[b3]"])
            }
            try await db.transaction { tx in
                try await tx.change("books", .text("b1"), ["author": .int(9)])
                let error = try await expectError(.reference) {
                    _ = try await tx.records("books").all(db.query("books"), including: [.one(author)])
                }
                try expectEqual(error.details.table, "authors")
                try await tx.insert("authors", ["id": .int(9), "name": .string("Ed")])
                let seen = try await tx.records("books").all(db.query("books", limit: 1), including: [.one(author)])
                try expectEqual(seen.map(text), ["b1[9]"])
            }
        },
    ]

    private static let queries = [
        ConformanceCase(
            .l1, "Pages of records with related ones are those of the records alone, and so are their cursors"
        ) {
            store in
            let db = try await library(store)
            let author = try db.column("author", of: "books"), title = try db.column("title", of: "books")
            let inclusions = [RecordInclusion.one(author)]
            let query = try db.query("books", order: [OrderTerm(column: title)])
            let all = try await db.records("books").all(query, including: inclusions)
            try expectEqual(all.map(text), ["b3[2]", "b4[3]", "b1[1]", "b2[1]"])
            for size in 1...5 {
                var found: [RelatedRecord] = []
                var cursor: PageCursor?
                repeat {
                    let page = try await db.records("books").page(
                        query, including: inclusions, size: size, after: cursor)
                    let alone = try await db.records("books").page(query, size: size, after: cursor)
                    try expectEqual(page.items.map(\.record), alone.items)
                    try expectEqual(page.next, alone.next)
                    found += page.items
                    cursor = page.next
                } while cursor != nil
                try expectEqual(found, all, "in pages of \(size)")
            }
            let many = try [RecordInclusion.many(db.query("books"), by: author)]
            let authors = try await db.records("authors").page(db.query("authors"), including: many, size: 3)
            try expectEqual(authors.items.map(text), ["1[b1 b2]", "2[b3]", "3[b4]"])
            let rest = try await db.records("authors")
                .page(db.query("authors"), including: many, size: 3, after: authors.next)
            try expectEqual(rest.items.map(text), ["4[]"])
            try expectEqual(rest.next, nil)
        },
        ConformanceCase(
            .l1, "Pages of records with related ones stay stable under writes, and are refused as others are"
        ) {
            store in
            let db = try await library(store)
            let author = try db.column("author", of: "books")
            let inclusions = [RecordInclusion.one(author)]
            let books = try db.records("books")
            let first = try await books.page(db.query("books"), including: inclusions, size: 2)
            try expectEqual(first.items.map(text), ["b1[1]", "b2[1]"])
            try await db.session.change("books", .text("b3"), ["author": .int(4)])
            try await db.insert(
                "books", ["isbn": .string("b0"), "title": .string("0"), "author": .int(1), "editor": .null])
            let second = try await books.page(db.query("books"), including: inclusions, size: 9, after: first.next)
            try expectEqual(second.items.map(text), ["b3[4]", "b4[3]"])
            try await expectError(.query) {
                _ = try await books.page(db.query("books"), including: inclusions, size: 0)
            }
            let backwards = try db.query("books", order: [OrderTerm(column: 0, isDescending: true)])
            try await expectError(.cursor) {
                _ = try await books.page(backwards, including: inclusions, size: 2, after: first.next)
            }
            let authors = RelatedTable(try require(db.schema.table(named: "authors"), "authors").position)
            let related = OrderTerm(column: 1, behind: [FollowedReference(column: author, authors)])
            try await expectError(.query) {
                _ = try await books.page(db.query("books", order: [related]), including: inclusions, size: 2)
            }
        },
        ConformanceCase(
            .l1, "A plan of records with related ones says how each relation is read, and what all of it took"
        ) {
            store in
            let db = try await library(store)
            let author = try db.column("author", of: "books"), editor = try db.column("editor", of: "books")
            let inclusions: [RecordInclusion] = [
                .one(author, including: [.many(try db.query("books", limit: 2), by: editor)])
            ]
            let plan = try await db.records("books").explain(db.query("books"), including: inclusions)
            try expectEqual(plan.table, "books")
            try expectEqual(plan.run, nil)
            let authors = try require(plan.included.first, "the plan of the authors")
            try expectEqual(authors.table, "authors")
            try expectEqual(authors.access, .key)
            let edited = try require(authors.included.first, "the plan of the edited books")
            try expectEqual(edited.table, "books")
            try expectEqual(edited.limit, 2)
            try expectEqual(edited.included, [])
            try expect(plan.description.contains("\n  include "), plan.description)
            let run = try await db.records("books").explain(db.query("books"), including: inclusions, run: true)
            try expectEqual(run.run?.rows, 4)
            try expectEqual(run.readRows, 4, "rows of the table alone")
            try expectEqual(run.included, plan.included)
        },
        ConformanceCase(.l1, "A budget of rows is of the records, and related ones have budgets of their own") {
            store in
            let db = try await library(store)
            let author = try db.column("author", of: "books")
            var authors = try db.query("authors")
            var books = try db.query("books")
            authors.budget = QueryBudget(rows: 4)
            books.budget = QueryBudget(rows: 4)
            try expectEqual(try await count(authors, books, by: author, db), 4)
            authors.budget = QueryBudget(rows: 3)
            let outer = try await expectError(.budget) { _ = try await count(authors, books, by: author, db) }
            try expectEqual(outer.details.table, "authors")
            authors.budget = nil
            books.budget = QueryBudget(rows: 3)
            let inner = try await expectError(.budget) { _ = try await count(authors, books, by: author, db) }
            try expectEqual(inner.details.table, "books")
            // What a limit leaves out is not of the result.
            books.limit = 1
            try expectEqual(try await count(authors, books, by: author, db), 4)
        },
        ConformanceCase(.l1, "What is no reference of the schema leads to no related records, and is refused") {
            store in
            let db = try await library(store)
            let title = try db.column("title", of: "books"), author = try db.column("author", of: "books")
            let books = try db.query("books"), nobody = try db.query("books", limit: 0)
            for inclusion in [
                RecordInclusion.one(title), .one(99), .one(-1), .many(books, by: author), .many(books, by: 99),
                .one(author, including: [.one(0)]),
                .one(author, including: [.many(try db.query("books", limit: -1), by: author)]),
            ] {
                try await expectError(.query) { _ = try await db.records("books").all(nobody, including: [inclusion]) }
                try await expectError(.query) {
                    _ = try await db.records("books").page(nobody, including: [inclusion], size: 1)
                }
                try await expectError(.query) {
                    _ = try await db.records("books").explain(nobody, including: [inclusion])
                }
            }
        },
    ]

    // MARK: The library

    private static func library(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.library)
        for (id, name) in [(1, "Ann"), (2, "Bo"), (3, "Cy"), (4, "Di")] {
            try await db.insert("authors", ["id": .int(id), "name": .string(name)])
        }
        for (isbn, title, author, editor) in [
            ("b1", "One", 1, Value.int(2)), ("b2", "Two", 1, .null), ("b3", "Cy", 2, .int(3)), ("b4", "Four", 3, .null),
        ] {
            try await db.insert(
                "books", ["isbn": .string(isbn), "title": .string(title), "author": .int(author), "editor": editor])
        }
        for isbn in ["b1", "b3"] { try await db.insert("shelves", ["book": .string(isbn), "place": .string("A")]) }
        for (id, parent, text) in [(1, Value.null, "root"), (2, .int(1), "a"), (3, .int(1), "b"), (4, .int(3), "c")] {
            try await db.insert("notes", ["id": .int(id), "parent": parent, "text": .string(text)])
        }
        return db
    }

    /// How many authors there are, read with some of their books.
    private static func count(_ authors: Query, _ books: Query, by author: Int, _ db: Store) async throws -> Int {
        try await db.records("authors").all(authors, including: [.many(books, by: author)]).count
    }

    /// The key of a record, and in brackets, relation by relation, those of its related records.
    private static func text(_ row: RelatedRecord) -> String {
        KeyText.encode(row.record.key) + row.related.map { "[\($0.map(text).joined(separator: " "))]" }.joined()
    }
}

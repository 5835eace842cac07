import CairnCore

/// References: checked when all is written.
enum ReferenceCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A reference to a record that exists is taken") { store in
            let db = try await library(store)
            try expectEqual(try await db.records("books").get(.text("b1"))["author"], .int(1))
        },
        ConformanceCase(.l1, "A reference to nothing is refused, naming column and target") { store in
            let db = try await library(store)
            let error = try await expectError(.reference) { try await book(db, "b2", author: 99) }
            try expectEqual(error.details.table, "books")
            try expectEqual(error.details.column, "author")
            try expectEqual(error.details.id, "b2")
            try expectEqual(error.details.otherID, "99")
            try expectEqual(try await db.records("books").count(), 1)
        },
        ConformanceCase(.l1, "An update to a reference to nothing is refused") { store in
            let db = try await library(store)
            try await expectError(.reference) {
                try await db.session.change("books", .text("b1"), ["author": .int(99)])
            }
            try expectEqual(try await db.records("books").get(.text("b1"))["author"], .int(1))
        },
        ConformanceCase(.l1, "An upsert with a reference to nothing is refused") { store in
            let db = try await library(store)
            let record = try db.record("books", ["isbn": .string("b1"), "title": .string("t"), "author": .int(99)])
            try await expectError(.reference) { try await db.records("books").upsert(record) }
        },
        ConformanceCase(.l1, "A null reference refers to nothing and is taken") { store in
            let db = try await library(store)
            try expectEqual(try await db.records("books").get(.text("b1"))["editor"], .null)
        },
        ConformanceCase(.l1, "Deleting a record that others refer to is refused, naming one of them") { store in
            let db = try await library(store)
            let error = try await expectError(.reference) { try await db.records("authors").delete(.int(1)) }
            try expectEqual(error.details.table, "authors")
            try expectEqual(error.details.id, "1")
            try expectEqual(error.details.otherID, "b1")
            try expectEqual(error.details.column, "author")
            try expect(try await db.records("authors").find(.int(1)) != nil, "the record is gone")
        },
        ConformanceCase(.l1, "Deleting a record is refused for each reference that may point to it") { store in
            let db = try await library(store)
            try await db.insert("authors", ["id": .int(2), "name": .string("Bo")])
            try await db.session.change("books", .text("b1"), ["editor": .int(2)])
            let error = try await expectError(.reference) { try await db.records("authors").delete(.int(2)) }
            try expectEqual(error.details.column, "editor")
        },
        ConformanceCase(.l1, "A record is free to go once nothing refers to it") { store in
            let db = try await library(store)
            try await db.insert("authors", ["id": .int(2), "name": .string("Bo")])
            try await db.session.change("books", .text("b1"), ["author": .int(2)])
            try await db.records("authors").delete(.int(1))
            try await db.records("books").delete(.text("b1"))
            try await db.records("authors").delete(.int(2))
            try expectEqual(try await db.records("authors").count(), 0)
        },
        ConformanceCase(.l1, "In one batch records load in any order") { store in
            let db = try await store.open(Schemas.library)
            try await write(
                db,
                [
                    ("books", ["isbn": .string("b"), "title": .string("t"), "author": .int(1)]),
                    ("authors", ["id": .int(1), "name": .string("Ada")]),
                ])
            try expectEqual(try await db.records("books").count(), 1)
        },
        ConformanceCase(.l1, "A batch loads a tree from its leaves, and a cycle") { store in
            let db = try await store.open(Schemas.library)
            try await write(
                db,
                [
                    ("notes", ["id": .int(3), "parent": .int(2), "text": .string("leaf")]),
                    ("notes", ["id": .int(2), "parent": .int(1), "text": .string("branch")]),
                    ("notes", ["id": .int(1), "text": .string("root")]),
                    ("notes", ["id": .int(10), "parent": .int(11), "text": .string("hen")]),
                    ("notes", ["id": .int(11), "parent": .int(10), "text": .string("egg")]),
                ])
            try expectEqual(try await db.records("notes").count(), 5)
        },
        ConformanceCase(.l1, "A batch may delete what refers and what is referred to, in any order") { store in
            let db = try await library(store)
            let (authors, books) = (try table(db, "authors"), try table(db, "books"))
            _ = try await db.session.write([
                .delete(authors, .int(1), expecting: nil), .delete(books, .text("b1"), expecting: nil),
            ])
            try expectEqual(try await db.records("authors").count() + db.records("books").count(), 0)
        },
        ConformanceCase(.l1, "A batch may delete a record and insert its key again under those that refer to it") {
            store in
            let db = try await library(store)
            let authors = try table(db, "authors")
            _ = try await db.session.write([
                .delete(authors, .int(1), expecting: nil),
                .insert(authors, db.record("authors", ["id": .int(1), "name": .string("Ada 2")]).values),
            ])
            try expectEqual(try await db.records("authors").get(.int(1))["name"], .string("Ada 2"))
        },
        ConformanceCase(.l1, "A broken reference at the end of a batch undoes all of it") { store in
            let db = try await library(store)
            try await expectError(.reference) {
                try await write(
                    db,
                    [
                        ("authors", ["id": .int(5), "name": .string("E")]),
                        ("books", ["isbn": .string("b5"), "title": .string("t"), "author": .int(6)]),
                    ])
            }
            try expect(try await db.records("authors").find(.int(5)) == nil, "half of the batch is there")
        },
        ConformanceCase(.l1, "A record may refer to itself") { store in
            let db = try await store.open(Schemas.library)
            try await db.insert("notes", ["id": .int(1), "parent": .int(1), "text": .string("self")])
            try await db.records("notes").delete(.int(1))
            try expectEqual(try await db.records("notes").count(), 0)
        },
        ConformanceCase(.l1, "A key that is a reference is checked like any other") { store in
            let db = try await library(store)
            try await db.insert("shelves", ["book": .string("b1"), "place": .string("A")])
            try await expectError(.reference) {
                try await db.insert("shelves", ["book": .string("b9"), "place": .string("A")])
            }
            let error = try await expectError(.reference) { try await db.records("books").delete(.text("b1")) }
            try expectEqual(error.details.otherID, "b1")
        },
        ConformanceCase(.l1, "Records are found by a reference, through the index it implies") { store in
            let db = try await library(store)
            for number in 2...4 { try await book(db, "b\(number)", author: 1) }
            let author = try db.column("author", of: "books")
            let query = try db.query("books", where: .compare(column: author, .equal, .int(1)))
            try expectEqual(try await db.keys(query), ["b1", "b2", "b3", "b4"])
            try expectEqual(try await db.session.explain(query).access, .index("reference_author"))
        },
        ConformanceCase(.l1, "In a transaction a reference may be broken for a while") { store in
            let db = try await store.open(Schemas.library)
            try await db.transaction { tx in
                try await tx.insert("books", ["isbn": .string("b"), "title": .string("t"), "author": .int(1)])
                try await tx.insert("authors", ["id": .int(1), "name": .string("Ada")])
            }
            try expectEqual(try await db.records("books").count(), 1)
        },
        ConformanceCase(.l1, "A reference still broken at the commit undoes the transaction") { store in
            let db = try await library(store)
            let error = try await expectError(.reference) {
                try await db.transaction { tx in
                    try await tx.insert("authors", ["id": .int(7), "name": .string("G")])
                    try await tx.records("authors").delete(.int(1))
                }
            }
            try expectEqual(error.details.otherID, "b1")
            try expectEqual(try await db.keys(db.query("authors")), ["1"])
        },
    ]

    /// An author and a book.
    private static func library(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.library)
        try await db.insert("authors", ["id": .int(1), "name": .string("Ada")])
        try await book(db, "b1", author: 1)
        return db
    }

    private static func book(_ db: Store, _ isbn: String, author: Int) async throws {
        try await db.insert("books", ["isbn": .string(isbn), "title": .string("t"), "author": .int(author)])
    }

    private static func table(_ db: Store, _ name: String) throws -> Table {
        try require(db.schema.table(named: name), name)
    }

    private static func write(_ db: Store, _ rows: [(String, [String: Value])]) async throws {
        let operations = try rows.map { name, values in
            WriteOperation.insert(try table(db, name), try db.record(name, values).values)
        }
        _ = try await db.session.write(operations)
    }
}

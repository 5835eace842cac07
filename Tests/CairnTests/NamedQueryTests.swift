import Cairn
import CairnCore
import Foundation
import Testing

/// The functions that the named queries of `library.jsonc` become, on every driver.
@Suite("Named queries in use")
struct NamedQueryTests {
    static let urls = ["memory:", "sqlite::memory:", "file:"]

    /// A library in a store of each kind; a folder is removed when the body is done.
    private func withLibrary(_ url: String, _ body: (Library) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-named-\(UUID().uuidString)/")
        defer { try? FileManager.default.removeItem(at: folder) }
        let library = try await Library.open(url == "file:" ? "file:\(folder.path(percentEncoded: false))" : url)
        for (id, name) in [(1, "Ada"), (2, "Ben"), (3, "Cleo")] {
            try await library.authors.insert(Author(id: Author.ID(id), name: name))
        }
        let books: [(String, Author.ID, Author.ID?)] = [
            ("Waves", 1, 2), ("Apples", 1, nil), ("Zebras", 2, 3), ("Maps", 2, 1), ("Notes", 3, 1),
        ]
        for (id, (title, author, editor)) in books.enumerated() {
            try await library.books.insert(Book(id: Book.ID(id), title: title, author: author, editor: editor))
        }
        for name in ["sea", "land"] { try await library.subjects.insert(Subject(name: Subject.ID(name))) }
        for (book, subject) in [(0, "sea"), (2, "land"), (3, "land"), (3, "sea"), (4, "sea")] {
            try await library.bookSubjects.insert(BookSubject(book: Book.ID(book), subject: Subject.ID(subject)))
        }
        try await body(library)
        try await library.close()
    }

    @Test("A query has the rows, the order and the limit of its text, and its defaults", arguments: urls)
    func rows(_ url: String) async throws {
        try await withLibrary(url) { (library: Library) async throws -> Void in
            #expect(try await library.books.byAuthor(author: 1).all().map(\.title) == ["Apples", "Waves"])
            #expect(try await library.books.byAuthor(author: 9).all().isEmpty)
            #expect(try await library.books.edited().all().map(\.title) == ["Zebras", "Waves"])
            #expect(try await library.books.edited(most: 9).all().map(\.title) == ["Zebras", "Waves", "Maps"])
            #expect(try await library.books.edited(authors: [3]).all().map(\.title) == ["Notes"])
            #expect(try await library.books.edited(authors: []).all().isEmpty)
            #expect(try await library.books.about(subject: "sea").ids() == [0, 3, 4])
            #expect(try await library.books.about(name: "B", subject: "sea").ids() == [3])
            #expect(try await library.authors.authorsOf(title: "Maps").all().map(\.name) == ["Ben"])
            // Values are values, whatever they hold.
            #expect(try await library.authors.authorsOf(title: "Maps' or title != '").count() == 0)
        }
    }

    @Test("It goes on like any query: further conditions, counts, pages, relations, explain", arguments: urls)
    func composed(_ url: String) async throws {
        try await withLibrary(url) { (library: Library) async throws -> Void in
            let query = library.books.byAuthor(author: 2)
            #expect(try await query.count() == 2)
            #expect(try await query.first()?.title == "Maps")
            #expect(try await query.where { $0.title.hasPrefix("Z") }.one().id == 2)
            #expect(try await query.page(size: 1).items.map(\.title) == ["Maps"])
            let related = try await query.including(\.author).all()
            #expect(related.map { "\($0.0.title) by \($0.1.name)" } == ["Maps by Ben", "Zebras by Ben"])
            let titles = try await library.authors.where { $0.id.in(query) { $0.author } }.all().map(\.name)
            #expect(titles == ["Ben"])
            #expect(try await query.explain().access == .index("reference_author"))
            // The text of the schema says the same as the function.
            let text = try Query(
                parsing: "books where author = $author order by title", schema: library.store.schema,
                parameters: ["author": .int(2)])
            #expect(text == query.query)
        }
    }

    @Test("It reads in transactions and snapshots, and changes and deletes what it finds", arguments: urls)
    func scopes(_ url: String) async throws {
        try await withLibrary(url) { (library: Library) async throws -> Void in
            let titles = try await library.transaction { tx in
                try await tx.books.insert(Book(id: 9, title: "New", author: 1))
                return try await tx.books.byAuthor(author: 1).all().map(\.title)
            }
            #expect(titles == ["Apples", "New", "Waves"])
            #expect(try await library.snapshot { try await $0.books.byAuthor(author: 1).count() } == 3)
            #expect(try await library.books.byAuthor(author: 1).update { $0.title.set("Same") } == 3)
            #expect(try await library.books.byAuthor(author: 1).delete() == 3)
            #expect(try await library.books.byAuthor(author: 1).exists() == false)
        }
    }

    @Test("A limit below zero is refused as in any query, and the schema of the store has no queries")
    func refused() async throws {
        try await withLibrary("memory:") { (library: Library) async throws -> Void in
            let error = await #expect(throws: StorageError.self) { try await library.books.edited(most: -1).all() }
            #expect(error?.code == .query)
            #expect(!library.store.schema.canonicalText.contains("queries"))
            #expect(!Library.schemaText.contains("queries"))
        }
    }
}

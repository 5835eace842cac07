import Cairn
import Foundation
import Testing

/// Observed queries whose results are tuples: records with what is related to them, columns, groups.
@Suite("Typed observations")
struct TypedObservationTests {
    private let stores = TestStores()

    /// Two authors, and two books of the first, of which the second author edited one.
    private func library(_ url: String) async throws -> Library {
        let library = try await Library.open(stores.url(url))
        try await library.authors.insert(contentsOf: [Author(id: 1, name: "Ada"), Author(id: 2, name: "Bob")])
        try await library.books.insert(contentsOf: [
            Book(id: 7, title: "Notes", author: 1, editor: 2), Book(id: 8, title: "Letters", author: 1),
        ])
        return library
    }

    @Test("Records with those they refer to: a change of one of either is a new result", arguments: TestStores.kinds)
    func toOne(_ url: String) async throws {
        let library = try await library(url)
        var results = library.books.including(\.author).including(\.editor).order { $0.id }.observe()
            .makeAsyncIterator()
        var rows = try await results.next()
        #expect(rows?.map(\.0.title) == ["Notes", "Letters"])
        #expect(rows?.map(\.1.name) == ["Ada", "Ada"])
        #expect(rows?.map(\.2?.name) == ["Bob", nil])
        try await library.authors.update(2) { $0.name = "Bea" }
        rows = try await results.next()
        #expect(rows?.map(\.2?.name) == ["Bea", nil])
        // A new revision is a new result, of related records too.
        let ada = try await library.authors.update(1) { _ in }
        rows = try await results.next()
        #expect(rows?.map(\.1.revision) == [ada.revision, ada.revision])
        // What no row has to do with is none: the next result is of the commit behind it.
        try await library.authors.insert(Author(id: 3, name: "Cy"))
        try await library.books.update(8) { $0.editor = 3 }
        rows = try await results.next()
        #expect(rows?.map(\.2?.name) == ["Bea", "Cy"])
        try await library.close()
        #expect(try await results.next() == nil)
    }

    @Test("Records with those that refer to them, and what these have with them", arguments: TestStores.kinds)
    func toMany(_ url: String) async throws {
        let library = try await library(url)
        var results = library.authors.query
            .including(Book.self, by: \.author) { $0.order { $0.title }.including(\.editor) }
            .observe().makeAsyncIterator()
        var rows = try await results.next()
        #expect(rows?.map { $0.1.map(\.0.title) } == [["Letters", "Notes"], []])
        try await library.books.insert(Book(id: 9, title: "Memoirs", author: 2))
        rows = try await results.next()
        #expect(rows?.map { $0.1.map(\.0.title) } == [["Letters", "Notes"], ["Memoirs"]])
        try await library.books.update(9) { $0.editor = 1 }
        rows = try await results.next()
        #expect(rows?.map { $0.1.map(\.1?.name) } == [[nil, "Bob"], ["Ada"]])
        try await library.books.delete(7)
        rows = try await results.next()
        #expect(rows?.map { $0.1.map(\.0.title) } == [["Letters"], ["Memoirs"]])
        try await library.close()
        #expect(try await results.next() == nil)
    }

    @Test("Groups: a commit that changes none of what is selected gives no new result", arguments: TestStores.kinds)
    func groups(_ url: String) async throws {
        let library = try await library(url)
        var results = library.books.group { $0.author }.having { $0.count > 0 }
            .observe { ($0.author, $0.count, $0.title.max) }.makeAsyncIterator()
        let first = try await results.next()
        #expect(first?.map(\.0) == [1])
        #expect(first?.map(\.1) == [2])
        #expect(first?.map(\.2) == ["Notes"])
        try await library.books.update(7) { $0.editor = nil }
        try await library.books.insert(Book(id: 9, title: "Memoirs", author: 2))
        let second = try await results.next()
        #expect(second?.map(\.0) == [1, 2])
        #expect(second?.map(\.1) == [2, 1])
        #expect(second?.map(\.2) == ["Notes", "Memoirs"])
        // What makes no sense is told when the loop begins, as it is where groups are read.
        var wrong = library.books.group { $0.author }.observe { ($0.title, $0.count) }.makeAsyncIterator()
        let error = await #expect(throws: StorageError.self) { _ = try await wrong.next() }
        #expect(error?.code == .query)
        #expect(try await wrong.next() == nil)
        try await library.close()
        #expect(try await results.next() == nil)
    }

    @Test(
        "Columns, one or several: a commit that changes others alone gives no new result", arguments: TestStores.kinds)
    func columns(_ url: String) async throws {
        let library = try await library(url)
        let query = library.books.where { $0.author == 1 }.order { $0.id }
        var titles = query.observe { $0.title }.makeAsyncIterator()
        var pairs = query.observe { ($0.id, $0.editor) }.makeAsyncIterator()
        #expect(try await titles.next() == ["Notes", "Letters"])
        #expect(try await pairs.next()?.map(\.1) == [2, nil])
        try await library.books.update(8) { $0.editor = 2 }
        #expect(try await pairs.next()?.map(\.1) == [2, 2])
        try await library.books.update(8) { $0.title = "Words" }
        #expect(try await titles.next() == ["Notes", "Words"])
        try await library.books.delete(7)
        #expect(try await pairs.next()?.map(\.0) == [8])
        try await library.close()
    }

    @Test("Tables that a condition or an order leads to count as observed", arguments: TestStores.kinds)
    func lookedUp(_ url: String) async throws {
        let library = try await library(url)
        var named = library.books.where { $0.editor.where { $0.name == "Bob" } }.observe { $0.title }
            .makeAsyncIterator()
        var ordered = library.books.order { $0.editor.order { $0.name.descending } }.including(\.author).observe()
            .makeAsyncIterator()
        var written = library.authors.where { $0.id.exists(Book.self, by: \.author) { $0.title == "Words" } }
            .including(Book.self, by: \.author).observe().makeAsyncIterator()
        #expect(try await named.next() == ["Notes"])
        #expect(try await ordered.next()?.map(\.0.id) == [7, 8])
        #expect(try await written.next()?.map(\.1.count) == [])
        try await library.books.update(8) { $0.title = "Words" }
        #expect(try await written.next()?.map(\.1.count) == [2])
        try await library.authors.update(2) { $0.name = "Bea" }
        #expect(try await named.next() == [])
        try await library.close()
    }

    @Test("A reading whose results are not Equatable says itself which are the same", arguments: TestStores.kinds)
    func reading(_ url: String) async throws {
        let library = try await library(url)
        var counts = library.observe {
            (try await $0.authors.count(), try await $0.books.count())
        } isSame: {
            $0 == $1
        }.makeAsyncIterator()
        var found = try await counts.next()
        #expect(found?.0 == 2 && found?.1 == 2)
        try await library.books.update(7) { $0.title = "Diaries" }
        try await library.authors.insert(Author(id: 3, name: "Cy"))
        found = try await counts.next()
        #expect(found?.0 == 3 && found?.1 == 2)
        try await library.close()
        #expect(try await counts.next() == nil)
    }
}

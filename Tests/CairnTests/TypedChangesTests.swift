import Cairn
import Foundation
import Testing

/// Changes and observed queries of generated code.
@Suite("Typed changes")
struct TypedChangesTests {
    private let stores = TestStores()

    private func author(_ id: Int, _ name: String) -> Author { Author(id: Author.ID(id), name: name) }

    @Test("Changes of a repository are records of its type", arguments: TestStores.kinds)
    func changes(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        let changes = library.authors.changes()
        var ada = try await library.authors.insert(author(1, "Ada"))
        ada.name = "Ada L."
        try await library.authors.update(ada)
        try await library.books.insert(Book(id: 7, title: "Notes", author: 1))
        try await library.authors.delete(1)
        var told: [String] = []
        for try await change in changes {
            switch change {
            case .inserted(let author): told.append("+\(author.name)")
            case .updated(let before, let after): told.append("\(before.name)>\(after.name) \(after.revision)")
            case .deleted(let author): told.append("-\(author.name)")
            }
            if told.count == 3 { break }
        }
        #expect(told == ["+Ada", "Ada>Ada L. 2", "-Ada L."])
        // The book went with its author, in the same commit.
        let books = library.books.changes()
        try await library.authors.insert(author(2, "Bob"))
        try await library.books.insert(Book(id: 8, title: "Letters", author: 2))
        try await library.authors.delete(2)
        var titles: [String?] = []
        for try await change in books {
            titles.append(change.after?.title)
            if titles.count == 2 { break }
        }
        #expect(titles == ["Letters", nil])
        try await library.close()
    }

    @Test("A typed query is observed, and so is whatever is read from one moment", arguments: TestStores.kinds)
    func observed(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        try await library.authors.insert(author(1, "Ada"))
        var authors = library.authors.where { $0.name.hasPrefix("A") }.order { $0.name.descending }.observe()
            .makeAsyncIterator()
        var books = library.observe { try await $0.books.count() }.makeAsyncIterator()
        #expect(try await authors.next()?.map(\.name) == ["Ada"])
        #expect(try await books.next() == 0)
        try await library.authors.insert(contentsOf: [author(2, "Bob"), author(3, "Ann")])
        #expect(try await authors.next()?.map(\.name) == ["Ann", "Ada"])
        // The same values with a new revision are a new result: who updates the record must know it.
        let ann = try await library.authors.update(3) { _ in }
        #expect(try await authors.next()?.first?.revision == ann.revision)
        try await library.books.insert(Book(id: 7, title: "Notes", author: 1))
        #expect(try await books.next() == 1)
        try await library.close()
        #expect(try await authors.next() == nil)
        #expect(try await books.next() == nil)
    }
}

import Cairn
import Foundation
import Testing

/// Changes behind a position, of generated code.
@Suite("Following with types")
struct FollowingTests {
    private let stores = TestStores()

    private func author(_ id: Int, _ name: String) -> Author { Author(id: Author.ID(id), name: name) }

    /// What a program keeps beside its own data, so that it can go on.
    private struct Bookmark: Codable {
        var position: ChangePosition
    }

    @Test("A loop is taken up where a saved position says, with records of its type", arguments: TestStores.kinds)
    func resumed(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        var saved = try JSONEncoder().encode(Bookmark(position: try await library.changePosition()))
        var ada = try await library.authors.insert(author(1, "Ada"))
        ada.name = "Ada L."
        try await library.authors.update(ada)
        try await library.books.insert(Book(id: 7, title: "Notes", author: 1))
        try await library.authors.insert(contentsOf: [author(2, "Bob"), author(3, "Cleo")])
        try await library.authors.delete(1)
        var told: [String] = []
        for _ in 1...3 {
            let bookmark = try JSONDecoder().decode(Bookmark.self, from: saved)
            // Two at a time, then the program ends.
            var changes = library.authors.changes(since: bookmark.position).makeAsyncIterator()
            for _ in told.count..<min(told.count + 2, 5) {
                let change = try #require(try await changes.next())
                told.append("\(change.before?.name ?? "") > \(change.after?.name ?? "")")
                saved = try JSONEncoder().encode(Bookmark(position: change.position))
            }
        }
        #expect(told == [" > Ada", "Ada > Ada L.", " > Bob", " > Cleo", "Ada L. > "])
        try await library.close()
    }

    @Test(
        "The commits of a database are told whole, books that went with their author too", arguments: TestStores.kinds)
    func commits(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        try await library.authors.insert(author(1, "Ada"))
        try await library.books.insert(Book(id: 7, title: "Notes", author: 1))
        let start = try await library.changePosition()
        try await library.authors.delete(1)
        try await library.subjects.insert(Subject(name: "not kept"))
        var commits = library.changes(since: start).makeAsyncIterator()
        let commit = try #require(try await commits.next())
        #expect(commit.changes.allSatisfy { $0.after == nil })
        #expect(Set(commit.changes.map(\.table.name)) == ["authors", "books"])
        var books = library.books.changes(since: start).makeAsyncIterator()
        #expect(try await books.next()?.before?.title == "Notes")
        // Nothing of the subject: the next is what comes.
        try await library.authors.insert(author(2, "Bob"))
        #expect(try await commits.next()?.changes.count == 1)
        try await library.close()
        #expect(try await commits.next() == nil)
        #expect(try await books.next() == nil)
    }

    @Test("A table that keeps no changes says what to declare", arguments: TestStores.kinds)
    func unkept(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        var changes = library.subjects.changes(since: try await library.changePosition()).makeAsyncIterator()
        let error = await #expect(throws: StorageError.self) { try await changes.next() }
        #expect(error?.code == .unsupported && error?.remedy?.contains("\"changes\": true") == true)
        try await library.close()
    }
}

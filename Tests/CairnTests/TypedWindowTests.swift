import Cairn
import CairnCore
import DeskAfter
import DeskBefore
import Foundation
import Testing

/// One store between `cairn migrate start` and `complete`, used by programs of two schemas, each with its generated code.
@Suite("Typed programs of two schemas")
struct TypedWindowTests {
    typealias Old = DeskBefore::Desk
    typealias New = DeskAfter::Desk

    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-desk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func url(_ kind: String) -> String {
        let path = folder.appending(path: "desk").path(percentEncoded: false)
        return kind == "file:" ? "file:\(path)/?durable=false" : "sqlite:\(path).db"
    }

    /// Changes the schema of a store, as the commands do.
    private func change(_ url: String, _ plan: (_ held: Schema) throws -> Migration) async throws {
        let storage = try await Stores.storage(at: url)
        let held = try #require(try await storage.schema())
        try await storage.apply(.migrate(plan(held)))
        try await storage.close()
    }

    /// A store that old programs have filled, and that new ones use from now on, too.
    private func started(_ kind: String) async throws -> (old: Old, new: New) {
        let old = try await Old.open(url(kind))
        try await old.users.insert(DeskBefore::User(id: 1, name: "ada", floor: "3"))
        try await old.users.insert(DeskBefore::User(id: 2, name: "bob"))
        try await old.tickets.insert(DeskBefore::Ticket(id: 1, user: 1, title: "Printer", state: .open, effort: 2.5))
        // What was renamed stands in the file, and not in what programs keep of it.
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../Support/DeskAfter/desk.jsonc")
        let after = try Schema(parsing: String(contentsOf: file, encoding: .utf8))
        try await change(url(kind)) { try Migration.start(from: $0, to: after) }
        // Whoever had it open is told once, and opens it again.
        let error = await #expect(throws: StorageError.self) { try await old.users.all() }
        #expect(error?.code == .schemaMismatch)
        try await old.close()
        return (try await Old.open(url(kind)), try await New.open(url(kind)))
    }

    @Test("What one writes the other reads, under its own names and types", arguments: ["sqlite:", "file:"])
    func reading(_ kind: String) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (old, new) = try await started(kind)
        #expect(try await new.users.where { $0.floor == 3 }.all().map(\.login) == ["ada"])
        #expect(try await new.tickets.get(1).priority == 3)

        try await new.users.insert(DeskAfter::User(id: 3, login: "eve", floor: 12))
        try await new.tickets.insert(
            DeskAfter::Ticket(id: 2, user: 3, title: "Screen", state: .closed, priority: 1))
        #expect(try await old.users.where { $0.name == "eve" }.one().floor == "12")
        let tickets: [(DeskBefore::Ticket, DeskBefore::User)] =
            try await old.tickets.where { $0.state == .closed }.including(\.user).all()
        #expect(tickets.map(\.0.effort) == [1] && tickets.map(\.1.name) == ["eve"])

        var ada = try await old.users.get(1)
        ada.floor = "4"
        try await old.users.update(ada)
        #expect(try await new.users.where { $0.floor >= 4 }.order { $0.floor }.all().map(\.login) == ["ada", "eve"])
        try await old.tickets.insert(DeskBefore::Ticket(id: 3, user: 2, title: "Mouse", state: .open))
        #expect(try await new.tickets.where { $0.priority == 3 }.order { $0.id }.ids() == [1, 3])
        try await old.close()
        try await new.close()
    }

    @Test(
        "A write in a transaction of one program reaches the other whole or not at all",
        arguments: ["sqlite:", "file:"]
    )
    func writing(_ kind: String) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (old, new) = try await started(kind)
        // The new program reads the floor as a number.
        let refused = await #expect(throws: StorageError.self) {
            try await old.transaction { tx in
                try await tx.users.insert(DeskBefore::User(id: 4, name: "zoe"))
                try await tx.users.insert(DeskBefore::User(id: 5, name: "yan", floor: "ground"))
            }
        }
        #expect(refused?.code == .invalid && refused?.details.column == "floor")
        #expect(try await new.users.count() == 2)
        // The old program has no such state.
        let unknown = await #expect(throws: StorageError.self) {
            try await new.tickets.insert(DeskAfter::Ticket(id: 4, user: 1, title: "Desk", state: .waiting))
        }
        #expect(unknown?.code == .invalid && unknown?.details.column == "state")
        let taken = await #expect(throws: StorageError.self) {
            try await new.users.insert(DeskAfter::User(id: 6, login: "bob"))
        }
        #expect(taken?.code == .duplicate)
        try await new.transaction { tx in
            try await tx.comments.insert(DeskAfter::Comment(id: 1, ticket: 1, text: "Paper"))
            try await tx.comments.insert(DeskAfter::Comment(id: 2, ticket: 1, text: "Ink"))
        }
        // It knows of no comments, and takes them along all the same.
        try await old.users.delete(1)
        #expect(try await new.comments.count() == 0)
        #expect(try await new.tickets.count() == 0)
        try await old.close()
        try await new.close()
    }

    @Test("A moment that is over is seen under one's own names, too; one of before the change of schemas is refused")
    func past() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (old, new) = try await started("file:")
        let commit = try await new.currentCommit()
        try await old.users.update(1) { $0.name = "ada l" }
        #expect(try await new.snapshot(asOf: commit) { try await $0.users.get(1).login } == "ada")
        try await new.pin("now")
        try await old.users.update(1) { $0.floor = "5" }
        #expect(try await new.snapshot(pinned: "now") { try await $0.users.where { $0.floor == 3 }.ids() } == [1])
        #expect(try await old.pins().map(\.name) == ["now"])
        try await old.unpin("now")
        let error = await #expect(throws: StorageError.self) {
            try await new.snapshot(asOf: 1) { try await $0.users.count() }
        }
        #expect(error?.code == .schemaMismatch)
        try await old.close()
        try await new.close()
    }

    @Test("When it is completed new programs go on and old ones are refused", arguments: ["sqlite:", "file:"])
    func completing(_ kind: String) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (old, new) = try await started(kind)
        try await old.users.insert(DeskBefore::User(id: 3, name: "eve", floor: "9"))
        try await old.close()
        try await new.close()
        try await change(url(kind)) { try Migration.complete($0, allowsDestructive: true) }
        let refused = await #expect(throws: StorageError.self) { _ = try await Old.open(url(kind)) }
        #expect(refused?.code == .schemaMismatch)
        let after = try await New.open(url(kind))
        #expect(try await after.users.order { $0.id }.all().map(\.floor) == [3, nil, 9])
        try await after.tickets.insert(DeskAfter::Ticket(id: 4, user: 1, title: "Desk", state: .waiting))
        try await after.close()
    }

    @Test("When it is aborted old programs go on, with what new ones wrote", arguments: ["sqlite:", "file:"])
    func aborting(_ kind: String) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (old, new) = try await started(kind)
        try await new.users.insert(DeskAfter::User(id: 3, login: "eve", floor: 9))
        try await old.close()
        try await new.close()
        try await change(url(kind)) { try Migration.abort($0, allowsDestructive: true) }
        let refused = await #expect(throws: StorageError.self) { _ = try await New.open(url(kind)) }
        #expect(refused?.code == .schemaMismatch)
        let before = try await Old.open(url(kind))
        #expect(try await before.users.order { $0.id }.all().map(\.floor) == ["3", nil, "9"])
        #expect(try await before.tickets.get(1).effort == 2.5)
        try await before.close()
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// A person edits the file of a record, and a program writes the record before anybody has decided about the edit.
@Suite("Writing records whose files were edited by hand")
struct EditThenWriteTests {
    private static let etags: [ObjectStoreCapabilities.ETags] = [.perWrite, .md5]

    /// Ways to change member 7, of age 22.
    private static let writes: [(name: String, write: @Sendable (Club) async throws -> Void)] = [
        (
            "update",
            { club in
                var member = try await club.get(7)
                try member.set("name", .string("New"))
                try await club.store.records("members").update(member)
            }
        ),
        ("upsert", { try await $0.store.records("members").upsert(try $0.member(7, age: 44)) }),
        ("delete", { try await $0.store.records("members").delete(Key(.int(7))) }),
        (
            "transaction",
            { club in
                try await club.store.transaction { tx in
                    var member = try await tx.records("members").get(Key(.int(7)))
                    try member.set("age", .int(30))
                    try await tx.records("members").update(member)
                }
            }
        ),
    ]

    /// Ways to edit its file.
    private static let edits: [(String, String)] = [
        ("\"age\": 22", "\"age\": 99"), ("m7@club.example", "m8@club.example"), ("Member 7", "Somebody"),
        ("\"team\": \"a\"", "\"team\": \"nobody\""),
    ]

    @Test(
        "An edited record is not changed: the error names file and remedies, and nothing becomes wrong",
        arguments: etags, 0..<4)
    func refused(_ etags: ObjectStoreCapabilities.ETags, edit: Int) async throws {
        let club = try await Club(etags)
        let (old, new) = Self.edits[edit]
        try await club.edit(7, old, new)
        let edited = try await club.file(7)
        let cold = try await Club(on: club.objects)
        let read = try await Club(on: club.objects)
        _ = try await read.get(7)
        let before = try await club.objects.names(ObjectNames.log).count
        for process in [club, cold, read] {
            for (name, write) in Self.writes {
                let error = try await expectRemedy(.damaged, "\(name)") { try await write(process) }
                #expect(error.message.contains(Club.name(7)), "\(error)")
                #expect(error.details.table == "members" && error.details.id == "7", "\(error)")
                let remedy = try #require(error.remedy)
                #expect(remedy.contains("--accept-edits") && remedy.contains("--undo-edits"), "\(error)")
            }
            // Others are written as ever.
            try await process.store.records("members").upsert(try process.member(8, age: 31))
        }
        #expect(try await club.file(7) == edited)
        #expect(try await club.objects.names(ObjectNames.log).count == before + 3)
        let examination = try await club.storage.examine(.undo)
        #expect(examination.isSound && examination.repaired.map(\.id) == ["7"], "\(examination)")
        // What was read of it before is not believed any more.
        for process in [read, cold, club] {
            try await process.store.records("members").upsert(try process.member(7, age: 40))
        }
        try await club.expectSound()
    }

    @Test("An edit that was accepted is the record, and is changed as ever", arguments: etags)
    func accepted(_ etags: ObjectStoreCapabilities.ETags) async throws {
        let club = try await Club(etags)
        let other = try await Club(on: club.objects)
        try await club.edit(7, "\"age\": 22", "\"age\": 99")
        try await expectRemedy(.damaged) { try await other.store.records("members").delete(Key(.int(7))) }
        let examination = try await club.storage.examine(.accept)
        #expect(examination.isSound && examination.repaired.map(\.id) == ["7"], "\(examination)")
        var member = try await other.get(7)
        #expect(member["age"] == .int(99))
        try member.set("age", .int(100))
        try await other.store.records("members").update(member)
        try await club.expectSound()
    }

    @Test("Space between values is no edit, and goes with the next write", arguments: etags)
    func space(_ etags: ObjectStoreCapabilities.ETags) async throws {
        let club = try await Club(etags)
        try await club.edit(7, "\"age\": 22", "\"age\":     22")
        let other = try await Club(on: club.objects)
        try await other.store.records("members").upsert(try other.member(7, age: 23))
        try await other.storage.flush()
        #expect(try await club.file(7).contains("\"age\": 23"))
        try await club.expectSound()
    }

    @Test("A record that an edit deleted, or brought back, is not changed either")
    func deleted() async throws {
        let club = try await Club()
        try await club.store.records("members").delete(Key(.int(9)))
        try await club.storage.flush()
        try await club.store.maintain()
        let (live, gone) = (try await club.file(7), try await club.file(9))
        // The file of 7 says that it is deleted, that of 9 that it is not.
        let fields = try #require(live.firstRange(of: "\"fields\"").map { live[$0.lowerBound...] })
        let end = try #require(fields.firstRange(of: "},").map { fields[..<$0.upperBound] })
        try await club.write(7, live.replacing(String(end), with: "\"deleted\": true,"))
        try await club.write(
            9, gone.replacing("\"deleted\": true,", with: String(end).replacing("7", with: "9")))
        let other = try await Club(on: club.objects)
        for id in [7, 9] {
            for process in [club, other] {
                try await expectRemedy(.damaged, "\(id)") {
                    try await process.store.records("members").upsert(try process.member(id, age: 50))
                }
                try await expectRemedy(.damaged, "\(id)") {
                    try await process.store.records("members").insert(try process.member(id, age: 50))
                }
            }
        }
        _ = try await club.storage.examine(.undo)
        try await other.store.records("members").insert(try other.member(9, age: 50))
        try await other.store.records("members").upsert(try other.member(7, age: 50))
        try await club.expectSound()
    }

    @Test("A file that lies under the name of a record that never was is not changed, and not counted")
    func added() async throws {
        let club = try await Club()
        var text = try await club.file(7)
        for (old, new) in [("\"id\": \"7\"", "\"id\": \"15\""), ("\"id\": 7", "\"id\": 15"), ("m7@", "m15@")] {
            text = text.replacing(old, with: new)
        }
        // Between those that are there: what lies behind the last key of the index was never looked for.
        try await club.store.records("members").delete(Key(.int(15)))
        try await club.storage.flush()
        try await club.store.maintain()
        try await club.write(15, text)
        let other = try await Club(on: club.objects)
        try await expectRemedy(.damaged) {
            try await other.store.records("members").upsert(try other.member(15, age: 50))
        }
        #expect(try await other.store.records("members").count() == 19)
    }

    @Test("What the index must be asked for is asked for once")
    func requests() async throws {
        let club = try await Club(.md5)
        let other = try await Club(on: club.objects)
        var before = other.counting.counts
        try await other.store.records("members").upsert(try other.member(7, age: 44))
        let first = other.counting.counts - before
        // The record, and beside it the blocks that the index has of it and of the values that are new.
        #expect(first[.get] <= 3, "\(first)")
        before = other.counting.counts
        for id in 8..<12 { try await other.store.records("members").upsert(try other.member(id, age: 44)) }
        #expect((other.counting.counts - before)[.get] <= 4)
    }
}

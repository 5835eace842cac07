import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// Record files that somebody has edited, damaged, added or removed: what is found, and what becomes of it.
@Suite("Examination of record files")
struct ExaminationTests {
    typealias ETags = ObjectStoreCapabilities.ETags

    static let stores: [(ETags, Club.State)] = [.perWrite, .md5].flatMap { etags in
        Club.State.allCases.map { (etags, $0) }
    }

    /// The kinds and ids of what was found, without what is harmless.
    private func found(_ examination: StoreExamination) -> [String] {
        examination.findings.filter { !$0.isHarmless }.map { "\($0.kind.rawValue) \($0.id ?? "-")" }
    }

    // MARK: Finding

    @Test("A store that nobody touched is sound", arguments: stores)
    func sound(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        let examination = try await club.storage.examine()
        #expect(examination.isSound && examination.findings.isEmpty)
        #expect(examination.files == 22)
        #expect(examination.filesRead == (etags == .md5 ? 0 : 22))
    }

    @Test("An edit is found without reading files that nobody edited, where the ETag is the MD5")
    func requests() async throws {
        let club = try await Club(.md5, count: 2_500)
        try await club.edit(1_700, "\"age\": 20", "\"age\": 99")
        _ = try await club.storage.examine()
        let before = club.counting.counts
        let examination = try await club.storage.examine()
        let counts = club.counting.counts - before
        #expect(found(examination) == ["edited_by_hand 1700"])
        #expect(examination.files == 2_502 && examination.filesRead == 1)
        #expect(
            counts[.list] == 1 + 3 + 2,
            "a page for the teams, three for the members; the manifests, and what follows the log")
        // The tip, the file, and the four indexes of members, the two of teams.
        #expect(counts[.get] <= 2 + 6 && counts[.put] == 0 && counts[.delete] == 0, "\(counts)")
    }

    @Test("Progress tells files in the order of tables")
    func progress() async throws {
        let club = try await Club(count: 1_200)
        let heard = Lock<[ExaminationProgress]>([])
        _ = try await club.storage.examine { progress in heard.withLock { $0.append(progress) } }
        let all = heard.withLock { $0 }
        #expect(
            all.map(\.table) == ["members", "members", "teams"] || all.map(\.table) == ["teams", "members", "members"])
        #expect(all.map(\.done).sorted() == all.map(\.done) && all.last?.done == 1_202 && all.last?.total == 1_202)
    }

    @Test("Whatever is done to files is told for what it is", arguments: stores)
    func kinds(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        let two = try await club.file(2)
        try await club.edit(1, "\"name\": \"Member 1\"", "\"name\": \"One\"")
        try await club.write(2, String(two.dropLast(40)))
        try await club.write(3, "no JSON")
        try await club.write(4, two)
        _ = try await club.objects.delete(Club.name(5))
        try await club.write(77, two.replacing("\"id\": 2,", with: "\"id\": 77,").replacing("\"2\"", with: "\"77\""))
        try await club.write(78, "{\"id\":\"78\",\"fields\":{\"id\":78,\"name\":\"N\",\"age\":1,\"team\":\"a\"}}")
        _ = try await club.objects.put("tables/members/objects/notes.txt", .text("remember the milk"))
        _ = try await club.objects.put("tables/members/objects/007.json", .text(two))
        // As another program would, which knows of no commits.
        try await club.write(
            6,
            "{\"id\":\"6\",\"table_name\":\"members\",\"fields\":{\"id\":6,\"name\":\"Six\",\"age\":6,\"team\":\"b\"}}")
        try await club.edit(7, "\"commit\": ", "\"commit\": 99")
        let expected = [
            "added_by_hand -", "added_by_hand -", "added_by_hand 77", "added_by_hand 78", "damaged_file 2",
            "damaged_file 3", "damaged_file 4", "edited_by_hand 1", "edited_by_hand 6", "edited_by_hand 7",
            "missing_file 5",
        ]
        let examination = try await club.storage.examine()
        #expect(found(examination).sorted() == expected && !examination.isSound)
        for finding in examination.findings { #expect(!finding.message.isEmpty && !finding.remedy.isEmpty) }
    }

    @Test("A file that others may not have written yet is not missing")
    func awaited() async throws {
        let club = try await Club(.perWrite, .recent)
        _ = try await club.objects.delete(Club.name(5))
        let examination = try await Club(on: club.objects).storage.examine()
        #expect(examination.isSound && examination.findings.map(\.kind) == [.notWrittenYet])
        #expect(try await club.storage.examine(.undo).isSound)
        try await club.expectSound()
    }

    @Test("A tombstone that somebody edited is found", arguments: stores)
    func tombstone(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, .recent)
        try await club.store.records("members").delete(Key(.int(1)))
        try await club.store.records("members").delete(Key(.int(2)))
        try await club.storage.flush()
        if state != .recent { try await club.store.maintain() }
        if state == .collected { try await club.removeLog() }
        #expect(found(try await club.storage.examine()).isEmpty)
        try await club.edit(1, "\"revision\": 2", "\"revision\": 9")
        #expect(found(try await club.storage.examine()) == ["edited_by_hand 1"])
        let other = try await club.file(3)
        try await club.write(2, other.replacing("\"id\": 3,", with: "\"id\": 2,").replacing("\"3\"", with: "\"2\""))
        #expect(found(try await club.storage.examine()) == ["edited_by_hand 1", "outdated_file 2"])
    }

    @Test("What others write meanwhile is not taken for an edit", arguments: [ETags.perWrite, .md5])
    func meanwhile(_ etags: ETags) async throws {
        let club = try await Club(etags, count: 1_100)
        let other = try await Club(on: club.objects)
        let rounds = Lock(0)
        let watching = InterruptedStore(club.objects) {
            let round = rounds.withLock { rounds in
                rounds += 1
                return rounds
            }
            for id in [10 * round + 1, 1_090 - round] {
                var record = try await other.get(id)
                try record.set("age", .int(round))
                try await other.store.records("members").update(record)
            }
            try await other.store.records("members").delete(Key(.int(10 * round + 2)))
            try await other.store.records("members").insert(try other.member(5_000 + round))
            try await other.storage.flush()
            if round % 2 == 0 { try await other.store.maintain() }
        }
        let trial = try await Club(on: club.objects, wrapped: watching)
        watching.isOn.withLock { $0 = true }
        let examination = try await trial.storage.examine()
        watching.isOn.withLock { $0 = false }
        #expect(rounds.withLock { $0 } > 3)
        #expect(examination.findings.filter { !$0.isHarmless } == [])
    }

    // MARK: Accepting

    @Test("An edit that is accepted is a new revision in every index", arguments: stores)
    func accept(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        let created = try await club.get(1).metadata.createdAt
        // The handle has read what was before, and what was edited.
        try await club.edit(1, "\"age\": 21", "\"age\": 77")
        try await club.edit(1, "m1@club.example", "one@club.example")
        try await club.edit(1, "\"team\": \"a\"", "\"team\": \"b\"")
        try await club.edit(1, "\"revision\": 1", "\"revision\": 40")
        let examination = try await club.storage.examine(.accept)
        #expect(examination.isSound && examination.repaired.map(\.id) == ["1"] && examination.unrepaired == [])
        let record = try await club.get(1)
        #expect(record["age"] == .int(77) && record["email"] == .string("one@club.example"))
        #expect(record.metadata.revision == 2, "the file does not say which revision it is")
        #expect(record.metadata.createdAt == created && record.metadata.updatedAt > created)
        try await club.expectSound()
        try await club.store.maintain()
        try await club.expectSound()
        // The old value of the unique column is free again, and the new one is not.
        var other = try await club.get(2)
        try other.set("email", .string("m1@club.example"))
        try await club.store.records("members").update(other)
        other = try await club.get(3)
        try other.set("email", .string("one@club.example"))
        await expectError(.duplicate) { try await club.store.records("members").update(other) }
        try await club.expectSound()
    }

    @Test("What another program wrote over a record is accepted", arguments: stores)
    func acceptForeign(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        try await club.write(
            6,
            "{\"id\":\"6\",\"table_name\":\"members\",\"fields\":{\"id\":6,\"name\":\"Six\",\"age\":6,\"team\":\"b\"}}")
        try await club.edit(7, "\"commit\": ", "\"commit\": 99")
        try await club.edit(7, "Member 7", "Seven")
        #expect(try await club.storage.examine(.accept).isSound)
        #expect(try await club.get(6)["name"] == .string("Six"))
        #expect(try await club.get(7)["name"] == .string("Seven"))
        #expect(try await club.get(6).metadata.revision == 2)
        try await club.expectSound()
    }

    @Test("Files that were added are inserted", arguments: stores)
    func acceptAdded(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        let two = try await club.file(2)
        try await club.write(
            77,
            two.replacing("\"id\": 2,", with: "\"id\": 77,").replacing("\"2\"", with: "\"77\"")
                .replacing("m2@", with: "m77@"))
        try await club.write(78, "{\"id\":\"78\",\"fields\":{\"id\":78,\"name\":\"N\",\"age\":1,\"team\":\"a\"}}")
        try await club.write(79, "{\"id\":\"80\",\"fields\":{\"id\":80,\"name\":\"N\",\"age\":1,\"team\":\"a\"}}")
        let examination = try await club.storage.examine(.accept)
        #expect(examination.repaired.compactMap(\.id) == ["77", "78"])
        #expect(examination.unrepaired.count == 1 && examination.unrepaired[0].contains("79.json"))
        #expect(try await club.get(77).metadata.revision == 1)
        #expect(try await club.get(78)["name"] == .string("N"))
        _ = try await club.objects.delete(Club.name(79))
        try await club.expectSound()
    }

    @Test("A deleted record whose file was made one again is inserted above its revision", arguments: stores)
    func acceptRevived(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, .recent)
        let before = try await club.file(2)
        try await club.store.records("members").delete(Key(.int(2)))
        try await club.storage.flush()
        if state != .recent { try await club.store.maintain() }
        if state == .collected { try await club.removeLog() }
        // An old version of the file: it is older than the deletion, so it is no edit that could be accepted.
        try await club.write(2, before)
        #expect(found(try await club.storage.examine(.accept)) == ["outdated_file 2"])
        let deletion = try await club.objects.names("_log/").count
        let commit = 3 + (state == .collected ? 1 : deletion - 2)
        try await club.write(2, before.replacing("\"commit\": 3", with: "\"commit\": \(commit)"))
        #expect(try await club.storage.examine(.accept).isSound)
        #expect(try await club.get(2).metadata.revision == 3)
        try await club.expectSound()
    }

    @Test("What the rules refuse is left as it is, and told", arguments: stores)
    func refuse(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        try await club.edit(1, "m1@club.example", "m2@club.example")
        try await club.edit(3, "\"age\": 23", "\"age\": 151")
        try await club.edit(4, "\"team\": \"a\"", "\"team\": \"nowhere\"")
        try await club.edit(5, "\"fields\"", "\"deleted\": true, \"once\"")
        let files = try await club.files([1, 3, 4, 5])
        let examination = try await club.storage.examine(.accept)
        #expect(examination.repaired == [] && !examination.isSound)
        for (id, reason) in [(1, "same email"), (3, "150"), (4, "nowhere"), (5, "deleted")] {
            #expect(
                examination.unrepaired.contains { $0.hasPrefix(Club.name(id)) && $0.contains(reason) },
                "\(id): \(examination.unrepaired)")
        }
        #expect(try await club.files([1, 3, 4, 5]) == files)
    }

    @Test("Edits that are in each other's way only in one order are accepted")
    func order() async throws {
        let club = try await Club()
        try await club.edit(1, "m1@club.example", "m2@club.example")
        try await club.edit(2, "m2@club.example", "new@club.example")
        #expect(try await club.storage.examine(.accept).isSound)
        try await club.expectSound()
    }

    @Test("An edit of a record that was written meanwhile is not accepted")
    func acceptLate() async throws {
        let club = try await Club()
        let other = try await Club(on: club.objects)
        // It knows the record as it was.
        _ = try await other.get(1)
        let isDone = Lock(false)
        let watching = InterruptedStore(club.objects) {
            let isLate = isDone.withLock { done in
                defer { done = true }
                return done
            }
            if isLate { return }
            _ = try await other.storage.commit(
                try Batch([.upsert(other.members, try other.member(1, age: 50).values)]))
        }
        try await club.edit(1, "\"age\": 21", "\"age\": 77")
        let trial = try await Club(on: club.objects, wrapped: watching)
        watching.isOn.withLock { $0 = true }
        let examination = try await trial.storage.examine(.accept)
        watching.isOn.withLock { $0 = false }
        #expect(examination.repaired == [])
        try await other.store.close()
        #expect(try await club.get(1)["age"] == .int(50))
        try await club.expectSound()
    }

    // MARK: Undoing

    @Test("What is undone is byte for byte what was committed", arguments: stores)
    func undo(_ etags: ETags, _ state: Club.State) async throws {
        let club = try await Club(etags, state)
        let files = try await club.files([1, 2, 3, 5, 6])
        try await club.edit(1, "Member 1", "One")
        let read = try await Club(on: club.objects).get(1)
        #expect(read["name"] == .string(state == .recent ? "Member 1" : "One"))
        try await club.write(2, String(files[1].dropLast(40)))
        try await club.write(3, "no JSON")
        _ = try await club.objects.delete(Club.name(5))
        try await club.write(6, "{\"fields\":{\"id\":6,\"name\":\"Six\",\"age\":6,\"team\":\"b\"}}")
        try await club.write(78, "{\"fields\":{\"id\":78,\"name\":\"N\",\"age\":1,\"team\":\"a\"}}")
        _ = try? await club.get(1)
        let examination = try await club.storage.examine(.undo)
        #expect(examination.unrepaired.contains { $0.contains("78.json") && $0.contains("never committed") })
        guard state != .collected else {
            #expect(
                examination.repaired == []
                    && examination.unrepaired.allSatisfy { $0.contains("log") || $0.contains("78") })
            return
        }
        _ = try await club.objects.delete(Club.name(78))
        try await club.storage.flush()
        if state == .indexed { #expect(try await club.files([1, 2, 3, 5, 6]) == files) }
        #expect(try await club.get(1)["name"] == .string("Member 1"), "nothing remembers the edit")
        try await club.store.maintain()
        try await club.expectSound()
    }

    @Test("A store opened for reading is examined, and not repaired")
    func readOnly() async throws {
        let club = try await Club()
        try await club.edit(1, "Member 1", "One")
        var options = ObjectStorageOptions()
        options.mode = .readOnly
        let storage = try await ObjectStorage.open(club.objects, options)
        try await storage.attach(try Schema(parsing: Club.text))
        #expect(found(try await storage.examine()) == ["edited_by_hand 1"])
        await expectError(.readOnly) { _ = try await storage.examine(.accept) }
        await expectError(.readOnly) { _ = try await storage.examine(.undo) }
    }

    // MARK: Indexes

    @Test("An index file that is damaged or gone is found")
    func damagedIndex() async throws {
        let club = try await Club()
        let names = try await club.objects.names("_index/")
        var bytes = try await club.objects.bytes(names[0])
        bytes[bytes.count / 2] ^= 4
        _ = try await club.objects.put(names[0], .bytes(bytes))
        let damaged = try await Club(on: club.objects).storage.examine()
        #expect(damaged.findings.contains { $0.kind == .damagedIndex } && !damaged.isSound)
        for name in names { _ = try await club.objects.delete(name) }
        let gone = try await Club(on: club.objects).storage.examine()
        #expect(gone.findings.filter { $0.kind == .damagedIndex }.count == 5)
    }
}

extension Club {
    fileprivate func files(_ ids: [Int]) async throws -> [String] {
        var files: [String] = []
        for id in ids { files.append(try await file(id)) }
        return files
    }
}

/// Expects a call to fail with an error of a storage.
func expectError(
    _ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as StorageError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}

/// Does something before each listing of record files, and before each page of one.
final class InterruptedStore: ObjectStoreWrapper {
    let base: any ObjectStore
    let isOn = Lock(false)
    private let interrupt: @Sendable () async throws -> Void

    init(_ base: any ObjectStore, _ interrupt: @escaping @Sendable () async throws -> Void) {
        self.base = base
        self.interrupt = interrupt
    }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        guard isOn.withLock({ $0 }), call.operation == .list, call.key.hasPrefix("tables/") else {
            return try await body()
        }
        try await interrupt()
        let result = try await body()
        try await interrupt()
        return result
    }
}

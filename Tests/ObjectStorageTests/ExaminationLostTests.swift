import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Examination of a store whose log has lost its end")
struct ExaminationLostTests {
    private static func loseNewest(_ club: Club) async throws -> String {
        let name = try #require(try await club.objects.names("_log/").max())
        _ = try await club.objects.delete(name)
        return name
    }

    private static func harmful(_ examination: StoreExamination) -> [StoreFinding] {
        examination.findings.filter { !$0.isHarmless }
    }

    @Test(
        "A lost commit is told once, with how many files it wrote, and is none for a repair",
        arguments: EditAction.allCases)
    func inserts(_ action: EditAction) async throws {
        let club = try await Club(.perWrite, .recent)
        let name = try await Self.loseNewest(club)
        let files = try await club.objects.names("tables/")
        let late = try await Club(on: club.objects)
        let examination = try await late.storage.examine(action)
        let findings = Self.harmful(examination)
        #expect(findings.map(\.kind) == [.lostCommit] && findings.map(\.object) == [name])
        #expect(findings.allSatisfy { $0.message.contains("20 record files") })
        #expect(findings.allSatisfy { $0.remedy.contains("cairn rebuild --force") })
        #expect(!examination.isSound && examination.repaired.isEmpty)
        #expect(examination.unrepaired.isEmpty == (action != .accept))
        #expect(try await club.objects.names("_log/").max() ?? "" < name)
        #expect(try await club.objects.names("tables/") == files)
    }

    @Test("The file of a lost change is not written over, and a rebuild takes it")
    func changes() async throws {
        let club = try await Club(.perWrite, .indexed)
        var record = try await club.get(5)
        try record.set("age", .int(77))
        try await club.store.records("members").update(record)
        try await club.storage.flush()
        let file = try await club.file(5)
        let name = try await Self.loseNewest(club)
        let late = try await Club(on: club.objects)
        #expect(Self.harmful(try await late.storage.examine(.undo)).map(\.object) == [name])
        #expect(try await club.file(5) == file)
        var options = RebuildOptions()
        (options.isForced, options.waits) = (true, false)
        #expect(try await ObjectStorage.rebuild(club.objects, options).isDone)
        let rebuilt = try await Club(on: club.objects)
        #expect(try await rebuilt.get(5)["age"] == .int(77))
        #expect(Self.harmful(try await rebuilt.storage.examine()).isEmpty)
    }
}

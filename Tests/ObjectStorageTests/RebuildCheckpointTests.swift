import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Rebuilding a store whose newest checkpoint knows more than its files")
struct RebuildCheckpointTests {
    private static func rebuild(
        _ club: Club, accepting kinds: Set<RebuildProblem.Kind> = []
    ) async throws -> RebuildReport {
        var options = RebuildOptions()
        (options.isForced, options.waits, options.accepted) = (true, false, kinds)
        return try await ObjectStorage.rebuild(club.objects, options)
    }

    private static func members(_ report: RebuildReport) -> Int? {
        report.tables.first { $0.name == "members" }?.records
    }

    @Test("A record whose file is gone, and that the log does not tell, is left out only when that is accepted")
    func missing() async throws {
        let club = try await Club(.perWrite, .collected)
        _ = try await club.objects.delete(Club.name(5))
        let refused = try await Self.rebuild(club)
        #expect(!refused.isDone && refused.problems.map(\.kind) == [.missingFile])
        #expect(refused.problems.map(\.object) == [Club.name(5)] && refused.problems.map(\.id) == ["5"])
        let rehearsal = try await ObjectStorage.rehearseRebuild(club.objects)
        #expect(rehearsal.report.problems == refused.problems && rehearsal.needsForce)
        #expect(try await club.storage.currentCommit() > 0, "it is the same store")
        let accepted = try await Self.rebuild(club, accepting: [.missingFile])
        #expect(accepted.isDone && Self.members(accepted) == 19)
    }

    @Test("A record whose file is gone, and that the log tells, is written again")
    func logged() async throws {
        let club = try await Club(.perWrite, .indexed)
        let file = try await club.file(5)
        _ = try await club.objects.delete(Club.name(5))
        let report = try await Self.rebuild(club)
        #expect(report.isDone && report.problems == [] && Self.members(report) == 20)
        #expect(try await club.file(5) == file)
    }

    @Test("A file that is older than the checkpoint says is told")
    func outdated() async throws {
        let club = try await Club(.perWrite, .indexed)
        let old = try await club.file(5)
        var record = try await club.get(5)
        try record.set("age", .int(77))
        try await club.store.records("members").update(record)
        try await club.storage.flush()
        try await club.store.maintain()
        try await club.removeLog()
        try await club.write(5, old)
        let refused = try await Self.rebuild(club)
        #expect(!refused.isDone && refused.problems.map(\.kind) == [.outdatedFile])
        #expect(try await Self.rebuild(club, accepting: [.outdatedFile]).isDone)
    }

    @Test("What cannot be read of the indexes keeps nothing from being rebuilt")
    func unreadable() async throws {
        let club = try await Club(.perWrite, .collected)
        for name in try await club.objects.names("_index/") { try await club.objects.put(name, .text("?")) }
        let report = try await Self.rebuild(club)
        #expect(report.isDone && report.problems == [] && Self.members(report) == 20)
    }
}

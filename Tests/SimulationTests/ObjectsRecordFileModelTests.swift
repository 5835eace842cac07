import Testing

@testable import ObjectStorage
@testable import Simulation

/// At the smallest bounds at which each mistake shows; `cairn-sim model` looks at larger ones.
@Suite("The model of record files")
struct ObjectsRecordFileModelTests {
    private static func size(writers: Int = 2, changes: Int) -> RecordFileModel.Size {
        var size = RecordFileModel.Size()
        size.writers = writers
        size.changes = changes
        return size
    }

    @Test("No state of the protocol breaks a promise")
    func clean() {
        let found = Explorer(RecordFileModel([], Self.size(changes: 1))).run()
        #expect(found.fault == nil, "\(found.trace)")
        #expect(found.isWhole)
        #expect(found.states > 1_000)
    }

    @Test(
        "Each planted mistake breaks one, and the trace shows how",
        arguments: RecordFileModel.Mistakes.named.map(\.name))
    func mutant(_ name: String) throws {
        let mistake = try #require(RecordFileModel.Mistakes.named.first { $0.name == name }?.mistake)
        // What comes after the window needs a change after it, and one writer is enough.
        let size = mistake == .earlyOpening ? Self.size(writers: 1, changes: 3) : Self.size(changes: 2)
        let found = Explorer(RecordFileModel(mistake, size)).run()
        #expect(found.fault != nil, "not in \(found.states) states")
        #expect(!found.trace.isEmpty)
    }

    @Test("The driver waits longer in a maintenance window than a request is good for, as the model does")
    func order() {
        #expect(Committer.fence < MaintenanceWindows.quiet)
    }
}

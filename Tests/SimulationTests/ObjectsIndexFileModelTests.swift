import Testing

@testable import ObjectStorage
@testable import Simulation

/// At the smallest bounds at which each mistake shows; `cairn-sim model` looks at larger ones.
@Suite("The model of index files")
struct ObjectsIndexFileModelTests {
    /// One checkpointer, and a second manifest.
    private static var small: IndexFileModel.Size {
        var size = IndexFileModel.Size()
        size.checkpointers = 1
        size.manifests = 2
        size.files = 2
        return size
    }

    /// A manifest can come late only after two others.
    private static var late: IndexFileModel.Size {
        var size = IndexFileModel.Size()
        size.readers = 0
        size.alwaysMerges = true
        return size
    }

    @Test("No state of the protocol breaks a promise")
    func clean() {
        let found = Explorer(IndexFileModel([], Self.small)).run()
        #expect(found.fault == nil, "\(found.trace)")
        #expect(found.isWhole)
        #expect(found.states > 1_000)
    }

    @Test(
        "Each planted mistake breaks one, and the trace shows how", arguments: IndexFileModel.Mistakes.named.map(\.name)
    )
    func mutant(_ name: String) throws {
        let mistake = try #require(IndexFileModel.Mistakes.named.first { $0.name == name }?.mistake)
        let size = mistake == .lateManifests ? Self.late : Self.small
        let found = Explorer(IndexFileModel(mistake, size)).run()
        #expect(found.fault != nil, "not in \(found.states) states")
        #expect(!found.trace.isEmpty)
    }

    @Test("The ages of the driver stand in the order that the model takes for granted")
    func order() {
        let ages: [(name: String, model: Int, driver: Double)] = [
            ("fence", IndexFileModel.fence, Committer.fence),
            ("publish within", IndexFileModel.publishWithin, Checkpointer.publishWithin),
            ("reliance", IndexFileModel.reliance, Follower.relianceOnManifest),
            ("introduction", IndexFileModel.introduction, CollectionRules.introduction),
            ("manifest", IndexFileModel.manifestAge, CollectionRules.manifestAge),
            ("file", IndexFileModel.fileAge, CollectionRules.fileAge),
        ]
        for one in ages {
            for other in ages where one.model < other.model {
                #expect(one.driver < other.driver, "\(one.name) and \(other.name)")
            }
        }
    }
}

import Testing

@testable import Simulation

/// At the smallest bounds at which each mistake shows; `cairn-sim model` looks at larger ones.
@Suite("The model of the log")
struct ObjectsModelTests {
    private static func size(numbers: Int) -> LogModel.Size {
        var size = LogModel.Size()
        size.readers = 0
        size.numbers = numbers
        size.requests = 1
        return size
    }

    @Test("No state of the protocol breaks a promise")
    func clean() {
        let found = Explorer(LogModel([], Self.size(numbers: 1))).run()
        #expect(found.fault == nil, "\(found.trace)")
        #expect(found.isWhole)
        #expect(found.states > 1_000)
    }

    @Test("Each planted mistake breaks one, and the trace shows how", arguments: LogModel.Mistakes.named.map(\.name))
    func mutant(_ name: String) throws {
        let mistake = try #require(LogModel.Mistakes.named.first { $0.name == name }?.mistake)
        let found = Explorer(LogModel(mistake, Self.size(numbers: 3))).run()
        #expect(found.fault != nil, "not in \(found.states) states")
        #expect(!found.trace.isEmpty)
    }
}

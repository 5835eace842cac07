import Testing

@testable import cairn_bench

@Suite("The verdict of a soak")
struct SoakVerdictTests {
    private static let mebibyte = 1 << 20

    /// A hundred samples, one each second, of a process that takes what `change` makes of it.
    private func samples(_ change: (inout SoakSample, Int) -> Void) -> [SoakSample] {
        (0..<100).map { second in
            var sample = SoakSample(
                time: .seconds(second), operations: second, resident: 40 * Self.mebibyte, inUse: 10 * Self.mebibyte,
                openFiles: 18, file: Self.mebibyte, log: 4 * Self.mebibyte)
            change(&sample, second)
            return sample
        }
    }

    private func grown(_ change: (inout SoakSample, Int) -> Void) -> [String] {
        SoakVerdict(samples(change)).checks.filter { !$0.isFlat }.map(\.name)
    }

    @Test("What stays, what fills in the beginning and what has single peaks is flat")
    func flat() {
        #expect(grown { _, _ in } == [])
        #expect(grown { sample, second in if second < 20 { sample.resident = second * Self.mebibyte } } == [])
        #expect(grown { sample, second in if second % 10 == 0 { sample.inUse *= 5 } } == [])
    }

    @Test("What grows all the time is told by its name")
    func growing() {
        #expect(grown { sample, second in sample.resident += second * Self.mebibyte / 4 } == ["resident memory"])
        #expect(grown { sample, second in sample.inUse += second * Self.mebibyte / 8 } == ["allocated memory"])
        #expect(grown { sample, second in sample.openFiles += second / 5 } == ["open files"])
        #expect(grown { sample, second in sample.file += second * Self.mebibyte / 16 } == ["database file"])
        #expect(grown { sample, second in sample.log += second * Self.mebibyte } == ["write-ahead log"])
    }

    @Test("Of what the system does not tell nothing is said")
    func unknown() {
        let checks = SoakVerdict(samples { sample, _ in (sample.inUse, sample.log) = (0, 0) }).checks
        #expect(checks.map(\.name) == ["resident memory", "open files", "database file"])
    }
}

import Cairn

/// Whether what a process and its store take stayed flat: the last quarter of the time against the second. The first is left out,
/// because caches fill in it.
struct SoakVerdict {
    /// One figure that must not grow.
    struct Check {
        let name: String
        /// The median of the second quarter.
        let before: Int
        /// The median of the last quarter.
        let after: Int
        let limit: Int
        let isCount: Bool

        var isFlat: Bool { after <= limit }
    }

    let checks: [Check]

    init(_ samples: [SoakSample]) {
        let second = samples[samples.count / 4..<samples.count / 2]
        let last = samples[samples.count * 3 / 4..<samples.count]
        func check(
            _ name: String, _ figure: (SoakSample) -> Int, percent: Int = 5, above: Int, isCount: Bool = false
        ) -> Check? {
            let (before, after) = (Self.median(second.map(figure)), Self.median(last.map(figure)))
            // Where the system does not tell, nothing is said.
            if before == 0, after == 0 { return nil }
            return Check(
                name: name, before: before, after: after, limit: before + before * percent / 100 + above,
                isCount: isCount)
        }
        let mebibyte = 1 << 20
        checks = [
            check("resident memory", \.resident, above: 8 * mebibyte),
            check("allocated memory", \.inUse, above: 4 * mebibyte),
            check("open files", \.openFiles, percent: 0, above: 4, isCount: true),
            check("database file", \.file, above: mebibyte),
            check("write-ahead log", \.log, percent: 50, above: 16 * mebibyte),
        ].compactMap { $0 }
    }

    private static func median(_ values: [Int]) -> Int { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
}

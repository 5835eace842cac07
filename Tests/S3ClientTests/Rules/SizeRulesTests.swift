import Testing

@testable import S3Client

@Suite("Sizes")
struct SizeRulesTests {
    private static let mebibyte = 1 << 20

    @Test(
        "Parts have the preferred size until there would be too many",
        arguments: [
            (0, 8, 8), (1, 8, 8), (8 * 10_000 * mebibyte, 8, 8), (8 * 10_000 * mebibyte + 1, 8, 9),
            (5 << 40, 16, 525), (SizeRules.maximumObjectBytes, 5, 5120), (SizeRules.maximumObjectBytes, 5120, 5120),
        ])
    func partSizes(_ length: Int, _ preferred: Int, _ wanted: Int) throws {
        let size = try SizeRules.partBytes(for: length, preferred: preferred * Self.mebibyte)
        #expect(size == wanted * Self.mebibyte)
        #expect((length + size - 1) / size <= SizeRules.maximumParts)
    }

    @Test("For every length there are at most 10,000 parts of an allowed size")
    func anyLength() throws {
        for seed in 0..<500 as Range<UInt64> {
            var random = SeededRandom(seed)
            let length = random.number(0..<SizeRules.maximumObjectBytes + 1) >> random.number(0..<40)
            let preferred = random.number(SizeRules.minimumPartBytes..<SizeRules.maximumPartBytes + 1)
            let size = try SizeRules.partBytes(for: length, preferred: preferred)
            #expect(size >= preferred, "seed \(seed)")
            #expect(size <= SizeRules.maximumPartBytes, "seed \(seed)")
            #expect((length + size - 1) / size <= SizeRules.maximumParts, "seed \(seed)")
        }
    }

    @Test("What is too large or too small is refused before anything is sent")
    func limits() {
        #expect(throws: Never.self) { try SizeRules.checkPut(bytes: 5 << 30) }
        #expect(throws: S3Error.self) { try SizeRules.checkPut(bytes: 5 << 30 + 1) }
        #expect(throws: S3Error.self) { try SizeRules.checkPut(bytes: -1) }
        for bytes in [5 << 20 - 1, 5 << 30 + 1, 0, -1] {
            #expect(throws: S3Error.self) { try SizeRules.checkPart(bytes: bytes) }
        }
        for bytes in [5 << 20, 5 << 30] { #expect(throws: Never.self) { try SizeRules.checkPart(bytes: bytes) } }
        #expect(throws: S3Error.self) {
            try SizeRules.partBytes(for: SizeRules.maximumObjectBytes + 1, preferred: 8 << 20)
        }
        #expect(throws: S3Error.self) { try SizeRules.partBytes(for: -1, preferred: 8 << 20) }
        #expect(throws: Never.self) { try SizeRules.checkPart(number: 10_000, partBytes: 8 << 20) }
        #expect(throws: S3Error.self) { try SizeRules.checkPart(number: 10_001, partBytes: 8 << 20) }
    }
}

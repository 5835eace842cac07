import Testing

@testable import S3Client

@Suite("How transfers are divided")
struct TransferRulesTests {
    @Test(
        "Parts cover a length without gap or overlap, all but the last of one size",
        arguments: [(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
    func parts(length: Int, count: Int) {
        #expect(TransferRules.partCount(of: length, partBytes: 5) == count)
        let ranges = (0..<count).map { TransferRules.range($0, of: length, partBytes: 5) }
        #expect(ranges.first?.lowerBound == 0)
        #expect(ranges.last?.upperBound == length)
        for (range, next) in zip(ranges, ranges.dropFirst()) {
            #expect(range.upperBound == next.lowerBound)
            #expect(range.count == 5)
        }
    }

    @Test("Objects on both sides of 5 GiB, and the largest, are copied in parts that S3 takes")
    func copies() throws {
        for length in [5 << 30, (5 << 30) + 1, 5 << 40, SizeRules.maximumObjectBytes] {
            let partBytes = try TransferRules.copyPartBytes(for: length)
            let count = TransferRules.partCount(of: length, partBytes: partBytes)
            #expect(count <= SizeRules.maximumParts)
            #expect((SizeRules.minimumPartBytes...SizeRules.maximumPartBytes).contains(partBytes))
            #expect(TransferRules.range(count - 1, of: length, partBytes: partBytes).upperBound == length)
        }
        #expect((try? TransferRules.copyPartBytes(for: SizeRules.maximumObjectBytes + 1)) == nil)
    }

    @Test("Options that mean nothing are refused")
    func options() {
        func refused(_ change: (inout S3UploadOptions) -> Void) -> Bool {
            var options = S3UploadOptions()
            change(&options)
            do {
                try options.check()
                return false
            } catch {
                return error.code == .invalid
            }
        }
        #expect(!refused { _ in })
        #expect(refused { $0.partBytes = 5 << 20 - 1 })
        #expect(refused { $0.threshold = (5 << 30) + 1 })
        #expect(refused { $0.threshold = -1 })
        #expect(refused { $0.concurrency = 0 })
        #expect(!refused { $0.threshold = 5 << 30 })
    }

    @Test("A reader cuts any chunks into parts of one size")
    func reader() async throws {
        let bytes = sample(1000)
        for chunk in [1, 7, 100, 333, 1000, 5000] {
            let source = UploadSource(.stream(stream(bytes, chunk: chunk)))
            let reader = PartReader(source, partBytes: 100, RequestSubject(method: "PUT"))
            var parts: [[UInt8]] = []
            while let part = try await reader.next() { parts.append(part) }
            #expect(parts.map(\.count) == [Int](repeating: 100, count: 10), "chunks of \(chunk)")
            #expect(parts.flatMap { $0 } == bytes, "chunks of \(chunk)")
        }
    }

    @Test("A stream of another length than announced is refused", arguments: [999, 1001])
    func wrongLength(announced: Int) async throws {
        let source = UploadSource(.stream(stream(sample(1000), chunk: 300), length: announced))
        let reader = PartReader(source, partBytes: 10_000, RequestSubject(method: "PUT"))
        let error = try await s3Failure { _ = try await reader.next() }
        #expect(error.code == .invalid)
    }
}

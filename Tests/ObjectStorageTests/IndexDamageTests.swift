import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Index files that are not what was written")
struct IndexDamageTests {
    /// What a scan of a run in a damaged file gives.
    private func scan(_ run: IndexRun, in bytes: [UInt8]) async throws -> [IndexEntry] {
        var cursor = IndexReader(FixedFile(bytes: bytes), cache: IndexBlockCache(bytes: 0)).cursor(run)
        return try await cursor.all()
    }

    /// Bytes in memory as an index file.
    private struct FixedFile: IndexFileSource {
        let bytes: [UInt8]

        func bytes(file: String, range: Range<Int>) async throws -> [UInt8] {
            guard range.upperBound <= bytes.count else { throw StorageError.damagedIndex("too short", file: file) }
            return Array(bytes[range])
        }
    }

    /// Whether a scan gives the entries, or says that the file is damaged.
    private func isSafe(_ run: IndexRun, _ entries: [IndexEntry], in bytes: [UInt8]) async -> Bool {
        do {
            return try await scan(run, in: bytes) == entries
        } catch let error as StorageError {
            return error.code == .damaged
        } catch {
            return false
        }
    }

    private func sample(large: Bool) throws -> (bytes: [UInt8], run: IndexRun, entries: [IndexEntry]) {
        var random = IndexRandom(31)
        let entries =
            large
            ? IndexSamples.entries(12, payload: 30_000..<60_000, &random)
            : IndexSamples.entries(50, payload: 0..<30, &random)
        let (bytes, runs) = IndexShelf.file([entries], file: "f")
        return (bytes, try #require(runs[0]), entries)
    }

    @Test("Any byte changed is found out, or changes nothing")
    func flips() async throws {
        let (bytes, run, entries) = try sample(large: false)
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= UInt8(1 << (place % 8))
            #expect(await isSafe(run, entries, in: flipped), "byte \(place)")
            if place >= run.offset {
                await #expect(throws: StorageError.self, "byte \(place)") { try await scan(run, in: flipped) }
            }
        }
    }

    @Test("Any byte of a directory and of the heads of blocks changed is found out")
    func flipsOfDirectory() async throws {
        let (bytes, run, entries) = try sample(large: true)
        let directory = Array(run.directoryOffset..<run.directoryOffset + run.directoryLength)
        #expect(!directory.isEmpty)
        let sampled = stride(from: 0, to: bytes.count, by: 4999)
        for place in directory + Array(run.offset..<run.offset + 40) + Array(sampled) {
            var flipped = bytes
            flipped[place] ^= 0x10
            #expect(await isSafe(run, entries, in: flipped), "byte \(place)")
        }
    }

    @Test("A file cut anywhere is found out")
    func cuts() async throws {
        let (bytes, run, entries) = try sample(large: false)
        for count in bytes.indices { #expect(await isSafe(run, entries, in: Array(bytes[..<count])), "\(count) bytes") }
    }

    @Test("A run that a manifest describes wrongly is found out")
    func wrongRuns() async throws {
        for large in [false, true] {
            let (bytes, run, _) = try sample(large: large)
            let changes: [(inout IndexRun) -> Void] = [
                { $0.count += 1 }, { $0.count = 0 }, { $0.count = -1 }, { $0.first = [] }, { $0.last += [1] },
                { $0.offset += 1 }, { $0.offset = -1 }, { $0.offset = .max }, { $0.length -= 1 }, { $0.length = 0 },
                { $0.length = .max }, { $0.length = -5 }, { $0.directoryOffset += 1 }, { $0.directoryLength += 1 },
                { $0.directoryLength = .max }, { $0.directoryLength = -1 },
            ]
            for (index, change) in changes.enumerated() {
                var wrong = run
                change(&wrong)
                // A run of one block has no directory to be wrong about.
                if !large, wrong.directoryOffset != 0 || wrong.directoryLength > 0 { continue }
                let error = await #expect(throws: StorageError.self, "change \(index)") {
                    try await scan(wrong, in: bytes)
                }
                #expect(error?.code == .damaged, "change \(index)")
            }
        }
    }

    @Test("Blocks of other runs in the place of a block are found out")
    func exchangedBlocks() async throws {
        var random = IndexRandom(37)
        let entries = IndexSamples.entries(12, payload: 40_000..<40_001, &random)
        let (bytes, runs) = IndexShelf.file([entries], file: "f")
        let run = try #require(runs[0])
        // Blocks of one entry each, all of about the same size: exchange the first two of equal length.
        guard case .blocks(let directory) = try await IndexReader(FixedFile(bytes: bytes)).section(run) else { return }
        var ranges: [Int: Range<Int>] = [:]
        var exchanges = 0
        for block in 0..<directory.count {
            let range = directory.range(block)
            if let other = ranges[range.count] {
                var exchanged = bytes
                exchanged.replaceSubrange(range, with: bytes[other])
                exchanged.replaceSubrange(other, with: bytes[range])
                await #expect(throws: StorageError.self) { try await scan(run, in: exchanged) }
                exchanges += 1
            }
            ranges[range.count] = range
        }
        #expect(exchanges > 0)
    }

    // MARK: Stores

    @Test("A file that is not there says so, and which")
    func missing() async throws {
        let shelf = IndexShelf()
        let run = try await shelf.add([IndexEntry(key: [1], .removed)], file: "gone")
        try await shelf.memory.delete(ObjectNames.index("gone"))
        let error = await #expect(throws: IndexFileMissing.self) { try await shelf.reader.find([1], in: [run]) }
        #expect(error?.file == "gone")
        var cursor = shelf.reader.merged([run])
        await #expect(throws: IndexFileMissing.self) { try await cursor.next() }
    }

    @Test("A file that is shorter than the manifest says is damaged")
    func short() async throws {
        let shelf = IndexShelf()
        let (bytes, run, _) = try sample(large: true)
        for count in [0, 10, run.offset + 100, run.directoryOffset, bytes.count - 1] {
            try await shelf.save("f", Array(bytes[..<count]))
            let error = await #expect(throws: StorageError.self, "\(count) bytes") {
                try await shelf.cold().count([run])
            }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains("_index/main/f.idx") == true)
        }
    }

    @Test("A scan that failed goes on where it was when the file can be read again")
    func retry() async throws {
        let shelf = IndexShelf()
        let (bytes, run, entries) = try sample(large: true)
        try await shelf.save("f", bytes)
        var cursor = shelf.reader.merged([run], readAhead: .none)
        var found = try await cursor.nextBatch(upTo: 3)
        try await shelf.memory.delete(ObjectNames.index("f"))
        await #expect(throws: IndexFileMissing.self) {
            while let entry = try await cursor.next() { found.append(entry) }
        }
        try await shelf.save("f", bytes)
        found += try await cursor.all()
        #expect(found == entries)
    }
}

import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Receipts of idempotency keys")
struct ReceiptTests {
    private let site: Site

    init() throws { site = try Site() }

    private func batch(_ id: Int) throws -> Batch {
        try Batch([.insert(site.notes, [.int(id), .string("note \(id)")])], idempotencyKey: "key \(id)")
    }

    private func send(_ process: SiteProcess, _ id: Int) async throws -> Receipt {
        try await process.storage.commit(try batch(id))
    }

    private func newest() async throws -> [UInt8] {
        let version = try #require(try await site.manifests().max())
        return try await site.objects.get(ObjectNames.manifest(version)).bytes()
    }

    private func runs(_ process: SiteProcess) throws -> [ReceiptRun] { try process.view.manifest.manifest.receiptRuns }

    // MARK: Where they are

    @Test("Manifests name files of receipts and have none: they do not grow with their number")
    func bounded() async throws {
        let process = try await site.open()
        var receipts: [Receipt] = []
        for id in 0..<32 { receipts.append(try await send(process, id)) }
        try await process.checkpoint()
        let small = try await newest().count
        for id in 32..<640 { receipts.append(try await send(process, id)) }
        try await process.checkpoint()
        // A run is about 300 bytes there.
        #expect(try await newest().count < small + (ReceiptUpdate.runLimit + 8) * 400)
        #expect(try runs(process).count <= ReceiptUpdate.runLimit)
        #expect(try runs(process).reduce(0) { $0 + $1.run.count } == receipts.count)
        let other = try await site.open()
        for id in stride(from: 0, to: receipts.count, by: 7) {
            #expect(try await send(process, id) == receipts[id])
            #expect(try await send(other, id) == receipts[id])
        }
        #expect(try await other.store.records("notes").count() == receipts.count)
    }

    @Test("A new key costs no more than a request for each file of receipts that is not known, and those only once")
    func requests() async throws {
        let process = try await site.open()
        for id in 0..<40 { _ = try await send(process, id) }
        try await process.checkpoint()
        let counting = CountingObjectStore(site.objects)
        let other = try await site.open(counting)
        let runs = try runs(other).count
        let start = counting.counts
        _ = try await send(other, 1_000)
        await (try other.engine).finish()
        #expect(runs > 0 && (counting.counts - start)[.get] <= runs, "\(counting.counts - start)")
        let before = counting.counts
        for id in 1_001..<1_005 { _ = try await send(other, id) }
        await (try other.engine).finish()
        let made = counting.counts - before
        #expect(made[.put] == 8 && made[.get] == 0, "\(made)")
    }

    @Test("Another batch under a key of a file is refused")
    func otherBatch() async throws {
        let process = try await site.open()
        _ = try await send(process, 1)
        try await process.checkpoint()
        let other = try await site.open()
        await failing(.invalid) {
            _ = try await other.storage.commit(
                try Batch([.insert(site.notes, [.int(2), .string("x")])], idempotencyKey: "key 1"))
        }
    }

    // MARK: How they end

    @Test("Receipts are forgotten after a day: files of old ones unread, and of both by housekeeping")
    func expiry() async throws {
        let process = try await site.open()
        let first = try await send(process, 1)
        try await process.checkpoint()
        site.clock.advance(.hours(20))
        for id in 2..<6 { _ = try await send(process, id) }
        try await process.checkpoint()
        #expect(try await send(process, 1) == first)
        #expect(try runs(process).count == 2)
        site.clock.advance(.hours(5))
        let report = try await process.storage.maintain()
        #expect(report.expiredReceipts == 1)
        #expect(try runs(process).map(\.run.count) == [4])
        #expect(try await process.storage.maintain().expiredReceipts == 0)
        await failing(.duplicate) { _ = try await send(process, 1) }
        _ = try await process.storage.commit(
            try Batch([.insert(site.notes, [.int(99), .string("x")])], idempotencyKey: "key 1"))
        try await process.checkpoint()
        let other = try await site.open()
        #expect(
            try await other.storage.commit(
                try Batch([.insert(site.notes, [.int(99), .string("x")])], idempotencyKey: "key 1")
            ).results.count == 1)
    }

    @Test("Housekeeping counts a receipt that is past in a file with others, once")
    func mixed() async throws {
        let process = try await site.open()
        _ = try await send(process, 1)
        site.clock.advance(.hours(20))
        _ = try await send(process, 2)
        try await process.checkpoint()
        #expect(try runs(process).map(\.run.count) == [2])
        site.clock.advance(.hours(5))
        #expect(try await process.storage.maintain().expiredReceipts == 1)
        #expect(try runs(process).map(\.run.count) == [1])
        #expect(try await process.storage.maintain().expiredReceipts == 0)
    }

    @Test("A machine that stood still for days, its clock too, gives a receipt of the time of its commit")
    func stoodStill() async throws {
        var machine = site.surroundings(hasUptime: false)
        let before = site.clock.now
        machine.now = { before }
        let process = try await site.open(machine: machine)
        _ = try await send(process, 1)
        site.clock.advance(.days(2))
        let receipt = try await send(process, 2)
        #expect(receipt.time == site.clock.now)
        let other = try await site.open()
        #expect(try await send(other, 2) == receipt)
        site.clock.advance(.hours(23))
        #expect(try await send(process, 2) == receipt)
    }

    @Test("Collection leaves the files of receipts that count, and takes the others")
    func collection() async throws {
        let process = try await site.open()
        for day in 0..<6 {
            for id in 0..<20 { _ = try await send(process, day * 100 + id) }
            try await process.checkpoint()
            site.clock.advance(.hours(13))
            _ = try await process.storage.maintain()
            let other = try await site.open()
            for id in 0..<20 { _ = try await send(other, day * 100 + id) }
            #expect(try await other.store.records("notes").count() == (day + 1) * 20)
            try await other.store.close()
        }
        // Half a day is three runs at most, and files stay for two days.
        #expect(try await site.names(ObjectNames.indexes).count < 40)
    }

    @Test("Receipts that an older version wrote into the manifest count, and move into a file")
    func inManifest() async throws {
        let process = try await site.open()
        let receipt = try await send(process, 1)
        let kept = try #require(try process.view.receipts.values.first)
        try await process.checkpoint()
        let version = try process.view.manifest.manifest.version
        let isPublished = try await process.engine.checkpointer.amend(version, introduced: nil) { manifest in
            manifest.receipts = [kept]
            manifest.receiptRuns = []
        }
        #expect(isPublished)
        let other = try await site.open()
        #expect(try await send(other, 1) == receipt)
        _ = try await send(other, 2)
        try await other.checkpoint()
        #expect(try runs(other).map(\.run.count) == [2])
        #expect(try await send(try await site.open(), 1) == receipt)
    }

    // MARK: Format

    @Test("A receipt is read as it was written, and cut short it is none")
    func roundTrip() throws {
        let time = Timestamp("1969-07-20T20:17:40Z") ?? .epoch
        let results = [1, 1, 1, 7].map { RecordMetadata(revision: $0, createdAt: .epoch, updatedAt: time) }
        let receipt = Manifest.KeptReceipt(
            key: "schlüssel \u{0}", digest: [UInt8](repeating: 9, count: 32), number: 1 << 40, transaction: "abc",
            time: time, results: results)
        let entry = ReceiptEntry.encode(receipt)
        #expect(ReceiptEntry.decode(entry) == receipt)
        #expect(ReceiptEntry.time(of: entry) == time)
        for length in 0..<entry.payload.count {
            let short = IndexEntry(key: entry.key, payload: Array(entry.payload[..<length]))
            #expect(ReceiptEntry.decode(short) == nil)
        }
    }

    @Test("Who does not know of files of receipts must not read a manifest that names some")
    func needs() async throws {
        let process = try await site.open()
        try await process.churn(1)
        try await process.checkpoint()
        #expect(String(decoding: try await newest(), as: UTF8.self).contains("\"needs\":[]"))
        _ = try await send(process, 1)
        try await process.checkpoint()
        #expect(String(decoding: try await newest(), as: UTF8.self).contains("\"needs\":[\"receipt-runs\"]"))
    }

    @Test("A receipt is rewritten a few times, and there are never many runs", arguments: [500, 16_000, 400_000])
    func amplification(size: Int) {
        var sizes: [Int] = []
        var written = 0
        var longest = 0
        let count = 4_000
        for _ in 0..<count {
            sizes.append(size)
            if let first = ReceiptUpdate.firstMerged(sizes) {
                let merged = sizes[first...].reduce(0, +)
                sizes.removeSubrange(first...)
                for start in stride(from: 0, to: merged, by: IndexCompaction.splitBytes) {
                    sizes.append(min(merged - start, IndexCompaction.splitBytes))
                }
                written += merged
            } else {
                written += size
            }
            longest = max(longest, sizes.count)
        }
        let full = sizes.filter { $0 >= IndexCompaction.splitBytes }.count
        #expect(longest <= ReceiptUpdate.runLimit + full + 1, "\(longest)")
        #expect(written <= 6 * size * count, "\(Double(written) / Double(size * count))")
    }
}

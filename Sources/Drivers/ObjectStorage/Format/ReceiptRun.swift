package import CairnCore
import CairnSchema

/// Receipts of idempotency keys in an index file: a section whose entries are the bytes of the keys.
///
/// Its times say when it is over, so that it is forgotten without being read.
package struct ReceiptRun: Sendable, Hashable {
    package var run: IndexRun
    /// The time of its oldest receipt.
    package var oldest: Timestamp
    /// The time of its newest receipt.
    package var newest: Timestamp

    package init(run: IndexRun, oldest: Timestamp, newest: Timestamp) {
        self.run = run
        self.oldest = oldest
        self.newest = newest
    }
}

/// Receipts as entries of an index.
///
/// | bytes behind the kind | what |
/// |---|---|
/// | 8 | the time, in microseconds |
/// | varint | the number of the commit |
/// | 32 | the SHA-256 of the batch |
/// | varint, bytes | the id of the transaction |
/// | varint | how many groups of results follow |
/// | each: varint, 8, 8, varint | revision, created, updated, and how many operations that follow one another have these |
///
/// Times have their lowest byte first.
enum ReceiptEntry {
    private static let digestBytes = 32

    static func encode(_ receipt: Manifest.KeptReceipt) -> IndexEntry {
        var bytes: [UInt8] = []
        append(receipt.time, to: &bytes)
        Varint.append(receipt.number, to: &bytes)
        bytes.append(contentsOf: receipt.digest)
        Varint.append(receipt.transaction.utf8.count, to: &bytes)
        bytes.append(contentsOf: receipt.transaction.utf8)
        var groups: [(result: RecordMetadata, count: Int)] = []
        for result in receipt.results {
            if let last = groups.last, last.result == result {
                groups[groups.count - 1].count += 1
            } else {
                groups.append((result, 1))
            }
        }
        Varint.append(groups.count, to: &bytes)
        for (result, count) in groups {
            Varint.append(result.revision, to: &bytes)
            append(result.createdAt, to: &bytes)
            append(result.updatedAt, to: &bytes)
            Varint.append(count, to: &bytes)
        }
        return IndexEntry(key: Array(receipt.key.utf8), .present(included: bytes))
    }

    private static func append(_ time: Timestamp, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: time.microseconds.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// The receipt of an entry; nil for bytes that are none.
    static func decode(_ entry: IndexEntry) -> Manifest.KeptReceipt? {
        guard let key = String(validating: entry.key, as: UTF8.self) else { return nil }
        return entry.payload.withUnsafeBytes { payload in
            guard payload.first == IndexPayload.Kind.present.rawValue else { return nil }
            var reader = IndexBytesReader(payload, from: 1)
            guard let time = time(&reader), let number = reader.varint(), let digest = reader.take(digestBytes),
                let transaction = reader.text(), let groups = reader.varint(), groups <= reader.rest
            else { return nil }
            var results: [RecordMetadata] = []
            for _ in 0..<groups {
                guard let revision = reader.varint(), let created = self.time(&reader),
                    let updated = self.time(&reader),
                    let count = reader.varint(), count > 0, count <= Limits.batchOperations - results.count
                else { return nil }
                let result = RecordMetadata(revision: revision, createdAt: created, updatedAt: updated)
                results.append(contentsOf: repeatElement(result, count: count))
            }
            guard reader.rest == 0 else { return nil }
            return Manifest.KeptReceipt(
                key: key, digest: Array(digest), number: number, transaction: transaction, time: time,
                results: results)
        }
    }

    /// The time of an entry, without the rest; nil for bytes that are none.
    static func time(of entry: IndexEntry) -> Timestamp? {
        entry.payload.withUnsafeBytes { payload in
            var reader = IndexBytesReader(payload, from: 1)
            return time(&reader)
        }
    }

    private static func time(_ reader: inout IndexBytesReader) -> Timestamp? {
        guard let low = reader.word(), let high = reader.word() else { return nil }
        return Timestamp(microseconds: Int64(bitPattern: UInt64(low) | UInt64(high) << 32))
    }
}

extension ReceiptEntry {
    static func damaged() -> StorageError { .damagedIndex("the receipt of an idempotency key is none") }
}

extension Manifest.KeptReceipt {
    /// The receipt of a transaction; nil when it has no idempotency key.
    init?(_ transaction: LoggedTransaction, of record: CommitRecord) {
        guard let kept = transaction.idempotency else { return nil }
        self.init(
            key: kept.key, digest: kept.digest, number: record.number, transaction: transaction.id,
            time: kept.results.map(\.updatedAt).max() ?? record.time, results: kept.results)
    }

    /// Whether it no longer counts.
    func isPast(at now: Timestamp) -> Bool { Limits.isPast(time, Limits.receiptLifetime, at: now) }
}

import CairnSchema

/// Sends the parts of an upload, some at the same time.
///
/// One part is read while others are sent, so no more than `concurrency` and one are in memory.
struct PartSender: Sendable {
    let bucket: S3Bucket
    let upload: MultipartUpload
    let options: S3UploadOptions
    let partBytes: Int
    /// Bytes of all parts; nil when not known.
    let total: Int?
    /// The parts that the server had before, by number.
    let stored: [Int: S3Part]

    private enum Step: Sendable {
        case read([UInt8]?)
        case sent(S3Part)
    }

    /// Sends what a reader gives, until it ends.
    /// - Parameter first: What was read of it before.
    func send(_ first: [UInt8]?, _ reader: PartReader) async throws -> [S3Part] {
        var parts: [S3Part] = []
        var done = 0
        try await withThrowingTaskGroup(of: Step.self) { group in
            var number = 0
            var sending = 0
            var pending = first
            var isAtEnd = false
            report(done)
            if pending == nil { group.addTask { .read(try await reader.next()) } }
            while true {
                if let bytes = pending, sending < options.concurrency {
                    pending = nil
                    number += 1
                    sending += 1
                    try SizeRules.checkPart(number: number, partBytes: partBytes)
                    let part = number
                    group.addTask { .sent(try await send(bytes, part)) }
                    if !isAtEnd { group.addTask { .read(try await reader.next()) } }
                }
                guard let step = try await group.next() else { return }
                switch step {
                case .read(let bytes):
                    isAtEnd = bytes == nil
                    // No upload is without a part.
                    pending = isAtEnd && number == 0 ? [] : bytes
                case .sent(let part):
                    sending -= 1
                    done += part.size
                    parts.append(part)
                    report(done)
                }
            }
        }
        return parts.sorted { $0.number < $1.number }
    }

    private func send(_ bytes: [UInt8], _ number: Int) async throws -> S3Part {
        if let part = stored[number], matches(part, bytes) { return part }
        return try await bucket.uploadPart(
            number, of: upload, .bytes(bytes), checksum: options.checksum, customerKey: options.customerKey)
    }

    /// Whether a part has these bytes. One whose server tells neither checksum nor MD5 has not, to be sure.
    private func matches(_ part: S3Part, _ bytes: [UInt8]) -> Bool {
        guard part.size == bytes.count else { return false }
        for algorithm in [ChecksumAlgorithm.sha256, .crc32c] {
            if let text = part.checksums[algorithm] { return Utf8.equal(Checksum(algorithm, of: bytes).text, text) }
        }
        return EntityTag.of(bytes).map(ETag.init(rawValue:)) == part.etag
    }

    private func report(_ bytes: Int) {
        options.progress?(S3TransferProgress(bytes: bytes, total: total, upload: upload))
    }
}

import Foundation
import Testing

@testable import S3Client

@Suite("Uploads")
struct UploadTests {
    private func options(_ change: (inout S3UploadOptions) -> Void = { _ in }) -> S3UploadOptions {
        var options = S3UploadOptions()
        options.threshold = 5 * mebibyte
        options.partBytes = 5 * mebibyte
        change(&options)
        return options
    }

    @Test("Up to the threshold an object goes in one PUT, beyond it in parts", arguments: [0, 1])
    func threshold(extra: Int) async throws {
        try await FakeS3.serving { fake, bucket in
            let bytes = sample(5 * mebibyte + extra)
            for body in [ObjectBody.bytes(bytes), .stream(stream(bytes), length: bytes.count)] {
                let result = try await bucket.upload("k", body, options())
                #expect(fake.object("k") == bytes)
                let info = try await bucket.head("k")
                #expect(info.etag == result.etag)
            }
            #expect(fake.count("PutObject") == (extra == 0 ? 2 : 0))
            #expect(fake.count("UploadPart") == (extra == 0 ? 0 : 4))
        }
    }

    @Test("A stream of unknown length goes in one PUT when it ends within a part, and in parts beyond it")
    func unknownLength() async throws {
        try await FakeS3.serving { fake, bucket in
            for count in [0, 1, 5 * mebibyte - 1] {
                let bytes = sample(count)
                try await bucket.upload("k", .stream(stream(bytes)), options())
                #expect(fake.object("k") == bytes)
            }
            #expect(fake.operations == ["PutObject", "PutObject", "PutObject"])
            let bytes = sample(12 * mebibyte)
            try await bucket.upload("k", .stream(stream(bytes)), options())
            #expect(fake.object("k") == bytes)
            #expect(fake.count("UploadPart") == 3)
        }
    }

    @Test(
        "Parts have the checksum that is asked for, and are named with it at the end",
        arguments: ChecksumAlgorithm.allCases)
    func checksums(algorithm: ChecksumAlgorithm) async throws {
        try await FakeS3.serving { fake, bucket in
            let bytes = sample(12 * mebibyte)
            try await bucket.upload("k", .bytes(bytes), options { $0.checksum = algorithm })
            #expect(fake.object("k") == bytes)
            let parts = fake.requests.filter { $0.operation == "UploadPart" }
            #expect(parts.count == 3 && parts.allSatisfy { $0.field(algorithm.field) != nil })
        }
    }

    @Test("No more parts are sent at once, and no more read ahead, than asked for")
    func bounds() async throws {
        let release = Signal()
        let taken = Counter()
        try await FakeS3.serving({ request, _ in
            if request.operation == "UploadPart", request.part == 1 { release.waitOnThread() }
            if request.operation == "UploadPart", request.part == 2 { release.waitOnThread() }
            return nil
        }) { fake, bucket in
            let part = sample(5 * mebibyte)
            let source = ByteStream {
                var left = 8
                return {
                    left -= 1
                    if left < 0 { return nil }
                    taken.add()
                    return part
                }
            }
            let upload = Task {
                try await bucket.upload("k", .stream(source), options { $0.concurrency = 2 })
            }
            await fake.partsInFlight.wait(for: 2)
            await taken.wait(for: 3)
            // Both parts are held by the server: a fourth would be one too many in memory.
            for _ in 0..<1000 { await Task.yield() }
            #expect(taken.value == 3)
            release.fire()
            _ = try await upload.value
            #expect(fake.partsInFlight.highest <= 2)
            #expect(fake.object("k")?.count == 40 * mebibyte)
        }
    }

    @Test("A part that fails for good ends the upload, which is aborted")
    func failedPart() async throws {
        try await FakeS3.serving({ request, _ in
            request.operation == "UploadPart" && request.part == 2 ? .status(403, code: "AccessDenied") : nil
        }) { fake, bucket in
            let error = try await s3Failure {
                try await bucket.upload("k", .bytes(sample(16 * mebibyte)), options())
            }
            #expect(error.code == .accessDenied && error.details.uploadID == nil)
            #expect(fake.uploads == 0)
            #expect(fake.count("AbortMultipartUpload") == 1 && fake.count("CompleteMultipartUpload") == 0)
        }
    }

    @Test("A part that fails once is sent again")
    func retriedPart() async throws {
        try await FakeS3.serving({ request, number in
            request.operation == "UploadPart" && number == 1 ? .lostRequest : nil
        }) { fake, bucket in
            let bytes = sample(11 * mebibyte)
            try await bucket.upload("k", .bytes(bytes), options())
            #expect(fake.object("k") == bytes)
            #expect(fake.count("UploadPart") == 4)
        }
    }

    @Test("A part that fails ends an upload whose stream gives nothing more")
    func failedPartOfSlowStream() async throws {
        try await FakeS3.serving({ request, _ in
            request.operation == "UploadPart" ? .status(403, code: "AccessDenied") : nil
        }) { fake, bucket in
            let part = sample(5 * mebibyte)
            let source = ByteStream {
                var isFirst = true
                return {
                    if !isFirst { try await Task.sleep(for: .seconds(3600)) }
                    isFirst = false
                    return part
                }
            }
            let error = try await s3Failure { try await bucket.upload("k", .stream(source), options()) }
            #expect(error.code == .accessDenied)
            #expect(fake.uploads == 0)
        }
    }

    @Test("A stream that fails ends the upload, which is aborted, with the stream's own error")
    func failedStream() async throws {
        struct Broken: Error {}
        try await FakeS3.serving { fake, bucket in
            let part = sample(5 * mebibyte)
            let source = ByteStream {
                var left = 2
                return {
                    left -= 1
                    if left < 0 { throw Broken() }
                    return part
                }
            }
            await #expect(throws: Broken.self) { try await bucket.upload("k", .stream(source), options()) }
            #expect(fake.uploads == 0 && fake.count("CreateMultipartUpload") == 1)
        }
    }

    @Test("A stream of another length than announced stores nothing", arguments: [-1, 1])
    func wrongLength(difference: Int) async throws {
        try await FakeS3.serving { fake, bucket in
            for count in [1000, 12 * mebibyte] {
                let body = ObjectBody.stream(stream(sample(count)), length: count + difference)
                let error = try await s3Failure { try await bucket.upload("k", body, options()) }
                #expect(error.code == .invalid)
            }
            #expect(fake.object("k") == nil && fake.uploads == 0)
        }
    }

    @Test("A cancelled upload is aborted before the call returns")
    func cancellation() async throws {
        let release = Signal()
        try await FakeS3.serving({ request, _ in
            request.operation == "UploadPart" ? .waiting(release) : nil
        }) { fake, bucket in
            let upload = Task { try await bucket.upload("k", .bytes(sample(12 * mebibyte)), options()) }
            await fake.partsInFlight.wait(for: 1)
            upload.cancel()
            await #expect(throws: CancellationError.self) { try await upload.value }
            #expect(fake.uploads == 0 && fake.count("AbortMultipartUpload") == 1)
            release.fire()
        }
    }

    @Test("An upload cancelled while it is begun is aborted, too")
    func cancelledBeginning() async throws {
        let release = Signal()
        try await FakeS3.serving({ request, _ in
            if request.operation == "CreateMultipartUpload" { release.waitOnThread() }
            return nil
        }) { fake, bucket in
            let upload = Task { try await bucket.upload("k", .bytes(sample(12 * mebibyte)), options()) }
            await fake.begun.wait(for: 1)
            upload.cancel()
            release.fire()
            await #expect(throws: CancellationError.self) { try await upload.value }
            #expect(fake.uploads == 0)
            #expect(fake.operations == ["CreateMultipartUpload", "AbortMultipartUpload"])
        }
    }

    @Test("A condition that does not hold at the end is told, and nothing is left behind")
    func condition() async throws {
        try await FakeS3.serving { fake, bucket in
            fake.store("k", [1])
            for count in [10, 12 * mebibyte] {
                let error = try await s3Failure {
                    try await bucket.upload("k", .bytes(sample(count)), options { $0.mode = .create })
                }
                #expect(error.code == .preconditionFailed)
            }
            #expect(fake.object("k") == [1] && fake.uploads == 0)
        }
    }

    @Test(
        "An end that may have happened is not aborted, and the error names the upload",
        arguments: [PutMode.overwrite, .create])
    func uncertainEnd(mode: PutMode) async throws {
        try await FakeS3.serving({ request, _ in
            request.operation == "CompleteMultipartUpload" ? .lostRequest : nil
        }) { fake, bucket in
            let error = try await s3Failure {
                try await bucket.upload("k", .bytes(sample(12 * mebibyte)), options { $0.mode = mode })
            }
            #expect(error.mayHaveTakenEffect && error.details.uploadID == "upload 1+")
            #expect(fake.uploads == 1 && fake.count("AbortMultipartUpload") == 0)
        }
    }

    @Test("An upload cancelled while it is ended is not aborted")
    func cancelledEnd() async throws {
        let (arrived, release) = (Signal(), Signal())
        try await FakeS3.serving({ request, _ in
            guard request.operation == "CompleteMultipartUpload" else { return nil }
            arrived.fire()
            return .waiting(release)
        }) { fake, bucket in
            let upload = Task { try await bucket.upload("k", .bytes(sample(12 * mebibyte)), options()) }
            await arrived.wait()
            upload.cancel()
            await #expect(throws: CancellationError.self) { try await upload.value }
            #expect(fake.uploads == 1 && fake.count("AbortMultipartUpload") == 0)
            release.fire()
        }
    }

    @Test("A condition that the server ignores at the end of parts is refused before a part is sent")
    func ignoredCondition() async throws {
        try await FakeS3.serving { fake, bucket in
            bucket.dialect.canCompleteConditionally = false
            let error = try await s3Failure {
                try await bucket.upload("k", .bytes(sample(12 * mebibyte)), options { $0.mode = .create })
            }
            #expect(error.code == .unsupported)
            #expect(fake.requests.isEmpty)
            try await bucket.upload("k", .bytes([1]), options { $0.mode = .create })
        }
    }

    @Test("Progress is told after each part, and ends at the whole")
    func progress() async throws {
        try await FakeS3.serving { _, bucket in
            let log = ProgressLog()
            try await bucket.upload("k", .bytes(sample(12 * mebibyte)), options { $0.progress = log.add })
            #expect(log.told.count == 4)
            #expect(log.told.map(\.bytes) == log.told.map(\.bytes).sorted())
            #expect(log.told.last?.bytes == 12 * mebibyte)
            #expect(log.told.allSatisfy { $0.total == 12 * mebibyte && $0.upload?.id == "upload 1+" })
            let small = ProgressLog()
            try await bucket.upload("k", .bytes([1, 2]), options { $0.progress = small.add })
            #expect(small.told == [S3TransferProgress(bytes: 2, total: 2)])
        }
    }

    // MARK: Resuming

    @Test("An upload that failed is resumed without the parts that are there", arguments: [true, false])
    func resuming(hasChecksums: Bool) async throws {
        try await FakeS3.serving(
            { request, number in
                // Fails as long as the first upload lasts: parts 1 and 2 are there then.
                request.operation == "UploadPart" && request.part == 3 && number <= 3
                    ? .status(403, code: "AccessDenied") : nil
            }, { if !hasChecksums { $0.checksum = nil } }
        ) { fake, bucket in
            let bytes = sample(18 * mebibyte)
            let error = try await s3Failure {
                try await bucket.upload(
                    "k", .bytes(bytes),
                    options {
                        $0.keepsOnFailure = true
                        $0.concurrency = 1
                    })
            }
            let id = try #require(error.details.uploadID)
            #expect(error.code == .accessDenied && fake.uploads == 1)
            let upload = try #require(try await bucket.uploads().collect().first)
            #expect(upload.id == id)
            let result = try await bucket.upload("k", .bytes(bytes), options { $0.resuming = upload })
            #expect(fake.object("k") == bytes)
            #expect(fake.count("UploadPart") == 5 && fake.uploads == 0)
            let etag = try await bucket.head("k").etag
            #expect(etag == result.etag)
        }
    }

    @Test("Parts with other bytes, or of another size, are sent again")
    func resumingOther() async throws {
        try await FakeS3.serving { fake, bucket in
            let bytes = sample(11 * mebibyte)
            let upload = try await bucket.beginUpload("k")
            _ = try await bucket.uploadPart(1, of: upload, .bytes(sample(5 * mebibyte, seed: 2)))
            _ = try await bucket.uploadPart(2, of: upload, .bytes([1]))
            _ = try await bucket.uploadPart(9, of: upload, .bytes([1]))
            try await bucket.upload("k", .bytes(bytes), options { $0.resuming = upload })
            #expect(fake.object("k") == bytes)
            #expect(fake.count("UploadPart") == 6)
        }
    }

    @Test("An upload that holds all, or nothing, can be resumed", arguments: [0, 3])
    func resumingSmall(count: Int) async throws {
        try await FakeS3.serving { fake, bucket in
            let upload = try await bucket.beginUpload("k")
            if count > 0 { _ = try await bucket.uploadPart(1, of: upload, .bytes(sample(count))) }
            try await bucket.upload("k", .stream(stream(sample(count))), options { $0.resuming = upload })
            #expect(fake.object("k") == sample(count))
            #expect(fake.count("UploadPart") == 1)
        }
    }

    @Test("An upload of another key is not resumed")
    func resumingOtherKey() async throws {
        try await FakeS3.serving { fake, bucket in
            let upload = MultipartUpload(key: "other", id: "u")
            let error = try await s3Failure {
                try await bucket.upload("k", .bytes([1]), options { $0.resuming = upload })
            }
            #expect(error.code == .invalid && fake.requests.isEmpty)
        }
    }
}

import Testing

@testable import S3Client

@Suite("Operations on parts")
struct PartOperationTests {
    private let bytes = sample(100)

    /// An upload of two parts, not ended.
    private func begun(_ bucket: S3Bucket, marker: String? = nil) async throws -> (MultipartUpload, [S3Part]) {
        let upload = try await bucket.beginUpload("a/b c", marker: marker)
        let parts = [
            try await bucket.uploadPart(1, of: upload, .bytes(bytes)),
            try await bucket.uploadPart(3, of: upload, .bytes([1])),
        ]
        return (upload, parts)
    }

    @Test("An upload is begun, sent, listed and ended, one request each")
    func roundTrip() async throws {
        try await FakeS3.serving { fake, bucket in
            let attributes = S3Attributes(contentType: "x/y", metadata: ["m": "1"])
            let upload = try await bucket.beginUpload("k", attributes)
            #expect(upload.key == "k" && upload.id == "upload 1+" && upload.begun != nil)
            var sent: [S3Part] = []
            for number in [1, 2, 4, 7] {
                sent.append(try await bucket.uploadPart(number, of: upload, .bytes([UInt8(number)])))
            }
            let parts = try await bucket.parts(of: upload)
            #expect(parts == sent)
            #expect(fake.count("ListParts") == 2)
            let result = try await bucket.completeUpload(upload, parts)
            #expect(fake.object("k") == [1, 2, 4, 7])
            let info = try await bucket.head("k")
            #expect(info.etag == result.etag && info.contentType == "x/y" && info.metadata == ["m": "1"])
            #expect(fake.requests[0].field("x-amz-checksum-algorithm") == "CRC32C")
            #expect(fake.requests[0].field("x-amz-checksum-type") == "FULL_OBJECT")
            #expect(fake.requests[1].field("x-amz-checksum-crc32c") == Checksum(.crc32c, of: [1]).text)
            #expect(fake.uploads == 0)
        }
    }

    @Test("Uploads are listed over pages, by prefix")
    func uploads() async throws {
        try await FakeS3.serving { fake, bucket in
            for number in 0..<7 { _ = try await bucket.beginUpload("p/\(number)") }
            _ = try await bucket.beginUpload("other")
            let keys = try await bucket.uploads(prefix: "p/").collect().map(\.key)
            #expect(keys == (0..<7).map { "p/\($0)" })
            #expect(fake.count("ListMultipartUploads") == 3)
        }
    }

    @Test("An upload that is gone can be aborted, and nothing else be done with it")
    func gone() async throws {
        try await FakeS3.serving { fake, bucket in
            let (upload, parts) = try await begun(bucket)
            try await bucket.abortUpload(upload)
            try await bucket.abortUpload(upload)
            #expect(fake.uploads == 0)
            for call: () async throws -> Void in [
                { _ = try await bucket.uploadPart(1, of: upload, .bytes([1])) },
                { _ = try await bucket.parts(of: upload) },
                { try await bucket.completeUpload(upload, parts) },
            ] {
                let error = try await s3Failure { try await call() }
                #expect(error.code == .notFound && error.details.serverCode == "NoSuchUpload")
                #expect(!error.mayHaveTakenEffect)
            }
        }
    }

    @Test("A server that calls an upload that is gone a key is understood")
    func goneByAnotherName() async throws {
        try await FakeS3.serving({ _, _ in .status(404, code: "NoSuchKey") }) { _, bucket in
            let upload = MultipartUpload(key: "k", id: "u")
            try await bucket.abortUpload(upload)
            for call: () async throws -> Void in [
                { _ = try await bucket.uploadPart(1, of: upload, .bytes([1])) },
                { _ = try await bucket.parts(of: upload) },
            ] {
                let error = try await s3Failure { try await call() }
                #expect(error.code == .notFound && error.isNoSuchUpload)
            }
        }
    }

    @Test("What breaks a rule is refused before it is sent")
    func rules() async throws {
        try await FakeS3.serving { fake, bucket in
            let upload = MultipartUpload(key: "k", id: "u")
            let part = S3Part(number: 1, etag: ETag(rawValue: "e"), size: 1)
            for call: () async throws -> Void in [
                { _ = try await bucket.uploadPart(0, of: upload, .bytes([])) },
                { _ = try await bucket.uploadPart(10_001, of: upload, .bytes([])) },
                { _ = try await bucket.uploadPart(1, of: upload, .stream(stream([1]))) },
                { _ = try await bucket.copyPart(1, of: upload, from: "s", range: 5..<5) },
                { _ = try await bucket.copyPart(1, of: upload, from: "", range: nil) },
                { try await bucket.completeUpload(upload, []) },
                { try await bucket.completeUpload(upload, [part, part]) },
            ] {
                let error = try await s3Failure { try await call() }
                #expect(error.code == .invalid)
            }
            bucket.dialect.canCompleteConditionally = false
            let error = try await s3Failure { try await bucket.completeUpload(upload, [part], mode: .create) }
            #expect(error.code == .unsupported)
            #expect(fake.requests.isEmpty)
        }
    }

    @Test("The key of a customer goes with the beginning, each part and the end")
    func customerKey() async throws {
        try await FakeS3.serving { fake, bucket in
            let key = try CustomerKey([UInt8](repeating: 7, count: 32))
            var options = S3UploadOptions(attributes: S3Attributes(encryption: .customerKey(key)))
            options.partBytes = 5 * mebibyte
            options.threshold = 0
            try await bucket.upload("k", .bytes(sample(5 * mebibyte + 1)), options)
            #expect(fake.requests.count == 4)
            for request in fake.requests {
                #expect(request.field("x-amz-server-side-encryption-customer-key-md5") != nil, "\(request.operation)")
            }
        }
    }

    // MARK: The end

    @Test(
        "An end whose answer was lost is repeated, and found by its ETag when the upload is gone",
        arguments: ["NoSuchUpload", "NoSuchKey"])
    func lostAnswer(code: String) async throws {
        try await FakeS3.serving({ request, number in
            guard request.operation == "CompleteMultipartUpload" else { return nil }
            return number == 1 ? .lostAnswer : .status(404, code: code)
        }) { fake, bucket in
            let (upload, parts) = try await begun(bucket)
            let result = try await bucket.completeUpload(upload, parts)
            #expect(fake.count("CompleteMultipartUpload") == 2)
            #expect(fake.count("HeadObject") == 1)
            let etag = try #require(EntityTag.ofParts(parts.map(\.etag.rawValue)))
            #expect(result.etag == ETag(rawValue: etag))
        }
    }

    @Test("A conditional end whose answer was lost is never repeated, and found by ETag and the absence of the upload")
    func lostConditionalAnswer() async throws {
        try await FakeS3.serving({ request, _ in
            request.operation == "CompleteMultipartUpload" ? .lostAnswer : nil
        }) { fake, bucket in
            let (upload, parts) = try await begun(bucket)
            try await bucket.completeUpload(upload, parts, mode: .create)
            #expect(fake.count("CompleteMultipartUpload") == 1)
            #expect(Array(fake.operations.suffix(2)) == ["HeadObject", "ListParts"])
        }
    }

    @Test("A conditional end that did not arrive is unknown, even where the same bytes are already")
    func lostConditionalRequest() async throws {
        try await FakeS3.serving({ request, number in
            request.operation == "CompleteMultipartUpload" && number == 2 ? .lostRequest : nil
        }) { fake, bucket in
            let (first, firstParts) = try await begun(bucket)
            try await bucket.completeUpload(first, firstParts)
            let (upload, parts) = try await begun(bucket)
            let error = try await s3Failure { try await bucket.completeUpload(upload, parts, mode: .create) }
            #expect(error.code == .outcomeUnknown && error.mayHaveTakenEffect && !error.isRetryable)
            #expect(fake.count("CompleteMultipartUpload") == 2)
        }
    }

    @Test("A marker tells an end that arrived from one that did not", arguments: [true, false])
    func marker(arrives: Bool) async throws {
        try await FakeS3.serving({ request, _ in
            guard request.operation == "CompleteMultipartUpload" else { return nil }
            return arrives ? .lostAnswer : .lostRequest
        }) { fake, bucket in
            let (upload, parts) = try await begun(bucket, marker: "mine")
            if arrives {
                try await bucket.completeUpload(upload, parts, mode: .create, marker: "mine")
            } else {
                fake.store("a/b c", bytes + [1], ["x-amz-meta-cairn-marker": "another's"])
                let error = try await s3Failure {
                    try await bucket.completeUpload(upload, parts, mode: .create, marker: "mine")
                }
                #expect(error.code == .outcomeUnknown)
            }
            #expect(fake.count("ListParts") == 0)
        }
    }

    @Test("An end that finds the upload gone after a lost answer, and another object, is unknown")
    func overwritten() async throws {
        let box = Box<FakeS3>()
        try await FakeS3.serving({ request, number in
            guard request.operation == "CompleteMultipartUpload" else { return nil }
            if number == 2 { box.value?.store("a/b c", [9]) }
            return number == 1 ? .lostAnswer : nil
        }) { fake, bucket in
            box.value = fake
            // The server keeps the script, and the script the box.
            defer { box.value = nil }
            let (upload, parts) = try await begun(bucket)
            let error = try await s3Failure { try await bucket.completeUpload(upload, parts) }
            #expect(error.code == .outcomeUnknown)
        }
    }

    @Test("An error in an answer of status 200 is an error, and tried again")
    func errorBody() async throws {
        try await FakeS3.serving({ request, number in
            request.operation == "CompleteMultipartUpload" && number < 3 ? .errorBody(code: "InternalError") : nil
        }) { fake, bucket in
            let (upload, parts) = try await begun(bucket)
            try await bucket.completeUpload(upload, parts)
            #expect(fake.count("CompleteMultipartUpload") == 3)
            #expect(fake.object("a/b c") == bytes + [1])
        }
    }

    @Test("A condition that does not hold leaves the upload")
    func condition() async throws {
        try await FakeS3.serving { fake, bucket in
            fake.store("a/b c", [0])
            let (upload, parts) = try await begun(bucket)
            for mode in [PutMode.create, .ifMatch(ETag(rawValue: "other"))] {
                let error = try await s3Failure { try await bucket.completeUpload(upload, parts, mode: mode) }
                #expect(error.code == .preconditionFailed)
            }
            let etag = try await bucket.head("a/b c").etag
            try await bucket.completeUpload(upload, parts, mode: .ifMatch(etag))
            #expect(fake.object("a/b c") == bytes + [1])
        }
    }

    // MARK: Copies

    @Test("Attributes that are given to a copy are all it has, tags and none included", arguments: [[:], ["a": "b"]])
    func tags(_ tags: [String: String]) async throws {
        try await FakeS3.serving({ _, _ in .status(501, code: "NotImplemented") }) { fake, bucket in
            let options = S3CopyOptions(attributes: S3Attributes(tags: tags))
            _ = try await s3Failure { try await bucket.copy("a", to: "b", options) }
            #expect(fake.requests.first?.field("x-amz-tagging-directive") == "REPLACE")
            #expect(fake.requests.first?.field("x-amz-tagging") == (tags.isEmpty ? nil : "a=b"))
        }
    }

    @Test("A version of the source is not named to a server that ignores it, by a copy of any size")
    func ignoredSource() async throws {
        try await FakeS3.serving { fake, bucket in
            bucket.dialect.checksCopySource = false
            let options = S3CopyOptions(sourceIfMatch: ETag(rawValue: "e"))
            for copy: () async throws -> Void in [
                { try await bucket.copy("a", to: "b", options) }, { try await bucket.copyLarge("a", to: "b", options) },
            ] {
                let error = try await s3Failure { try await copy() }
                #expect(error.code == .unsupported && error.details.key == "a")
            }
            #expect(fake.requests.isEmpty)
        }
    }

    @Test("A copy in parts takes ranges of one version of the source, and its attributes")
    func copyParts() async throws {
        try await FakeS3.serving { fake, bucket in
            let bytes = sample(11)
            fake.store("source", bytes, ["content-type": "x/y", "x-amz-meta-m": "1"])
            let info = try await bucket.head("source")
            try await bucket.copyParts(info, bucket, "target", S3CopyOptions(), partBytes: 5, concurrency: 2)
            #expect(fake.object("target") == bytes)
            let copies = fake.requests.filter { $0.operation == "UploadPartCopy" }
            #expect(
                Set(copies.compactMap { $0.field("x-amz-copy-source-range") })
                    == ["bytes=0-4", "bytes=5-9", "bytes=10-10"])
            #expect(copies.allSatisfy { $0.field("x-amz-copy-source-if-match") == info.etag.quoted })
            let copy = try await bucket.head("target")
            #expect(copy.contentType == "x/y" && copy.metadata == ["m": "1"])
        }
    }

    @Test("A source that changes while it is copied leaves no target and no upload")
    func changedSource() async throws {
        let box = Box<FakeS3>()
        try await FakeS3.serving({ request, _ in
            if request.operation == "UploadPartCopy", request.part == 3 { box.value?.store("source", [1]) }
            return nil
        }) { fake, bucket in
            box.value = fake
            // The server keeps the script, and the script the box.
            defer { box.value = nil }
            fake.store("source", sample(11))
            let info = try await bucket.head("source")
            let error = try await s3Failure {
                try await bucket.copyParts(info, bucket, "target", S3CopyOptions(), partBytes: 5, concurrency: 1)
            }
            #expect(error.code == .preconditionFailed)
            #expect(fake.object("target") == nil && fake.uploads == 0)
        }
    }
}

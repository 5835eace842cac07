import Foundation
import Testing

@testable import S3Client

@Suite("Files up and down")
struct FileTransferTests {
    private func up(_ change: (inout S3UploadOptions) -> Void = { _ in }) -> S3UploadOptions {
        var options = S3UploadOptions()
        options.threshold = 5 * mebibyte
        options.partBytes = 5 * mebibyte
        change(&options)
        return options
    }

    private func down(_ change: (inout S3DownloadOptions) -> Void = { _ in }) -> S3DownloadOptions {
        var options = S3DownloadOptions()
        options.threshold = 1000
        options.partBytes = 700
        change(&options)
        return options
    }

    // MARK: Up

    @Test("A file is stored, in one PUT or in parts, with the content type of its name", arguments: [10, 12 << 20])
    func upload(count: Int) async throws {
        try await FakeS3.serving { fake, bucket in
            try await withFolder { folder in
                let bytes = sample(count)
                try write("\(folder)/photo.png", bytes)
                try await bucket.upload(fileAt: "\(folder)/photo.png", to: "k", up())
                #expect(fake.object("k") == bytes)
                let info = try await bucket.head("k")
                #expect(info.contentType == "image/png")
            }
        }
    }

    @Test("What is no regular file, or not there, is refused before anything is sent")
    func noFile() async throws {
        try await FakeS3.serving { fake, bucket in
            try await withFolder { folder in
                for path in [folder, "\(folder)/missing", "", "/dev/zero", "a\0b"] {
                    let error = try await s3Failure { try await bucket.upload(fileAt: path, to: "k") }
                    #expect(error.code == .file, "\(path)")
                }
            }
            #expect(fake.requests.isEmpty)
        }
    }

    @Test("A file that changes while it is uploaded is not stored", arguments: [true, false])
    func changed(becomesShorter: Bool) async throws {
        try await withFolder { folder in
            let path = "\(folder)/f"
            try await FakeS3.serving({ request, _ in
                if request.operation == "UploadPart", request.part == 1 {
                    if becomesShorter {
                        truncate(path, off_t(6 * mebibyte))
                    } else {
                        // The same size and another time.
                        try? FileManager.default.setAttributes(
                            [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: path)
                    }
                }
                return nil
            }) { fake, bucket in
                try write(path, sample(30 * mebibyte))
                let error = try await s3Failure {
                    try await bucket.upload(fileAt: path, to: "k", up { $0.concurrency = 1 })
                }
                #expect(error.code == .file && error.message.contains("changed"))
                #expect(fake.object("k") == nil && fake.uploads == 0)
            }
        }
    }

    // MARK: Down

    @Test("An object becomes a file, as one stream or in parts", arguments: [0, 1, 1000, 1001, 1400, 100_000])
    func download(count: Int) async throws {
        try await FakeS3.serving { fake, bucket in
            try await withFolder { folder in
                let bytes = sample(count)
                try await bucket.put("k", .bytes(bytes))
                let log = ProgressLog()
                let info = try await bucket.download(
                    "k", toFileAt: "\(folder)/f",
                    down {
                        $0.progress = log.add
                        $0.isDurable = true
                    })
                #expect(try read("\(folder)/f") == bytes)
                #expect(try names(in: folder) == ["f"])
                #expect(info.size == count && log.told.last?.bytes == count && log.told.last?.total == count)
                #expect(fake.count("GetObject") == (count <= 1000 ? 1 : (count - 1) / 700 + 1))
                let ranged = fake.requests.filter { $0.field("range") != nil }
                #expect(ranged.allSatisfy { $0.field("if-match") == info.etag.quoted })
            }
        }
    }

    @Test("A file that is there is refused before anything is asked, unless it may be replaced")
    func overwrite() async throws {
        try await FakeS3.serving { fake, bucket in
            fake.store("k", [1, 2])
            try await withFolder { folder in
                try write("\(folder)/f", [9])
                let error = try await s3Failure { try await bucket.download("k", toFileAt: "\(folder)/f") }
                #expect(error.code == .file && error.message.contains("\(folder)/f") && fake.requests.isEmpty)
                #expect(try read("\(folder)/f") == [9])
                try await bucket.download("k", toFileAt: "\(folder)/f", S3DownloadOptions(overwrite: true))
                #expect(try read("\(folder)/f") == [1, 2])
                #expect(try names(in: folder) == ["f"])
            }
        }
    }

    @Test("A file that another makes meanwhile is not replaced")
    func race() async throws {
        try await withFolder { folder in
            try await FakeS3.serving({ request, _ in
                try? write("\(folder)/f", [9])
                return nil
            }) { fake, bucket in
                fake.store("k", [1, 2])
                let error = try await s3Failure { try await bucket.download("k", toFileAt: "\(folder)/f") }
                #expect(error.code == .file)
                #expect(try read("\(folder)/f") == [9])
                #expect(try names(in: folder) == ["f"])
            }
        }
    }

    @Test("Folders are made when asked for, and a missing one is refused before anything is asked")
    func folders() async throws {
        try await FakeS3.serving { fake, bucket in
            fake.store("k", [1])
            try await withFolder { folder in
                let path = "\(folder)/a/b/c/f"
                let error = try await s3Failure { try await bucket.download("k", toFileAt: path) }
                #expect(error.code == .file && fake.requests.isEmpty)
                try await bucket.download("k", toFileAt: path, S3DownloadOptions(makesFolders: true))
                #expect(try read(path) == [1])
                for wrong in [folder, "\(folder)/", "\(folder)/a", "\(folder)/..", "", "a\0b"] {
                    let error = try await s3Failure {
                        try await bucket.download("k", toFileAt: wrong, S3DownloadOptions(overwrite: true))
                    }
                    #expect(error.code == .file, "\(wrong)")
                }
                let missing = try await s3Failure {
                    try await bucket.download("none", toFileAt: "\(folder)/x/y", S3DownloadOptions(makesFolders: true))
                }
                #expect(missing.code == .noSuchKey)
                #expect(try names(in: folder) == ["a"])
            }
        }
    }

    @Test("A name as long as names may be is a file's, too")
    func longName() async throws {
        try await FakeS3.serving { fake, bucket in
            fake.store("k", [1])
            try await withFolder { folder in
                let name = String(repeating: "é", count: 127)
                try await bucket.download("k", toFileAt: "\(folder)/\(name)")
                #expect(try read("\(folder)/\(name)") == [1])
            }
        }
    }

    @Test("A connection that breaks costs a request for the rest")
    func truncated() async throws {
        for count in [900, 3000] {
            try await FakeS3.serving({ request, number in
                request.operation == "GetObject" && number == 1 ? .truncated(100) : nil
            }) { fake, bucket in
                fake.store("k", sample(count))
                try await withFolder { folder in
                    try await bucket.download("k", toFileAt: "\(folder)/f", down())
                    #expect(try read("\(folder)/f") == sample(count))
                }
            }
        }
    }

    @Test("Bytes that are not those of the checksum become no file", arguments: [900, 3000])
    func wrongChecksum(count: Int) async throws {
        try await FakeS3.serving({ request, _ in request.operation == "GetObject" ? .changed : nil }) { _, bucket in
            try await bucket.put("k", .bytes(sample(count)))
            try await withFolder { folder in
                let error = try await s3Failure {
                    try await bucket.download("k", toFileAt: "\(folder)/f", down())
                }
                #expect(error.code == .checksumMismatch)
                #expect(try names(in: folder) == [])
                try await bucket.download("k", toFileAt: "\(folder)/f", down { $0.isVerified = false })
            }
        }
    }

    @Test("What was uploaded in parts is verified in parts")
    func wholeChecksum() async throws {
        try await FakeS3.serving({ request, number in
            request.operation == "GetObject" && number == 2 ? .changed : nil
        }) { _, bucket in
            try await bucket.upload("k", .bytes(sample(6 * mebibyte)), up())
            try await withFolder { folder in
                let options = down { $0.partBytes = mebibyte }
                let error = try await s3Failure { try await bucket.download("k", toFileAt: "\(folder)/f", options) }
                #expect(error.code == .checksumMismatch)
                try await bucket.download("k", toFileAt: "\(folder)/f", options)
                #expect(try names(in: folder) == ["f"])
            }
        }
    }

    @Test("An object that is written over meanwhile becomes no file")
    func writtenOver() async throws {
        let box = Box<FakeS3>()
        try await FakeS3.serving({ request, number in
            if request.operation == "GetObject", number == 3 { box.value?.store("k", sample(3000, seed: 2)) }
            return nil
        }) { fake, bucket in
            box.value = fake
            // The server keeps the script, and the script the box.
            defer { box.value = nil }
            fake.store("k", sample(3000))
            try await withFolder { folder in
                let error = try await s3Failure {
                    try await bucket.download("k", toFileAt: "\(folder)/f", down { $0.concurrency = 1 })
                }
                #expect(error.code == .preconditionFailed)
                #expect(try names(in: folder) == [])
            }
        }
    }

    @Test("A cancelled download leaves no file", arguments: [900, 3000])
    func cancellation(count: Int) async throws {
        let release = Signal()
        let last = count == 900 ? 1 : 5
        try await FakeS3.serving({ request, number in
            guard request.operation == "GetObject", number == last else { return nil }
            return .waiting(release)
        }) { fake, bucket in
            fake.store("k", sample(count))
            try await withFolder { folder in
                let download = Task { try await bucket.download("k", toFileAt: "\(folder)/f", down()) }
                await fake.begun.wait(for: last)
                download.cancel()
                await #expect(throws: CancellationError.self) { try await download.value }
                let left = try names(in: folder)
                #expect(left == [])
                release.fire()
            }
        }
    }

    @Test("A disk without room is told with the name of the file, and nothing is left on it")
    func full() async throws {
        // The limit is one of a process: another one than that of the tests.
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(1) }
            try await FakeS3.serving { fake, bucket in
                fake.store("k", sample(300_000))
                try await withFolder { folder in
                    for threshold in [0, 1_000_000] {
                        var options = S3DownloadOptions()
                        options.threshold = threshold
                        options.partBytes = 70_000
                        let error = try await s3Failure {
                            try await bucket.download("k", toFileAt: "\(folder)/f", options)
                        }
                        guard error.code == .file, error.message.contains("\(folder)/f"),
                            error.remedy?.contains("room") == true
                        else { exit(2) }
                        guard try names(in: folder) == [] else { exit(3) }
                    }
                }
            }
            exit(0)
        }
    }
}

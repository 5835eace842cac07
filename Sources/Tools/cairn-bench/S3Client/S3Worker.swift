import Foundation
import S3Client

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `cairn-bench s3-worker`: one run of one kind of work with Cairn's client, in a process of its own as those it is compared with.
///
/// Every answer is checked, and the bytes of every object that is read. Connections are open before the clock starts.
struct S3Worker {
    private var endpoint = ""
    private var bucketName = ""
    private var folder = NSTemporaryDirectory()
    private var job = S3Job(store: .s3, operation: .put, count: 10_000, concurrency: 16, size: 1024)

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let option = rest.popFirst() {
            if option == "--file" {
                job.isFile = true
                continue
            }
            guard let value = rest.popFirst() else { throw UsageError(message: "\(option) needs a value") }
            switch option {
            case "--endpoint": endpoint = value
            case "--bucket": bucketName = value
            case "--folder": folder = value
            case "--store": job.store = S3Job.Store(rawValue: value) ?? .s3
            case "--operation": job.operation = S3Job.Operation(rawValue: value) ?? .put
            case "--concurrency": job.concurrency = Int(value) ?? 16
            case "--count": job.count = Int(value) ?? 10_000
            case "--size": job.size = Int(value) ?? 1024
            case "--part-size": break
            default: throw UsageError(message: "'\(option)' is not known")
            }
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let credentials = Credentials(
            accessKey: environment["AWS_ACCESS_KEY_ID"] ?? "", secretKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "")
        let client = try S3Client(
            S3ClientOptions(
                endpoint: try S3Endpoint(endpoint), region: "us-east-1", credentials: .explicit(credentials)))
        let bucket = try client.bucket(bucketName)
        let cost = try await job.isFile ? file(bucket) : small(bucket)
        let outcome = S3Outcome(wall: cost.wall, cpu: cost.cpu, peakMemory: S3Worker.peakMemory())
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
        await client.close()
    }

    private static func peakMemory() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    // MARK: Small objects

    private func small(_ bucket: S3Bucket) async throws -> Cost {
        try await each(0..<min(job.concurrency, job.count)) { try await one(bucket, $0) }
        return try await Cost.measured { try await each(0..<job.count) { try await one(bucket, $0) } }
    }

    private func one(_ bucket: S3Bucket, _ index: Int) async throws {
        let number = String(index)
        let key = "small/" + String(repeating: "0", count: max(0, 6 - number.utf8.count)) + number
        let bytes = body(index)
        switch job.operation {
        case .put: _ = try await bucket.put(key, .bytes(bytes))
        case .get:
            guard try await bucket.bytes(key) == bytes else {
                throw ResultMismatch(description: "\(key) has other bytes than were written")
            }
        }
    }

    /// The same bytes that every client writes: the number in 15 digits and a space, over and over.
    private func body(_ index: Int) -> [UInt8] {
        var line = [UInt8](repeating: 0x30, count: 16)
        line[15] = 0x20
        var (place, rest) = (14, index)
        while rest > 0 {
            line[place] = 0x30 + UInt8(rest % 10)
            (place, rest) = (place - 1, rest / 10)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(job.size + 16)
        while bytes.count < job.size { bytes += line }
        bytes.removeLast(bytes.count - job.size)
        return bytes
    }

    /// Does work for each number, so many at the same time.
    private func each(_ numbers: Range<Int>, _ work: @Sendable @escaping (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<min(job.concurrency, numbers.count) {
                group.addTask { [step = job.concurrency] in
                    for number in stride(from: numbers.lowerBound + lane, to: numbers.upperBound, by: step) {
                        try await work(number)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // MARK: A file

    private func file(_ bucket: S3Bucket) async throws -> Cost {
        let path = "\(folder)/s3-worker-\(UUID().uuidString)"
        defer { unlink(path) }
        switch job.operation {
        case .put:
            try makeFile(path)
            return try await Cost.measured {
                if job.store == .s3 {
                    var options = S3UploadOptions()
                    options.concurrency = job.concurrency
                    options.partBytes = S3Job.partSize
                    _ = try await bucket.upload(fileAt: path, to: "large/file", options)
                } else {
                    try await putParts(path, bucket)
                }
            }
        case .get:
            let cost = try await Cost.measured {
                if job.store == .s3 {
                    var options = S3DownloadOptions()
                    options.concurrency = job.concurrency
                    options.partBytes = S3Job.partSize
                    _ = try await bucket.download("large/file", toFileAt: path, options)
                } else {
                    try await getParts(path, bucket)
                }
            }
            try checkFile(path)
            return cost
        }
    }

    private func part(_ number: Int) -> (key: String, offset: Int, size: Int) {
        let text = String(number + 1)
        let key = "large/part-" + String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
        let offset = number * S3Job.partSize
        return (key, offset, min(S3Job.partSize, job.size - offset))
    }

    private var partCount: Int { (job.size + S3Job.partSize - 1) / S3Job.partSize }

    private func putParts(_ path: String, _ bucket: S3Bucket) async throws {
        let file = try WorkFile(path)
        try await each(0..<partCount) { number in
            let part = part(number)
            _ = try await bucket.put(part.key, .bytes(try file.read(part.offset, part.size)))
        }
    }

    private func getParts(_ path: String, _ bucket: S3Bucket) async throws {
        let file = try WorkFile(path)
        try await each(0..<partCount) { number in
            let part = part(number)
            var place = part.offset
            for try await chunk in try await bucket.get(part.key).body {
                try file.write(chunk, place)
                place += chunk.count
            }
            guard place == part.offset + part.size else {
                throw ResultMismatch(description: "\(part.key) has another size")
            }
        }
    }

    private func makeFile(_ path: String) throws {
        let file = try WorkFile(path)
        for place in stride(from: 0, to: job.size, by: S3Worker.blockSize) { try file.write(block(place), place) }
    }

    private func checkFile(_ path: String) throws {
        let file = try WorkFile(path)
        for place in stride(from: 0, to: job.size, by: S3Worker.blockSize) {
            let wanted = block(place)
            guard try file.read(place, wanted.count) == wanted else {
                throw ResultMismatch(description: "the file differs at \(place)")
            }
        }
    }

    private static let blockSize = 1 << 20

    /// The bytes of the file at a place, as every client writes them: the same block, with its place at its beginning.
    private func block(_ place: Int) -> [UInt8] {
        var block = (0..<S3Worker.blockSize).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for index in 0..<8 { block[index] = UInt8(truncatingIfNeeded: place >> (56 - 8 * index)) }
        block.removeLast(max(0, block.count - (job.size - place)))
        return block
    }
}

/// A file that is read and written at places.
private final class WorkFile: Sendable {
    private let file: Int32

    init(_ path: String) throws {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ResultMismatch(description: "\(path) cannot be opened") }
    }

    deinit { close(file) }

    func read(_ offset: Int, _ count: Int) throws -> [UInt8] {
        // `pread` fills at most `count` bytes of a buffer that has so many.
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let step = pread(file, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
                if step <= 0 { return }
                done += step
            }
        }
        guard bytes.count == count else { throw ResultMismatch(description: "the file is too short") }
        return bytes
    }

    func write(_ bytes: [UInt8], _ offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let step = bytes.withUnsafeBytes {
                pwrite(file, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
            }
            guard step > 0 else { throw ResultMismatch(description: "the file cannot be written") }
            done += step
        }
    }
}

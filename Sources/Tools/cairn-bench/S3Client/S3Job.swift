/// One kind of work of one S3 client, as the command lines of the workers say it: `S3Worker` here, `baseline.py` for the others.
struct S3Job {
    /// The client's side of the wire.
    enum Operation: String, CaseIterable { case put, get }

    /// Where the objects go. `dav` is a web server: no buckets, no listings, no uploads in parts.
    enum Store: String, CaseIterable { case dav, s3 }

    var store: Store
    var operation: Operation
    /// One file in parts instead of many small objects.
    var isFile = false
    /// Objects; one of a file.
    var count: Int
    /// Requests, or parts, at the same time.
    var concurrency: Int
    /// Bytes of each object, or of the file.
    var size: Int

    static let partSize = 16 << 20

    /// What stands on the command line of a worker.
    var arguments: [String] {
        var arguments = [
            "--store", store.rawValue, "--operation", operation.rawValue, "--concurrency", "\(concurrency)",
            "--size", "\(size)", "--part-size", "\(S3Job.partSize)",
        ]
        arguments += isFile ? ["--file"] : ["--count", "\(count)"]
        return arguments
    }
}

/// What a worker printed: a line of JSON.
struct S3Outcome: Codable {
    /// Seconds by the clock.
    var wall: Double
    /// Seconds of the processor, user and system.
    var cpu: Double
    /// The most bytes of memory that the process had.
    var peakMemory: Int

    private enum CodingKeys: String, CodingKey {
        case wall, cpu
        case peakMemory = "max_rss"
    }

    var cost: Cost { Cost(wall: wall, cpu: cpu) }
}

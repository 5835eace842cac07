import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// A bucket as a listing tells it.
public struct S3BucketSummary: Sendable, Hashable {
    /// The name.
    public var name: String
    /// When it was made.
    public var created: Date
    /// nil where the server tells none.
    public var region: String?
}

/// Whether a bucket keeps the versions of its objects.
public enum BucketVersioning: String, Sendable, Hashable, CaseIterable {
    /// It never did.
    case off
    /// It does.
    case enabled
    /// It did, and keeps those it has.
    case suspended
}

extension S3Client {
    /// Makes a bucket. One request.
    /// - Parameter region: nil for the client's.
    /// - Throws: `s3.conflict` when it exists, here or, on servers whose names are shared, with somebody else. Some servers, and AWS
    ///   in us-east-1, take making one's own bucket again as done.
    @discardableResult
    public func createBucket(_ name: String, region: String? = nil) async throws -> S3Bucket {
        try BucketRules.checkNew(name)
        let region = region ?? self.region
        try RegionRules.check(region)
        if region != self.region { remember(region, of: name) }
        var call = S3Call("CreateBucket", "PUT", bucket: name)
        if let body = try RequestDocument.createBucket(region: region) {
            call.body = .bytes(body)
            try call.add("content-type", "application/xml")
        }
        _ = try await send(call)
        return try bucket(name)
    }

    /// Removes a bucket that has nothing in it. One request.
    /// - Throws: `s3.conflict` when there is something: objects, versions or uploads that were not ended.
    public func deleteBucket(_ name: String) async throws {
        try BucketRules.check(name)
        _ = try await send(S3Call("DeleteBucket", "DELETE", bucket: name))
        forget(name)
    }

    /// The buckets of the account, by name. One request for each 10,000.
    public func buckets() async throws -> [S3BucketSummary] {
        let pages = S3Sequence {
            PageReader { (continuation: String?) in
                let query = continuation.map { [(name: "continuation-token", value: $0)] } ?? []
                return try await self.send(S3Call("ListBuckets", "GET", query: query)) { answer throws(AnswerError) in
                    let page = try BucketPage(answer.body)
                    if let next = page.continuation, next == continuation {
                        throw .malformed(XMLError("the list of buckets goes on where it was", at: 0))
                    }
                    let buckets = page.buckets.map {
                        S3BucketSummary(name: $0.name, created: Date($0.created), region: $0.region)
                    }
                    return (buckets, page.continuation)
                }
            }
        }
        return try await pages.collect()
    }

    /// Whether there is a bucket of this name that these credentials may look at. One HEAD. False only when the server is sure.
    public func bucketExists(_ name: String) async throws -> Bool {
        do {
            _ = try await bucket(name).head()
            return true
        } catch let error as S3Error where error.code == .noSuchBucket {
            return false
        }
    }
}

extension S3Bucket {
    /// Asks whether the bucket is there and may be looked at. One HEAD.
    /// - Returns: The region it is in, if the server tells.
    /// - Throws: `s3.no_such_bucket`, `s3.access_denied`.
    @discardableResult
    public func head() async throws -> String? {
        try await client.send(call("HeadBucket", "HEAD")).headers["x-amz-bucket-region"]
    }

    /// The region the bucket is in. One request.
    public func region() async throws -> String {
        try await client.send(call("GetBucketLocation", "GET", query: [(name: "location", value: "")])) {
            answer throws(AnswerError) in try BucketLocation.region(answer.body)
        }
    }

    /// Whether the bucket keeps versions. One request.
    public func versioning() async throws -> BucketVersioning {
        try await client.send(call("GetBucketVersioning", "GET", query: [(name: "versioning", value: "")])) {
            answer throws(AnswerError) in
            switch try Versioning(answer.body) {
            case .off: .off
            case .enabled: .enabled
            case .suspended: .suspended
            }
        }
    }

    /// Makes the bucket keep versions, or stop to; those it has are kept. One request.
    public func setVersioning(isEnabled: Bool) async throws {
        var call = call("PutBucketVersioning", "PUT", query: [(name: "versioning", value: "")])
        let body = try RequestDocument.versioning(isEnabled: isEnabled)
        call.body = .bytes(body)
        try call.add("content-type", "application/xml")
        if let digest = EntityTag.contentMD5(body) { try call.add("content-md5", digest) }
        _ = try await client.send(call)
    }
}

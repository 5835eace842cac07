/// The body of an object on its way in: checked, and read on from where it broke.
///
/// A connection that breaks costs no more than a request for the rest of the same version. What came is compared with the length,
/// and at the end with the checksum, that the first answer announced.
struct ReceivedBody: Sendable {
    let answer: S3StreamedAnswer
    /// Which bytes of the object are coming.
    let range: Range<Int>
    let verifiesETag: Bool
    let isVerified: Bool
    let client: S3Client
    /// The request that brought the answer.
    let call: S3Call
    /// The version that came; nil when the server told none, so that the rest could be that of another.
    let etag: ETag?

    var stream: ByteStream {
        ByteStream {
            let reader = BodyReader(self)
            return { try await reader.next() }
        }
    }
}

/// Reads a body once.
private final class BodyReader {
    private let body: ReceivedBody
    private var iterator: HTTPResponseBody.Iterator
    private var verifier: BodyVerifier?
    private var received = 0
    /// Answers that broke since the last byte came.
    private var failures = 0
    /// How long the reader has waited for the server; not the other way round.
    private var waited = Duration.zero
    private var isOver = false

    init(_ body: ReceivedBody) {
        self.body = body
        iterator = body.answer.body.makeAsyncIterator()
        verifier = body.isVerified ? BodyVerifier(body.answer.headers, trustsETag: body.verifiesETag) : nil
    }

    func next() async throws -> [UInt8]? {
        while !isOver {
            let begun = ContinuousClock.now
            let step: Result<[UInt8]?, TransportError>
            do throws(TransportError) {
                step = .success(try await iterator.next())
            } catch {
                step = .failure(error)
            }
            waited += .now - begun
            switch step {
            case .success(let chunk?):
                received += chunk.count
                failures = 0
                guard received <= body.range.count else { throw lengthError }
                try checkRate()
                chunk.withUnsafeBytes { verifier?.update($0) }
                return chunk
            // What broke behind the last byte took nothing away.
            case .failure where received == body.range.count, .success(nil):
                isOver = true
                guard received == body.range.count else { throw lengthError }
                try verifier.take()?.finish(body.answer.subject)
            case .failure(let error): try await resume(after: error)
            }
        }
        return nil
    }

    private var lengthError: S3Error {
        .truncated(received: received, of: body.range.count, body.answer.subject)
    }

    /// A server that sends a byte a second never stands still, and never ends.
    private func checkRate() throws {
        let options = body.client.options
        let allowed = options.attemptTimeout + .seconds(Double(received) / Double(options.minimumRate))
        if waited > allowed { throw S3Error.timeout(body.answer.subject) }
    }

    /// Asks for what has not come yet.
    private func resume(after error: TransportError) async throws {
        if error.kind == .cancelled { throw CancellationError() }
        let policy = body.client.options.retries
        failures += 1
        guard let etag = body.etag, failures < policy.maximumAttempts,
            [.truncated, .noAnswer, .timeout].contains(error.kind), body.client.quota.take(policy.retryCost)
        else { throw error.s3Error(body.answer.subject) }
        if failures > 1 { try await Task.sleep(for: policy.firstDelay * Double.random(in: 0...1)) }
        var call = body.call
        call.headers.removeAll { ["range", "if-match", "if-none-match"].contains($0.name) }
        let rest = ByteRange.closed(body.range.lowerBound + received...body.range.upperBound - 1)
        try call.add("range", rest.description)
        try call.add("if-match", etag.quoted)
        let answer = try await body.client.stream(call)
        // A server that reads no conditions sends the rest of whatever is there now.
        guard answer.headers["etag"].map(ETag.init(rawValue:)) == etag else {
            throw S3Error(
                .preconditionFailed, "\(answer.subject.name) was written over while it was read",
                remedy: "read what is there now", details: answer.subject.details)
        }
        let start = answer.headers["content-range"].flatMap(ContentRange.init)?.range.lowerBound
        guard start == body.range.lowerBound + received else { throw error.s3Error(body.answer.subject) }
        iterator = answer.body.makeAsyncIterator()
    }
}

/// Which bytes of how many an answer has: `bytes 0-9/100` (RFC 9110 section 14.4).
struct ContentRange: Sendable, Hashable {
    let range: Range<Int>
    /// Bytes of the whole object; nil when the server does not tell.
    let size: Int?

    /// nil for what is no such field.
    init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, bounds.count == 2, let first = Int(bounds[0]), let last = Int(bounds[1]), first >= 0,
            first <= last, last < Int.max
        else { return nil }
        range = first..<last + 1
        size = Int(parts[1])
        if let size, size <= last { return nil }
    }
}

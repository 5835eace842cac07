import Testing

@testable import S3Client

@Suite("Errors")
struct S3ErrorTests {
    private let object = RequestSubject(method: "GET", bucket: "b", key: "k", region: "us-east-1")

    private func body(_ code: String, _ more: String = "") -> [UInt8] {
        Array("<Error><Code>\(code)</Code><Message>Said the server.</Message>\(more)</Error>".utf8)
    }

    private func error(
        _ status: Int, _ headers: [HeaderField] = [], body: [UInt8] = [], to request: RequestSubject? = nil
    ) -> S3Error {
        S3Error(status: status, headers: headers, body: body, to: request ?? object)
    }

    @Test(
        "The server's code decides",
        arguments: [
            (404, "NoSuchKey", S3Error.Code.noSuchKey, false), (404, "NoSuchBucket", .noSuchBucket, false),
            (404, "NoSuchUpload", .notFound, false), (404, "NoSuchVersion", .notFound, false),
            (404, "NoSuchTagSet", .notFound, false), (403, "AccessDenied", .accessDenied, false),
            (403, "SignatureDoesNotMatch", .accessDenied, false), (403, "InvalidAccessKeyId", .accessDenied, false),
            (400, "ExpiredToken", .expiredToken, true), (403, "RequestTimeTooSkewed", .clockSkew, true),
            (503, "SlowDown", .slowDown, true), (429, "TooManyRequests", .throttled, true),
            (400, "RequestLimitExceeded", .throttled, true), (500, "InternalError", .server, true),
            (503, "ServiceUnavailable", .server, true), (500, "UnknownError", .server, true),
            (400, "RequestTimeout", .timeout, true), (412, "PreconditionFailed", .preconditionFailed, false),
            (409, "ConditionalRequestConflict", .conflict, true), (409, "OperationAborted", .conflict, true),
            (409, "BucketNotEmpty", .conflict, false), (409, "BucketAlreadyExists", .conflict, false),
            (416, "InvalidRange", .range, false), (400, "BadDigest", .checksumMismatch, true),
            (400, "XAmzContentSHA256Mismatch", .checksumMismatch, true), (400, "IncompleteBody", .truncated, true),
            (501, "NotImplemented", .unsupported, false), (400, "InvalidArgument", .invalid, false),
            (400, "SomethingNew", .invalid, false), (403, "SomethingNew", .accessDenied, false),
            (500, "SomethingNew", .server, true), (409, "SomethingNew", .conflict, true),
            (200, "InternalError", .server, true), (200, "SlowDown", .slowDown, true),
        ])
    func serverCodes(_ status: Int, _ serverCode: String, _ code: S3Error.Code, _ isRetryable: Bool) {
        let error = error(status, [HeaderField("x-amz-request-id", "R1")], body: body(serverCode))
        #expect(error.code == code)
        #expect(error.isRetryable == isRetryable)
        #expect(error.details.serverCode == serverCode)
        #expect(error.details.status == status)
        #expect(error.details.requestID == "R1")
        #expect(error.details.bucket == "b")
        #expect(error.details.key == "k")
        #expect(error.message.hasSuffix("Said the server."))
    }

    @Test("Only what a store says is an absence; any other 404 is not")
    func absence() {
        let head = RequestSubject(method: "HEAD", bucket: "b", key: "k")
        let headBucket = RequestSubject(method: "HEAD", bucket: "b")
        let store = [HeaderField("x-amz-request-id", "R")]
        #expect(error(404, store, to: head).code == .noSuchKey)
        #expect(error(404, store, to: headBucket).code == .noSuchBucket)
        #expect(error(404, to: head).code == .notFound)
        #expect(error(404, to: headBucket).code == .notFound)
        #expect(error(404, [HeaderField("x-minio-error-code", "NoSuchBucket")], to: head).code == .noSuchBucket)
        #expect(error(404, [HeaderField("x-amz-delete-marker", "true")], to: head).code == .noSuchKey)
        // A GET has a body to tell; without one nobody knows what is not there.
        #expect(error(404, store).code == .notFound)
        #expect(error(404, store, body: Array("<html>Not Found</html>".utf8)).code == .notFound)
    }

    @Test(
        "An error that was damaged on its way says nothing, and is asked for again, where its status could mean several",
        arguments: [
            (400, S3Error.Code.malformedAnswer), (403, .malformedAnswer), (404, .malformedAnswer), (409, .conflict),
            (412, .preconditionFailed), (503, .server),
        ])
    func damaged(_ status: Int, _ code: S3Error.Code) {
        let whole = Array("<?xml version=\"1.0\"?>".utf8) + body("NoSuchKey")
        for damaged in [whole + whole.suffix(16), Array(whole.dropLast(9))] {
            let error = error(status, body: damaged)
            #expect(error.code == code)
            #expect(error.isRetryable == (status != 412))
        }
    }

    @Test(
        "Answers without a body are told apart by their status",
        arguments: [
            (304, S3Error.Code.notModified), (400, .invalid), (401, .accessDenied), (403, .accessDenied),
            (405, .unsupported), (408, .timeout), (409, .conflict), (412, .preconditionFailed), (416, .range),
            (429, .throttled), (500, .server), (501, .unsupported), (502, .server), (503, .server), (504, .server),
            (302, .malformedAnswer), (100, .malformedAnswer), (600, .malformedAnswer), (418, .invalid),
        ])
    func statuses(_ status: Int, _ code: S3Error.Code) {
        let error = error(status, to: RequestSubject(method: "HEAD", bucket: "b", key: "k"))
        #expect(error.code == code)
        #expect(error.details.serverCode == nil)
    }

    @Test("The right region comes out of whatever names it")
    func regions() {
        let header = [HeaderField("x-amz-bucket-region", "eu-west-1")]
        let head = RequestSubject(method: "HEAD", bucket: "b", key: "k", region: "us-east-1")
        for error in [
            error(301, header, body: body("PermanentRedirect")), error(301, header, to: head),
            error(400, header, to: head), error(307, header, body: body("TemporaryRedirect")),
            error(400, body: body("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")),
            error(307, body: body("TemporaryRedirect", "<Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint>")),
            error(301, body: body("PermanentRedirect", "<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>")),
        ] {
            #expect(error.code == .wrongRegion)
            #expect(error.details.region == "eu-west-1")
            #expect(error.message.contains("bucket 'b' is not in region 'us-east-1' but in 'eu-west-1'"))
        }
        // The header also comes with answers that have nothing to do with regions.
        let same = [HeaderField("x-amz-bucket-region", "us-east-1")]
        #expect(error(400, same, to: head).code == .invalid)
        #expect(error(403, header, body: body("AccessDenied")).code == .accessDenied)
        #expect(error(400, body: body("AuthorizationHeaderMalformed")).code == .invalid)
        #expect(error(301, body: body("PermanentRedirect")).code == .wrongRegion)
    }

    @Test("A 403 without a body is the clock's fault when the dates are 15 minutes apart")
    func skew() {
        var head = RequestSubject(method: "HEAD", bucket: "b", key: "k")
        head.signedAt = SigningDate("20261120T120000Z")
        let date = { HeaderField("Date", $0) }
        #expect(error(403, [date("Fri, 20 Nov 2026 12:15:00 GMT")], to: head).code == .clockSkew)
        #expect(error(403, [date("Fri, 20 Nov 2026 11:45:00 GMT")], to: head).code == .clockSkew)
        #expect(error(403, [date("Fri, 20 Nov 2026 12:14:59 GMT")], to: head).code == .accessDenied)
        let cached = [date("Fri, 20 Nov 2026 11:00:00 GMT"), HeaderField("Age", "3600")]
        #expect(error(403, cached, to: head).code == .accessDenied)
    }

    @Test("How long to wait is read from either header")
    func retryAfter() {
        let date = HeaderField("Date", "Fri, 20 Nov 2026 12:00:00 GMT")
        let cases: [([HeaderField], Duration?)] = [
            ([], nil), ([HeaderField("Retry-After", "7")], .seconds(7)),
            ([HeaderField("Retry-After", "Fri, 20 Nov 2026 12:00:09 GMT"), date], .seconds(9)),
            ([HeaderField("Retry-After", "Fri, 20 Nov 2026 11:00:09 GMT"), date], .zero),
            ([HeaderField("Retry-After", "Fri, 20 Nov 2026 12:00:09 GMT")], nil),
            ([HeaderField("Retry-After", "soon")], nil), ([HeaderField("Retry-After", "-1")], nil),
            ([HeaderField("Retry-After", "99999999999")], nil),
            ([HeaderField("x-amz-retry-after", "1500"), HeaderField("Retry-After", "7")], .milliseconds(1500)),
        ]
        for (headers, wanted) in cases {
            #expect(error(503, headers).details.retryAfter == wanted, "\(headers)")
        }
    }

    @Test("A body that cannot be read is an error that says where, and may have been cut on its way")
    func malformed() {
        let error = S3Error(
            .malformed(XMLError("expected </Key>", at: 12)), status: 200,
            headers: [HeaderField("x-amz-request-id", "R")],
            to: object)
        #expect(error.code == .malformedAnswer)
        #expect(error.isRetryable)
        #expect(error.message.contains("expected </Key> (at byte 12)"))
        #expect(error.details.requestID == "R")
    }

    @Test("A description has the code, the names, what the server said, and what to do")
    func description() {
        #expect(
            error(404, [HeaderField("x-amz-request-id", "R1")], body: body("NoSuchKey")).description == """
                s3.no_such_key: there is no object 'k' in bucket 'b': Said the server. \
                (HTTP 404 NoSuchKey, request R1); check the key, byte for byte
                """)
    }

    @Test("What a server quotes of the request gets into no error")
    func quoted() {
        let error = error(403, body: Array(SampleDocument.accessDenied.utf8))
        var dumped = ""
        dump(error, to: &dumped)
        for text in [error.description, String(reflecting: error), dumped] {
            #expect(text.contains("4442587FB7D0A2F9"))
            #expect(!text.contains("SECRET-TOKEN"))
            #expect(!text.contains("deadbeef"))
        }
    }

    @Test("A message is one short line, whatever the server sends")
    func longMessage() {
        let long = "a\nb\u{85}" + String(repeating: "x", count: 10_000)
        let error = error(
            400, body: Array("<Error><Code>InvalidArgument</Code><Message>\(long)</Message></Error>".utf8))
        #expect(error.message.count < 400)
        #expect(error.message.hasSuffix("…"))
        #expect(!error.message.contains { $0.isNewline })
    }

    @Test("A key with a line end in it does not end the line of a message")
    func keyWithLineEnd() {
        let subject = RequestSubject(method: "GET", bucket: "b", key: "a\nb")
        #expect(S3Error.timeout(subject).message == "GET of \"a\\nb\" in bucket 'b' took longer than allowed")
    }

    @Test("A write of unknown outcome is not to be tried again")
    func outcomeUnknown() {
        let lost = S3Error.network("the connection was reset", object)
        #expect(lost.isRetryable)
        let unknown = S3Error.outcomeUnknown(lost)
        #expect(unknown.code == .outcomeUnknown)
        #expect(!unknown.isRetryable)
        #expect(unknown.details.key == "k")
        #expect(unknown.message.contains("the connection was reset"))
    }
}

/// Errors that no answer tells of.
extension S3Error {
    /// A connection that could not be made, or broke.
    /// - Parameter reason: What the transport says. It must not hold a URL with a query, which may be signed.
    static func network(_ reason: String, _ request: RequestSubject) -> S3Error {
        S3Error(
            .network, "\(request.method) of \(request.place) failed on the network: \(reason)",
            remedy: "check the endpoint and the network", isRetryable: true, details: request.details)
    }

    /// No answer in the time allowed for one attempt.
    static func timeout(_ request: RequestSubject) -> S3Error {
        S3Error(
            .timeout, "\(request.method) of \(request.place) took longer than allowed",
            remedy: "allow more time, or check the endpoint and the network", isRetryable: true,
            details: request.details)
    }

    /// A task that was cancelled. A write may have happened.
    static func cancelled(_ request: RequestSubject) -> S3Error {
        S3Error(.cancelled, "\(request.method) of \(request.name) was cancelled", details: request.details)
    }

    /// A body that ended too soon, or did not end where it should.
    static func truncated(received: Int, of announced: Int, _ request: RequestSubject) -> S3Error {
        S3Error(
            .truncated, "\(received) bytes of \(request.name) came, \(announced) were announced",
            remedy: "read it again", isRetryable: true, details: request.details)
    }

    /// A body that is not the one it should be.
    /// - Parameter what: What was compared: the name of a checksum, or `ETag`.
    static func checksumMismatch(_ what: String, _ request: RequestSubject) -> S3Error {
        S3Error(
            .checksumMismatch, "the \(what) of \(request.name) is not that of the bytes that came",
            remedy: "read it again; if it stays so, the object or the way to it is damaged", isRetryable: true,
            details: request.details)
    }

    /// A write that would come too late, and is not sent.
    static func expired(_ request: RequestSubject) -> S3Error {
        S3Error(
            .clockSkew, "the time past which \(request.method) of \(request.name) must not take effect is over",
            remedy: "look at the object as it is now, and decide again", details: request.details)
    }

    /// A write that must not come too late, and has no signature whose date would keep it from that.
    static func unsignedFence(_ request: RequestSubject) -> S3Error {
        S3Error(
            .unsupported, "\(request.method) of \(request.name) has no signature that keeps it from coming too late",
            remedy: "use credentials, or leave out notAfter", details: request.details)
    }

    /// A key that encrypts an object, and would go over a network for all to read.
    static func openCustomerKey(_ request: RequestSubject) -> S3Error {
        S3Error(
            .invalid, "the customer key for \(request.name) would be sent without TLS",
            remedy: "use an endpoint with https, or another encryption", details: request.details)
    }

    /// A write whose answer was lost. Not retryable: a second attempt could fail on what the first one did.
    /// - Parameter cause: What came instead of an answer.
    static func outcomeUnknown(_ cause: S3Error) -> S3Error {
        var error = S3Error(
            .outcomeUnknown, "nobody knows whether a write happened, because \(cause.message)",
            remedy: "read the object and compare it with what was written", details: cause.details)
        error.mayHaveTakenEffect = true
        return error
    }
}

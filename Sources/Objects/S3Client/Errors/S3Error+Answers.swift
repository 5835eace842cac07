import CairnSchema

/// The one place where answers get their meaning.
///
/// The server's code decides where there is one; the status only where there is none: in answers to HEAD, which have no body, and
/// from whatever else stands between and answers in another language than S3's.
extension S3Error {
    /// The error that an answer of any status but 2xx is.
    init(status: Int, headers: [HeaderField], body: [UInt8], to request: RequestSubject) {
        do {
            let document = try ErrorDocument(body)
            self.init(status: status, headers: headers, document: document, to: request)
        } catch {
            // What a store says with these statuses its body alone tells; one that was damaged on its way is worth another question.
            let begins = String(decoding: body.prefix(256), as: UTF8.self).contains("<Error")
            if begins, [400, 403, 404].contains(status) {
                self.init(error, status: status, headers: headers, to: request)
            } else {
                self.init(status: status, headers: headers, document: nil, to: request)
            }
        }
    }

    /// The error of an answer whose body was read: with status 200 too, where some operations tell late that they failed.
    init(_ error: AnswerError, status: Int, headers: [HeaderField], to request: RequestSubject) {
        switch error {
        case .failed(let error): self = error
        case .refused(let document):
            self.init(status: status, headers: headers, document: document, to: request)
        case .malformed(let error):
            var details = request.details
            details.status = status
            details.requestID = headers["x-amz-request-id"]
            // A body that was cut on its way reads like this, so asking again may help.
            self.init(
                .malformedAnswer, "the answer about \(request.name) cannot be read: \(error)",
                remedy: "check that \(request.name) is asked for at an S3 endpoint", isRetryable: true,
                details: details)
        }
    }

    init(status: Int, headers: [HeaderField], document: ErrorDocument?, to request: RequestSubject) {
        let answer = RefusedAnswer(status: status, headers: headers, document: document, request: request)
        let meaning = answer.meaning
        let told = answer.message.map { ": \($0)" } ?? ""
        self.init(
            meaning.code, answer.happened(meaning) + told, remedy: meaning.remedy, isRetryable: meaning.isRetryable,
            details: answer.details)
    }
}

/// An answer that is no success, and what can be known of it.
private struct RefusedAnswer {
    let status: Int
    let headers: [HeaderField]
    let document: ErrorDocument?
    let request: RequestSubject

    /// The server's code: from the body, or from a header where there is no body.
    var serverCode: String? {
        document?.code ?? headers["x-minio-error-code"] ?? headers["x-amz-error-code"]
            ?? headers["x-amzn-errortype"].map { String($0.prefix { $0 != ":" }) }
    }

    /// What the server says in words, short enough for a line.
    var message: String? {
        guard let text = document?.message, !text.isEmpty else { return nil }
        let line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return String(line.prefix(300)) + (line.count > 300 ? "…" : "")
    }

    /// The region to go to, if the server names another than the one the request was signed for.
    var otherRegion: String? {
        let host = document?.endpoint.flatMap { try? S3Endpoint($0) }
        guard let region = document?.region ?? headers["x-amz-bucket-region"] ?? host?.region, !region.isEmpty,
            request.region.map({ !Utf8.equal($0, region) }) ?? true
        else { return nil }
        return region
    }

    /// Whether the request was signed for a time that no server of that time takes.
    private var isSkewed: Bool {
        guard let signedAt = request.signedAt, headers.cacheMark == nil,
            let date = headers["date"].flatMap(HTTPDate.parse)
        else { return false }
        return abs(date.seconds - signedAt.seconds) >= ErrorMeaning.skewSeconds
    }

    /// Whether the answer comes from an object store, and not from something before it.
    private var isFromStore: Bool {
        document != nil || headers["x-amz-request-id"] != nil || headers["x-amz-id-2"] != nil
    }

    var meaning: ErrorMeaning {
        if let code = serverCode, let meaning = ErrorMeaning.of(code, hasOtherRegion: otherRegion != nil) {
            return meaning
        }
        switch status {
        case 301, 302, 307, 308, 400:
            if otherRegion != nil { return .wrongRegion }
            return status == 400
                ? .invalid : ErrorMeaning(.malformedAnswer, "check the endpoint: it redirects elsewhere")
        case 403: return isSkewed ? .clockSkew : .accessDenied
        case 404: return absence
        default: return ErrorMeaning.of(status: status)
        }
    }

    /// What a 404 without a code means. A HEAD has no body to tell; then it is an absence if a store says so, and nothing else is.
    private var absence: ErrorMeaning {
        let isMarker = headers["x-amz-delete-marker"] == "true"
        guard isMarker || (request.method == "HEAD" && isFromStore) else {
            return ErrorMeaning(.notFound, "check the endpoint: this is not the answer of an object store")
        }
        if request.key != nil { return .noSuchKey }
        return request.bucket != nil ? .noSuchBucket : ErrorMeaning(.notFound, nil)
    }

    /// What happened, in words.
    func happened(_ meaning: ErrorMeaning) -> String {
        switch meaning.code {
        case .noSuchKey: "there is no object \(request.name)"
        case .noSuchBucket:
            request.bucket.map { "there is no bucket '\($0)'" }
                ?? "the server takes the path of its endpoint for a bucket, which is not there"
        case .notFound: "nothing was found for \(request.name)"
        case .accessDenied: "\(request.method) of \(request.name) was refused"
        case .expiredToken: "the credentials for \(request.name) have ended"
        case .invalid: "\(request.method) of \(request.name) is not accepted"
        case .throttled, .slowDown: "too many requests for \(request.name)"
        case .server: "the server failed at \(request.method) of \(request.name)"
        case .timeout: "the server waited too long for \(request.method) of \(request.name)"
        case .preconditionFailed: "the condition for \(request.name) does not hold"
        case .conflict: "another operation is in the way of \(request.method) of \(request.name)"
        case .notModified: "\(request.name) has not changed"
        case .range: "the range is not in \(request.name)"
        case .wrongRegion:
            "bucket '\(request.bucket ?? "")' is not in "
                + (request.region.map { "region '\($0)'" } ?? "the region asked")
                + (otherRegion.map { " but in '\($0)'" } ?? "")
        case .clockSkew: "the request was signed for a time too far from the server's"
        case .truncated: "the body for \(request.name) did not arrive whole"
        case .checksumMismatch: "the body for \(request.name) did not arrive as it was sent"
        case .unsupported: "the server does not do \(request.method) of \(request.name) like this"
        default: "the answer about \(request.name) means nothing known"
        }
    }

    var details: S3Error.Details {
        var details = request.details
        details.status = status
        details.serverCode = serverCode
        details.requestID = headers["x-amz-request-id"] ?? document?.requestID
        details.hostID = headers["x-amz-id-2"] ?? document?.hostID
        details.region = otherRegion
        details.retryAfter = RetryAfter.duration(headers)
        details.answer = AnswerDetails(headers)
        return details
    }
}

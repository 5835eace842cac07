extension HTTPTransport {
    /// Opens a transport.
    /// - Throws: `s3.invalid` for options that mean nothing, `s3.network` when there are no threads or file descriptors left.
    static func open(_ options: TransportOptions) throws(S3Error) -> HTTPTransport {
        do {
            return try HTTPTransport(options)
        } catch {
            throw S3Error(
                error.kind == .invalid ? .invalid : .network, error.detail,
                remedy: error.kind == .invalid ? nil : "close what is not needed, or raise the limits of the process")
        }
    }

    /// How sources of credentials send their requests.
    var exchange: CredentialsExchange {
        { request in
            let endpoint = try RequestURL(request.url)
            let http = HTTPRequest(
                request.method, endpoint.isSecure ? .https : .http, host: endpoint.host, port: endpoint.port,
                target: endpoint.target, fields: request.headers.map { HTTPField($0.name, $0.value) },
                body: request.body.isEmpty ? .none : .bytes(request.body))
            let answer: HTTPResponse
            do {
                answer = try await self.send(http, bodyLimit: 1 << 20, deadline: .now + request.timeout)
            } catch let error as TransportError {
                if error.kind == .cancelled { throw CancellationError() }
                throw error.s3Error(RequestSubject(method: request.method))
            }
            return CredentialsAnswer(
                status: answer.status, headers: answer.fields.all.map { HeaderField($0.name, $0.value) },
                body: answer.body)
        }
    }
}

/// The parts of a URL that a request is sent to.
private struct RequestURL {
    let isSecure: Bool
    let host: String
    let port: Int?
    let target: String

    /// - Throws: `s3.credentials` for what is no URL of HTTP.
    init(_ text: String) throws(S3Error) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let endpoint = try S3Endpoint(parts[0], style: .path)
        isSecure = endpoint.isSecure
        host = endpoint.host
        port = endpoint.port
        // The path as it stands: an endpoint loses the slash at its end.
        let path = parts[0].hasSuffix("/") || endpoint.basePath.isEmpty ? endpoint.basePath + "/" : endpoint.basePath
        target = path + (parts.count > 1 ? "?\(parts[1])" : "")
    }
}

extension TransportError {
    /// What it means to a caller of S3.
    func s3Error(_ subject: RequestSubject) -> S3Error {
        // A remedy may follow it.
        let detail = detail.hasSuffix(".") ? String(detail.dropLast()) : detail
        switch kind {
        case .timeout: return .timeout(subject)
        case .invalid: return S3Error(.invalid, detail, details: subject.details)
        case .malformed:
            return S3Error(
                .malformedAnswer, "the answer about \(subject.place) is not HTTP: \(detail)",
                remedy: "check the endpoint, its port and its scheme", isRetryable: true, details: subject.details)
        case .tooLarge:
            return S3Error(
                .malformedAnswer, "the answer about \(subject.name) is too long: \(detail)",
                remedy: "read large objects as a stream", details: subject.details)
        case .truncated:
            return S3Error(
                .truncated, "the body of \(subject.name) ended before its end: \(detail)",
                remedy: "try again", isRetryable: true, details: subject.details)
        case .requestBody:
            return S3Error(
                .invalid, "the body for \(subject.name) is of no use: \(detail)",
                remedy: "give as many bytes as announced", details: subject.details)
        case .tls:
            return S3Error(
                .network, "\(subject.method) of \(subject.place) found no secure connection: \(detail)",
                remedy: "check the name of the endpoint, its certificate and the authorities trusted",
                details: subject.details)
        case .closed:
            return S3Error(
                .network, "the client was closed", remedy: "keep it open as long as it is used",
                details: subject.details)
        case .cancelled: return .cancelled(subject)
        case .resolve, .connect, .proxy, .noAnswer, .resources: return .network(detail, subject)
        }
    }

    /// How far the request was, for the decision to send it again.
    var progress: AttemptProgress {
        if isSurelyNotSent { return .notSent }
        return phase == .receiving ? .answered : .unanswered
    }
}

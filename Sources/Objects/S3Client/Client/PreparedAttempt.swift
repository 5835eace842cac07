import CairnSchema

/// A request as it is sent once.
struct PreparedAttempt: Sendable {
    let request: HTTPRequest
    let subject: RequestSubject
    /// When it must be done, its collected answer included, whose bytes put it off.
    let deadline: ContinuousClock.Instant
}

extension S3Client {
    /// Signs a request for an attempt that begins now.
    /// - Throws: `s3.unsupported` for a fenced request without a signature: there is no date for a server to look at; `s3.invalid` for a
    ///   customer key that anyone on the way could read.
    func prepare(_ call: S3Call, _ credentials: Credentials) throws(S3Error) -> PreparedAttempt {
        let region = region(of: call.bucket)
        let target = endpoint(for: region).target(bucket: call.bucket, key: call.key)
        if call.hasCustomerKey, !target.isSecure, !endpoint(for: region).isOfThisMachine {
            throw .openCustomerKey(call.subject())
        }
        let date: SigningDate
        switch call.time {
        case .now: date = signingDate()
        case .fenced(let fence):
            guard !credentials.isAnonymous else { throw .unsignedFence(call.subject()) }
            date = fence
        }

        var headers = call.headers
        let plan = BodyPlan(call, isUnsigned: leavesUnsigned(target), isAnonymous: credentials.isAnonymous)
        // What a body asks for has taken up what the caller asked for.
        if !plan.headers.isEmpty { headers.removeAll { own in plan.headers.contains { $0.name == own.name } } }
        headers.append(contentsOf: plan.headers)
        let signable = SignableRequest(
            method: call.method, host: target.host, path: target.path, query: call.query, headers: headers)
        let signer = Signer(region: region, keys: keys)
        let signature = signer.sign(signable, payload: plan.payload, with: credentials, at: date)

        var fields: [HTTPField] = []
        fields.reserveCapacity(headers.count + signature.fields.count + 1)
        for field in headers { fields.append(HTTPField(field.name, field.value)) }
        for field in signature.fields { fields.append(HTTPField(field.name, field.value)) }
        // A cache on the way shall ask the store. It is not signed, because caches change it and only they look at it; that of a write is,
        // which stays with the object.
        if call.isReading { fields.append(HTTPField("cache-control", "no-cache")) }
        let query = call.query.isEmpty ? "" : "?\(call.query.text)"
        var request = HTTPRequest(
            call.method, target.isSecure ? .https : .http, host: target.hostName, port: target.port,
            target: target.path + query, fields: fields, body: plan.body(following: signature))
        request.expectsContinue = plan.length >= S3Client.continueBytes
        // A connection that was kept open may break on the way. What changes nothing goes out again by itself.
        request.isReplayable = call.kind == .read && call.time == .now
        request.patience = call.patience
        request.minimumRate = options.minimumRate
        let seconds = Double(plan.length) / Double(options.minimumRate)
        return PreparedAttempt(
            request: request, subject: call.subject(region: region, signedAt: date),
            deadline: .now + options.attemptTimeout + call.patience + .seconds(seconds))
    }

    /// Bodies of so many bytes wait until the server says that it wants them: it may refuse, or send elsewhere.
    private static let continueBytes = 1 << 20

    private func leavesUnsigned(_ target: S3Endpoint.Target) -> Bool {
        target.isSecure && options.payloadSigning == .withoutTLS
    }
}

/// How the body of a request goes out.
private struct BodyPlan {
    let payload: PayloadHash
    /// What the body asks for.
    private(set) var headers: [HeaderField] = []
    let length: Int
    private let call: S3Call
    /// nil: as it is.
    private let form: ChunkEncoder.Form?

    init(_ call: S3Call, isUnsigned: Bool, isAnonymous: Bool) {
        self.call = call
        length = call.bodyLength
        switch call.body {
        case .none:
            payload = .empty
            form = nil
        case .bytes(let bytes):
            payload = isUnsigned ? .unsigned : .of(bytes)
            form = nil
        case .stream:
            let isSigned = !isUnsigned && !isAnonymous
            guard isSigned || call.checksum != nil else {
                payload = .unsigned
                form = nil
                return
            }
            let form: ChunkEncoder.Form =
                call.checksum == nil ? .signed : isSigned ? .signedWithTrailer : .unsignedWithTrailer
            self.form = form
            payload = form.payload
            // It tells the server of the trailer. Nobody else adds it where nothing is signed.
            if isAnonymous { headers.append(HeaderField("x-amz-content-sha256", payload.text)) }
            headers.append(HeaderField("x-amz-decoded-content-length", String(length)))
            // In front of an encoding of the caller's own, which stays with the object.
            let own = call.headers["content-encoding"]
            headers.append(HeaderField("content-encoding", own.map { "aws-chunked,\($0)" } ?? "aws-chunked"))
            if let checksum = call.checksum { headers.append(HeaderField("x-amz-trailer", checksum.field)) }
        }
    }

    func body(following signature: HeaderSignature) -> HTTPBody {
        switch call.body {
        case .none: return .none
        case .bytes(let bytes): return .bytes(bytes)
        case .stream(let stream, let length, _):
            let encoder = form.flatMap { ChunkEncoder($0, following: signature) }
            let source = BodySource(stream, length: length, encoder: encoder, checksum: call.checksum, call.subject())
            var wireLength = length
            if let form, encoder != nil {
                // Every checksum of an algorithm is written in as many characters.
                let trailer = call.checksum.map { [Checksum($0, of: []).headerField] } ?? []
                wireLength = ChunkEncoder.encodedLength(
                    of: length, chunkBytes: BodySource.chunkBytes, form: form, trailer: trailer)
            }
            return .stream(length: wireLength) { try await source.next() }
        }
    }
}

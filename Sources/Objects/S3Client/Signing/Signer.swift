import CairnSchema
import ObjectStores

/// Signs requests for one region and service: AWS Signature Version 4.
///
/// Pure: what comes out depends on what goes in, the date included. It reads no clock, so a fenced request is signed with the
/// date it is given and nothing can change that.
struct Signer: Sendable {
    let region: String
    let service: String
    private let keys: SigningKeyCache

    init(region: String, service: String = "s3", keys: SigningKeyCache) {
        self.region = region
        self.service = service
        self.keys = keys
    }

    static let algorithm = "AWS4-HMAC-SHA256"

    /// Signs by header fields.
    func sign(
        _ request: SignableRequest, payload: PayloadHash, with credentials: Credentials, at date: SigningDate
    ) -> HeaderSignature {
        if credentials.isAnonymous { return HeaderSignature(fields: [], chain: nil) }
        var added = [HeaderField("x-amz-content-sha256", payload.text), HeaderField("x-amz-date", date.text)]
        if let token = credentials.sessionToken { added.append(HeaderField("x-amz-security-token", token)) }
        let fields = request.signedFields(adding: added)
        let canonical = request.canonical(fields, query: request.query, payload: payload.text)
        let chain = SignatureChain(
            key: key(of: credentials, at: date), date: date, scope: scope(at: date), signature: "")
        let signature = chain.sign(Signer.algorithm, MessageDigest.of(canonical, .sha256))

        var value: [UInt8] = []
        value.reserveCapacity(320)
        value.append(contentsOf: "\(Signer.algorithm) Credential=".utf8)
        value.append(contentsOf: credentials.accessKey.utf8)
        value.append(UInt8(ascii: "/"))
        value.append(contentsOf: chain.scope)
        value.append(contentsOf: ", SignedHeaders=".utf8)
        SignableRequest.appendNames(of: fields, to: &value)
        value.append(contentsOf: ", Signature=".utf8)
        value.append(contentsOf: signature.utf8)
        added.append(HeaderField("authorization", String(decoding: value, as: UTF8.self)))
        return HeaderSignature(fields: added, chain: chain.following(signature))
    }

    /// The query of a URL that carries its own signature, for anyone who has the URL.
    ///
    /// Header fields of the request are signed too: who uses the URL must send them just so. The body is not signed.
    /// - Parameter seconds: How long the URL is good, from 1 to 604,800 (7 days). It ends with the credentials if they end before.
    /// - Throws: `s3.invalid` for another time.
    func presign(
        _ request: SignableRequest, seconds: Int, with credentials: Credentials, at date: SigningDate
    ) throws(S3Error) -> String {
        try PresignRules.check(seconds: seconds)
        if credentials.isAnonymous { return request.query.text }
        let fields = request.signedFields(adding: [])
        var names: [UInt8] = []
        SignableRequest.appendNames(of: fields, to: &names)
        let scope = scope(at: date)
        var parameters = [
            (name: "X-Amz-Algorithm", value: Signer.algorithm),
            (name: "X-Amz-Credential", value: "\(credentials.accessKey)/\(String(decoding: scope, as: UTF8.self))"),
            (name: "X-Amz-Date", value: date.text),
            (name: "X-Amz-Expires", value: String(seconds)),
            (name: "X-Amz-SignedHeaders", value: String(decoding: names, as: UTF8.self)),
        ]
        if let token = credentials.sessionToken { parameters.append((name: "X-Amz-Security-Token", value: token)) }
        let query = request.query.adding(parameters)
        let canonical = request.canonical(fields, query: query, payload: PayloadHash.unsigned.text)
        let chain = SignatureChain(key: key(of: credentials, at: date), date: date, scope: scope, signature: "")
        return "\(query.text)&X-Amz-Signature=\(chain.sign(Signer.algorithm, MessageDigest.of(canonical, .sha256)))"
    }

    private func key(of credentials: Credentials, at date: SigningDate) -> [UInt8] {
        keys.key(secretKey: credentials.secretKey, date: date, region: region, service: service)
    }

    /// `20130524/us-east-1/s3/aws4_request`.
    private func scope(at date: SigningDate) -> [UInt8] {
        var scope: [UInt8] = []
        scope.reserveCapacity(48)
        date.appendDay(to: &scope)
        scope.append(UInt8(ascii: "/"))
        scope.append(contentsOf: region.utf8)
        scope.append(UInt8(ascii: "/"))
        scope.append(contentsOf: service.utf8)
        scope.append(contentsOf: "/aws4_request".utf8)
        return scope
    }
}

/// The fields that signing adds to a request.
struct HeaderSignature: Sendable {
    /// `x-amz-content-sha256`, `x-amz-date`, `x-amz-security-token` for temporary credentials, `authorization`; none for anonymous
    /// requests.
    let fields: [HeaderField]
    /// What the signatures of chunks continue; nil for anonymous requests.
    let chain: SignatureChain?
}

/// What one signature after another is made from: the key, the date, the scope and the signature before.
///
/// The key is good for one day and region; it is in no description.
struct SignatureChain: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: [UInt8]
    private let date: SigningDate
    let scope: [UInt8]
    /// The signature before; that of the header fields at first.
    let signature: String

    init(key: [UInt8], date: SigningDate, scope: [UInt8], signature: String) {
        self.key = key
        self.date = date
        self.scope = scope
        self.signature = signature
    }

    func following(_ signature: String) -> SignatureChain {
        SignatureChain(key: key, date: date, scope: scope, signature: signature)
    }

    /// The signature of a text to sign: algorithm, date, scope, any `lines`, and a digest at the end.
    func sign(_ algorithm: String, lines: [String] = [], _ digest: [UInt8]) -> String {
        let newLine = UInt8(ascii: "\n")
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(contentsOf: algorithm.utf8)
        text.append(newLine)
        date.append(to: &text)
        text.append(newLine)
        text.append(contentsOf: scope)
        text.append(newLine)
        for line in lines {
            text.append(contentsOf: line.utf8)
            text.append(newLine)
        }
        LowerHex.append(digest, to: &text)
        return LowerHex.text(MessageDigest.hmac(key: key, text))
    }

    var description: String { "a chain of signatures for \(String(decoding: scope, as: UTF8.self))" }

    var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

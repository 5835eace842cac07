import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// What requests are signed with.
///
/// The secret and the token are in no description, no dump and no error.
public struct Credentials: Sendable, Hashable {
    /// The access key, which servers log and answers name.
    public let accessKey: String
    /// The secret, which is never sent.
    public let secretKey: String
    /// The token of temporary credentials, sent with each request.
    public let sessionToken: String?
    /// When temporary credentials end; nil for those that do not.
    public let expiration: Date?

    /// Makes credentials.
    public init(accessKey: String, secretKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// None: requests go out without a signature, for buckets that are open to all.
    public static let anonymous = Credentials(accessKey: "", secretKey: "")

    /// Whether requests go out without a signature.
    public var isAnonymous: Bool { accessKey.isEmpty && secretKey.isEmpty }

    public static func == (left: Credentials, right: Credentials) -> Bool {
        Utf8.equal(left.accessKey, right.accessKey) && Utf8.equal(left.secretKey, right.secretKey)
            && Utf8.equal(left.sessionToken ?? "", right.sessionToken ?? "") && left.expiration == right.expiration
    }

    public func hash(into hasher: inout Hasher) {
        Utf8.hash(accessKey, into: &hasher)
        Utf8.hash(secretKey, into: &hasher)
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The access key, and whether there is a token; never the secret.
    public var description: String {
        if isAnonymous { return "anonymous" }
        return "access key \(accessKey), secret hidden" + (sessionToken == nil ? "" : ", with a session token")
            + (expiration.map { ", until \(Timestamp($0)?.description ?? "an impossible date")" } ?? "")
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that shows the description only, so that `dump` prints no secret.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

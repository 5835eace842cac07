import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// The JSON in which containers, instances and processes give credentials.
///
/// What is in it may be secret even where it is wrong, so messages tell what is missing and never what is there.
enum CredentialsJSON {
    /// Reads `AccessKeyId`, `SecretAccessKey`, `Token` or `SessionToken`, `Expiration`.
    /// - Parameters:
    ///   - what: Who gave it, for messages.
    ///   - isTemporary: Whether a token and an end must be there.
    static func credentials(_ bytes: [UInt8], from what: String, isTemporary: Bool) throws(S3Error) -> Credentials {
        let document = try object(bytes, from: what)
        // What an instance or a container says when it has none.
        if let code = document["Code"] ?? document["code"], code != "Success" {
            throw S3Error.credentials(
                "\(what) gives no credentials but an error", remedy: "check that a role is attached and allowed")
        }
        func text(_ names: String...) throws(S3Error) -> String? {
            for name in names {
                switch document[name] {
                case .string(let text)? where !text.isEmpty: return text
                case nil, .null?, .string?: continue
                default: throw refused(what, "'\(name)' is no text")
                }
            }
            return nil
        }
        guard let accessKey = try text("AccessKeyId") else { throw refused(what, "'AccessKeyId' is missing") }
        guard let secretKey = try text("SecretAccessKey") else { throw refused(what, "'SecretAccessKey' is missing") }
        let token = try text("Token", "SessionToken")
        if isTemporary, token == nil { throw refused(what, "'Token' is missing") }
        let end = try text("Expiration")
        if isTemporary, end == nil { throw refused(what, "'Expiration' is missing") }
        let expiration = end.flatMap { Timestamp($0) }
        if end != nil, expiration == nil { throw refused(what, "'Expiration' is no time of RFC 3339") }
        return Credentials(
            accessKey: accessKey, secretKey: secretKey, sessionToken: token, expiration: expiration.map { Date($0) })
    }

    /// The object that bytes are.
    static func object(_ bytes: [UInt8], from what: String) throws(S3Error) -> JSONValue {
        do throws(JSONError) {
            let document = try JSONValue(parsing: bytes)
            if case .object = document { return document }
        } catch {
            throw refused(what, "it is no JSON at byte \(error.offset)")
        }
        throw refused(what, "it is no JSON object")
    }

    static func refused(_ what: String, _ reason: String) -> S3Error {
        S3Error.credentials("what \(what) gives cannot be read: \(reason)", remedy: "check what it gives")
    }
}

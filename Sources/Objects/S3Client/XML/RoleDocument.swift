import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// The answer of STS to whoever takes a role (`AssumeRoleResponse`, `AssumeRoleWithWebIdentityResponse`).
enum RoleDocument {
    /// The temporary credentials in the body of an answer.
    /// - Parameter isWebIdentity: Which of the two was asked for.
    static func credentials(_ bytes: [UInt8], isWebIdentity: Bool) throws(AnswerError) -> Credentials {
        let root = isWebIdentity ? XMLTag.assumeRoleWithWebIdentityResponse : .assumeRoleResponse
        let result = isWebIdentity ? XMLTag.assumeRoleWithWebIdentityResult : .assumeRoleResult
        var accessKey: String?
        var secretKey: String?
        var token: String?
        var expiration: Timestamp?
        try AnswerDocument.read(bytes, root) { (tag, reader) throws(XMLError) in
            guard tag == result else { return try reader.skip() }
            try reader.children { (tag, reader) throws(XMLError) in
                guard tag == .credentials else { return try reader.skip() }
                try reader.children { (tag, reader) throws(XMLError) in
                    switch tag {
                    case .accessKeyID: accessKey = try reader.optionalText()
                    case .secretAccessKey: secretKey = try reader.optionalText()
                    case .sessionToken: token = try reader.optionalText()
                    case .expiration: expiration = try reader.timestamp()
                    default: try reader.skip()
                    }
                }
            }
        }
        return Credentials(
            accessKey: try AnswerDocument.require(accessKey, .accessKeyID, in: root),
            secretKey: try AnswerDocument.require(secretKey, .secretAccessKey, in: root),
            sessionToken: try AnswerDocument.require(token, .sessionToken, in: root),
            expiration: Date(try AnswerDocument.require(expiration, .expiration, in: root)))
    }
}

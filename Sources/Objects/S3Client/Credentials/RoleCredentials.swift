import CairnSchema

/// A role of AWS, and how to take it.
public struct S3Role: Sendable, Hashable {
    /// `arn:aws:iam::123456789012:role/name`.
    public var arn: String
    /// The name of the session in logs, 2 to 64 of `A-Z a-z 0-9 _ + = , . @ -`; nil makes one.
    public var sessionName: String?
    /// What the owner of the role asks for, when it belongs to another account.
    public var externalID: String?
    /// How long credentials last, from 900 to 43,200; the role may allow less.
    public var seconds = 3600
    /// The region whose STS is asked; nil for the one of the environment.
    public var region: String?

    /// A role.
    public init(arn: String) { self.arn = arn }
}

/// Temporary credentials of a role, taken with other credentials (STS `AssumeRole`).
struct RoleCredentials: CredentialsLoading {
    let surroundings: Surroundings
    let role: S3Role
    let base: any CredentialsLoading

    var name: String { "role '\(role.arn)'" }

    func load() async throws -> LoadedCredentials {
        switch try await base.load() {
        case .absent(let reason):
            throw S3Error.credentials(
                "there are no credentials to take \(name) with: \(base.name): \(reason)", remedy: "set them up")
        case .found(let credentials):
            let service = try TokenService(surroundings, role)
            var fields = [(name: "Action", value: "AssumeRole")]
            if let externalID = role.externalID { fields.append((name: "ExternalId", value: externalID)) }
            return .found(try await service.credentials(fields, signedWith: credentials))
        }
    }
}

/// Temporary credentials of a role, taken with the token of another identity (STS `AssumeRoleWithWebIdentity`).
///
/// The token is read anew each time: whoever issues it replaces the file before it ends.
struct WebIdentityCredentials: CredentialsLoading {
    let surroundings: Surroundings
    let role: S3Role
    let tokenFile: String

    var name: String { "web identity" }

    func load() async throws -> LoadedCredentials {
        guard let path = surroundings.expanded(tokenFile), let bytes = try surroundings.readFile(path) else {
            throw S3Error.credentials(
                "the token file '\(tokenFile)' for role '\(role.arn)' is not there", remedy: "check the path")
        }
        let token = TokenText.read(bytes)
        guard let token else {
            throw S3Error.credentials("the token file '\(tokenFile)' has no token in it", remedy: "check the file")
        }
        let service = try TokenService(surroundings, role)
        let fields = [(name: "Action", value: "AssumeRoleWithWebIdentity"), (name: "WebIdentityToken", value: token)]
        return .found(try await service.credentials(fields, signedWith: nil))
    }
}

/// A web identity as the environment describes it: `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`, `AWS_ROLE_SESSION_NAME`.
struct EnvironmentWebIdentity: CredentialsLoading {
    let surroundings: Surroundings

    var name: String { "web identity of the environment" }

    func load() async throws -> LoadedCredentials {
        guard let file = surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return .absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        }
        guard let arn = surroundings.variable("AWS_ROLE_ARN") else {
            throw S3Error.credentials(
                "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN", remedy: "set the role too")
        }
        var role = S3Role(arn: arn)
        role.sessionName = surroundings.variable("AWS_ROLE_SESSION_NAME")
        return try await WebIdentityCredentials(surroundings: surroundings, role: role, tokenFile: file).load()
    }
}

/// A token in a file: one line.
enum TokenText {
    /// nil when there is none, or when it could not be in a header.
    static func read(_ bytes: [UInt8]) -> String? {
        var text = String(decoding: bytes, as: UTF8.self)[...]
        while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) || $0 == 0x20 }) else { return nil }
        return String(text)
    }
}

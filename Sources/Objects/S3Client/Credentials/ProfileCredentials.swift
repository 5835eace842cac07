import CairnSchema

/// Credentials as a profile says: keys, a role taken with the credentials of another profile or source, a web identity, a process.
struct ProfileCredentials: CredentialsLoading {
    let surroundings: Surroundings
    /// nil: the one of `AWS_PROFILE`, or `default`.
    let profile: String?

    var name: String { "profile '\(chosen)'" }

    private var chosen: String { profile ?? surroundings.variable("AWS_PROFILE") ?? "default" }

    func load() async throws -> LoadedCredentials {
        let profiles = try SharedProfiles(surroundings)
        guard profiles[chosen] != nil else {
            let isNamed = profile != nil || surroundings.variable("AWS_PROFILE") != nil
            guard isNamed else { return .absent("it is not in \(profiles.files.joined(separator: " or "))") }
            throw S3Error.credentials(
                "there is no profile '\(chosen)' in \(profiles.files.joined(separator: " or "))",
                remedy: profiles.names.isEmpty ? "write one" : NearestName.hintOrList(chosen, among: profiles.names))
        }
        guard let source = try source(of: chosen, in: profiles, from: []) else {
            return .absent("it has no credentials")
        }
        return try await source.load()
    }

    /// The source that a profile describes; nil when it describes none.
    /// - Parameter users: The profiles whose roles are taken with this one's credentials.
    private func source(
        of name: String, in profiles: SharedProfiles, from users: [String]
    ) throws(S3Error) -> (any CredentialsLoading)? {
        guard let profile = profiles[name] else {
            throw S3Error.credentials(
                "profile '\(users.last ?? name)' takes its credentials from '\(name)', which is not there",
                remedy: NearestName.hintOrList(name, among: profiles.names))
        }
        func value(_ setting: String) -> String? { profile[setting].flatMap { $0.isEmpty ? nil : $0 } }

        let keys = try ProfileCredentials.keys(profile, name)
        // A profile that gives its credentials to a role gives the keys it has, its own role only when it has none.
        if let keys, !users.isEmpty || value("role_arn") == nil {
            return FixedSource(name: "profile '\(name)'", fixed: keys)
        }
        if let arn = value("role_arn") {
            let role = try ProfileCredentials.role(arn, profile, name, surroundings)
            if let token = value("web_identity_token_file") {
                return WebIdentityCredentials(surroundings: surroundings, role: role, tokenFile: token)
            }
            return RoleCredentials(
                surroundings: surroundings, role: role, base: try base(of: name, in: profiles, from: users))
        }
        if value("sso_session") != nil || value("sso_start_url") != nil || value("login_session") != nil {
            throw S3Error.credentials(
                "profile '\(name)' signs in through IAM Identity Center, which this client does not do",
                remedy:
                    "write into a profile: credential_process = aws configure export-credentials --profile \(name) --format process"
            )
        }
        if let command = value("credential_process") {
            return ProcessCredentials(surroundings: surroundings, command: command, name: "profile '\(name)'")
        }
        return nil
    }

    /// What a profile takes its role with.
    private func base(
        of name: String, in profiles: SharedProfiles, from users: [String]
    ) throws(S3Error) -> any CredentialsLoading {
        let profile = profiles[name] ?? [:]
        switch (profile["source_profile"], profile["credential_source"]) {
        case (_?, _?):
            throw S3Error.credentials(
                "profile '\(name)' has both 'source_profile' and 'credential_source'", remedy: "keep one")
        case (nil, nil):
            throw S3Error.credentials(
                "profile '\(name)' has a role and nothing to take it with",
                remedy: "write 'source_profile', 'credential_source' or 'web_identity_token_file'")
        case (let source?, nil):
            // A profile may take a role with its own keys.
            let hasKeys = try ProfileCredentials.keys(profile, name) != nil
            guard (source == name && hasKeys) || !(users + [name]).contains(source) else {
                let circle = (users + [name, source]).joined(separator: " → ")
                throw S3Error.credentials("profiles take their credentials in a circle: \(circle)", remedy: "break it")
            }
            guard let loaded = try self.source(of: source, in: profiles, from: users + [name]) else {
                throw S3Error.credentials(
                    "profile '\(name)' takes its role with profile '\(source)', which has no credentials",
                    remedy: "write keys into it")
            }
            return loaded
        case (nil, let source?):
            switch source {
            case "Environment": return EnvironmentCredentials(surroundings: surroundings)
            case "EcsContainer": return ContainerCredentials(surroundings: surroundings)
            case "Ec2InstanceMetadata": return InstanceCredentials(surroundings: surroundings)
            default:
                throw S3Error.credentials(
                    "'credential_source' of profile '\(name)' is unknown",
                    remedy: "it is one of Environment, EcsContainer, Ec2InstanceMetadata")
            }
        }
    }

    /// The keys that stand in a profile; nil when there are none.
    private static func keys(_ profile: [String: String], _ name: String) throws(S3Error) -> Credentials? {
        func value(_ setting: String) -> String? { profile[setting].flatMap { $0.isEmpty ? nil : $0 } }
        switch (value("aws_access_key_id"), value("aws_secret_access_key")) {
        case (nil, nil): return nil
        case (let accessKey?, let secretKey?):
            return Credentials(accessKey: accessKey, secretKey: secretKey, sessionToken: value("aws_session_token"))
        default:
            throw S3Error.credentials(
                "profile '\(name)' has one of 'aws_access_key_id' and 'aws_secret_access_key'", remedy: "write both")
        }
    }

    private static func role(
        _ arn: String, _ profile: [String: String], _ name: String, _ surroundings: Surroundings
    ) throws(S3Error) -> S3Role {
        guard profile["mfa_serial"] == nil else {
            throw S3Error.credentials(
                "profile '\(name)' asks for a code of a device, which this client cannot ask for",
                remedy:
                    "write into a profile: credential_process = aws configure export-credentials --profile \(name) --format process"
            )
        }
        var role = S3Role(arn: arn)
        role.sessionName = profile["role_session_name"]
        role.externalID = profile["external_id"]
        role.region = profile["region"]
        if let text = profile["duration_seconds"] {
            guard let seconds = Int(text) else {
                throw S3Error.credentials(
                    "'duration_seconds' of profile '\(name)' is no number", remedy: "write seconds from 900 to 43200")
            }
            role.seconds = seconds
        }
        return role
    }
}

/// Credentials that were found as they are.
struct FixedSource: CredentialsLoading {
    let name: String
    let fixed: Credentials

    func load() async throws -> LoadedCredentials { .found(fixed) }
}

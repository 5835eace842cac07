import CairnSchema
import Foundation
import Testing

@testable import S3Client

@Suite("Credentials of the environment and of files")
struct LocalCredentialsTests {
    private func failure(_ body: () async throws -> Any) async -> String {
        do {
            return "no failure: \(try await body())"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "Variables, those of a store before those of AWS",
        arguments: [
            (["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"], "a/s"),
            (["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"], "a/s/t"),
            (["STORAGE_ACCESS_KEY": "x", "STORAGE_SECRET_KEY": "y"], "x/y"),
            (
                [
                    "STORAGE_ACCESS_KEY": "x", "STORAGE_SECRET_KEY": "y", "AWS_ACCESS_KEY_ID": "a",
                    "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
                ], "x/y"
            ),
            ([:], "absent: neither AWS_ACCESS_KEY_ID nor STORAGE_ACCESS_KEY is set"),
            (
                ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""],
                "absent: neither AWS_ACCESS_KEY_ID nor STORAGE_ACCESS_KEY is set"
            ),
        ])
    func environment(_ variables: [String: String], _ wanted: String) async throws {
        let source = EnvironmentCredentials(surroundings: StandIn(environment: variables).surroundings)
        #expect(try await source.loaded() == wanted)
    }

    @Test(
        "Half a pair is an error",
        arguments: [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY",
        ])
    func half(_ name: String) async {
        let source = EnvironmentCredentials(surroundings: StandIn(environment: [name: "hidden"]).surroundings)
        let message = await failure { try await source.load() }
        #expect(message.contains("\(name) is set without"))
        #expect(!message.contains("hidden"))
    }

    @Test("The end of credentials in the environment is read")
    func expiration() async throws {
        var variables = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]
        variables["AWS_CREDENTIAL_EXPIRATION"] = "2026-11-20T15:06:01Z"
        let source = EnvironmentCredentials(surroundings: StandIn(environment: variables).surroundings)
        guard case .found(let credentials) = try source.find() else { throw StandIn.Unreachable() }
        #expect(credentials.expiration == Timestamp("2026-11-20T15:06:01Z").map { Date($0) })
        variables["AWS_CREDENTIAL_EXPIRATION"] = "soon"
        let broken = EnvironmentCredentials(surroundings: StandIn(environment: variables).surroundings)
        #expect(await failure { try await broken.load() }.contains("AWS_CREDENTIAL_EXPIRATION is no time"))
    }

    private static let config = """
        [default]
        region = eu-west-1
        [profile dev]
        aws_access_key_id = dev-key
        aws_secret_access_key = dev-secret
        aws_session_token = dev-token
        [profile "with space"]
        aws_access_key_id = space-key
        aws_secret_access_key = space-secret
        [profile half]
        aws_access_key_id = hidden
        [profile sso]
        sso_session = corp
        [sso-session corp]
        sso_region = us-east-1
        [profile loop1]
        role_arn = arn:aws:iam::123456789012:role/a
        source_profile = loop2
        [profile loop2]
        role_arn = arn:aws:iam::123456789012:role/b
        source_profile = loop1
        [profile nosource]
        role_arn = arn:aws:iam::123456789012:role/a
        [profile both]
        role_arn = arn:aws:iam::123456789012:role/a
        source_profile = dev
        credential_source = Environment
        [profile unknown]
        role_arn = arn:aws:iam::123456789012:role/a
        credential_source = Moon
        [profile lost]
        role_arn = arn:aws:iam::123456789012:role/a
        source_profile = nobody
        [profile empty]
        role_arn = arn:aws:iam::123456789012:role/a
        source_profile = default
        [profile mfa]
        role_arn = arn:aws:iam::123456789012:role/a
        source_profile = dev
        mfa_serial = arn:aws:iam::123456789012:mfa/me
        """

    private func standIn(_ environment: [String: String] = [:], credentials: String? = nil) -> StandIn {
        var files = ["/home/me/.aws/config": Self.config]
        files["/home/me/.aws/credentials"] = credentials
        return StandIn(environment: environment.merging(["HOME": "/home/me"]) { old, _ in old }, files: files)
    }

    private func profile(_ name: String?, in standIn: StandIn) -> ProfileCredentials {
        ProfileCredentials(surroundings: standIn.surroundings, profile: name)
    }

    @Test("Profiles of both files; what the credentials file says counts more")
    func profiles() async throws {
        let credentials =
            "[default]\naws_access_key_id = d\naws_secret_access_key = e\n[dev]\naws_access_key_id = newer\n"
        let standIn = standIn(credentials: credentials)
        #expect(try await profile(nil, in: standIn).loaded() == "d/e")
        #expect(try await profile("dev", in: standIn).loaded() == "newer/dev-secret/dev-token")
        #expect(try await profile("with space", in: standIn).loaded() == "space-key/space-secret")
        let chosen = self.standIn(["AWS_PROFILE": "with space"])
        #expect(try await profile(nil, in: chosen).loaded() == "space-key/space-secret")
    }

    @Test("[profile default] counts, and [default] beside it does not")
    func defaults() async throws {
        let config =
            "[default]\naws_access_key_id = a\nregion = r\n[profile default]\naws_access_key_id = b\naws_secret_access_key = c\n"
        let standIn = StandIn(environment: ["AWS_CONFIG_FILE": "/x"], files: ["/x": config])
        #expect(try await profile(nil, in: standIn).loaded() == "b/c")
        #expect(try SharedProfiles(standIn.surroundings)["default"]?["region"] == nil)
    }

    @Test("Files may be elsewhere")
    func places() async throws {
        let standIn = StandIn(
            environment: ["AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "~/keys", "HOME": "/home/me"],
            files: ["/home/me/keys": "[default]\naws_access_key_id=a\naws_secret_access_key=b\n"])
        #expect(try await profile(nil, in: standIn).loaded() == "a/b")
    }

    @Test("Without files there are no credentials, unless a profile was named")
    func absent() async throws {
        let standIn = StandIn(environment: ["HOME": "/home/me"])
        #expect(
            try await profile(nil, in: standIn).loaded() == "absent: it is not in ~/.aws/config or ~/.aws/credentials")
        #expect(await failure { try await profile("dev", in: standIn).load() }.contains("there is no profile 'dev'"))
        #expect(try await profile(nil, in: self.standIn()).loaded() == "absent: it has no credentials")
        let near = await failure { try await profile("devv", in: self.standIn()).load() }
        #expect(near.contains("did you mean 'dev'?"))
    }

    @Test(
        "A profile that cannot be used says why",
        arguments: [
            ("half", "has one of 'aws_access_key_id' and 'aws_secret_access_key'"),
            ("sso", "signs in through IAM Identity Center"), ("loop1", "in a circle: loop1 → loop2 → loop1"),
            ("nosource", "has a role and nothing to take it with"), ("both", "has both 'source_profile' and"),
            ("unknown", "'credential_source' of profile 'unknown' is unknown"),
            ("lost", "takes its credentials from 'nobody', which is not there"),
            ("empty", "takes its role with profile 'default', which has no credentials"),
            ("mfa", "asks for a code of a device"),
        ])
    func unusable(_ name: String, _ reason: String) async {
        let message = await failure { try await profile(name, in: standIn()).load() }
        #expect(message.hasPrefix("s3.credentials: "))
        #expect(message.contains(reason), "\(message)")
        #expect(!message.contains("hidden"))
    }
}

@Suite("Credentials that are fetched")
struct RemoteCredentialsTests {
    private static let arn = "arn:aws:iam::123456789012:role/demo"
    private static let end = "2026-11-20T18:00:00Z"

    private static func json(_ key: String, token: String? = "t") -> String {
        let token = token.map { "\"Token\": \"\($0)\"," } ?? ""
        return """
            {"Code": "Success", "AccessKeyId": "\(key)", "SecretAccessKey": "s", \(token) "Expiration": "\(end)"}
            """
    }

    private static func form(_ request: CredentialsRequest) -> Set<String> {
        Set(String(decoding: request.body, as: UTF8.self).split(separator: "&").map(String.init))
    }

    private func failure(_ body: () async throws -> Any) async -> String {
        do {
            return "no failure: \(try await body())"
        } catch {
            return "\(error)"
        }
    }

    // MARK: Roles

    @Test("A role is taken with the credentials of another profile, in a signed request to STS")
    func role() async throws {
        let config = """
            [profile base]
            aws_access_key_id = AKIDBASE
            aws_secret_access_key = base-secret
            [profile app]
            role_arn = \(Self.arn)
            source_profile = base
            region = eu-west-1
            external_id = ext/1
            duration_seconds = 900
            role_session_name = me@here
            """
        let standIn = StandIn(environment: ["HOME": "/h"], files: ["/h/.aws/config": config]) { _ in
            CredentialsAnswer(200, SampleDocument.role)
        }
        let source = ProfileCredentials(surroundings: standIn.surroundings, profile: "app")
        #expect(try await source.loaded() == "ASIAIOSFODNN7EXAMPLE/temporary/secret/token==")
        let request = try #require(standIn.requests.first)
        #expect(standIn.requests.count == 1)
        #expect(request.method == "POST")
        #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(
            Self.form(request) == [
                "Action=AssumeRole", "Version=2011-06-15", "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdemo",
                "RoleSessionName=me%40here", "ExternalId=ext%2F1", "DurationSeconds=900",
            ])
        let authorization = try #require(request.headers["authorization"])
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDBASE/20261120/eu-west-1/sts/aws4_request, "))
        #expect(authorization.contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,"))
        #expect(request.headers["x-amz-content-sha256"] == PayloadHash.of(request.body).text)
    }

    @Test("Roles may be chained, and a profile may take a role with its own keys")
    func chained() async throws {
        let config = """
            [profile a]
            role_arn = \(Self.arn)-a
            source_profile = b
            [profile b]
            role_arn = \(Self.arn)-b
            source_profile = b
            aws_access_key_id = AKIDB
            aws_secret_access_key = s
            [profile c]
            role_arn = \(Self.arn)-c
            source_profile = d
            [profile d]
            role_arn = \(Self.arn)-d
            credential_source = Environment
            """
        let standIn = StandIn(
            environment: ["HOME": "/h", "AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"],
            files: ["/h/.aws/config": config]
        ) { _ in CredentialsAnswer(200, SampleDocument.role) }
        func keys(_ profile: String) async throws -> [String] {
            let before = standIn.requests.count
            _ = try await ProfileCredentials(surroundings: standIn.surroundings, profile: profile).load()
            return standIn.requests[before...].map { request in
                let credential = request.headers["authorization"]?.split(separator: "Credential=").last ?? ""
                return String(credential.prefix { $0 != "/" })
            }
        }
        #expect(try await keys("a") == ["AKIDB"], "who gives its keys to a role gives its keys")
        #expect(try await keys("b") == ["AKIDB"])
        #expect(try await keys("c") == ["AKIDENV", "ASIAIOSFODNN7EXAMPLE"])
    }

    @Test("What STS refuses is told without what was sent")
    func refusedRole() async {
        let denied =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no sesame-secret</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        let standIn = StandIn { _ in CredentialsAnswer(403, denied) }
        let base = FixedSource(name: "x", fixed: Credentials(accessKey: "A", secretKey: "sesame-secret"))
        let source = RoleCredentials(surroundings: standIn.surroundings, role: S3Role(arn: Self.arn), base: base)
        let message = await failure { try await source.load() }
        #expect(
            message.contains("STS at sts.us-east-1.amazonaws.com refused role '\(Self.arn)': HTTP 403 AccessDenied"))
        #expect(!message.contains("sesame"))
        #expect(standIn.requests.count == 1)
    }

    @Test("A server that fails is asked three times; an answer that is none is an error")
    func failingService() async {
        let failing = StandIn { _ in CredentialsAnswer(500, "") }
        let base = FixedSource(name: "x", fixed: Credentials(accessKey: "A", secretKey: "s"))
        let role = S3Role(arn: Self.arn)
        let source = RoleCredentials(surroundings: failing.surroundings, role: role, base: base)
        #expect(await failure { try await source.load() }.contains("STS at sts.us-east-1.amazonaws.com answered 500"))
        #expect(failing.requests.count == 3)
        #expect(failing.sleeps.count == 2)
        let odd = StandIn { _ in CredentialsAnswer(200, "<html>hello</html>") }
        let other = RoleCredentials(surroundings: odd.surroundings, role: role, base: base)
        #expect(await failure { try await other.load() }.contains("cannot be read"))
    }

    @Test("A role that breaks a rule is refused before anything is sent")
    func roleRules() async {
        let standIn = StandIn { _ in CredentialsAnswer(200, SampleDocument.role) }
        let base = FixedSource(name: "x", fixed: Credentials(accessKey: "A", secretKey: "s"))
        let changes: [@Sendable (inout S3Role) -> Void] = [
            { $0.arn = "demo" }, { $0.seconds = 899 }, { $0.seconds = 43_201 }, { $0.sessionName = "a" },
            { $0.sessionName = "with space" }, { $0.region = "a/b" },
        ]
        for change in changes {
            var role = S3Role(arn: Self.arn)
            change(&role)
            let source = RoleCredentials(surroundings: standIn.surroundings, role: role, base: base)
            #expect(await !failure { try await source.load() }.hasPrefix("no failure"), "\(role)")
        }
        #expect(standIn.requests.isEmpty)
    }

    @Test("A web identity sends the token of its file, as it is now, and signs nothing")
    func webIdentity() async throws {
        let answer = SampleDocument.role.replacing("AssumeRole", with: "AssumeRoleWithWebIdentity")
        let standIn = StandIn(
            environment: [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": Self.arn, "AWS_REGION": "cn-north-1",
            ], files: ["/token": "first.token\n"]
        ) { _ in CredentialsAnswer(200, answer) }
        let source = EnvironmentWebIdentity(surroundings: standIn.surroundings)
        #expect(try await source.loaded() == "ASIAIOSFODNN7EXAMPLE/temporary/secret/token==")
        standIn.set("/token", "second.token")
        _ = try await source.load()
        let requests = standIn.requests
        #expect(requests.map(\.url) == Array(repeating: "https://sts.cn-north-1.amazonaws.com.cn/", count: 2))
        #expect(requests.allSatisfy { $0.headers["authorization"] == nil })
        #expect(Self.form(requests[0]).contains("WebIdentityToken=first.token"))
        #expect(Self.form(requests[1]).contains("WebIdentityToken=second.token"))
        #expect(Self.form(requests[0]).contains("RoleSessionName=cairn-1795176000"))
    }

    @Test("A web identity in a profile; one that is not set up; one that is set up by half")
    func webIdentityPlaces() async throws {
        let answer = SampleDocument.role.replacing("AssumeRole", with: "AssumeRoleWithWebIdentity")
        let config = "[profile w]\nrole_arn = \(Self.arn)\nweb_identity_token_file = ~/token\n"
        let standIn = StandIn(
            environment: ["HOME": "/h", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9000"],
            files: ["/h/.aws/config": config, "/h/token": "tok"]
        ) { _ in CredentialsAnswer(200, answer) }
        let source = ProfileCredentials(surroundings: standIn.surroundings, profile: "w")
        #expect(try await source.loaded() == "ASIAIOSFODNN7EXAMPLE/temporary/secret/token==")
        #expect(standIn.requests.map(\.url) == ["http://127.0.0.1:9000/"])

        let none = EnvironmentWebIdentity(surroundings: StandIn().surroundings)
        #expect(try await none.loaded() == "absent: AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        let half = StandIn(environment: ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"])
        #expect(
            await failure { try await EnvironmentWebIdentity(surroundings: half.surroundings).load() }
                .contains("without AWS_ROLE_ARN"))
        for files in [[:], ["/t": ""], ["/t": "\n"], ["/t": "a\r\nb"]] {
            let bad = StandIn(
                environment: ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": Self.arn], files: files)
            let message = await failure { try await EnvironmentWebIdentity(surroundings: bad.surroundings).load() }
            #expect(message.contains("the token file '/t'"), "\(files)")
        }
    }

    // MARK: Containers

    @Test(
        "A container is asked where the environment says, with the token it says",
        arguments: [
            (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"], "http://169.254.170.2/v2/x", nil),
            (
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials?a=b",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
                ], "http://169.254.170.23/v1/credentials?a=b", "from-file"
            ),
            (
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://example.com",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic x",
                ],
                "https://example.com", "Basic x"
            ),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.9:8080/c"], "http://127.0.0.9:8080/c", nil),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/c"], "http://[fd00:ec2::23]/c", nil),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/c"], "http://localhost/c", nil),
        ] as [([String: String], String, String?)])
    func container(_ environment: [String: String], _ url: String, _ token: String?) async throws {
        let standIn = StandIn(environment: environment, files: ["/token": "from-file\n"]) { _ in
            CredentialsAnswer(200, Self.json("ASIACONTAINER"))
        }
        #expect(try await ContainerCredentials(surroundings: standIn.surroundings).loaded() == "ASIACONTAINER/s/t")
        let request = try #require(standIn.requests.first)
        #expect(request.method == "GET")
        #expect(request.url == url)
        #expect(request.headers["authorization"] == token)
    }

    @Test(
        "A container is not asked where anyone could listen, nor with a token that would be two headers",
        arguments: [
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/c"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.example.com/c"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.3/c"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2@example.com/c"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "localhost/c"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://localhost/c"],
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.com/"],
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/a\r\nb"],
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/a", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nb: c"],
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/a", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/none"],
        ])
    func refusedContainer(_ environment: [String: String]) async {
        let standIn = StandIn(environment: environment) { _ in CredentialsAnswer(200, Self.json("X")) }
        let message = await failure { try await ContainerCredentials(surroundings: standIn.surroundings).load() }
        #expect(message.hasPrefix("s3.credentials: "), "\(message)")
        #expect(standIn.requests.isEmpty)
    }

    @Test(
        "What a container gives must be credentials; what it gives instead is not repeated",
        arguments: [
            "", "[]", "{", "{\"AccessKeyId\": \"hidden\"}", "{\"AccessKeyId\": 1}", "{hidden}",
            json("hidden", token: nil), json("hidden").replacing(end, with: "hidden"),
            "{\"code\": \"Failed\", \"message\": \"hidden\"}",
        ])
    func malformedContainer(_ body: String) async {
        let standIn = StandIn(environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"]) { _ in
            CredentialsAnswer(200, body)
        }
        let message = await failure { try await ContainerCredentials(surroundings: standIn.surroundings).load() }
        #expect(message.hasPrefix("s3.credentials: "))
        #expect(!message.contains("hidden"))
    }

    @Test("A container that is not there, or fails")
    func noContainer() async throws {
        #expect(
            try await ContainerCredentials(surroundings: StandIn().surroundings).loaded()
                == """
                absent: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set
                """)
        let environment = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"]
        let silent = StandIn(environment: environment)
        #expect(
            await failure { try await ContainerCredentials(surroundings: silent.surroundings).load() }
                .contains("did not answer"))
        #expect(silent.requests.count == 3)
        let denied = StandIn(environment: environment) { _ in CredentialsAnswer(403, "") }
        #expect(
            await failure { try await ContainerCredentials(surroundings: denied.surroundings).load() }
                .contains("answered 403"))
    }

    // MARK: Instances

    /// An instance that gives a token, then a role, then its credentials.
    private func metadataService(
        _ environment: [String: String] = [:], roleStatus: Int = 200, refusesToken: String? = nil
    ) -> StandIn {
        let tokens = Counter()
        return StandIn(environment: environment) { request in
            if request.method == "PUT" { return CredentialsAnswer(200, "token-\(tokens.add())") }
            let token = request.headers["x-aws-ec2-metadata-token"]
            if token == nil || token == refusesToken { return CredentialsAnswer(401, "") }
            let folder = "/latest/meta-data/iam/security-credentials/"
            if request.url.hasSuffix(folder) { return CredentialsAnswer(roleStatus, "my-role\n") }
            guard request.url.hasSuffix("\(folder)my-role") else { return CredentialsAnswer(404, "") }
            return CredentialsAnswer(200, Self.json("ASIAINSTANCE"))
        }
    }

    @Test("An instance gives a token, the name of its role, and its credentials; the token is kept for six hours")
    func instance() async throws {
        let standIn = metadataService()
        let source = InstanceCredentials(surroundings: standIn.surroundings)
        #expect(try await source.loaded() == "ASIAINSTANCE/s/t")
        let base = "http://169.254.169.254/latest"
        let role = "\(base)/meta-data/iam/security-credentials/"
        #expect(
            standIn.requests.map { "\($0.method) \($0.url)" } == [
                "PUT \(base)/api/token", "GET \(role)", "GET \(role)my-role",
            ])
        #expect(standIn.requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(standIn.requests[2].headers["x-aws-ec2-metadata-token"] == "token-1")
        _ = try await source.load()
        #expect(standIn.requests.count == 5, "the token is used again")
        standIn.pass(.seconds(6 * 3600))
        _ = try await source.load()
        #expect(standIn.requests.last?.headers["x-aws-ec2-metadata-token"] == "token-2")
    }

    @Test("A token that is refused is replaced, once")
    func instanceToken() async throws {
        let standIn = metadataService(refusesToken: "token-1")
        let source = InstanceCredentials(surroundings: standIn.surroundings)
        #expect(try await source.loaded() == "ASIAINSTANCE/s/t")
        #expect(standIn.requests.count { $0.method == "PUT" } == 2)
    }

    @Test("Where there is no instance, no role, or it is turned off, there are no credentials")
    func noInstance() async throws {
        let off = StandIn(environment: ["AWS_EC2_METADATA_DISABLED": "TRUE"])
        #expect(
            try await InstanceCredentials(surroundings: off.surroundings).loaded()
                == "absent: AWS_EC2_METADATA_DISABLED is true")
        #expect(off.requests.isEmpty)
        let silent = StandIn()
        #expect(
            try await InstanceCredentials(surroundings: silent.surroundings).loaded()
                == "absent: no instance metadata service answers")
        #expect(silent.requests.count == 2)
        let noRole = metadataService(roleStatus: 404)
        #expect(
            try await InstanceCredentials(surroundings: noRole.surroundings).loaded()
                == "absent: the instance has no role")
        let forbidden = StandIn { _ in CredentialsAnswer(403, "") }
        #expect(
            await failure { try await InstanceCredentials(surroundings: forbidden.surroundings).load() }
                .contains("answered 403"))
    }

    @Test("A metadata service that fails is not taken for none")
    func failingInstance() async {
        let standIn = StandIn { _ in CredentialsAnswer(503, "") }
        let message = await failure { try await InstanceCredentials(surroundings: standIn.surroundings).load() }
        #expect(message.contains("the instance metadata service answered 503"))
        #expect(standIn.requests.count == 2)
    }

    @Test("The endpoint of the metadata service can be another")
    func instanceEndpoint() async throws {
        for (environment, host) in [
            (["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"], "http://127.0.0.1:1338"),
            (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], "http://[fd00:ec2::254]"),
        ] {
            let standIn = metadataService(environment)
            _ = try await InstanceCredentials(surroundings: standIn.surroundings).load()
            #expect(standIn.requests.allSatisfy { $0.url.hasPrefix("\(host)/latest/") })
        }
    }
}

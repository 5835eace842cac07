import CairnCore
import CairnSchema
import Foundation
import Testing

@testable import S3Client

/// A source whose every load waits until the test lets it go.
private final class GatedSource: CredentialsLoading {
    let name = "gated"

    private struct State {
        var loads = 0
        var outcomes: [Result<LoadedCredentials, any Error>] = []
        var waiting: [CheckedContinuation<Result<LoadedCredentials, any Error>, Never>] = []
    }

    private let state = Lock(State())

    var loads: Int { state.withLock { $0.loads } }

    func load() async throws -> LoadedCredentials {
        let outcome = await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Result<LoadedCredentials, any Error>? in
                state.loads += 1
                if !state.outcomes.isEmpty { return state.outcomes.removeFirst() }
                state.waiting.append(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        return try outcome.get()
    }

    /// Lets one load end, now or when it comes.
    func end(_ outcome: Result<LoadedCredentials, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Result<LoadedCredentials, any Error>, Never>? in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.outcomes.append(outcome)
            return nil
        }
        waiter?.resume(returning: outcome)
    }

    /// Waits until so many loads began.
    func began(_ count: Int) async {
        while loads < count { await Task.yield() }
    }
}

@Suite("Credentials that end")
struct RefreshingCredentialsTests {
    private let standIn = StandIn()
    private let source = GatedSource()

    private var refreshing: RefreshingCredentials {
        RefreshingCredentials(source, now: standIn.surroundings.now)
    }

    /// Credentials that end so many seconds from now.
    private func credentials(_ key: String, seconds: Int?) -> Credentials {
        let now = standIn.surroundings.now()
        let end = seconds.flatMap { now.adding(microseconds: Int64($0) * 1_000_000) }.map { Date($0) }
        return Credentials(accessKey: key, secretKey: "s", expiration: end)
    }

    private struct Broken: Error {}

    @Test("Whoever comes while a refresh is under way waits for the same one")
    func singleFlight() async throws {
        let refreshing = refreshing
        let wanted = credentials("a", seconds: 3600)
        let tasks = (0..<20).map { _ in Task { try await refreshing.credentials() } }
        await source.began(1)
        source.end(.success(.found(wanted)))
        for task in tasks { #expect(try await task.value == wanted) }
        #expect(source.loads == 1)
        #expect(try await refreshing.credentials() == wanted)
        #expect(source.loads == 1)
    }

    @Test("Credentials without an end are kept")
    func lasting() async throws {
        let refreshing = refreshing
        source.end(.success(.found(credentials("a", seconds: nil))))
        _ = try await refreshing.credentials()
        standIn.pass(.seconds(1_000_000))
        #expect(try await refreshing.credentials().accessKey == "a")
        #expect(source.loads == 1)
    }

    @Test("In the last five minutes others are fetched behind, in the last one they are waited for")
    func windows() async throws {
        let refreshing = refreshing
        source.end(.success(.found(credentials("a", seconds: 3600))))
        _ = try await refreshing.credentials()
        standIn.pass(.seconds(3600 - 301))
        #expect(try await refreshing.credentials().accessKey == "a")
        #expect(source.loads == 1)

        standIn.pass(.seconds(1))
        #expect(try await refreshing.credentials().accessKey == "a", "at once")
        await source.began(2)
        #expect(try await refreshing.credentials().accessKey == "a", "still under way")
        #expect(source.loads == 2)

        standIn.pass(.seconds(241))
        let waiting = Task { try await refreshing.credentials() }
        source.end(.success(.found(credentials("b", seconds: 3600))))
        #expect(try await waiting.value.accessKey == "b")
        #expect(source.loads == 2)
    }

    @Test("A refresh that fails is forgotten as long as the credentials are good, and tried again after a pause")
    func failure() async throws {
        let refreshing = refreshing
        source.end(.success(.found(credentials("a", seconds: 90))))
        _ = try await refreshing.credentials()
        standIn.pass(.seconds(31))
        source.end(.failure(Broken()))
        #expect(try await refreshing.credentials().accessKey == "a", "59 seconds are left: it waited, in vain")
        #expect(source.loads == 2)
        standIn.pass(.seconds(29))
        #expect(try await refreshing.credentials().accessKey == "a")
        #expect(source.loads == 2, "too early to try again")
        standIn.pass(.seconds(1))
        source.end(.success(.found(credentials("b", seconds: 3600))))
        #expect(try await refreshing.credentials().accessKey == "b")
        #expect(source.loads == 3)
    }

    @Test("When the credentials have ended, a failure is told to all who wait, and the next one asks again")
    func ended() async throws {
        let refreshing = refreshing
        source.end(.success(.found(credentials("a", seconds: 400))))
        _ = try await refreshing.credentials()
        standIn.pass(.seconds(400))
        let tasks = (0..<3).map { _ in Task { try await refreshing.credentials() } }
        await source.began(2)
        // All three must wait before the refresh ends; otherwise the last would begin another.
        while refreshing.waiterCount < 3 { await Task.yield() }
        source.end(.failure(Broken()))
        for task in tasks { await #expect(throws: Broken.self) { try await task.value } }
        #expect(source.loads == 2)
        source.end(.success(.found(credentials("b", seconds: 3600))))
        #expect(try await refreshing.credentials().accessKey == "b")
    }

    @Test("Credentials that a server refused are replaced; others are not")
    func refused() async throws {
        let refreshing = refreshing
        let first = credentials("a", seconds: 3600)
        source.end(.success(.found(first)))
        _ = try await refreshing.credentials()
        refreshing.refused(credentials("other", seconds: 3600))
        #expect(try await refreshing.credentials() == first)
        refreshing.refused(first)
        source.end(.success(.found(credentials("b", seconds: 3600))))
        #expect(try await refreshing.credentials().accessKey == "b")
        #expect(source.loads == 2)
    }

    @Test("A source that is not set up is an error with its reason")
    func absent() async {
        source.end(.success(.absent("nothing is set")))
        let error = await #expect(throws: S3Error.self) { try await refreshing.credentials() }
        #expect(error?.code == .credentials)
        #expect(error?.message == "gated: nothing is set")
    }

    @Test("Who is cancelled stops waiting; the others go on")
    func cancellation() async throws {
        let refreshing = refreshing
        let cancelled = Task { try await refreshing.credentials() }
        let other = Task { try await refreshing.credentials() }
        await source.began(1)
        while refreshing.waiterCount < 2 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        source.end(.success(.found(credentials("a", seconds: 3600))))
        #expect(try await other.value.accessKey == "a")
        #expect(source.loads == 1)
    }
}

@Suite("Where credentials come from")
struct CredentialsChainTests {
    private struct Listed: CredentialsLoading {
        let name: String
        let outcome: @Sendable () throws -> LoadedCredentials
        func load() async throws -> LoadedCredentials { try outcome() }
    }

    private struct Broken: Error {}

    private let found = Listed(name: "third") { .found(Credentials(accessKey: "a", secretKey: "s")) }

    @Test("The first source that is set up is taken, and kept")
    func order() async throws {
        let counter = Counter()
        let first = Listed(name: "first") {
            counter.add()
            return .absent("not here")
        }
        let chain = CredentialsChain([first, found])
        #expect(try await chain.loaded() == "a/s")
        #expect(try await chain.loaded() == "a/s")
        #expect(counter.value == 1)
    }

    @Test("A source that is set up and fails ends the search")
    func failing() async {
        let chain = CredentialsChain([Listed(name: "first") { throw Broken() }, found])
        await #expect(throws: Broken.self) { try await chain.load() }
    }

    @Test("When nothing is set up, the error lists what was tried, in AWS's order")
    func nothing() async {
        let provider = CredentialsSource.standard().provider(
            in: StandIn(environment: ["HOME": "/h"]).surroundings)
        let error = await #expect(throws: S3Error.self) { try await provider.credentials() }
        #expect(error?.code == .credentials)
        #expect(
            error?.message == """
                no credentials were found; tried \
                environment: neither AWS_ACCESS_KEY_ID nor STORAGE_ACCESS_KEY is set; \
                web identity of the environment: AWS_WEB_IDENTITY_TOKEN_FILE is not set; \
                profile 'default': it is not in ~/.aws/config or ~/.aws/credentials; \
                container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; \
                instance: no instance metadata service answers
                """)
        #expect(error?.remedy?.contains("AWS_ACCESS_KEY_ID") == true)
    }

    @Test("A metadata service that refuses is told behind what was tried before, with what to set")
    func refusedInstance() async {
        let provider = CredentialsSource.standard().provider(
            in: StandIn(environment: ["HOME": "/h"]) { _ in CredentialsAnswer(403, "") }.surroundings)
        let error = await #expect(throws: S3Error.self) { try await provider.credentials() }
        #expect(error?.message.hasPrefix("no credentials were found; tried environment: neither ") == true)
        #expect(error?.message.hasSuffix("; the instance metadata service answered 403") == true)
        #expect(error?.remedy?.hasPrefix("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") == true)
    }

    @Test("Each source can be chosen")
    func sources() async throws {
        let explicit = Credentials(accessKey: "x", secretKey: "y")
        let keys = ["AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "s", "HOME": "/h"]
        let files = ["/h/.aws/credentials": "[p]\naws_access_key_id=prof\naws_secret_access_key=s\n"]
        let standIn = StandIn(environment: keys, files: files) { _ in CredentialsAnswer(200, SampleDocument.role) }
        let role = S3Role(arn: "arn:aws:iam::123456789012:role/demo")
        let command = #"echo '{"Version": 1, "AccessKeyId": "proc", "SecretAccessKey": "s"}'"#
        let cases: [(CredentialsSource, String)] = [
            (.explicit(explicit), "x"), (.anonymous, ""), (.environment, "env"), (.profile("p"), "prof"),
            (.standard(), "env"), (.standard(profile: "p"), "prof"),
            (.role(role, from: .explicit(explicit)), "ASIAIOSFODNN7EXAMPLE"),
            (.role(role, from: .provider(FixedCredentials(fixed: explicit))), "ASIAIOSFODNN7EXAMPLE"),
            (.process(command), "proc"), (.provider(FixedCredentials(fixed: explicit)), "x"),
        ]
        for (source, wanted) in cases {
            let provider = source.provider(in: standIn.surroundings)
            #expect(try await provider.credentials().accessKey == wanted)
        }
    }

    @Test("No source prints what it finds around it")
    func secrets() {
        let secret = "very-secret"
        let standIn = StandIn(environment: ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": secret])
        let credentials = Credentials(accessKey: "a", secretKey: secret)
        for source in [CredentialsSource.standard(), .environment, .container, .explicit(credentials)] {
            var dumped = ""
            dump(source, to: &dumped)
            dump(source.provider(in: standIn.surroundings), to: &dumped)
            #expect(!dumped.isEmpty)
            #expect(!dumped.contains(secret))
        }
    }

    @Test("Endpoint and region come from what is given, the environment, the profile, the host")
    func settings() throws {
        func settings(
            _ environment: [String: String], config: String = "", endpoint: String? = nil, region: String? = nil
        ) throws -> String {
            let standIn = StandIn(
                environment: environment.merging(["HOME": "/h"]) { old, _ in old }, files: ["/h/.aws/config": config])
            let given = try endpoint.map { try S3Endpoint($0) }
            let settings = try ClientSettings(
                endpoint: given, region: region, profile: nil, standIn.surroundings)
            return "\(settings.endpoint) \(settings.region)"
        }
        #expect(try settings([:]) == "https://s3.us-east-1.amazonaws.com us-east-1")
        #expect(
            try settings(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "x"])
                == "https://s3.eu-west-1.amazonaws.com eu-west-1")
        #expect(
            try settings(["STORAGE_ENDPOINT": "storage.ignis.local:9000"])
                == "http://storage.ignis.local:9000 us-east-1")
        #expect(
            try settings(["AWS_ENDPOINT_URL": "https://a", "AWS_ENDPOINT_URL_S3": "https://b"]) == "https://b us-east-1"
        )
        #expect(try settings([:], endpoint: "https://s3.eu-west-2.amazonaws.com").hasSuffix(" eu-west-2"))
        let config = "[default]\nregion = eu-north-1\nendpoint_url = http://h:9000\n"
        #expect(try settings([:], config: config) == "http://h:9000 eu-north-1")
        #expect(
            try settings(
                ["STORAGE_ENDPOINT": "a", "AWS_REGION": "r"], config: config, endpoint: "https://g", region: "q")
                == "https://g q")
        #expect(throws: S3Error.self) { try settings(["AWS_REGION": "a b"]) }
        let services = "\(config)services = local\n[services local]\ns3 =\n  endpoint_url = http://s:9000\n"
        #expect(try settings([:], config: services) == "http://s:9000 eu-north-1")
        #expect(
            try settings(
                ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "https://a"], config: services)
                == "https://s3.eu-north-1.amazonaws.com eu-north-1")
        #expect(
            try settings(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "STORAGE_ENDPOINT": "a"])
                == "http://a us-east-1")
    }
}

import CairnCore
import Testing

@testable import S3Client

@Suite("Requests of sources of credentials", .timeLimit(.minutes(10)))
struct CredentialsTransportTests {
    @Test("A source on this machine is asked past the proxy, and not behind the requests to the store")
    func apart() async throws {
        let asked = Counter()
        let container = try LoopbackServer { connection in
            while try connection.readRequest() != nil {
                let body = """
                    {"AccessKeyId": "a\(asked.add())", "SecretAccessKey": "s", "Token": "t", \
                    "Expiration": "2100-01-01T00:00:00Z"}
                    """
                try connection.answer(body: Array(body.utf8))
            }
        }
        defer { container.stop() }
        let seen = Lock<[String]>([])
        let proxy = try LoopbackServer { connection in
            while let request = try connection.readRequest() {
                seen.withLock { $0.append(request.line) }
                // Never ends, and keeps its connection.
                try connection.announce(10)
            }
        }
        defer { proxy.stop() }
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("http://store.invalid"), region: "us-east-1", credentials: .container)
        options.proxy = "http://127.0.0.1:\(proxy.port)"
        options.maximumConnections = 1
        let client = try S3Client(options) { exchange in
            var surroundings = Surroundings.ofProcess(exchange: exchange)
            surroundings.environment = [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(container.port)/role"
            ]
            return surroundings
        }
        let object = try await client.bucket("bucket").get("k")
        let first = try await client.credentials.credentials()
        client.credentials.refused(first)
        let second = try await client.credentials.credentials()
        #expect(first.accessKey == "a1" && second.accessKey == "a2")
        #expect(seen.withLock { $0 } == ["GET http://store.invalid/bucket/k HTTP/1.1"])
        #expect(object.range.count == 10)
        await client.close()
        client.credentials.refused(second)
        await #expect(throws: S3Error.self) { _ = try await client.credentials.credentials() }
    }

    @Test(
        "A proxy leads to what is far and secure",
        arguments: [
            ("https://sts.us-east-1.amazonaws.com/", true), ("https://192.0.2.1:8443/a?b", true),
            ("http://sts.example.com/", false), ("http://169.254.169.254/latest", false),
            ("https://169.254.170.2/v2", false), ("https://127.0.0.1:8443/", false), ("https://[::1]/", false),
            ("https://[fd00:ec2::23]/v1", false), ("https://localhost/", false), ("https://a.localhost:1/", false),
            ("", false),
        ])
    func proxied(_ url: String, _ isProxied: Bool) {
        #expect(CredentialsTransport.mayBeProxied(url) == isProxied)
    }
}

import S3Client

/// Where the commands of the group `s3` go, and as whom: the address, and options that say what it leaves out.
enum S3Place {
    /// The options all of them have.
    static let options = [
        Option(name: "endpoint", value: "URL", help: "the server, such as http://127.0.0.1:9000; AWS without it"),
        Option(name: "region", value: "REGION", help: "the region requests are signed for"),
        Option(name: "profile", value: "NAME", help: "the profile that settings and credentials come from"),
        Option(name: "no-sign-request", help: "ask without credentials, of what is open to all"),
        Option(
            name: "timeout", value: "SECONDS",
            help: "how long one attempt may take, beside the time its bytes take; 60 without it"),
    ]

    /// What their help pages say of it.
    static let note =
        "Endpoint, region and profile may also stand in the address: s3://bucket/key?endpoint=http://127.0.0.1:9000&region=us-east-1. What is said nowhere comes from the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE, …) and the shared files of AWS's tools."

    /// Any key that may be there: who lists, reads and removes takes what others stored.
    static let anyKey = KeyRules(allowsControlCharacters: true, allowsDotSegments: true)

    /// Opens a client, lends it to `body`, and closes it.
    /// - Parameter address: nil for what concerns no bucket.
    static func with<Result>(
        _ address: S3Address?, _ arguments: ParsedArguments, _ body: (S3Client) async throws -> Result
    ) async throws -> Result {
        let client = try S3Client(options(address, arguments))
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// Lends the bucket of an address.
    static func with<Result>(
        bucketOf address: S3Address, _ arguments: ParsedArguments, _ body: (S3Bucket) async throws -> Result
    ) async throws -> Result {
        try await with(address, arguments) { client in try await body(client.bucket(address.bucket)) }
    }

    /// Address, options and what only the environment says together.
    /// - Throws: `command.usage` for what both say, and for an endpoint without a scheme: the client takes http for one variable and
    ///   https elsewhere, which nobody can guess.
    static func options(_ address: S3Address?, _ arguments: ParsedArguments) throws -> S3ClientOptions {
        func one<Value>(_ name: String, _ here: Value?, _ there: Value?) throws -> Value? {
            if here != nil, there != nil {
                throw CommandError(.usage, "'--\(name)' and the address both say the \(name)", remedy: "keep one")
            }
            return here ?? there
        }
        let endpoint = try one(
            "endpoint", arguments.value("endpoint").map { try S3Place.endpoint($0) }, address?.endpoint)
        let region = try one("region", arguments.value("region"), address?.region)
        let profile = try one("profile", arguments.value("profile"), address?.profile)
        let timeout = try arguments.value("timeout").map(timeout)
        var options: S3ClientOptions
        do throws(S3Error) {
            options = try S3ClientOptions(endpoint: endpoint, region: region, profile: profile, timeout: timeout)
        } catch {
            throw CommandError(.usage, error.message, remedy: error.remedy)
        }
        if arguments.has("no-sign-request") {
            guard profile == nil else {
                throw CommandError(.usage, "'--no-sign-request' needs no profile", remedy: "keep one of them")
            }
            options.credentials = .anonymous
        }
        options.keyRules = anyKey
        return options
    }

    private static func endpoint(_ text: String) throws -> S3Endpoint {
        // First, so that no password of an address stands in a message.
        let endpoint = try S3Endpoint(text)
        if let problem = S3Endpoint.ambiguity(of: text, "'--endpoint'") {
            throw CommandError(.usage, problem.message, remedy: problem.remedy)
        }
        return endpoint
    }

    private static func timeout(_ text: String) throws -> Duration {
        guard let seconds = Int(text), (1...86_400).contains(seconds) else {
            throw CommandError(.usage, "'--timeout \(text)' is no time", remedy: "write seconds from 1 to 86400")
        }
        return .seconds(seconds)
    }

    /// The address of an object.
    /// - Throws: `s3.invalid`; `command.usage` for the address of a bucket.
    static func object(_ text: String, keyRules: KeyRules = anyKey) throws -> S3Address {
        let address = try S3Address(text, keyRules: keyRules)
        guard !address.key.isEmpty else {
            throw CommandError(.usage, "\(address) names no object", remedy: "write s3://\(address.bucket)/KEY")
        }
        return address
    }

    /// The address of a bucket, with nothing behind it.
    static func bucket(_ text: String) throws -> S3Address {
        let address = try S3Address(text)
        guard address.key.isEmpty else {
            throw CommandError(
                .usage, "\(address) names more than a bucket", remedy: "write s3://\(address.bucket)")
        }
        return address
    }
}

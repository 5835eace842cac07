import CairnSchema
import S3Client

/// `cairn s3 presign`: makes a URL that does one thing with one object, for a while.
struct S3PresignCommand: Command {
    let signature = Signature(
        name: "s3 presign", purpose: "makes a URL that needs no credentials, for a while",
        operands: [Operand(name: "ADDRESS", help: "the object: s3://bucket/key")],
        options: [
            Option(
                name: "method", value: "METHOD", help: "GET (the default), HEAD, PUT or DELETE",
                kind: .choice(S3Bucket.PresignedMethod.allCases.map(\.rawValue))),
            Option(name: "expires", value: "TIME", help: "how long it is good: 90s, 15m (the default), 12h, 7d"),
        ] + S3Place.options.filter { $0.name != "no-sign-request" },
        notes: [
            "Who has the URL can do what it says until it ends. Nothing is sent to make one.", S3Place.note,
        ],
        examples: [
            "cairn s3 presign s3://photos/2026/cat.jpg --expires 2h",
            "curl -T cat.jpg \"$(cairn s3 presign s3://photos/cat.jpg --method PUT)\"",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let method = arguments.value("method").flatMap(S3Bucket.PresignedMethod.init(rawValue:)) ?? .get
        // What stores is as careful with keys as 'put'.
        let address = try S3Place.object(
            arguments.operand("ADDRESS"), keyRules: method == .put ? KeyRules() : S3Place.anyKey)
        let seconds = try S3PresignCommand.seconds(arguments.value("expires") ?? "15m")
        return try await S3Place.with(bucketOf: address, arguments) { bucket in
            let url = try await bucket.presignedURL(method, address.key, for: .seconds(seconds))
            console.print(
                arguments.isJSON
                    ? JSONText.object([
                        ("url", .string(url)), ("method", .string(method.rawValue)), ("seconds", .int(seconds)),
                    ]) : url)
            return .done
        }
    }

    /// Reads a time: a number, and `s`, `m`, `h` or `d`.
    static func seconds(_ text: String) throws -> Int {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), text.utf8.first != UInt8(ascii: "+"),
            let number = Int(text.dropLast()), number > 0
        else {
            throw CommandError(.usage, "'--expires \(text)' is no time", remedy: "write 90s, 15m, 12h or 7d")
        }
        let (seconds, isTooMuch) = number.multipliedReportingOverflow(by: unit)
        return isTooMuch ? .max : seconds
    }
}

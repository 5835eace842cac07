import CairnSchema
import S3Client

/// `cairn s3 mb`: makes a bucket.
struct S3MakeBucketCommand: Command {
    let signature = Signature(
        name: "s3 mb", purpose: "makes a bucket",
        operands: [Operand(name: "ADDRESS", help: "the bucket: s3://bucket")],
        options: S3Place.options,
        notes: ["It is made in the region that requests are signed for.", S3Place.note],
        examples: ["cairn s3 mb s3://photos --region eu-west-1"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = try S3Place.bucket(arguments.operand("ADDRESS"))
        return try await S3Place.with(address, arguments) { client in
            try await client.createBucket(address.bucket)
            console.print(
                arguments.isJSON
                    ? JSONText.object([("bucket", .string(address.bucket)), ("region", .string(client.region))])
                    : "made  s3://\(address.bucket)")
            return .done
        }
    }
}

/// `cairn s3 rb`: removes a bucket.
struct S3RemoveBucketCommand: Command {
    let signature = Signature(
        name: "s3 rb", purpose: "removes a bucket",
        operands: [Operand(name: "ADDRESS", help: "the bucket: s3://bucket")],
        options: [
            Option(name: "force", help: "remove all that is in it first, versions and unended uploads too"),
            Option(name: "yes", help: "with --force: do not ask; needed where there is no terminal"),
        ] + S3Place.options,
        notes: ["Without --force only an empty bucket is removed.", S3Place.note],
        examples: ["cairn s3 rb s3://photos", "cairn s3 rb s3://scratch --force --yes"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = try S3Place.bucket(arguments.operand("ADDRESS"))
        if arguments.has("yes"), !arguments.has("force") {
            throw CommandError(.usage, "'--yes' needs '--force'", remedy: "an empty bucket is removed without asking")
        }
        if arguments.has("force"), !arguments.has("yes"), !console.canAsk || arguments.isJSON {
            throw CommandError(
                .usage,
                arguments.isJSON
                    ? "'--json' does not ask" : "nobody is there to ask whether to remove all of \(address)",
                remedy: "add --yes")
        }
        return try await S3Place.with(address, arguments) { client in
            let bucket = try client.bucket(address.bucket)
            var removed = 0
            if arguments.has("force") {
                let isSure =
                    arguments.has("yes")
                    || console.ask("Remove bucket '\(bucket.name)' and all that is in it?")
                guard isSure else { throw CommandError(.declined, "not removed: s3://\(bucket.name)") }
                guard let count = try await empty(bucket, arguments, console) else { return .failed }
                removed = count
            }
            try await client.deleteBucket(address.bucket)
            console.print(
                arguments.isJSON
                    ? JSONText.object([("bucket", .string(address.bucket)), ("removed", .int(removed))])
                    : "removed  s3://\(address.bucket)")
            return .done
        }
    }

    /// - Returns: How many versions were removed; nil when some could not be, which has been told.
    private func empty(_ bucket: S3Bucket, _ arguments: ParsedArguments, _ console: Console) async throws -> Int? {
        for try await upload in bucket.uploads() { try await bucket.abortUpload(upload) }
        let outcome: Removal.Outcome
        do {
            outcome = try await Removal(bucket, "", versions: true, console).run(asks: false)
        } catch let error as S3Error where error.code == .unsupported {
            outcome = try await Removal(bucket, "", versions: false, console).run(asks: false)
        }
        for failure in outcome.failures { ErrorReport.write(failure.error, console, isJSON: arguments.isJSON) }
        return outcome.failures.isEmpty ? outcome.removed : nil
    }
}

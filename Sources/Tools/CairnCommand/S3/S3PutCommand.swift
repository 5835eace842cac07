import CairnSchema
import S3Client

/// `cairn s3 put`: stores an object.
struct S3PutCommand: Command {
    let signature = Signature(
        name: "s3 put", purpose: "stores a file, or what it reads, as an object",
        operands: [
            Operand(name: "FILE", help: "the file; - reads the standard input", kind: .file),
            Operand(
                name: "ADDRESS",
                help: "the object: s3://bucket/key; to s3://bucket, or behind a '/', the file's name is added"),
        ],
        options: [
            Option(name: "content-type", value: "TYPE", help: "the media type; else by the ending of the name"),
            Option(name: "cache-control", value: "TEXT", help: "how caches may keep it, such as max-age=3600"),
            Option(name: "metadata", value: "NAME=VALUE", isRepeated: true, help: "stored with it, for programs"),
            Option(name: "tag", value: "NAME=VALUE", isRepeated: true, help: "a tag, for rules and bills; at most 10"),
            Option(name: "storage-class", value: "CLASS", help: "such as STANDARD_IA; else the bucket's"),
            Option(name: "if-none-match", help: "store it only where there is no object"),
            Option(name: "if-match", value: "ETAG", help: "store it only over this version"),
        ] + S3Place.options,
        notes: [
            "What is large, or of unknown length, is sent in parts, at the same time; what fails or is interrupted leaves no part behind, unless the object may have been made.",
            S3Place.note, "Exits with 1 when the condition does not hold.",
        ],
        examples: [
            "cairn s3 put cat.jpg s3://photos/2026/ --cache-control max-age=3600",
            "pg_dump shop | gzip | cairn s3 put - s3://backup/shop.gz --if-none-match",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let file = arguments.operand("FILE")
        let (address, key) = try S3PutCommand.target(arguments.operand("ADDRESS"), file: file)
        var options = S3UploadOptions(
            mode: try S3PutCommand.mode(arguments), attributes: try S3PutCommand.attributes(arguments))
        if file != "-", Files.kind(of: file) != .file {
            throw CommandError(
                .file, Files.kind(of: file) == .folder ? "\(file) is a folder, not a file" : "there is no file \(file)",
                remedy: "name a file, or - for the standard input")
        }
        let progress = console.progress
        let rate = TransferRate()
        options.progress = { done in progress.show(rate.text(done: done.bytes, total: done.total)) }
        return try await S3Place.with(bucketOf: address, arguments) { [options] bucket in
            defer { progress.end() }
            do {
                let written =
                    file == "-"
                    ? try await bucket.upload(key, .stream(StandardInput.stream), options)
                    : try await bucket.upload(fileAt: file, to: key, options)
                progress.end()
                console.print(
                    arguments.isJSON
                        ? JSONText.object([
                            ("bucket", .string(bucket.name)), ("key", .string(key)),
                            ("etag", .string(written.etag.rawValue)),
                            ("version_id", written.versionID.map(JSONValue.string) ?? .null),
                        ]) : Printable.line("wrote  \(S3Address.text(bucket.name, key))  etag \(written.etag)"))
                return .done
            } catch let error as S3Error where S3PutCommand.isUnmet(error, options.mode) {
                progress.end()
                ErrorReport.write(error, console, isJSON: arguments.isJSON)
                return .found
            }
        }
    }

    /// The address, and the key with the file's name if it needs one.
    static func target(_ text: String, file: String) throws -> (S3Address, key: String) {
        let address = try S3Address(text)
        guard address.key.isEmpty || address.key.utf8.last == UInt8(ascii: "/") else { return (address, address.key) }
        guard file != "-" else {
            throw CommandError(
                .usage, "the standard input has no name to add to \(address)", remedy: "name the object, too")
        }
        return (address, address.key + Path.lastPart(file))
    }

    /// Whether the condition is what keeps the object from being stored; no version of what is not there is the right one.
    private static func isUnmet(_ error: S3Error, _ mode: PutMode) -> Bool {
        if case .ifMatch = mode, error.code == .noSuchKey { return true }
        return error.code == .preconditionFailed
    }

    static func mode(_ arguments: ParsedArguments) throws -> PutMode {
        switch (arguments.has("if-none-match"), arguments.value("if-match")) {
        case (true, _?):
            throw CommandError(.usage, "'--if-none-match' and '--if-match' exclude each other", remedy: "keep one")
        case (true, nil): return .create
        case (false, let etag?): return .ifMatch(ETag(rawValue: etag))
        case (false, nil): return .overwrite
        }
    }

    static func attributes(_ arguments: ParsedArguments) throws -> S3Attributes {
        S3Attributes(
            contentType: arguments.value("content-type"), cacheControl: arguments.value("cache-control"),
            metadata: try pairs("metadata", arguments), tags: try pairs("tag", arguments),
            storageClass: arguments.value("storage-class").map(StorageClass.init(rawValue:)))
    }

    /// Names and values of an option that is given several times.
    private static func pairs(_ option: String, _ arguments: ParsedArguments) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in arguments.values(option) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandError(
                    .usage, "'--\(option) \(text)' is no name and value", remedy: "write --\(option) NAME=VALUE")
            }
            guard pairs.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw CommandError(.usage, "'--\(option)' has '\(parts[0])' twice", remedy: "keep one")
            }
        }
        return pairs
    }
}

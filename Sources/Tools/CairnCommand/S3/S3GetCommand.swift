import CairnSchema
import S3Client

/// `cairn s3 get`: reads an object.
struct S3GetCommand: Command {
    let signature = Signature(
        name: "s3 get", purpose: "reads an object into a file, or prints it",
        operands: [
            Operand(name: "ADDRESS", help: "the object: s3://bucket/key"),
            Operand(
                name: "FILE", isOptional: true,
                help: "where to; a folder takes the last part of the key, which is also the default; - prints it",
                kind: .file),
        ],
        options: [
            Option(name: "overwrite", help: "replace a file that is there"),
            Option(name: "version", value: "ID", help: "read this version"),
            Option(
                name: "range", value: "RANGE",
                help: "print these bytes only: 0-499 the first 500, 500- what is behind them, -500 the last"),
        ] + S3Place.options,
        notes: [
            "The file gets its name when all bytes are there and are what the server's checksum says. Large objects are read in parts, at the same time.",
            S3Place.note, "Exits with 1 when there is no such object.",
        ],
        examples: [
            "cairn s3 get s3://photos/2026/cat.jpg", "cairn s3 get s3://logs/today.gz - | zcat",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = try S3Place.object(arguments.operand("ADDRESS"))
        let file = arguments.optionalOperand("FILE")
        if file == "-", arguments.has("overwrite") {
            throw CommandError(.usage, "'--overwrite' needs a file", remedy: "leave it out, or name a file")
        }
        if file == "-", arguments.isJSON {
            throw CommandError(
                .usage, "'--json' needs a file: what is printed is the object", remedy: "leave it out, or name a file")
        }
        if file != "-", arguments.has("range") {
            throw CommandError(.usage, "'--range' prints and makes no file", remedy: "write - for the file")
        }
        let range = try arguments.value("range").map(S3GetCommand.range)
        let path = file == "-" ? nil : try S3GetCommand.path(file ?? ".", of: address)
        return try await S3Place.with(bucketOf: address, arguments) { bucket in
            do {
                if let path {
                    try await save(bucket, address, to: path, arguments, console)
                } else {
                    try await show(
                        bucket, address, S3GetOptions(range: range, versionID: arguments.value("version")), console)
                }
                return .done
            } catch let error as S3Error
                where error.code == .noSuchKey || error.details.serverCode == "NoSuchVersion"
            {
                ErrorReport.write(error, console, isJSON: arguments.isJSON)
                return .found
            }
        }
    }

    /// Reads a range: `0-499`, `500-`, `-500`.
    static func range(_ text: String) throws -> ByteRange {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        func number(_ text: Substring) -> Int? {
            text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }
        if parts.count == 2 {
            switch (parts[0].isEmpty, number(parts[0]), parts[1].isEmpty, number(parts[1])) {
            case (false, let first?, false, let last?) where first <= last: return .closed(first...last)
            case (false, let first?, true, _): return .from(first)
            case (true, _, false, let count?) where count > 0: return .suffix(count)
            default: break
            }
        }
        throw CommandError(.usage, "'--range \(text)' is no range", remedy: "write 0-499, 500- or -500")
    }

    /// The path of the file.
    static func path(_ file: String, of address: S3Address) throws -> String {
        guard Files.kind(of: file) == .folder else { return file }
        let name = address.key.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
        guard !name.isEmpty, address.key.utf8.last != UInt8(ascii: "/") else {
            throw CommandError(.usage, "the key of \(address) ends with no name", remedy: "name the file, too")
        }
        return file == "." ? name : Path.join(file, name)
    }

    private func save(
        _ bucket: S3Bucket, _ address: S3Address, to path: String, _ arguments: ParsedArguments, _ console: Console
    ) async throws {
        let progress = console.progress
        defer { progress.end() }
        let rate = TransferRate()
        var options = S3DownloadOptions(overwrite: arguments.has("overwrite"))
        options.versionID = arguments.value("version")
        options.progress = { done in progress.show(rate.text(done: done.bytes, total: done.total)) }
        let info = try await bucket.download(address.key, toFileAt: path, options)
        progress.end()
        console.print(
            arguments.isJSON
                ? JSONText.object([
                    ("key", .string(address.key)), ("file", .string(path)), ("size", .int(info.size)),
                    ("etag", .string(info.etag.rawValue)),
                    ("version_id", info.versionID.map(JSONValue.string) ?? .null),
                ]) : Printable.line("wrote  \(path)  \(ByteCount.text(info.size))"))
    }

    private func show(
        _ bucket: S3Bucket, _ address: S3Address, _ options: S3GetOptions, _ console: Console
    ) async throws {
        let object = try await bucket.get(address.key, options)
        for try await chunk in object.body {
            // What could not be written is told at the end of the program.
            guard console.write(chunk) else { return }
        }
    }
}

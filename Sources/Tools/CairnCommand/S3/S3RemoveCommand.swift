import CairnSchema
import S3Client

/// `cairn s3 rm`: removes objects.
struct S3RemoveCommand: Command {
    let signature = Signature(
        name: "s3 rm", purpose: "removes objects",
        operands: [
            Operand(name: "ADDRESS", isRepeated: true, help: "an object: s3://bucket/key; with --recursive a prefix")
        ],
        options: [
            Option(name: "recursive", help: "remove every object whose key begins so"),
            Option(name: "all-versions", help: "with --recursive: remove every version for good, and every marker"),
            Option(name: "yes", help: "do not ask; needed where there is no terminal"),
            Option(name: "version", value: "ID", help: "remove this version for good"),
        ] + S3Place.options,
        notes: [
            "Removing what is not there succeeds. In a bucket that keeps versions a removal puts a marker there; the versions stay.",
            S3Place.note,
        ],
        examples: [
            "cairn s3 rm s3://photos/2026/cat.jpg", "cairn s3 rm s3://photos/2025/ --recursive --yes",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let texts = arguments.repeatedOperand("ADDRESS")
        let isRecursive = arguments.has("recursive")
        // All are read before the first is removed.
        let addresses = try texts.map { try isRecursive ? S3Address($0, keyRules: S3Place.anyKey) : S3Place.object($0) }
        try check(arguments, count: texts.count)
        if isRecursive, !arguments.has("yes"), !console.canAsk || arguments.isJSON {
            throw CommandError(
                .usage,
                arguments.isJSON
                    ? "'--json' does not ask" : "nobody is there to ask whether to remove all of \(addresses[0])",
                remedy: "add --yes")
        }
        var removed = 0
        var failures: [any Error] = []
        for address in addresses {
            // What fails does not keep the others from being removed, and is told at the end.
            do {
                let outcome = try await remove(address, arguments, console)
                removed += outcome.removed
                failures += outcome.failures.map(\.error)
            } catch {
                failures.append(error)
                if Task.isCancelled { break }
            }
        }
        if arguments.isJSON {
            console.print(JSONText.object([("removed", .int(removed)), ("failed", .int(failures.count))]))
        } else if isRecursive, removed > 0 || failures.isEmpty {
            console.print("removed  \(S3Text.count(removed))")
        }
        for failure in failures { ErrorReport.write(failure, console, isJSON: arguments.isJSON) }
        return failures.isEmpty ? .done : .failed
    }

    private func remove(
        _ address: S3Address, _ arguments: ParsedArguments, _ console: Console
    ) async throws -> Removal.Outcome {
        try await S3Place.with(bucketOf: address, arguments) { bucket in
            if arguments.has("recursive") {
                return try await Removal(bucket, address.key, versions: arguments.has("all-versions"), console)
                    .run(asks: !arguments.has("yes"))
            }
            try await bucket.delete(address.key, S3DeleteOptions(versionID: arguments.value("version")))
            if !arguments.isJSON { console.print(Printable.line("removed  \(address)")) }
            return Removal.Outcome(removed: 1)
        }
    }

    private func check(_ arguments: ParsedArguments, count: Int) throws {
        let isRecursive = arguments.has("recursive")
        if arguments.has("version"), isRecursive || count > 1 {
            throw CommandError(.usage, "'--version' is one of one object", remedy: "remove that one by itself")
        }
        if arguments.has("all-versions"), !isRecursive {
            throw CommandError(.usage, "'--all-versions' needs '--recursive'", remedy: "or name one with --version ID")
        }
    }
}

/// Removes what is under a prefix.
struct Removal {
    /// What became of it.
    struct Outcome {
        var removed = 0
        var failures: [S3Bucket.DeletionFailure] = []
    }

    private let bucket: S3Bucket
    private let prefix: String
    private let versions: Bool
    private let console: Console

    init(_ bucket: S3Bucket, _ prefix: String, versions: Bool, _ console: Console) {
        self.bucket = bucket
        self.prefix = prefix
        self.versions = versions
        self.console = console
    }

    /// - Parameter asks: Whether a person is shown how much it is, and asked.
    /// - Throws: `command.declined` when that person says no.
    func run(asks: Bool) async throws -> Outcome {
        defer { console.progress.end() }
        if asks { try await ask() }
        var outcome = Outcome()
        var batch: [(key: String, versionID: String?)] = []
        try await each { key, id, _ in
            batch.append((key, id))
            if batch.count == 1000 { try await remove(&batch, &outcome) }
        }
        if !batch.isEmpty { try await remove(&batch, &outcome) }
        return outcome
    }

    private func ask() async throws {
        var objects = 0
        var bytes = 0
        try await each { _, _, size in
            objects += 1
            bytes += size
            console.progress.show("counting: \(objects)")
        }
        console.progress.end()
        guard objects > 0 else { return }
        let what = S3Text.count(objects, versions ? "version" : "object")
        let place = "s3://\(bucket.name)/\(prefix)"
        guard console.ask(Printable.line("Remove \(what), \(ByteCount.text(bytes)), under \(place)?")) else {
            throw CommandError(.declined, "not removed: \(place)")
        }
    }

    private func each(_ body: (String, String?, Int) async throws -> Void) async throws {
        if versions {
            for try await version in bucket.versions(prefix: prefix) {
                try await body(version.key, version.versionID, version.size)
            }
        } else {
            for try await object in bucket.objects(prefix: prefix) { try await body(object.key, nil, object.size) }
        }
    }

    private func remove(_ batch: inout [(key: String, versionID: String?)], _ outcome: inout Outcome) async throws {
        // No XML holds control characters, so such keys go one by one.
        let odd = batch.filter { $0.key.unicodeScalars.contains { $0.value < 0x20 } }
        let plain = odd.isEmpty ? batch : batch.filter { !$0.key.unicodeScalars.contains { $0.value < 0x20 } }
        for (key, versionID) in odd { try await bucket.delete(key, S3DeleteOptions(versionID: versionID)) }
        let failures = plain.isEmpty ? [] : try await bucket.delete(versions: plain)
        outcome.removed += batch.count - failures.count
        outcome.failures += failures
        batch = []
        let removed = outcome.removed
        console.progress.show("removed \(removed)")
    }
}

import CairnSchema
import FoundationEssentials
import S3Client

/// `cairn s3 ls`: lists buckets, objects or versions.
struct S3ListCommand: Command {
    let signature = Signature(
        name: "s3 ls", purpose: "lists buckets, or the objects of one",
        operands: [
            Operand(
                name: "ADDRESS", isOptional: true,
                help: "s3://bucket, or s3://bucket/prefix; else the buckets are listed")
        ],
        options: [
            Option(name: "recursive", help: "list every object, and not what keys share up to the next '/'"),
            Option(name: "versions", help: "list every version, and the markers of what was removed"),
        ] + S3Place.options,
        notes: [
            "A line for each: when it was stored, its bytes, its key; with --versions the id of the version, and whether it is the latest. Lines are printed as they come; with --json each is an object of its own.",
            S3Place.note,
        ],
        examples: [
            "cairn s3 ls --endpoint http://127.0.0.1:9000", "cairn s3 ls s3://photos/2026/",
            "cairn s3 ls s3://photos --recursive --json",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let lines = ListLines(console, isJSON: arguments.isJSON)
        guard let text = arguments.optionalOperand("ADDRESS") else {
            for option in ["recursive", "versions"] where arguments.has(option) {
                throw CommandError(.usage, "'--\(option)' needs a bucket", remedy: "name one: s3://bucket")
            }
            return try await S3Place.with(nil, arguments) { client in
                for bucket in try await client.buckets() { lines.print(bucket) }
                return .done
            }
        }
        let address = try S3Address(text, keyRules: S3Place.anyKey)
        return try await S3Place.with(bucketOf: address, arguments) { bucket in
            if arguments.has("versions") {
                for try await version in bucket.versions(prefix: address.key) {
                    guard lines.print(version) else { break }
                }
            } else if arguments.has("recursive") {
                for try await object in bucket.objects(prefix: address.key) {
                    guard lines.print(object) else { break }
                }
            } else {
                try await list(bucket, address.key, lines)
            }
            return .done
        }
    }

    /// Lists what is under a prefix up to the next slash, shared prefixes among the objects.
    private func list(_ bucket: S3Bucket, _ prefix: String, _ lines: ListLines) async throws {
        var continuation: String?
        repeat {
            let page = try await bucket.list(
                ListOptions(prefix: prefix, delimiter: "/"), continuation: continuation)
            var prefixes = page.prefixes[...]
            for object in page.objects {
                while let prefix = prefixes.first, prefix.utf8.lexicographicallyPrecedes(object.key.utf8) {
                    guard lines.print(prefix: prefixes.removeFirst()) else { return }
                }
                guard lines.print(object) else { return }
            }
            for prefix in prefixes { guard lines.print(prefix: prefix) else { return } }
            continuation = page.continuation
        } while continuation != nil
    }
}

/// The lines of a listing. Columns have fixed widths: the first line is printed before the last is known.
private struct ListLines {
    private let console: Console
    private let isJSON: Bool

    init(_ console: Console, isJSON: Bool) {
        self.console = console
        self.isJSON = isJSON
    }

    func print(_ bucket: S3BucketSummary) {
        print(
            [
                ("bucket", .string(bucket.name)), ("created", .string(S3Text.time(bucket.created))),
                ("region", bucket.region.map(JSONValue.string) ?? .null),
            ], "\(S3Text.time(bucket.created))  \(bucket.name)")
    }

    /// - Returns: Whether somebody still reads.
    @discardableResult
    func print(_ object: S3ObjectSummary) -> Bool {
        print(
            [
                ("key", .string(object.key)), ("size", .int(object.size)), ("etag", .string(object.etag.rawValue)),
                ("last_modified", .string(S3Text.time(object.lastModified))),
                ("storage_class", object.storageClass.map { .string($0.rawValue) } ?? .null),
            ], "\(S3Text.time(object.lastModified)) \(S3Text.column(object.size))  \(object.key)")
    }

    func print(prefix: String) -> Bool {
        print(
            [("prefix", .string(prefix))],
            "\(String(repeating: " ", count: S3Text.timeWidth)) \(S3Text.column("PREFIX"))  \(prefix)")
    }

    func print(_ version: S3ObjectVersion) -> Bool {
        let state = version.isDeleteMarker ? "removed" : version.isLatest ? "latest" : ""
        return print(
            [
                ("key", .string(version.key)), ("version_id", .string(version.versionID)),
                ("is_latest", .bool(version.isLatest)), ("is_delete_marker", .bool(version.isDeleteMarker)),
                ("size", .int(version.size)), ("etag", .string(version.etag.rawValue)),
                ("last_modified", .string(S3Text.time(version.lastModified))),
            ],
            "\(S3Text.time(version.lastModified)) \(S3Text.column(version.size))  \(version.versionID)  \(state.padding(7))  \(version.key)"
        )
    }

    @discardableResult
    private func print(_ members: [(String, JSONValue)], _ line: String) -> Bool {
        console.print(isJSON ? S3Text.object(members) : Printable.line(line, spellsBreaks: true))
        return console.failure == nil
    }
}

/// How the commands of the group write times, sizes and objects.
enum S3Text {
    static let timeWidth = 20

    /// A time to the second: `2026-11-20T15:06:01Z`.
    static func time(_ date: Date) -> String {
        guard let text = Timestamp(date)?.description else { return "-".padding(timeWidth) }
        return String(text.prefix { $0 != "." && $0 != "Z" }) + "Z"
    }

    /// A number of bytes, at the right of a column.
    static func column(_ size: Int) -> String { column(String(size)) }

    static func column(_ text: String) -> String { String(repeating: " ", count: max(0, 14 - text.count)) + text }

    /// An object in one line.
    static func object(_ members: [(String, JSONValue)]) -> String {
        JSONText.compact { writer in
            writer.object { writer in
                for (name, value) in members { writer.member(name, value) }
            }
        }
    }

    /// Objects and bytes, in words.
    static func count(_ objects: Int, _ what: String = "object") -> String {
        "\(objects) \(what)\(objects == 1 ? "" : "s")"
    }
}

extension String {
    /// With spaces at its end, so that it is at least so long.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

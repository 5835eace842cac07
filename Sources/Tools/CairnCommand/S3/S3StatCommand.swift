import CairnSchema
import S3Client

/// `cairn s3 stat`: shows what a server knows of an object.
struct S3StatCommand: Command {
    let signature = Signature(
        name: "s3 stat", purpose: "shows what the server knows of an object",
        operands: [Operand(name: "ADDRESS", help: "the object: s3://bucket/key")],
        options: [Option(name: "version", value: "ID", help: "this version")] + S3Place.options,
        notes: [
            "tag_count is how many tags it has; null, or left out, where the server does not tell.", S3Place.note,
            "Exits with 1 when there is no such object.",
        ],
        examples: ["cairn s3 stat s3://photos/2026/cat.jpg"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = try S3Place.object(arguments.operand("ADDRESS"))
        return try await S3Place.with(bucketOf: address, arguments) { bucket in
            do {
                let info = try await bucket.head(address.key, S3GetOptions(versionID: arguments.value("version")))
                let view = InfoView(info)
                console.print(arguments.isJSON ? view.json : view.text(console))
                return .done
            } catch let error as S3Error where error.code == .noSuchKey {
                ErrorReport.write(error, console, isJSON: arguments.isJSON)
                return .found
            }
        }
    }
}

/// What is known of an object, as it is shown.
private struct InfoView {
    private let info: S3ObjectInfo

    init(_ info: S3ObjectInfo) {
        self.info = info
    }

    private var members: [(String, JSONValue)] {
        func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
        let checksums = info.checksums.map { ("checksum_\($0.key.rawValue.lowercased())", JSONValue.string($0.value)) }
        return [
            ("key", .string(info.key)), ("size", .int(info.size)), ("etag", .string(info.etag.rawValue)),
            ("last_modified", text(info.lastModified.map(S3Text.time))), ("content_type", text(info.contentType)),
            ("cache_control", text(info.cacheControl)), ("content_disposition", text(info.contentDisposition)),
            ("content_encoding", text(info.contentEncoding)), ("content_language", text(info.contentLanguage)),
            ("storage_class", text(info.storageClass?.rawValue)), ("version_id", text(info.versionID)),
            ("encryption", text(info.encryption)), ("encryption_key_id", text(info.encryptionKeyID)),
            ("tag_count", info.tagCount.map(JSONValue.int) ?? .null), ("restore", text(info.restore)),
            ("expiration", text(info.answer.expiration)),
        ] + checksums.sorted { $0.0 < $1.0 }
    }

    private var metadata: [(String, String)] { info.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }

    /// What the server tells, a line for each.
    func text(_ console: Console) -> String {
        let told = members.filter { $0.1 != .null }.map { name, value in
            if case .string(let text) = value { return (name, text) }
            return (name, value.description)
        }
        let rows = told + metadata.map { ("metadata \($0.0)", $0.1) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            let padding = String(repeating: " ", count: width - name.count)
            return "\(console.paint(Printable.line(name), .name))\(padding)  \(Printable.line(value))"
        }
        .joined(separator: "\n")
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                for (name, value) in members { writer.member(name, value) }
                writer.name("metadata")
                writer.object { writer in
                    for (name, value) in metadata { writer.member(name, .string(value)) }
                }
            }
        }
    }
}

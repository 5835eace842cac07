import CairnCore
import CairnSchema
import S3Client

/// The place of a store in a bucket: what stands behind `s3:`.
struct BucketPlace: Sendable, Hashable, CustomStringConvertible {
    /// Bucket, server, region and profile, as the commands of S3 read them, too.
    let address: S3Address
    /// What all keys of the store begin with: empty, or with one `/` at its end.
    let prefix: String

    /// The most bytes of a prefix: with the longest name of a store behind it, it must be a key.
    static let prefixBytes = 256

    /// Reads what stands behind `s3:`.
    /// - Parameter others: The parameters it may have besides those of every address of S3.
    /// - Throws: `config.invalid`.
    init(_ rest: Substring, others: [String]) throws {
        try BucketPlace.refuseCredentials(rest)
        do throws(S3Error) {
            address = try S3Address("s3:\(rest)", others: others)
        } catch {
            throw StoreURL.error(error.message, error.remedy)
        }
        guard !address.bucket.hasSuffix("--x-s3") else {
            throw StoreURL.error(
                "'\(address.bucket)' is a directory bucket, which lists keys in no order",
                "use a general purpose bucket")
        }
        prefix = try BucketPlace.prefix(address.key)
    }

    /// Bucket and prefix.
    var path: String { "\(address.bucket)/\(prefix)" }

    /// The parameters that only stores have.
    var parameters: [String: String] { address.others }

    /// The address without its parameters.
    var description: String { describe(prefix) }

    /// The address of another prefix of the bucket.
    func describe(_ prefix: String) -> String { S3Address.text(address.bucket, prefix) }

    /// The prefixes that this one lies in, from the empty one to the longest; none for the empty one.
    var ancestors: [String] {
        var ancestors: [String] = []
        var start = ""
        for part in prefix.split(separator: "/") {
            ancestors.append(start)
            start += "\(part)/"
        }
        return ancestors
    }

    /// The prefix with one `/` at its end.
    private static func prefix(_ key: String) throws -> String {
        var bytes = Array(key.utf8)
        while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        if bytes.isEmpty {
            guard key.isEmpty else { throw emptyPart(key) }
            return ""
        }
        bytes.append(UInt8(ascii: "/"))
        let prefix = String(decoding: bytes, as: UTF8.self)
        let parts = bytes.dropLast().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { throw emptyPart(prefix) }
        guard bytes.count <= prefixBytes else {
            throw StoreURL.error(
                "the prefix has \(bytes.count) bytes, and the limit is \(prefixBytes): '\(key.prefix(80))…'",
                "choose a shorter one")
        }
        return prefix
    }

    private static func emptyPart(_ prefix: String) -> StorageError {
        StoreURL.error(
            "the prefix '\(prefix.prefix(80))' has an empty part", "write one '/' between two names, and none in front")
    }

    // MARK: Credentials

    /// Refuses what looks like credentials, without repeating it.
    private static func refuseCredentials(_ rest: Substring) throws {
        // By bytes: a mark behind a sign must not hide it.
        let parts = rest.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0]
        guard place.starts(with: "//".utf8) else {
            throw StoreURL.error(
                "an address of a store on S3 begins with 's3://'", "write s3://bucket/prefix")
        }
        let host = place.dropFirst(2).prefix { $0 != UInt8(ascii: "/") }
        if host.contains(where: "@:%".utf8.contains) {
            throw StoreURL.error(
                "the address has more than the name of a bucket behind 's3://', such as a user, a password or a port",
                "\(remedy), and name a server with endpoint=")
        }
        let query = parts.count > 1 ? parts[1] : ""[...].utf8
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let name = String(Substring(pair.prefix { $0 != UInt8(ascii: "=") })).lowercased()
            guard !secretNames.contains(name.filter { $0 != "_" && $0 != "-" }) else {
                throw StoreURL.error("the address has credentials in the parameter '\(name)'", remedy)
            }
        }
    }

    private static let remedy =
        "leave credentials out, and give them by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or by a profile"

    /// What people call credentials, without the signs between words.
    private static let secretNames: Set<String> = [
        "accesskey", "accesskeyid", "awsaccesskeyid", "secret", "secretkey", "secretaccesskey", "awssecretaccesskey",
        "sessiontoken", "awssessiontoken", "token", "user", "username", "password", "credentials",
    ]
}

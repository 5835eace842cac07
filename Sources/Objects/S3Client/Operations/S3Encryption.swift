#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Data
#else
    import struct Foundation.Data
#endif

/// How a server encrypts an object it stores (S3 user guide, "Protecting data with encryption").
public enum S3Encryption: Sendable, Hashable {
    /// With keys of the server's own: `AES256`.
    case aes256
    /// With a key of KMS; nil for the account's default key.
    case kms(keyID: String? = nil)
    /// With the caller's key, which must be given again to read the object.
    case customerKey(CustomerKey)
}

/// A key of 256 bits that encrypts an object on the server, which forgets it. It is sent with each request, so only over TLS, as AWS
/// demands, or to a server on this machine; else requests fail with `s3.invalid`. It is in no description.
public struct CustomerKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let bytes: [UInt8]

    /// - Throws: `s3.invalid` unless there are 32 bytes.
    public init(_ bytes: [UInt8]) throws(S3Error) {
        guard bytes.count == 32 else {
            throw S3Error(.invalid, "a customer key has \(bytes.count) bytes", remedy: "give 32 random bytes")
        }
        self.bytes = bytes
    }

    /// That there is one, and nothing of it.
    public var description: String { "customer key, hidden" }

    /// A mirror that shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The three fields that carry it.
    /// - Parameter prefix: `x-amz-`, or `x-amz-copy-source-` for the key of what is copied.
    /// - Throws: `s3.unsupported` where libcrypto has no MD5.
    func fields(prefix: String = "x-amz-") throws(S3Error) -> [HeaderField] {
        guard let digest = EntityTag.contentMD5(bytes) else {
            throw S3Error(
                .unsupported, "a customer key needs MD5, which libcrypto does not offer here",
                remedy: "use .aes256 or .kms, or another mode of libcrypto")
        }
        let name = "\(prefix)server-side-encryption-customer"
        return [
            HeaderField("\(name)-algorithm", "AES256"), HeaderField("\(name)-key", Data(bytes).base64EncodedString()),
            HeaderField("\(name)-key-md5", digest),
        ]
    }
}

extension S3Call {
    mutating func add(_ encryption: S3Encryption?) throws(S3Error) {
        switch encryption {
        case nil: break
        case .aes256: headers.append(HeaderField("x-amz-server-side-encryption", "AES256"))
        case .kms(let keyID):
            headers.append(HeaderField("x-amz-server-side-encryption", "aws:kms"))
            try add("x-amz-server-side-encryption-aws-kms-key-id", keyID)
        case .customerKey(let key): try add(key)
        }
    }

    mutating func add(_ key: CustomerKey?) throws(S3Error) {
        if let key { headers += try key.fields() }
    }
}

import CCrypto

/// A digest being computed by libcrypto, a piece at a time.
package struct MessageDigest: ~Copyable {
    /// A digest that libcrypto computes.
    ///
    /// Safety of `@unchecked Sendable`: `method` is fetched once and never freed, and libcrypto lets any number of threads use a
    /// fetched method at once.
    package struct Algorithm: @unchecked Sendable {
        /// Bytes of the digest.
        package let length: Int
        fileprivate let method: OpaquePointer

        /// nil when this libcrypto does not offer it.
        ///
        /// Fetched once: naming a method by `EVP_sha256()` looks it up in every computation, which takes longer than hashing a
        /// small body.
        fileprivate init?(_ name: String) {
            guard let method = EVP_MD_fetch(nil, name, nil) else { return nil }
            self.method = method
            length = Int(EVP_MD_get_size(method))
        }

        /// SHA-256 (FIPS 180-4).
        package static let sha256: Algorithm = {
            guard let algorithm = Algorithm("SHA256") else {
                preconditionFailure("libcrypto cannot compute SHA-256")
            }
            return algorithm
        }()
        /// MD5 (RFC 1321), for what S3 defines by it; nil where libcrypto runs in a mode that has none.
        package static let md5 = Algorithm("MD5")
    }

    private let context: OpaquePointer
    private let length: Int

    package init(_ algorithm: Algorithm) {
        // Fails only without memory, as an array would.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, algorithm.method, nil) == 1 else {
            preconditionFailure("libcrypto has no memory for a digest")
        }
        self.context = context
        length = algorithm.length
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        EVP_DigestUpdate(context, bytes, bytes.count)
    }

    /// The digest of all that was added.
    package consuming func finish() -> [UInt8] {
        // `length` bytes are written: that is what the method says of itself.
        [UInt8](unsafeUninitializedCapacity: length) { bytes, count in
            EVP_DigestFinal_ex(context, bytes.baseAddress, nil)
            count = length
        }
    }

    /// The digest of bytes that are all there.
    package static func of(_ bytes: [UInt8], _ algorithm: Algorithm) -> [UInt8] {
        // `length` bytes are written: that is what the method says of itself.
        [UInt8](unsafeUninitializedCapacity: algorithm.length) { digest, count in
            EVP_Digest(bytes, bytes.count, digest.baseAddress, nil, algorithm.method, nil)
            count = algorithm.length
        }
    }

    /// HMAC-SHA-256 (RFC 2104).
    ///
    /// From two digests, because libcrypto's own looks its method up by name each time and takes four times as long.
    package static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let block = 64
        let key = key.count > block ? of(key, .sha256) : key
        var pad = [UInt8](repeating: 0x36, count: block)
        for index in key.indices { pad[index] ^= key[index] }
        var inner = MessageDigest(.sha256)
        inner.update(pad)
        inner.update(message)
        // The outer pad differs from the inner one in these bits of every byte.
        for index in pad.indices { pad[index] ^= 0x36 ^ 0x5C }
        var outer = MessageDigest(.sha256)
        outer.update(pad)
        outer.update(inner.finish())
        return outer.finish()
    }
}

import CCrypto

/// SHA-256 (FIPS 180-4), by libcrypto.
package enum SHA256 {
    /// The 32 bytes of the digest.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        // Only a libcrypto without SHA-256, or no memory at all, gets here; an id made of zeros would be worse than a stop.
        precondition(done == 1, "libcrypto cannot compute SHA-256")
        return digest
    }
}

/// SHA-256 of bytes that come piece by piece.
///
/// Safety of the pointer: it is made in `init`, freed in `deinit`, and nobody else has it.
package struct SHA256Stream: ~Copyable {
    private let context: OpaquePointer

    package init() {
        // As in ``SHA256``: what cannot even begin must not go on with another digest.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto cannot compute SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let done = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(done == 1, "libcrypto cannot compute SHA-256")
    }

    /// The 32 bytes of the digest.
    package consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = EVP_DigestFinal_ex(context, &digest, nil)
        precondition(done == 1, "libcrypto cannot compute SHA-256")
        return digest
    }
}

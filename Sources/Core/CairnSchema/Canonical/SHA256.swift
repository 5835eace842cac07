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

import ObjectStores

/// The entity tag an object will have, where the probe found that tags are the MD5 of the bytes.
package enum ComputedETag {
    /// The MD5 of an object; nil where libcrypto has none.
    package static func md5(_ bytes: [UInt8]) -> [UInt8]? {
        MessageDigest.Algorithm.md5.map { MessageDigest.of(bytes, $0) }
    }
}

import CairnSchema

#if canImport(FoundationEssentials)
    package import struct FoundationEssentials.Date
#else
    package import struct Foundation.Date
#endif

/// What every store checks before it does anything, so that what one accepts all accept.
package enum ObjectRules {
    /// - Throws: `object.invalid` unless the key has 1 to ``ObjectLimits/keyBytes`` bytes.
    package static func check(key: String) throws {
        let count = key.utf8.count
        if count == 0 { throw ObjectStoreError.invalid("a key is empty", remedy: "name the object") }
        guard count <= ObjectLimits.keyBytes else {
            throw ObjectStoreError.invalid(
                "a key has \(count) bytes, and the limit is \(ObjectLimits.keyBytes): '\(key.prefix(80))…'",
                key: key, remedy: "shorten it")
        }
    }

    /// - Throws: `object.invalid` for attributes HTTP cannot carry; `object.unsupported` for those the store cannot keep.
    package static func check(
        _ attributes: ObjectAttributes, of key: String, _ capabilities: ObjectStoreCapabilities
    ) throws {
        for kind in attributes.given.subtracting(capabilities.attributes) {
            throw ObjectStoreError.unsupported("keep '\(kind.rawValue)'", capabilities, key: key)
        }
        let texts = [attributes.contentType, attributes.cacheControl, attributes.storageClass].compactMap(\.self)
        for text in texts where !isHeaderText(text) || text.isEmpty {
            throw ObjectStoreError.invalid(
                "an attribute of '\(key)' is '\(text)'", key: key,
                remedy: "use printable text without space at its ends")
        }
        try check(metadata: attributes.metadata, of: key)
        let tags = attributes.tags ?? [:]
        let problems = tags.lazy.compactMap { problem(ofTag: $0.key, $0.value) }
        if let problem = problem(ofTagCount: tags.count) ?? problems.first {
            throw ObjectStoreError.invalid("object '\(key)': \(problem.message)", key: key, remedy: problem.remedy)
        }
    }

    private static func check(metadata: [String: String], of key: String) throws {
        var count = 0
        for (name, value) in metadata {
            guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
                throw ObjectStoreError.invalid(
                    "the name '\(name)' of metadata of '\(key)' cannot be sent", key: key,
                    remedy: "use a-z 0-9 - _ and '.'; stores turn other letters into lower case")
            }
            guard isHeaderText(value) else {
                throw ObjectStoreError.invalid(
                    "the metadata '\(name)' of '\(key)' cannot be sent as it is", key: key,
                    remedy: "use printable text without space at its ends")
            }
            count += name.utf8.count + value.utf8.count
        }
        guard count <= ObjectLimits.metadataBytes else {
            throw ObjectStoreError.invalid(
                "the metadata of '\(key)' has \(count) bytes, and the limit is \(ObjectLimits.metadataBytes)", key: key,
                remedy: "keep it in the object")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// Whether a text passes through an HTTP header as it is: no control characters, no space at its ends.
    private static func isHeaderText(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.first != 0x20, bytes.last != 0x20 else { return false }
        return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// - Throws: `object.unsupported` when the store cannot keep what a write asks for.
    package static func check(
        _ mode: PutMode, _ notAfter: Date?, of key: String, can conditional: Bool = true,
        _ capabilities: ObjectStoreCapabilities
    ) throws {
        switch mode {
        case .overwrite: break
        case .create where !(conditional && capabilities.canCreate):
            throw ObjectStoreError.unsupported("write only what is not there", capabilities, key: key)
        case .ifMatch where !(conditional && capabilities.canCompareAndSwap):
            throw ObjectStoreError.unsupported("compare before it writes", capabilities, key: key)
        case .create, .ifMatch: break
        }
        try check(notAfter: notAfter, of: key, capabilities)
    }

    /// - Throws: `object.unsupported` when the store cannot keep a time past which nothing may happen.
    package static func check(
        notAfter: Date?, of key: String?, _ capabilities: ObjectStoreCapabilities
    ) throws {
        guard notAfter != nil, !capabilities.canFence else { return }
        throw ObjectStoreError.unsupported("keep late writes from taking effect", capabilities, key: key)
    }

    /// - Throws: `object.invalid` for a number of a part that there cannot be.
    package static func check(part number: Int, of upload: MultipartUpload) throws {
        guard (1...ObjectLimits.partNumbers).contains(number) else {
            throw ObjectStoreError.invalid(
                "part \(number) of '\(upload.key)': numbers run from 1 to \(ObjectLimits.partNumbers)", key: upload.key,
                remedy: "use larger parts")
        }
    }

    /// - Throws: `object.invalid` for a batch that is too large, or a key that cannot be.
    package static func check(batch keys: [String]) throws {
        guard keys.count <= ObjectLimits.batchKeys else {
            throw ObjectStoreError.invalid(
                "a batch removes \(keys.count) keys, and the limit is \(ObjectLimits.batchKeys)",
                remedy: "use delete(contentsOf:), which makes several")
        }
        for key in keys { try check(key: key) }
    }

    /// - Throws: `object.invalid` for a page that cannot be.
    package static func check(_ options: ListOptions) throws {
        guard (1...ObjectLimits.pageEntries).contains(options.pageSize) else {
            throw ObjectStoreError.invalid(
                "a page of \(options.pageSize) entries",
                remedy: "pages have 1 to \(ObjectLimits.pageEntries) entries")
        }
        if options.delimiter == "" {
            throw ObjectStoreError.invalid("the delimiter is empty", remedy: "leave it nil to list key by key")
        }
    }
}

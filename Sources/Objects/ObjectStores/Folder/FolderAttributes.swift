import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Attributes of objects, beside the files: a file alone is an object without attributes.
///
/// Each version that has any has a file `attributes/<SHA-256 of the key>/<etag>`, written before the version is seen and
/// removed after it is gone. It survives every way of copying a folder, which extended attributes of files do not. A copy
/// that does not keep times has other ETags; the size and the digest of the bytes in the file tell that it is the same
/// version. An object edited by hand is a version without attributes.
///
/// The media type that the name says anyway needs no file.
struct FolderAttributes {
    private static let folderName = "attributes"
    /// Ten times what the limits of metadata and tags allow.
    private static let fileLimit = 1 << 16

    let control: OpenFile

    private static func name(_ key: String) -> String { Hex.encode(SHA256.digest(Array(key.utf8))) }

    /// What an object has without a file of its own.
    static func implied(_ key: String) -> ObjectAttributes { ObjectAttributes(contentType: ContentTypes.guess(key)) }

    /// Whether attributes need a file.
    static func needsFile(_ attributes: ObjectAttributes, _ key: String) -> Bool {
        attributes != ObjectAttributes() && attributes != implied(key)
    }

    // MARK: Reading

    /// The folder of the attributes of a key; nil when no version has any.
    func folder(_ key: String) throws -> OpenFile? {
        do {
            return try Files.folder(Files.folder(control, Self.folderName), Self.name(key))
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        }
    }

    /// The attributes of a version; nil when it has none under this mark.
    func read(_ folder: OpenFile, _ etag: ETag, of key: String) throws -> ObjectAttributes? {
        try file(folder, etag.rawValue, of: key)?.attributes
    }

    /// The attributes of a version that has another mark since the folder was copied; nil when it has none.
    func read(_ folder: OpenFile, copied object: FolderTree.Opened, of key: String) throws -> ObjectAttributes? {
        for entry in try Files.names(folder) {
            guard let name = Utf8.string(entry.bytes), let found = try file(folder, name, of: key),
                found.size == object.status.size, try found.digest == Self.digest(object.file)
            else { continue }
            return found.attributes
        }
        return nil
    }

    private static func digest(_ file: OpenFile) throws -> String {
        var stream = SHA256Stream()
        var offset = 0
        while true {
            let chunk = try Files.read(file, at: offset, count: FolderObjectStore.chunkBytes)
            if chunk.isEmpty { return Hex.encode(stream.finish()) }
            chunk.withUnsafeBytes { stream.update($0) }
            offset += chunk.count
        }
    }

    private func file(
        _ folder: OpenFile, _ name: String, of key: String
    ) throws -> (attributes: ObjectAttributes, size: Int, digest: String)? {
        let file: OpenFile
        do {
            file = try Files.reading(folder, name)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        }
        guard let json = try? JSONValue(parsing: Files.read(file, limit: Self.fileLimit)),
            let attributes = ObjectAttributes(json), case .int(let size)? = json["size"],
            case .string(let digest)? = json["sha256"]
        else {
            throw ObjectStoreError(
                .damaged, "the attributes of '\(key)' cannot be read", key: key,
                remedy: "remove \(FolderNames.control)/\(Self.folderName)/\(Self.name(key)), or store the object again")
        }
        return (attributes, size, digest)
    }

    // MARK: Writing

    /// Writes the attributes of a version that is not seen yet.
    func write(
        _ attributes: ObjectAttributes, of key: String, _ draft: FolderDraft, spare: OpenFile, isDurable: Bool
    ) throws {
        guard case .object(let members) = attributes.json else { return }
        let json = JSONValue.object(
            JSONObject(
                members.members + [
                    .init(name: "key", value: .string(key)), .init(name: "size", value: .int(draft.size)),
                    .init(name: "sha256", value: .string(Hex.encode(draft.digest))),
                ]))
        let file = try FolderDraft(in: spare)
        try file.write(Array((json.description + "\n").utf8))
        if isDurable { try file.sync() }
        if try Files.makeFolder(control, Self.folderName) { try Files.sync(control) }
        let all = try Files.folder(control, Self.folderName)
        let isNew = try Files.makeFolder(all, Self.name(key))
        if isNew, isDurable { try Files.sync(all) }
        let folder = try Files.folder(all, Self.name(key))
        try file.move(to: folder, draft.etag().rawValue)
        // They must not come to the disk after the version they belong to.
        if isDurable { try Files.sync(folder) }
    }

    /// Removes the attributes of all versions but one; what cannot be removed is never read again.
    func remove(of key: String, but etag: ETag?) {
        guard let folder = try? folder(key) else { return }
        for entry in (try? Files.names(folder)) ?? [] {
            guard let name = Utf8.string(entry.bytes), name != etag?.rawValue else { continue }
            try? Files.remove(folder, name)
        }
        if etag == nil, let all = try? Files.folder(control, Self.folderName) {
            _ = try? Files.removeFolder(all, Self.name(key))
        }
    }
}

extension ObjectAttributes {
    /// The attributes that are given, by their names.
    var json: JSONValue {
        func texts(_ values: [String: String]) -> JSONValue {
            .object(JSONObject(values.map { .init(name: $0.key, value: .string($0.value)) }))
        }
        var members: [JSONObject.Member] = []
        func add(_ kind: Kind, _ value: JSONValue?) {
            if let value { members.append(.init(name: kind.rawValue, value: value)) }
        }
        add(.contentType, contentType.map(JSONValue.string))
        add(.cacheControl, cacheControl.map(JSONValue.string))
        add(.storageClass, storageClass.map(JSONValue.string))
        add(.metadata, metadata.isEmpty ? nil : texts(metadata))
        add(.tags, tags.map(texts))
        return .object(JSONObject(members))
    }

    /// Reads what ``json`` gives; nil for anything else. Other members are left to others.
    init?(_ json: JSONValue) {
        guard case .object = json else { return nil }
        func text(_ kind: Kind) -> String?? {
            guard let value = json[kind.rawValue] else { return .some(nil) }
            if case .string(let text) = value { return text }
            return nil
        }
        func texts(_ kind: Kind) -> [String: String]?? {
            guard let value = json[kind.rawValue] else { return .some(nil) }
            guard case .object(let object) = value else { return nil }
            var values: [String: String] = [:]
            for member in object.members {
                guard case .string(let text) = member.value else { return nil }
                values[member.name] = text
            }
            return values
        }
        guard let contentType = text(.contentType), let cacheControl = text(.cacheControl),
            let storageClass = text(.storageClass), let metadata = texts(.metadata), let tags = texts(.tags)
        else { return nil }
        self.init(
            contentType: contentType, cacheControl: cacheControl, metadata: metadata ?? [:], storageClass: storageClass,
            tags: tags)
    }
}

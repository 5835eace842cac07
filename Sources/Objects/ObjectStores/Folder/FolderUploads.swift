import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Uploads that are not complete: a folder `uploads/<id>` for each, with its parts as files and `upload.json`.
///
/// They outlive processes, and any process may go on with them.
struct FolderUploads {
    private static let folderName = "uploads"
    private static let fileName = "upload.json"
    private static let fileLimit = 1 << 16
    private static let partPrefix = "part-"

    /// The folder `.cairn`.
    let control: OpenFile

    // MARK: Names

    /// A new upload.
    static func newID() -> String { Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255) }) }

    /// Whether a name is one that ``newID()`` gives: anything else is no name to look for in a folder.
    private static func isID(_ id: String) -> Bool { id.utf8.count == 32 && Hex.decode(id) != nil }

    private static func partName(_ number: Int) -> String {
        let digits = String(number)
        return partPrefix + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    // MARK: Uploads

    /// Stores an upload; it is there whole or not at all.
    func begin(
        _ upload: MultipartUpload, _ attributes: ObjectAttributes, spare: OpenFile, isDurable: Bool
    ) throws {
        guard case .object(let members) = attributes.json else { return }
        let begun = Int((upload.begun ?? Date()).microsecondsSince1970)
        let json = JSONValue.object(
            JSONObject(
                members.members + [
                    .init(name: "key", value: .string(upload.key)), .init(name: "begun", value: .int(begun)),
                ]))
        _ = try Files.makeFolder(spare, upload.id)
        let folder = try Files.folder(spare, upload.id)
        let file = try FolderDraft(in: spare)
        try file.write(Array((json.description + "\n").utf8))
        if isDurable { try file.sync() }
        try file.move(to: folder, Self.fileName)
        if isDurable { try Files.sync(folder) }
        if try Files.makeFolder(control, Self.folderName) { try Files.sync(control) }
        let all = try Files.folder(control, Self.folderName)
        try Files.move(spare, upload.id, to: all, upload.id)
        if isDurable { try Files.sync(all) }
    }

    /// The folder of an upload.
    /// - Throws: `object.no_such_upload`.
    func folder(_ upload: MultipartUpload) throws -> OpenFile {
        guard Self.isID(upload.id), let found = try open(upload.id), Utf8.equal(found.upload.key, upload.key) else {
            throw ObjectStoreError.noSuchUpload(upload)
        }
        return found.folder
    }

    /// The attributes an upload was begun with.
    /// - Throws: `object.no_such_upload`.
    func attributes(_ upload: MultipartUpload) throws -> ObjectAttributes {
        guard let found = try open(upload.id) else { throw ObjectStoreError.noSuchUpload(upload) }
        return found.attributes
    }

    private func open(
        _ id: String
    ) throws -> (folder: OpenFile, upload: MultipartUpload, attributes: ObjectAttributes)? {
        do {
            let folder = try Files.folder(Files.folder(control, Self.folderName), id)
            let json = try? JSONValue(parsing: Files.read(Files.reading(folder, Self.fileName), limit: Self.fileLimit))
            guard let json, let attributes = ObjectAttributes(json), case .string(let key)? = json["key"],
                case .int(let begun)? = json["begun"]
            else {
                throw ObjectStoreError(
                    .damaged, "the upload '\(id)' cannot be read",
                    remedy: "remove \(FolderNames.control)/\(Self.folderName)/\(id)")
            }
            let date = Date(timeIntervalSince1970: Double(begun) / 1e6)
            return (folder, MultipartUpload(key: key, id: id, begun: date), attributes)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return nil
        }
    }

    /// All uploads whose keys begin with a text.
    func all(prefix: String) throws -> [MultipartUpload] {
        guard try Files.status(control, Self.folderName) != nil else { return [] }
        let all = try Files.folder(control, Self.folderName)
        return try Files.names(all).compactMap { entry in
            guard let id = Utf8.string(entry.bytes), Self.isID(id), let found = try open(id),
                found.upload.key.utf8.starts(with: prefix.utf8)
            else { return nil }
            return found.upload
        }
    }

    /// Takes an upload away from all others, in one step; nothing happens when it is gone. What a crash leaves of it goes
    /// with what the writer leaves.
    func take(_ upload: MultipartUpload, to spare: OpenFile) throws {
        guard Self.isID(upload.id) else { return }
        do {
            try Files.move(Files.folder(control, Self.folderName), upload.id, to: spare, upload.id)
        } catch let failure as FileFailure where failure.code == ENOENT {
            return
        }
    }

    /// Removes what ``take(_:to:)`` took.
    static func discard(_ upload: MultipartUpload, from spare: OpenFile) {
        if isID(upload.id) { Files.removeTree(spare, upload.id) }
    }

    // MARK: Parts

    /// Gives a part its name; a part of the same number is gone.
    func store(
        _ draft: FolderDraft, _ number: Int, of upload: MultipartUpload, isDurable: Bool
    ) throws -> UploadedPart {
        let folder = try folder(upload)
        let part = UploadedPart(number: number, etag: try draft.etag(), size: draft.size)
        do {
            try draft.move(to: folder, Self.partName(number))
        } catch let failure as FileFailure where failure.code == ENOENT {
            throw ObjectStoreError.noSuchUpload(upload)
        }
        if isDurable { try Files.sync(folder) }
        return part
    }

    /// The parts in the folder of an upload, by number.
    static func parts(_ folder: OpenFile) throws -> [UploadedPart] {
        let parts = try Files.names(folder).compactMap { entry -> UploadedPart? in
            guard let name = Utf8.string(entry.bytes), name.hasPrefix(partPrefix),
                let number = Int(name.dropFirst(partPrefix.count)), let status = try Files.status(folder, name)
            else { return nil }
            return UploadedPart(number: number, etag: status.etag, size: status.size)
        }
        return parts.sorted { $0.number < $1.number }
    }

    /// Opens a part.
    static func part(_ number: Int, in folder: OpenFile) throws -> OpenFile {
        try Files.reading(folder, partName(number))
    }
}

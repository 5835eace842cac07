import CairnSchema

/// Objects in parts. Parts are files until the last call joins them; a reader sees the whole object or the one before.
extension FolderObjectStore {
    @concurrent
    public func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws -> MultipartUpload {
        try ObjectRules.check(key: key)
        try ObjectRules.check(attributes, of: key, capabilities)
        try Task.checkCancellation()
        return try translating(key) {
            let upload = MultipartUpload(key: key, id: FolderUploads.newID(), begun: options.clock())
            let control = try currentControl()
            let uploads = FolderUploads(control: control.folder)
            try uploads.begin(upload, attributes, spare: control.spare, isDurable: options.isDurable)
            return upload
        }
    }

    @concurrent
    public func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        try ObjectRules.check(part: number, of: upload)
        _ = try translating(upload.key) { try uploads(of: upload).folder(upload) }
        let draft = try await draft(of: body, upload.key, hashes: false)
        return try translating(upload.key) {
            let uploads = try uploads(of: upload)
            return try uploads.store(draft, number, of: upload, isDurable: options.isDurable)
        }
    }

    @concurrent
    public func parts(of upload: MultipartUpload) async throws -> [UploadedPart] {
        try Task.checkCancellation()
        return try translating(upload.key) { try FolderUploads.parts(uploads(of: upload).folder(upload)) }
    }

    @concurrent
    public func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult {
        let (draft, attributes) = try translating(upload.key) { try join(parts, of: upload) }
        let put = PutOptions(mode: options.mode, notAfter: options.notAfter, attributes: attributes)
        let info = try await commit(draft, upload.key, put, completing: upload)
        if let spare = try? currentControl().spare { FolderUploads.discard(upload, from: spare) }
        return WriteResult(etag: info.etag, lastModified: info.lastModified, answer: info.answer)
    }

    /// One file of all parts.
    private func join(
        _ parts: [UploadedPart], of upload: MultipartUpload
    ) throws -> (FolderDraft, ObjectAttributes) {
        let uploads = try uploads(of: upload)
        let folder = try uploads.folder(upload)
        let attributes = try uploads.attributes(upload)
        let stored = try FolderUploads.parts(folder).map { ($0.number, $0) }
        try PartCheck.check(
            parts, of: upload, stored: Dictionary(stored, uniquingKeysWith: { first, _ in first }),
            minimumBytes: capabilities.minimumPartBytes)
        let hashes = FolderAttributes.needsFile(attributes, upload.key)
        let draft = try FolderDraft(in: currentControl().spare, hashes: hashes)
        for part in parts {
            try Task.checkCancellation()
            let file = try FolderUploads.part(part.number, in: folder)
            guard try Files.status(file).etag == part.etag else {
                throw ObjectStoreError.invalid("part \(part.number) of '\(upload.key)' was replaced", key: upload.key)
            }
            var offset = 0
            while offset < part.size {
                let chunk = try Files.read(file, at: offset, count: min(Self.chunkBytes, part.size - offset))
                if chunk.isEmpty { throw ObjectStoreError.wrongLength(upload.key, announced: part.size, found: offset) }
                try draft.write(chunk)
                offset += chunk.count
            }
        }
        try finish(draft)
        return (draft, attributes)
    }

    @concurrent
    public func abortUpload(_ upload: MultipartUpload) async throws {
        try Task.checkCancellation()
        try translating(upload.key) {
            guard try controlFolder() != nil else { return }
            let control = try currentControl()
            try FolderUploads(control: control.folder).take(upload, to: control.spare)
            FolderUploads.discard(upload, from: control.spare)
        }
    }

    @concurrent
    public func uploads(prefix: String) async throws -> [MultipartUpload] {
        try Task.checkCancellation()
        let found = try translating(nil) {
            try controlFolder().map { try FolderUploads(control: $0).all(prefix: prefix) } ?? []
        }
        return found.sorted(by: MultipartUpload.isBefore)
    }

    /// Where an upload is.
    private func uploads(of upload: MultipartUpload) throws -> FolderUploads {
        // As long as nobody has written there is none.
        guard let control = try controlFolder() else { throw ObjectStoreError.noSuchUpload(upload) }
        return FolderUploads(control: control)
    }
}

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
            try uploads().begin(upload, attributes, isDurable: options.isDurable)
            return upload
        }
    }

    @concurrent
    public func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        try ObjectRules.check(part: number, of: upload)
        _ = try translating(upload.key) { try uploads().folder(upload) }
        let draft = try await draft(of: body, upload.key, hashes: false)
        return try translating(upload.key) {
            let uploads = try uploads()
            return try uploads.store(draft, number, of: upload, isDurable: options.isDurable)
        }
    }

    @concurrent
    public func parts(of upload: MultipartUpload) async throws -> [UploadedPart] {
        try Task.checkCancellation()
        return try translating(upload.key) { try FolderUploads.parts(uploads().folder(upload)) }
    }

    @concurrent
    public func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult {
        let (draft, attributes) = try translating(upload.key) { try join(parts, of: upload, uploads()) }
        let put = PutOptions(mode: options.mode, notAfter: options.notAfter, attributes: attributes)
        let info = try await commit(draft, upload.key, put, completing: upload)
        try? uploads().discard(upload)
        return WriteResult(etag: info.etag, lastModified: info.lastModified, answer: info.answer)
    }

    /// One file of all parts.
    private func join(
        _ parts: [UploadedPart], of upload: MultipartUpload, _ uploads: FolderUploads
    ) throws -> (FolderDraft, ObjectAttributes) {
        let folder = try uploads.folder(upload)
        let attributes = try uploads.attributes(upload)
        let stored = try FolderUploads.parts(folder).map { ($0.number, $0) }
        try PartCheck.check(
            parts, of: upload, stored: Dictionary(stored, uniquingKeysWith: { first, _ in first }),
            minimumBytes: capabilities.minimumPartBytes)
        let draft = try FolderDraft(
            in: uploads.control.spare, hashes: FolderAttributes.needsFile(attributes, upload.key))
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
            let uploads = try uploads()
            try uploads.take(upload)
            uploads.discard(upload)
        }
    }

    @concurrent
    public func uploads(prefix: String) async throws -> [MultipartUpload] {
        try Task.checkCancellation()
        return try translating(nil) { try uploads().all(prefix: prefix) }.sorted(by: MultipartUpload.isBefore)
    }

    private func uploads() throws -> FolderUploads { FolderUploads(control: try currentControl()) }
}

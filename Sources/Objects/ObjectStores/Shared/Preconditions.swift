/// What conditions make of the version that is there. Pure: the same for every store that judges them itself.
extension PutMode {
    /// - Parameter found: The mark of the version that is there; nil when there is none.
    /// - Throws: `object.precondition_failed`, `object.not_found`.
    func check(_ found: ETag?, of key: String, answer: AnswerDetails) throws {
        switch self {
        case .overwrite: return
        case .create:
            if found != nil { throw ObjectStoreError.exists(key, answer: answer) }
        case .ifMatch(let wanted):
            guard let found else { throw ObjectStoreError.notFound(key, answer: answer) }
            if found != wanted { throw ObjectStoreError.changed(key, answer: answer) }
        }
    }
}

extension ReadConditions {
    /// - Parameter found: The mark of the version that is there.
    /// - Throws: `object.precondition_failed`, `object.not_modified`.
    func check(_ found: ETag, of key: String, answer: AnswerDetails) throws {
        if let ifMatch, ifMatch != found { throw ObjectStoreError.changed(key, answer: answer) }
        if ifNoneMatch == found { throw ObjectStoreError.notModified(key, answer: answer) }
    }
}

extension ByteRange? {
    /// The offsets to read of an object; all of them without a range.
    /// - Throws: `object.range_not_satisfiable`.
    func resolve(size: Int, of key: String, answer: AnswerDetails) throws -> Range<Int> {
        guard let range = self else { return 0..<size }
        guard let resolved = range.resolved(size: size) else {
            throw ObjectStoreError.noSuchRange(range, of: key, size: size, answer: answer)
        }
        return resolved
    }
}

/// Checks the parts an upload is to be completed with against those that were stored.
enum PartCheck {
    /// - Parameter stored: What is stored, by number.
    /// - Throws: `object.invalid`.
    static func check(
        _ parts: [UploadedPart], of upload: MultipartUpload, stored: [Int: UploadedPart], minimumBytes: Int
    ) throws {
        func invalid(_ message: String, _ remedy: String) -> ObjectStoreError {
            .invalid("upload of '\(upload.key)': \(message)", key: upload.key, remedy: remedy)
        }
        if parts.isEmpty { throw invalid("no part is named", "store a part first, if need be an empty one") }
        for (index, part) in parts.enumerated() {
            if index > 0, parts[index - 1].number >= part.number {
                throw invalid("part \(part.number) is named behind part \(parts[index - 1].number)", "sort the parts")
            }
            guard let found = stored[part.number], found.etag == part.etag else {
                throw invalid(
                    "part \(part.number) is not stored, or was replaced", "name the parts that parts(of:) gives")
            }
            if index < parts.count - 1, found.size < minimumBytes {
                throw invalid(
                    "part \(part.number) has \(found.size) bytes; all but the last need \(minimumBytes)",
                    "send larger parts")
            }
        }
    }
}

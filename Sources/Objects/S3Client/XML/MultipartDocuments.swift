import CairnSchema

/// The answer that begins an upload in parts (`InitiateMultipartUploadResult`).
struct UploadStart: Sendable, Hashable {
    var uploadID: String

    /// Reads the body of an answer.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        var uploadID: String?
        try AnswerDocument.read(bytes, .initiateMultipartUploadResult) { (tag, reader) throws(XMLError) in
            if tag == .uploadID { uploadID = try reader.optionalText() } else { try reader.skip() }
        }
        self.uploadID = try AnswerDocument.require(uploadID, .uploadID, in: .initiateMultipartUploadResult)
    }
}

/// The answer that ends an upload in parts (`CompleteMultipartUploadResult`).
struct UploadEnd: Sendable, Hashable {
    var etag: String
    /// The checksum of the whole, where the server tells it: `base64` or `base64-parts`.
    var crc32c: String?
    var sha256: String?

    /// Reads the body of an answer. S3 answers 200 before it knows whether it will succeed: an error in the body is an error.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        var etag: String?
        var crc32c: String?
        var sha256: String?
        try AnswerDocument.read(bytes, .completeMultipartUploadResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .etag: etag = try reader.optionalText()
            case .checksumCRC32C: crc32c = try reader.optionalText()
            case .checksumSHA256: sha256 = try reader.optionalText()
            default: try reader.skip()
            }
        }
        self.etag = try AnswerDocument.require(etag, .etag, in: .completeMultipartUploadResult)
        self.crc32c = crc32c
        self.sha256 = sha256
    }
}

/// A part that the server has.
struct ListedPart: Sendable, Hashable {
    var number: Int
    var etag: String
    /// Bytes.
    var size: Int
    var crc32c: String?
    var sha256: String?
}

/// One answer of the list of parts (`ListPartsResult`).
struct PartPage: Sendable {
    var parts: [ListedPart] = []
    var isTruncated = false
    /// What to ask the next page with; there exactly when the page is truncated.
    var nextNumber: Int?

    /// Reads the body of an answer.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        try AnswerDocument.read(bytes, .listPartsResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .part: parts.append(try PartPage.part(&reader))
            case .isTruncated: isTruncated = try reader.boolean()
            case .nextPartNumberMarker: nextNumber = try reader.integer()
            default: try reader.skip()
            }
        }
        if isTruncated { _ = try AnswerDocument.require(nextNumber, .nextPartNumberMarker, in: .listPartsResult) }
        if !isTruncated { nextNumber = nil }
    }

    private static func part(_ reader: inout XMLReader) throws(XMLError) -> ListedPart {
        var number: Int?
        var etag: String?
        var size: Int?
        var part = ListedPart(number: 0, etag: "", size: 0)
        while let tag = try reader.child() {
            switch tag {
            case .partNumber: number = try reader.integer()
            case .etag: etag = try reader.text()
            case .size: size = try reader.integer()
            case .checksumCRC32C: part.crc32c = try reader.optionalText()
            case .checksumSHA256: part.sha256 = try reader.optionalText()
            default: try reader.skip()
            }
        }
        part.number = try reader.require(number, .partNumber)
        part.etag = try reader.require(etag, .etag)
        part.size = try reader.require(size, .size)
        return part
    }
}

/// An upload in parts that was neither ended nor given up.
struct ListedUpload: Sendable, Hashable {
    var key: String
    var uploadID: String
    /// nil where the server tells none.
    var initiated: Timestamp?
}

/// One answer of the list of uploads (`ListMultipartUploadsResult`).
struct UploadPage: Sendable {
    var uploads: [ListedUpload] = []
    var isTruncated = false
    /// What to ask the next page with; there exactly when the page is truncated.
    var nextKey: String?
    var nextUploadID: String?

    /// Reads the body of an answer.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        var isEncoded = false
        try AnswerDocument.read(bytes, .listMultipartUploadsResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .upload: uploads.append(try UploadPage.upload(&reader))
            case .isTruncated: isTruncated = try reader.boolean()
            case .nextKeyMarker: nextKey = try reader.optionalText()
            case .nextUploadIDMarker: nextUploadID = try reader.optionalText()
            case .encodingType: isEncoded = try reader.value("an encoding") { $0.elementsEqual("url".utf8) }
            default: try reader.skip()
            }
        }
        if isEncoded {
            for index in uploads.indices { try KeyDecoding.decode(&uploads[index].key) }
            try KeyDecoding.decode(marker: &nextKey, last: uploads.last?.key)
        }
        if isTruncated { _ = try AnswerDocument.require(nextKey, .nextKeyMarker, in: .listMultipartUploadsResult) }
    }

    private static func upload(_ reader: inout XMLReader) throws(XMLError) -> ListedUpload {
        var key: String?
        var uploadID: String?
        var initiated: Timestamp?
        while let tag = try reader.child() {
            switch tag {
            case .key: key = try reader.text()
            case .uploadID: uploadID = try reader.text()
            case .initiated: initiated = try reader.timestamp()
            default: try reader.skip()
            }
        }
        return ListedUpload(
            key: try reader.require(key, .key), uploadID: try reader.require(uploadID, .uploadID),
            initiated: initiated)
    }
}

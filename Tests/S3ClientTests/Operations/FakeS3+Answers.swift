import CairnCore
import Foundation

@testable import S3Client

/// What the bucket does when nothing goes wrong.
extension FakeS3 {
    /// Entries of a page of parts or uploads.
    static let pageEntries = 3

    func answer(_ request: Request, _ body: [UInt8]) -> Answer {
        state.withLock { state in
            switch request.operation {
            case "PutObject": Self.put(request, body, &state)
            case "GetObject", "HeadObject": Self.get(request, state)
            case "CreateMultipartUpload": Self.create(request, &state)
            case "UploadPart": Self.part(request, body, &state)
            case "UploadPartCopy": Self.copyPart(request, &state)
            case "CompleteMultipartUpload": Self.complete(request, body, &state)
            case "AbortMultipartUpload":
                state.uploads.removeValue(forKey: request.query["uploadId"] ?? "") == nil
                    ? Self.refusal(404, "NoSuchUpload") : Answer(status: "204 No Content")
            case "ListParts": Self.parts(request, state)
            case "ListMultipartUploads": Self.uploads(request, state)
            default: Self.refusal(501, "NotImplemented")
            }
        }
    }

    /// What is told again with the object.
    private static func kept(_ request: Request) -> [String: String] {
        var kept: [String: String] = [:]
        for field in request.fields {
            let parts = field.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            let name = parts[0].lowercased()
            if name == "content-type" || name.hasPrefix("x-amz-meta-") || name.hasPrefix("x-amz-checksum-") {
                kept[name] = parts.count > 1 ? parts[1] : ""
            }
        }
        return kept
    }

    private static func refused(_ request: Request, _ state: State) -> Answer? {
        let current = state.objects[request.key]
        if request.field("if-none-match") == "*", current != nil { return refusal(412, "PreconditionFailed") }
        if let etag = request.field("if-match"), current?.etag != etag {
            return current == nil ? refusal(404, "NoSuchKey") : refusal(412, "PreconditionFailed")
        }
        return nil
    }

    private static func put(_ request: Request, _ body: [UInt8], _ state: inout State) -> Answer {
        if let refused = refused(request, state) { return refused }
        let etag = EntityTag.of(body) ?? ""
        state.objects[request.key] = Object(bytes: body, etag: etag, fields: kept(request))
        return Answer(fields: ["ETag: \(etag)"])
    }

    private static func get(_ request: Request, _ state: State) -> Answer {
        guard let object = state.objects[request.key] else { return refusal(404, "NoSuchKey") }
        if let etag = request.field("if-match"), etag != object.etag { return refusal(412, "PreconditionFailed") }
        var fields = object.fields.map { "\($0.key): \($0.value)" } + ["ETag: \(object.etag)"]
        guard let range = request.field("range") else { return Answer(fields: fields, body: object.bytes) }
        let bounds = range.dropFirst("bytes=".count).split(separator: "-").map { Int($0) ?? 0 }
        let last = min(bounds[1], object.bytes.count - 1)
        fields.append("Content-Range: bytes \(bounds[0])-\(last)/\(object.bytes.count)")
        return Answer(status: "206 Partial Content", fields: fields, body: Array(object.bytes[bounds[0]...last]))
    }

    private static func create(_ request: Request, _ state: inout State) -> Answer {
        state.uploadCount += 1
        let id = "upload \(state.uploadCount)+"
        state.uploads[id] = Upload(key: request.key, fields: kept(request))
        return xml("InitiateMultipartUploadResult", "<UploadId>\(id)</UploadId>")
    }

    private static func part(_ request: Request, _ body: [UInt8], _ state: inout State) -> Answer {
        guard let id = request.query["uploadId"], state.uploads[id] != nil, let number = request.part else {
            return refusal(404, "NoSuchUpload")
        }
        let declared = state.uploads[id]?.fields["x-amz-checksum-algorithm"]
        for algorithm in ChecksumAlgorithm.allCases {
            let isWrong = request.field(algorithm.field) != nil && declared != algorithm.rawValue
            // One checksum of all bytes can be made of parts that have none.
            let isMissing = request.field(algorithm.field) == nil && declared == "SHA256" && algorithm == .sha256
            if isWrong || isMissing { return refusal(400, "InvalidRequest") }
        }
        let etag = EntityTag.of(body) ?? ""
        state.uploads[id]?.parts[number] = Object(bytes: body, etag: etag, fields: kept(request))
        return Answer(fields: ["ETag: \(etag)"])
    }

    private static func copyPart(_ request: Request, _ state: inout State) -> Answer {
        let source = (request.field("x-amz-copy-source") ?? "").dropFirst("/bucket/".count)
        guard let object = state.objects[String(source)] else { return refusal(404, "NoSuchKey") }
        guard request.field("x-amz-copy-source-if-match") ?? object.etag == object.etag else {
            return refusal(412, "PreconditionFailed")
        }
        var bytes = object.bytes
        if let range = request.field("x-amz-copy-source-range") {
            let bounds = range.dropFirst("bytes=".count).split(separator: "-").map { Int($0) ?? 0 }
            bytes = Array(bytes[bounds[0]...bounds[1]])
        }
        let answer = part(request, bytes, &state)
        guard answer.status == "200 OK" else { return answer }
        return xml("CopyPartResult", "<ETag>\(EntityTag.of(bytes) ?? "")</ETag>")
    }

    private static func complete(_ request: Request, _ body: [UInt8], _ state: inout State) -> Answer {
        guard let id = request.query["uploadId"], let upload = state.uploads[id] else {
            return refusal(404, "NoSuchUpload")
        }
        if let refused = refused(request, state) { return refused }
        let numbers = String(decoding: body, as: UTF8.self).matches(of: /<PartNumber>(\d+)/).map { Int($0.1) ?? 0 }
        let named = String(decoding: body, as: UTF8.self).matches(of: /<ChecksumSHA256>(.+?)</).map { String($0.1) }
        let parts = numbers.compactMap { upload.parts[$0] }
        guard parts.count == numbers.count else { return refusal(400, "InvalidPart") }
        if upload.fields["x-amz-checksum-algorithm"] == "SHA256",
            named != parts.map({ $0.fields["x-amz-checksum-sha256"] ?? "" })
        {
            return refusal(400, "InvalidRequest")
        }
        let bytes = parts.flatMap(\.bytes)
        var fields = upload.fields
        fields["x-amz-checksum-algorithm"] = nil
        if upload.fields["x-amz-checksum-algorithm"] == "CRC32C" {
            fields["x-amz-checksum-crc32c"] = Checksum(.crc32c, of: bytes).text
        }
        let etag = EntityTag.ofParts(parts.map(\.etag)) ?? ""
        state.objects[request.key] = Object(bytes: bytes, etag: etag, fields: fields)
        state.uploads[id] = nil
        return xml("CompleteMultipartUploadResult", "<ETag>\(etag)</ETag>")
    }

    private static func parts(_ request: Request, _ state: State) -> Answer {
        guard let upload = state.uploads[request.query["uploadId"] ?? ""] else { return refusal(404, "NoSuchUpload") }
        let after = Int(request.query["part-number-marker"] ?? "0") ?? 0
        let left = upload.parts.keys.filter { $0 > after }.sorted()
        let page = left.prefix(pageEntries)
        let entries = page.map { number in
            let part = upload.parts[number]
            let checksum = part?.fields["x-amz-checksum-crc32c"].map { "<ChecksumCRC32C>\($0)</ChecksumCRC32C>" }
            return "<Part><PartNumber>\(number)</PartNumber><ETag>\(part?.etag ?? "")</ETag>"
                + "<Size>\(part?.bytes.count ?? 0)</Size>\(checksum ?? "")</Part>"
        }
        let more = left.count > page.count
        let next = more ? "<NextPartNumberMarker>\(page.last ?? 0)</NextPartNumberMarker>" : ""
        return xml("ListPartsResult", "<IsTruncated>\(more)</IsTruncated>\(next)" + entries.joined())
    }

    private static func uploads(_ request: Request, _ state: State) -> Answer {
        let prefix = request.query["prefix"] ?? ""
        let after = request.query["upload-id-marker"] ?? ""
        let left = state.uploads.filter { $0.value.key.hasPrefix(prefix) && $0.key > after }.sorted { $0.key < $1.key }
        let page = left.prefix(pageEntries)
        let entries = page.map { "<Upload><Key>\($0.value.key)</Key><UploadId>\($0.key)</UploadId></Upload>" }
        let more = left.count > page.count
        let next = page.last.map {
            "<NextKeyMarker>\($0.value.key)</NextKeyMarker><NextUploadIdMarker>\($0.key)</NextUploadIdMarker>"
        }
        return xml(
            "ListMultipartUploadsResult",
            "<IsTruncated>\(more)</IsTruncated>\(more ? next ?? "" : "")" + entries.joined())
    }

    private static func xml(_ root: String, _ content: String) -> Answer {
        Answer(body: Array("<?xml version=\"1.0\"?><\(root)>\(content)</\(root)>".utf8))
    }
}

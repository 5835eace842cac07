/// The error that S3 or STS describes in a body.
///
/// Only these elements are read. Others quote the request, its token included, and must get into no message.
struct ErrorDocument: Sendable, Hashable {
    var code = ""
    var message = ""
    var requestID: String?
    var hostID: String?
    var bucket: String?
    var key: String?
    /// The region that is the right one.
    var region: String?
    /// The host that is the right one.
    var endpoint: String?

    /// An error that stands among others in another document.
    init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// Reads `<Error>` of S3, or the one in `<ErrorResponse>` of STS.
    /// - Throws: `AnswerError.malformed`.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        do throws(XMLError) {
            var reader = try XMLReader(bytes)
            switch try reader.root() {
            case .error:
                try readError(&reader)
            case .errorResponse:
                try reader.children { (tag, reader) throws(XMLError) in
                    switch tag {
                    case .error: try readError(&reader)
                    case .requestID: requestID = try reader.optionalText()
                    default: try reader.skip()
                    }
                }
            default:
                throw XMLError("expected <Error>, found another element", at: 0)
            }
            try reader.end()
            guard !code.isEmpty else { throw XMLError("<Error> has no <Code>", at: 0) }
        } catch {
            throw .malformed(error)
        }
    }

    private mutating func readError(_ reader: inout XMLReader) throws(XMLError) {
        try reader.children { (tag, reader) throws(XMLError) in
            switch tag {
            case .code: code = try reader.text()
            case .message: message = try reader.text()
            case .requestID, .requestIDUpper: requestID = try reader.optionalText()
            case .hostID: hostID = try reader.optionalText()
            case .bucket, .bucketName: bucket = try reader.optionalText()
            case .key: key = try reader.optionalText()
            case .region: region = try reader.optionalText()
            case .endpoint: endpoint = try reader.optionalText()
            default: try reader.skip()
            }
        }
    }
}

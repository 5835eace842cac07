extension ObjectStoreError {
    /// What an error of S3 is to users of object stores.
    /// - Parameter isFenced: Whether the request had a date past which it must not take effect: then it is that date that a server
    ///   refuses.
    package init(_ error: S3Error, isFenced: Bool = false) {
        var code = ObjectStoreError.codes[error.code] ?? .unavailable
        if error.code == .clockSkew, isFenced { code = .expired }
        if error.isNoSuchUpload { code = .noSuchUpload }
        var answer = error.details.answer
        answer.requestID = error.details.requestID
        self.init(
            code, error.message, key: error.details.key, remedy: error.remedy, isRetryable: error.isRetryable,
            mayHaveTakenEffect: error.mayHaveTakenEffect, retryAfter: error.details.retryAfter,
            provider: .init(code: error.details.serverCode, status: error.details.status), answer: answer,
            underlying: error)
    }

    private static let codes: [S3Error.Code: Code] = [
        .noSuchKey: .notFound, .noSuchBucket: .noSuchContainer, .accessDenied: .accessDenied,
        .expiredToken: .accessDenied, .credentials: .accessDenied, .invalid: .invalid, .network: .network,
        .timeout: .timeout, .throttled: .throttled, .slowDown: .throttled, .server: .unavailable,
        .preconditionFailed: .preconditionFailed, .conflict: .conflict, .notModified: .notModified,
        .range: .rangeNotSatisfiable, .wrongRegion: .noSuchContainer, .truncated: .network,
        .checksumMismatch: .network, .outcomeUnknown: .outcomeUnknown, .unsupported: .unsupported,
        .malformedAnswer: .network, .clockSkew: .accessDenied, .notFound: .unavailable,
    ]
}

extension S3Attributes {
    init(_ attributes: ObjectAttributes) {
        self.init(
            contentType: attributes.contentType, cacheControl: attributes.cacheControl, metadata: attributes.metadata,
            tags: attributes.tags ?? [:], storageClass: attributes.storageClass.map(StorageClass.init(rawValue:)))
    }
}

extension ObjectInfo {
    init(_ info: S3ObjectInfo, key: String) {
        let attributes = ObjectAttributes(
            contentType: info.contentType, cacheControl: info.cacheControl, metadata: info.metadata,
            storageClass: info.storageClass?.rawValue)
        self.init(
            key: key, size: info.size, etag: info.etag, lastModified: info.lastModified, attributes: attributes,
            answer: info.answer)
    }
}

extension WriteResult {
    init(_ result: S3WriteResult) {
        self.init(etag: result.etag, lastModified: result.lastModified, answer: result.answer)
    }
}

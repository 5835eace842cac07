/// The errors of stores and wrappers, each made in one place so that every store says the same.
extension ObjectStoreError {
    /// No object has the key.
    package static func notFound(_ key: String, answer: AnswerDetails = AnswerDetails()) -> ObjectStoreError {
        ObjectStoreError(.notFound, "there is no object '\(key)'", key: key, answer: answer)
    }

    /// The object is there, and was to be made.
    package static func exists(_ key: String, answer: AnswerDetails = AnswerDetails()) -> ObjectStoreError {
        ObjectStoreError(
            .preconditionFailed, "there is an object '\(key)' already", key: key,
            remedy: "read it, or write over it on purpose", answer: answer)
    }

    /// The object has another version.
    package static func changed(_ key: String, answer: AnswerDetails = AnswerDetails()) -> ObjectStoreError {
        ObjectStoreError(
            .preconditionFailed, "object '\(key)' is not the version that was asked for", key: key,
            remedy: "read it again and repeat the change", answer: answer)
    }

    /// The object has the version the reader knows.
    package static func notModified(_ key: String, answer: AnswerDetails = AnswerDetails()) -> ObjectStoreError {
        ObjectStoreError(.notModified, "object '\(key)' has not changed", key: key, answer: answer)
    }

    /// A write came too late.
    package static func expired(_ key: String, answer: AnswerDetails = AnswerDetails()) -> ObjectStoreError {
        ObjectStoreError(
            .expired, "the time past which the write of '\(key)' must not take effect is over", key: key,
            remedy: "look at the store as it is now, and decide again", answer: answer)
    }

    /// The store cannot do this.
    package static func unsupported(
        _ what: String, _ capabilities: ObjectStoreCapabilities, key: String? = nil
    ) -> ObjectStoreError {
        ObjectStoreError(
            .unsupported, "the \(capabilities.name) store at \(capabilities.location) cannot \(what)", key: key,
            remedy: "ask its capabilities first")
    }

    /// A call no store accepts.
    package static func invalid(_ message: String, key: String? = nil, remedy: String? = nil) -> ObjectStoreError {
        ObjectStoreError(.invalid, message, key: key, remedy: remedy)
    }

    /// The object has no byte of a range.
    package static func noSuchRange(
        _ range: ByteRange, of key: String, size: Int, answer: AnswerDetails = AnswerDetails()
    ) -> ObjectStoreError {
        ObjectStoreError(
            .rangeNotSatisfiable, "object '\(key)' has \(size) bytes, none of them in \(range)", key: key,
            remedy: "ask for bytes that are there", answer: answer)
    }

    /// A body has another length than announced. Its reader cannot use what came.
    package static func wrongLength(_ key: String, announced: Int, found: Int) -> ObjectStoreError {
        ObjectStoreError(
            .network, "the body of '\(key)' was announced with \(announced) bytes and has \(found)", key: key,
            remedy: "try again", isRetryable: true)
    }

    /// An upload that is not there.
    package static func noSuchUpload(_ upload: MultipartUpload) -> ObjectStoreError {
        ObjectStoreError(
            .noSuchUpload, "there is no upload '\(upload.id)' of '\(upload.key)'", key: upload.key,
            remedy: "it was completed or aborted; begin another one")
    }

    /// It took too long.
    package static func timeout(
        _ what: String, key: String?, mayHaveTakenEffect: Bool, underlying: (any Error)? = nil
    ) -> ObjectStoreError {
        ObjectStoreError(
            .timeout, "\(what) took longer than it may", key: key, remedy: "allow more time, or try again",
            isRetryable: true, mayHaveTakenEffect: mayHaveTakenEffect, underlying: underlying)
    }

    /// Nobody knows whether a conditional write happened.
    package static func outcomeUnknown(of error: ObjectStoreError) -> ObjectStoreError {
        var unknown = error
        unknown.code = .outcomeUnknown
        unknown.message = "the write may or may not have happened: \(error.message)"
        unknown.remedy = "read the object: if it has your bytes, the write happened"
        unknown.isRetryable = false
        unknown.mayHaveTakenEffect = true
        unknown.underlying = error
        return unknown
    }
}

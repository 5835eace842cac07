/// One request to a store, as those see it who stand between it and its caller.
public struct ObjectCall: Sendable, Hashable {
    /// The kinds of requests.
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        /// ``ObjectStore/get(_:_:)``.
        case get
        /// ``ObjectStore/head(_:_:)``.
        case head
        /// A page of ``ObjectStore/list(_:)``.
        case list
        /// ``ObjectStore/put(_:_:_:)``.
        case put
        /// ``ObjectStore/delete(_:_:)``.
        case delete
        /// ``ObjectStore/delete(_:notAfter:)``.
        case deleteBatch = "delete_batch"
        /// ``ObjectStore/copy(_:to:_:)``.
        case copy
        /// ``ObjectStore/beginUpload(_:_:)``.
        case beginUpload = "begin_upload"
        /// ``ObjectStore/uploadPart(_:of:_:)``.
        case uploadPart = "upload_part"
        /// ``ObjectStore/parts(of:)``.
        case parts
        /// ``ObjectStore/completeUpload(_:_:_:)``.
        case completeUpload = "complete_upload"
        /// ``ObjectStore/abortUpload(_:)``.
        case abortUpload = "abort_upload"
        /// ``ObjectStore/uploads(prefix:)``.
        case uploads

        /// Whether it changes what is stored.
        public var isWrite: Bool {
            switch self {
            case .get, .head, .list, .parts, .uploads: false
            case .put, .delete, .deleteBatch, .copy, .beginUpload, .uploadPart, .completeUpload, .abortUpload: true
            }
        }
    }

    /// What is asked.
    public let operation: Operation
    /// Of what: the key, the first of several, or the prefix of a listing.
    public let key: String
    /// Whether what it does depends on what is there, so that doing it twice is not the same as once: a write with a
    /// condition, the end of an upload.
    public let isConditional: Bool
    /// Whether it must not take effect past a time, and so must not be repeated by anyone but its caller.
    public let isFenced: Bool
    /// Whether it can be made again: its body can be read again.
    public let isReplayable: Bool

    /// A call. What is not said is an unconditional one that can be made again.
    public init(
        _ operation: Operation, _ key: String, isConditional: Bool = false, isFenced: Bool = false,
        isReplayable: Bool = true
    ) {
        self.operation = operation
        self.key = key
        self.isConditional = isConditional
        self.isFenced = isFenced
        self.isReplayable = isReplayable
    }
}

extension ObjectCall: CustomStringConvertible {
    /// Operation and key.
    public var description: String { "\(operation.rawValue) \(key)" }
}

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// A place that keeps bytes under keys, as S3 does: whole objects, no appending, no renaming, one flat space of names.
///
/// The calls are those that object stores really have, one request each unless said otherwise. `ObjectStoreConformance` turns
/// each line into a test; what a store cannot do, its ``capabilities`` say, and asking for it fails with
/// `object.unsupported` before anything is written. Nothing that a caller asked for is ignored.
///
/// Keys are texts of 1 to 1,024 UTF-8 bytes, compared and ordered by these bytes. A write is seen by every read that
/// begins after it was acknowledged. It is all or nothing, and the last of several wins unless they carry conditions.
///
/// Every call throws ``ObjectStoreError``, and `CancellationError` when its task is cancelled.
public protocol ObjectStore: Sendable {
    /// What this store can do. Data, not types: nothing is found out by casting.
    var capabilities: ObjectStoreCapabilities { get }

    /// What this store can do, as sure as it must be before something is written: a store that must ask its server for that asks
    /// now, once, and ``capabilities`` say the same from then on. Others, and those that asked already, make no request.
    /// - Throws: What asking throws; `object.unsupported` where the store must not be written to as it is.
    @discardableResult
    func prepareWriting() async throws -> ObjectStoreCapabilities

    /// Stores an object. One PUT; a body that comes as a stream is not held in memory by stores that need not.
    /// - Returns: What is stored now. `size`, `etag`, attributes as given; `lastModified` if the store says it.
    /// - Throws: `object.precondition_failed` when the mode does not hold; `object.not_found` for ``PutMode/ifMatch(_:)``
    ///   without an object; `object.expired` past `notAfter`; `object.invalid` for a key or attribute that no store may
    ///   have; `object.full`. What failed left nothing behind, unless the error says that it may have taken effect.
    func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo

    /// Reads an object or a part of it, all of one version. One GET.
    /// - Throws: `object.not_found`; `object.precondition_failed` and `object.not_modified` by the conditions;
    ///   `object.range_not_satisfiable`. Reading the body throws, too: `object.network` when it ends too early.
    func get(_ key: String, _ options: GetOptions) async throws -> GetResult

    /// Reads what a store knows of an object, without its bytes. One HEAD. Throws what ``get(_:_:)`` does.
    func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo

    /// Removes an object. One DELETE. Removing what is not there succeeds.
    /// - Throws: `object.precondition_failed` when there is an object, with another ETag than asked for, and
    ///   `object.not_found` when an ETag was asked for and there is none.
    func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails

    /// Removes several objects. One request; at most ``ObjectLimits/batchKeys`` keys.
    ///
    /// All or nothing is not promised: the result says which keys could not be removed, and why.
    /// - Parameter notAfter: As in ``DeleteOptions``.
    func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion

    /// The keys of the store, in the order of their bytes where ``ObjectStoreCapabilities/isListingOrdered`` says so. One
    /// LIST request for each page, made when the page is asked for.
    func list(_ options: ListOptions) -> ObjectListing

    /// Copies an object inside of the store. One request; the bytes do not pass through the caller.
    func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult

    // MARK: Objects in parts

    /// Begins an object that is sent in parts. Nothing is seen under the key until ``completeUpload(_:_:_:)``.
    func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws -> MultipartUpload

    /// Stores a part; a part of the same number is replaced. Parts may be sent in any order and at once.
    /// - Parameter number: 1 to ``ObjectLimits/partNumbers``. Numbers may have gaps.
    /// - Throws: `object.no_such_upload` after the upload was completed or aborted.
    func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart

    /// The parts stored so far, by number.
    func parts(of upload: MultipartUpload) async throws -> [UploadedPart]

    /// Makes an object of the parts, in the order of their numbers.
    /// - Parameter parts: In ascending order, with the ETags they were stored under. Parts that are not named are dropped.
    /// - Throws: `object.invalid` when a part is missing, out of order, replaced since, or, not being the last, smaller
    ///   than ``ObjectStoreCapabilities/minimumPartBytes``; what ``put(_:_:_:)`` does. The upload lives on then.
    func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult

    /// Drops an upload and its parts. Dropping one that is gone succeeds.
    func abortUpload(_ upload: MultipartUpload) async throws

    /// Uploads that were begun and neither completed nor aborted, by key and age. They take room until somebody aborts them.
    func uploads(prefix: String) async throws -> [MultipartUpload]
}
